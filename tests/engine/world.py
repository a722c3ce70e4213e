"""The sandbox that engine and end-to-end tests share, and what they can see of it from outside."""

from __future__ import annotations

import copy
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import dns.query
import dns.tsig
import dns.xfr
import dns.zone
import httpx2
import yaml
from cryptography import x509
from lightkube.core.resource import GlobalResource
from lightkube.resources.core_v1 import Event, Pod

from components.clouds.dns_update import DnsServer
from components.kube import connect
from components.names import STACK_LABEL
from sandbox.control import Sandbox
from sandbox.curl import Answer, UnreachableError, fetch, resolve
from sandbox.processes import TSIG_ALGORITHM, TSIG_NAME, ZONES
from sandbox.pulumi import Pulumi
from tests.engine.project import ROOT, Project

#: Kinds that say what happened, or that something still lives; they are no objects that anybody made.
_PASSING = {"events", "leases"}

#: How often the API server may say that it is not ready for a question.
_PATIENCE = 50

#: Metadata of a list's objects is all that is asked for.
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


def eventually(check: Callable[[], None], seconds: float = 20) -> None:
    """Returns once `check` passes; its last complaint when it has not by then. Controllers take a moment to see a change."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return check()
        except (AssertionError, UnreachableError, httpx2.TransportError, OSError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


@dataclass(frozen=True)
class Trace:
    """All that stands in the cluster and in the zones at one moment."""

    objects: list[str]
    records: dict[str, list[str]]


class World:
    """One running sandbox, kept apart from the one that a person may be using."""

    def __init__(self, folder: Path, sandbox: Sandbox | None = None) -> None:
        self.folder = folder
        # Each of several workers that test at the same time has a sandbox of its own.
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        own = f".sandbox-test{f'-{worker}' if worker else ''}"
        self.sandbox = sandbox or Sandbox(os.environ.get("PORTICO_TEST_SANDBOX_DIR", own))

    def start(self) -> None:
        """From nothing: what an earlier run left is no part of any test."""
        self.sandbox.down(purge=True)
        self.sandbox.up()
        self.records_at_start = self.records()
        eventually(self.settled)

    def stop(self) -> None:
        """Leaves nothing running."""
        self.sandbox.down(purge=True)

    @cached_property
    def env(self) -> dict[str, str]:
        """The environment in which pulumi runs."""
        return Pulumi(self.sandbox.layout).environment()

    def fact(self, name: str) -> str:
        """One of the sandbox's facts."""
        return self.sandbox.fact(name)

    def dev_config(self) -> dict[str, Any]:
        """The committed dev stack's configuration, reading this sandbox's facts."""
        text = (ROOT / "Pulumi.dev.yaml").read_text().replace(".sandbox/", f"{self.sandbox.layout.home}/")
        config: dict[str, Any] = yaml.safe_load(text)["config"]
        return copy.deepcopy(config)

    def project(self, folder: Path, stack: str) -> Project:
        """A checkout of the program with a stack of its own."""
        return Project(folder / "checkout", self.env, stack)

    @contextmanager
    def stack(self, folder: Path, stack: str) -> Iterator[Project]:
        """The same, destroyed at the end however its tests went: the next one uses the same names."""
        project = self.project(folder, stack)
        yield project
        project.empty()
        project.run("stack", "rm", "--yes", stack)

    def get(self, url: str) -> Answer:
        """One request as a visitor makes it: the sandbox's DNS, the sandbox's authorities, no redirect followed."""
        return fetch(self.sandbox.layout, url)

    def ask(self, url: str, address: str, root: str | None = None) -> httpx2.Response:
        """The same at an address of one's own choice; `root` (PEM) is trusted in place of the sandbox's authorities."""
        target = httpx2.URL(url)
        trust = ssl.create_default_context(cadata=root or self.sandbox.layout.roots.read_text())
        with httpx2.Client(verify=trust, trust_env=False) as client:
            return client.get(
                target.copy_with(host=address),
                headers={"Host": target.netloc.decode()},
                extensions={"sni_hostname": target.host},
            )

    def address(self, host: str) -> str:
        """Where the DNS server says that a host is."""
        return resolve(self.sandbox.layout, host)

    def leaf(self, host: str, root: str) -> x509.Certificate:
        """The certificate that a host is served with, verified for the host's name against `root` (PEM) alone."""
        context = ssl.create_default_context(cadata=root)
        end = (self.address(host), int(self.fact("https-port")))
        with socket.create_connection(end, timeout=5) as raw, context.wrap_socket(raw, server_hostname=host) as tls:
            return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")

    def root(self, environment: str) -> str:
        """The present root (PEM) of one ACME authority."""
        trust = ssl.create_default_context(cadata=self.fact("acme-ca.pem"))
        address = self.sandbox.ports.address(f"pebble-{environment}-management")
        return httpx2.get(f"https://{address}/roots/0", verify=trust, trust_env=False).raise_for_status().text

    def url(self, host: str, path: str = "/", scheme: str = "https") -> str:
        """The URL as a visitor types it."""
        return f"{scheme}://{host}:{self.fact(f'{scheme}-port')}{path}"

    def dns(self, zone: str = ZONES[0]) -> DnsServer:
        """The DNS server, for changes behind the program's back."""
        return DnsServer(self.fact("dns-server"), zone, TSIG_NAME, TSIG_ALGORITHM, self.fact("tsig-secret"))

    def kubeconfig_text(self) -> str:
        """Administrator's access to the cluster."""
        return self.sandbox.layout.kubeconfig.read_text()

    def kubeconfig_port(self) -> int:
        """The API server's port."""
        server: str = yaml.safe_load(self.kubeconfig_text())["clusters"][0]["cluster"]["server"]
        return int(server.rpartition(":")[2])

    def kubeconfig_with_token(self, token: str) -> str:
        """The same cluster, asked as somebody else."""
        config = yaml.safe_load(self.kubeconfig_text())
        config["users"][0]["user"] = {"token": token}
        return yaml.safe_dump(config)

    def every(self, kind: Any, namespace: str = "*") -> list[Any]:
        """All objects of a kind."""
        with connect(self.kubeconfig_text(), "sandbox") as client:
            return list(client.list(kind) if issubclass(kind, GlobalResource) else client.list(kind, namespace=namespace))

    def objects(self, stack: str | None = None) -> list[str]:
        """What stands in the cluster, of every kind, as `Kind namespace/name`; only a stack's own if one is named."""
        selector = {"labelSelector": f"{STACK_LABEL}=portico-{stack}"} if stack else {}
        return sorted(name for name, _ in self._standing(selector))

    def _standing(self, selector: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
        """Every object with whether it is on its way out."""
        with httpx2.Client(base_url=self._server, verify=self._administrator, trust_env=False) as client:

            def get(path: str, **parameters: str) -> dict[str, Any]:
                for _ in range(_PATIENCE):
                    said = client.get(path, params=parameters, headers={"Accept": _METADATA})
                    if said.status_code != httpx2.codes.TOO_MANY_REQUESTS:
                        break
                    time.sleep(0.2)  # a definition that came a moment ago is not served yet
                answer: dict[str, Any] = said.raise_for_status().json()
                return answer

            versions = [group["preferredVersion"]["groupVersion"] for group in get("/apis")["groups"]]
            for folder in ("/api/v1", *(f"/apis/{version}" for version in versions)):
                for kind in get(folder)["resources"]:
                    if "list" not in kind["verbs"] or kind["name"] in _PASSING:
                        continue
                    for item in get(f"{folder}/{kind['name']}", **selector)["items"] or []:
                        metadata = item["metadata"]
                        name = f"{kind['kind']} {metadata.get('namespace', '')}/{metadata['name']}"
                        yield name, "deletionTimestamp" in metadata

    @cached_property
    def _server(self) -> str:
        return f"https://127.0.0.1:{self.kubeconfig_port()}"

    @cached_property
    def _administrator(self) -> ssl.SSLContext:
        pki = self.sandbox.layout.pki
        context = ssl.create_default_context(cafile=str(pki / "cluster-ca.pem"))
        context.load_cert_chain(pki / "admin.pem", pki / "admin.key")
        return context

    def settled(self) -> None:
        """The cluster's own controllers have made what they make in an empty cluster."""
        before = self.objects()
        assert any(item.startswith("Pod traefik/") for item in before)
        assert self.objects() == before

    def trace(self) -> Trace:
        """Everything as it stands, once it stands still: what went a moment ago is still being collected."""
        now, _ = self._look()

        def stands_still() -> None:
            nonlocal now
            before = now
            time.sleep(1)
            now, going = self._look()
            assert now == before
            assert going == []

        eventually(stands_still, 60)
        return now

    def _look(self) -> tuple[Trace, list[str]]:
        """Everything as it stands, and which of the objects are on their way out."""
        standing = sorted(self._standing({}))
        trace = Trace([name for name, _ in standing], {zone: self.records(zone) for zone in ZONES})
        return trace, [name for name, going in standing if going]

    def is_as(self, before: Trace) -> None:
        """Nothing is left of what was done since; what controllers collect is given time to go."""

        def check() -> None:
            now, _ = self._look()
            assert now.records == before.records
            assert now.objects == before.objects, set(now.objects) ^ set(before.objects)

        eventually(check, 60)

    def events(self, namespace: str) -> list[str]:
        """What controllers told of a namespace's objects, as `Kind reason: message`."""
        return [f"{item.involvedObject.kind} {item.reason}: {item.message}" for item in self.every(Event, namespace)]

    def pods(self, namespace: str) -> list[str]:
        """Names of a namespace's pods."""
        return sorted(str(pod.metadata.name) for pod in self.every(Pod, namespace))

    def records(self, zone: str = ZONES[0]) -> list[str]:
        """A zone's records by zone transfer, the serial left out."""
        key = dns.tsig.Key(TSIG_NAME, self.fact("tsig-secret"), "hmac-sha256")
        host, _, port = self.fact("dns-server").rpartition(":")
        content = dns.zone.Zone(zone, relativize=False)
        query, _ = dns.xfr.make_query(content, keyring=key)
        dns.query.inbound_xfr(host, content, query, port=int(port), timeout=10)
        return sorted(
            f"{name} {rdataset.ttl} {rdataset.rdtype.name} {item}"
            for name, rdataset in content.iterate_rdatasets()
            for item in rdataset
            if rdataset.rdtype.name != "SOA"
        )
