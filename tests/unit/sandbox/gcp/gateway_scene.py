"""A twin, a small API server in memory, and the imitated Gateway controller between them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from sandbox.gcp.gateway.cloud import Cloud
from sandbox.gcp.gateway.controller import Controller
from sandbox.gcp.gateway.names import Namer
from sandbox.gcp.gateway.translate import Translator
from sandbox.gcp.gateway.watching import KINDS
from sandbox.pki import Authority
from tests.unit.sandbox.fake_api import FakeApi, Object
from tests.unit.sandbox.gcp.conftest import PROJECT, REGION, Twin

GLOBAL = "gke-l7-global-external-managed"
REGIONAL = "gke-l7-regional-external-managed"
CLASSIC = "gke-l7-gxlb"
INTERNAL = "gke-l7-rilb"
_PLURALS = {kind._api_info.plural: kind for kind in KINDS.values()}
_OF_CLUSTER = ("namespaces", "gatewayclasses")


class Api(FakeApi):
    """Knows objects of the whole cluster too, and keeps what is being deleted until nobody holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.known = set(_PLURALS)

    def put(self, plural: str, name: str, **content: Any) -> None:
        """Make or replace an object: of the whole cluster, or of namespace `shop` unless its metadata say another."""
        metadata = content.pop("metadata", {})
        where = {"namespace": ""} if plural in _OF_CLUSTER else {}
        known = self.objects[plural].get((where.get("namespace", metadata.get("namespace", "shop")), name), {})
        kept = {key: value for key, value in known.items() if key == "status"}
        old = known.get("metadata", {})
        made = {"generation": old.get("generation", 0) + 1, "finalizers": old.get("finalizers", [])}
        kind = _PLURALS[plural]._api_info.resource
        content = {"apiVersion": kind.api_version, "kind": kind.kind, **kept, **content}
        super().put(plural, name, **content, metadata={**made, **metadata, **where})

    def ask_to_delete(self, plural: str, name: str, namespace: str = "shop") -> None:
        """Delete an object once it has no finalizers."""
        thing = self.objects[plural][namespace, name]
        if thing["metadata"].get("finalizers"):
            now = datetime.now(UTC).isoformat()
            self._store(plural, {**thing, "metadata": {**thing["metadata"], "deletionTimestamp": now}})
        else:
            self.delete(plural, name)

    def _patch(self, parts: list[str], patch: Object) -> httpx2.Response:
        if parts[-1] == "status" and parts[-3] in _OF_CLUSTER:
            parts = ["", parts[-3], parts[-2], "status"]
        if parts[-1] == "status":
            return super()._patch(parts, patch)
        plural = parts[-2]
        metadata = patch.get("metadata", {})
        thing = self.objects[plural].get((parts[-3], parts[-1]), {"metadata": {}})
        if metadata.pop("resourceVersion", thing["metadata"].get("resourceVersion")) != thing["metadata"].get("resourceVersion"):
            return httpx2.Response(409, json={"kind": "Status", "code": 409, "reason": "Conflict", "message": "changed"})
        response = super()._patch([parts[-3], plural, parts[-1], "status"], patch)
        if thing["metadata"].get("deletionTimestamp") and metadata.get("finalizers") == []:
            self.delete(plural, parts[-1])
        return response


