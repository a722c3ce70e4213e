"""The twin, an API server in memory and the data plane between them, for tests of what visitors get."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from cryptography.x509.oid import ExtendedKeyUsageOID

from sandbox.front.cluster import Cluster
from sandbox.front.fresh import MAX_AGE
from sandbox.gcp.front.plane import Rules
from sandbox.gcp.front.twin import Twin as Reader
from sandbox.imitation.listeners import Listeners
from sandbox.pki import Authority
from tests.unit.sandbox.fake_api import FakeApi
from tests.unit.sandbox.gcp.conftest import PROJECT, REGION, Twin
from tests.unit.sandbox.test_network_web import free_endpoint

POD = "10.240.1.7"
HERE: dict[str, Any] = {"project": PROJECT}
ZONE: dict[str, Any] = {**HERE, "zone": f"{REGION}-a"}


class Scene:
    """The twin, an API server with a few pods, and the data plane between them. All things are named after the test."""

    def __init__(self, twin: Twin, api: FakeApi, plane: Rules, ports: dict[int, int], name: str) -> None:
        self.twin, self.api, self.plane, self.ports, self.name = twin, api, plane, ports, name
        self.compute = twin.client("compute")

    def make(self, collection: str, name: str = "", scope: Mapping[str, Any] = HERE, **body: Any) -> str:
        """A thing of Compute Engine: its link."""
        request = getattr(self.compute, collection)().insert(**scope, body={"name": f"{self.name}{name}", **body})
        return str(self.twin.done(request)["targetLink"])

    def group(self, *endpoints: tuple[str, int]) -> str:
        """A network endpoint group."""
        link = self.make("networkEndpointGroups", scope=ZONE)
        members = [{"ipAddress": address, "port": port} for address, port in endpoints]
        attach = self.compute.networkEndpointGroups().attachNetworkEndpoints
        self.twin.done(attach(**ZONE, networkEndpointGroup=self.name, body={"networkEndpoints": members}))
        return link

    def backend(self, *groups: str, name: str = "", **body: Any) -> str:
        return self.make("backendServices", name, backends=[{"group": group} for group in groups], **body)

    def http(self, **url_map: Any) -> str:
        """A door on port 80; returns its address."""
        proxy = self.make("targetHttpProxies", urlMap=self.make("urlMaps", **url_map))
        return self.open("globalForwardingRules", target=proxy, portRange="80")

    def https(self, **proxy: Any) -> str:
        """A door on port 443 behind which all is redirected; returns its address."""
        urls = self.make("urlMaps", defaultUrlRedirect={"hostRedirect": "there.example", "stripQuery": False})
        return self.open("globalForwardingRules", target=self.make("targetHttpsProxies", urlMap=urls, **proxy), portRange="443")

    def open(self, collection: str, scope: Mapping[str, Any] = HERE, **body: Any) -> str:
        """A forwarding rule; returns its address."""
        self.make(collection, scope=scope, **body)
        shown = getattr(self.compute, collection)().get(**scope, forwardingRule=self.name).execute()
        return str(shown["IPAddress"])

    def service(self, name: str, node_port: int, *pods: str, port: int = 8080) -> None:
        """A Service with ready pods."""
        self.api.put("services", name, spec={"ports": [{"port": 80, "nodePort": node_port}]})
        ready = [{"addresses": [POD], "conditions": {"ready": True}, "targetRef": {"kind": "Pod", "name": pod}} for pod in pods]
        labels = {"labels": {"kubernetes.io/service-name": name}}
        self.api.put("endpointslices", f"{name}-x", metadata=labels, addressType="IPv4", endpoints=ready, ports=[{"port": port}])

    def pod(self, name: str = "web-1", address: str = POD, metadata: Any = None, **container: Any) -> None:
        containers = [{"name": "c", **container}]
        self.api.put("pods", name, metadata=metadata or {}, spec={"containers": containers}, status={"podIP": address})

    async def look(self) -> None:
        """Let the plane see what the twin has, and what it keeps for a moment grow old."""
        await self.plane.look()
        await asyncio.sleep(MAX_AGE)

    async def get(self, address: str, path: str = "/", host: str = "shop.example", trust: Any = True) -> httpx2.Response:
        scheme, port = ("http", 80) if trust is True else ("https", 443)
        async with httpx2.AsyncClient(trust_env=False, verify=trust) as client:
            url = f"{scheme}://{address}:{self.ports[port]}{path}"
            return await client.get(url, headers={"host": host}, extensions={"sni_hostname": host})


@asynccontextmanager
async def scene(twin: Twin, name: str) -> AsyncIterator[Scene]:
    api = FakeApi()
    client, listeners = api.client(), Listeners()
    cluster = Cluster(client)
    ports = {number: (await free_endpoint())[1] for number in (80, 443)}
    plane = Rules(Reader(twin.endpoint, PROJECT), cluster, listeners, ports)
    running = asyncio.create_task(cluster.run())
    try:
        await cluster.synced()
        while api.watched() != api.known - {"ingresses"}:
            await asyncio.sleep(0.01)
        yield Scene(twin, api, plane, ports, name)
    finally:
        listeners.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await client.close()


def see(twin: Twin, name: str, work: Callable[[Scene], Awaitable[None]]) -> None:
    """Run a test's work on a scene."""

    async def go() -> None:
        async with scene(twin, name) as made:
            await work(made)

    asyncio.run(go())


def issue(folder: Path, *hosts: str) -> tuple[dict[str, Any], ssl.SSLContext]:
    """A certificate and its key as Compute Engine takes them, and a client's trust in who signed it."""
    authority = Authority(folder, "own")
    pair = authority.issue(hosts[0].replace("*", "wild"), hosts[0], hosts=hosts, usages=[ExtendedKeyUsageOID.SERVER_AUTH])
    content = {"certificate": pair.certificate.read_text(), "privateKey": pair.key.read_text()}
    return content, ssl.create_default_context(cafile=str(authority.pair.certificate))