class Scene:
    """The twin, the API server, and short words for both."""

    def __init__(self, twin: Twin, folder: Path, name: str) -> None:
        self.twin, self.api, self.name = twin, Api(), name
        self._authority, self._folder = Authority(folder, "leaf-ca"), folder
        self._numbers = itertools.count(1)
        self._resources: dict[str, Any] = {}
        self._reserved: list[Any] = []
        for each in (GLOBAL, REGIONAL, CLASSIC, INTERNAL):
            self.api.put("gatewayclasses", each, spec={"controllerName": "networking.gke.io/gateway"})
        for each in ("shop", "infra", "other"):
            self.api.put("namespaces", each, metadata={"labels": {"team": each}})

    def address(self, scope: str = "global", **body: Any) -> str:
        """Reserve an address; returns its name."""
        name = f"{self.name}-{next(self._numbers)}"
        compute = self.twin.client("compute")
        resource, where = compute.globalAddresses(), {"project": PROJECT}
        if scope != "global":
            resource, where = compute.addresses(), {"project": PROJECT, "region": REGION}
        self.twin.done(resource.insert(**where, body={"name": name, **body}))
        self._reserved.append(resource.delete(**where, address=name))
        return name

    def release(self) -> None:
        """Give back all addresses: there are not many."""
        for request in self._reserved:
            self.twin.done(request)

    def ip(self, name: str, scope: str = "global") -> str:
        """The IP of a reserved address."""
        compute = self.twin.client("compute")
        if scope == "global":
            return str(compute.globalAddresses().get(project=PROJECT, address=name).execute()["address"])
        return str(compute.addresses().get(project=PROJECT, region=REGION, address=name).execute()["address"])

    def gateway(self, *listeners: Object, address: str = "", kind: str = GLOBAL, **metadata: Any) -> None:
        """Put the Gateway `front`, in the scene's namespace."""
        spec: Object = {"gatewayClassName": kind, "listeners": list(listeners) or [http()]}
        if address:
            spec["addresses"] = [{"type": "NamedAddress", "value": address}]
        self.api.put("gateways", self.name, spec=spec, metadata=metadata)

    def route(self, name: str, *rules: Object, hosts: list[str] | None = None, **parent: Any) -> None:
        """Put a route that is attached to the Gateway."""
        spec = {"parentRefs": [{"kind": "Gateway", "name": self.name, **parent}], "rules": list(rules)}
        self.api.put("httproutes", name, spec={**spec, **({"hostnames": hosts} if hosts else {})})

    def service(self, name: str, *pods: str, port: int = 80, target: int = 8080, zone: str = f"{REGION}-b") -> None:
        """Put a Service with pods that are ready at these addresses."""
        self.api.put("services", name, spec={"clusterIP": "127.13.0.1", "ports": [{"name": "http", "port": port}]})
        endpoints = [{"addresses": [pod], "conditions": {"ready": True}, "nodeName": "sandbox", "zone": zone} for pod in pods]
        ports = [{"name": "http", "port": target, "protocol": "TCP"}]
        labels = {"kubernetes.io/service-name": name}
        slices = {"addressType": "IPv4", "ports": ports, "endpoints": endpoints}
        self.api.put("endpointslices", f"{name}-x", **slices, metadata={"labels": labels})

    def secret(self, name: str, host: str, namespace: str = "shop") -> str:
        """Put a Secret with a certificate; returns the certificate."""
        pair = self._authority.issue(f"leaf-{next(self._numbers)}", host, hosts=[host])
        content = {"tls.crt": pair.certificate.read_bytes(), "tls.key": pair.key.read_bytes()}
        data = {key: base64.b64encode(value).decode() for key, value in content.items()}
        self.api.put("secrets", name, type="kubernetes.io/tls", data=data, metadata={"namespace": namespace})
        return content["tls.crt"].decode()

    def mine(self, collection: str) -> list[Object]:
        """All of a kind in the twin that was made for the scene's Gateway."""
        if collection not in self._resources:
            self._resources[collection] = getattr(self.twin.client("compute"), collection)()
        scopes = self._resources[collection].aggregatedList(project=PROJECT).execute()["items"].values()
        mark = f'/gateways/{self.name}"'
        return [each for scope in scopes for each in scope.get(collection, []) if mark in each.get("description", "")]

    def members(self) -> list[tuple[str, int]]:
        """The endpoints of all groups that were made for the scene's Gateway."""
        found: list[tuple[str, int]] = []
        for group in self.mine("networkEndpointGroups"):
            where = {"project": PROJECT, "zone": group["zone"].rpartition("/")[2], "networkEndpointGroup": group["name"]}
            answer = self.twin.client("compute").networkEndpointGroups().listNetworkEndpoints(**where, body={}).execute()
            found += [(one["networkEndpoint"]["ipAddress"], one["networkEndpoint"]["port"]) for one in answer["items"]]
        return sorted(found)

    def status(self) -> Object:
        """Of the Gateway."""
        found: Object = self.api.get("gateways", self.name).get("status", {})
        return found

    def condition(self, name: str = "Programmed", holder: Object | None = None) -> tuple[str, str, str]:
        """Status, reason and message of a condition of the Gateway, or of a listener or parent."""
        conditions = (self.status() if holder is None else holder).get("conditions", [])
        found = next((each for each in conditions if each["type"] == name), {"status": "", "reason": "", "message": ""})
        return found["status"], found["reason"], found["message"]

    def listener(self, name: str) -> Object:
        """A listener's status."""
        return next((each for each in self.status().get("listeners", []) if each["name"] == name), {})

    def parent(self, route: str) -> Object:
        """What the controller says on a route."""
        parents = self.api.get("httproutes", route).get("status", {}).get("parents", [])
        return next((each for each in parents if each["controllerName"] == "networking.gke.io/gateway"), {})

    def attached(self, plural: str, name: str) -> tuple[str, str, str]:
        """The condition of a policy."""
        return self.condition("Attached", self.api.get(plural, name).get("status", {}))

    def events(self) -> list[str]:
        """Messages of events on the Gateway."""
        return [message for about, _, message in self.api.events if about == self.name]

    async def eventually(self, fact: Callable[[], Any]) -> Any:
        """Wait until something is so; returns it."""
        async with asyncio.timeout(30):
            while True:
                with contextlib.suppress(KeyError, IndexError):  # which is not there yet
                    if value := await asyncio.to_thread(fact):
                        return value
                await asyncio.sleep(0.05)

    async def programmed(self) -> None:
        """Wait until the Gateway is, in its present form."""

        def fact() -> bool:
            generation = self.api.get("gateways", self.name)["metadata"]["generation"]
            return any(
                (each["type"], each["status"], each["observedGeneration"]) == ("Programmed", "True", generation)
                for each in self.status().get("conditions", [])
            )

        await self.eventually(fact)

    async def refused(self, word: str) -> tuple[str, str, str]:
        """Wait until the Gateway is not programmed because of something; returns the condition."""
        return await self.eventually(lambda: self.condition()[0] == "False" and word in self.condition()[2] and self.condition())  # type: ignore[no-any-return]


def http(name: str = "http", port: int = 80, **more: Any) -> Object:
    """A listener without TLS."""
    return {"name": name, "port": port, "protocol": "HTTP", **more}


def https(secret: str = "", name: str = "https", **more: Any) -> Object:
    """A listener with a Secret's certificate, or with none of its own."""
    tls: Object = {"tls": {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": secret}]}} if secret else {}
    return {"name": name, "port": 443, "protocol": "HTTPS", **tls, **more}


def to(service: str, path: str = "/", port: int = 80, **more: Any) -> Object:
    """A rule that leads a path to a Service."""
    return {
        "matches": [{"path": {"type": "PathPrefix", "value": path}}],
        "backendRefs": [{"name": service, "port": port}],
        **more,
    }


@asynccontextmanager
async def controlling(scene: Scene) -> AsyncIterator[None]:
    """Run the controller."""
    client = scene.api.client()
    cloud = await asyncio.to_thread(Cloud, scene.twin.endpoint, PROJECT, REGION, scene.twin.key_file)
    zones = await asyncio.to_thread(cloud.zones)
    controller = Controller(client, cloud, Translator(PROJECT, REGION, zones, Namer("sandbox")))
    task = asyncio.create_task(controller.run())
    try:
        await scene.eventually(lambda: scene.api.watched() >= scene.api.known)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.close()


Work = Callable[[Scene], Awaitable[None]]


def play(twin: Twin, folder: Path, name: str, work: Work) -> None:
    """Run a test's coroutine with a controller beside it; the scene's Gateway and address have this name."""

    async def go() -> None:
        scene = Scene(twin, folder, name)
        async with controlling(scene):
            await work(scene)
            if ("shop", name) in scene.api.objects["gateways"]:
                scene.api.ask_to_delete("gateways", name)
                await scene.eventually(lambda: ("shop", name) not in scene.api.objects["gateways"])
        scene.release()

    asyncio.run(go())
