"""What stands behind a Service, and what an imitated pod answers (sandbox only).

A pod here is one of four: cert-manager's HTTP-01 solver, which answers as upstream's acmesolver does; GKE's default
backend, which answers as ingress-gce's 404-server does; a pod that a real process answers for (Traefik); or anything
else, which tells what it was asked, as JSON.
"""

import json
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from lightkube.models.core_v1 import PodSpec, ServiceSpec
from lightkube.resources.core_v1 import Pod, Service
from lightkube.resources.discovery_v1 import EndpointSlice

from sandbox.imitation.mirror import Key, key_of, meta
from sandbox.imitation.web import Reply, Request

PROCESS_ANNOTATION = "sandbox.portico.dev/process"
"""On a pod: a real process answers for it at this address, on the container port."""

SOLVER_LABEL = "acme.cert-manager.io/http01-solver"
DEFAULT_BACKEND_IMAGE = "sandbox.portico.dev/ingress-gce-404-server"
"""Of the one container of GKE's default backend."""

_CHALLENGE_PATH = "/.well-known/acme-challenge"


@dataclass(frozen=True)
class Echo:
    """Ordinary pods: they say what they were asked."""

    namespace: str
    service: str
    pods: tuple[str, ...]

    def respond(self, request: Request, turn: int) -> Reply:
        """`turn` counts the requests: pods answer in turn."""
        said = {
            "service": self.service,
            "namespace": self.namespace,
            "pod": self.pods[turn % len(self.pods)],
            "host": request.host,
            "method": request.method,
            "path": request.target,
            "headers": dict(request.headers),
        }
        return Reply(200, json.dumps(said, indent=2).encode() + b"\n", "application/json")


@dataclass(frozen=True)
class Solver:
    """One of cert-manager's HTTP-01 solver pods."""

    domain: str
    token: str
    key: str

    def respond(self, request: Request) -> Reply:
        """The key to exactly the question the pod was made for, "not found" to all others."""
        path = urlsplit(request.target).path
        if path in ("/", "/healthz"):
            return Reply(200)
        asked = (posixpath.dirname(path), _host_name(request.host), posixpath.basename(path))
        if asked != (_CHALLENGE_PATH, self.domain, self.token):
            return Reply(404, b"404 page not found\n")
        return Reply(200, self.key.encode())


@dataclass(frozen=True)
class NotFound:
    """GKE's default backend: healthy, and otherwise without an answer."""

    def respond(self, request: Request) -> Reply:
        """As cmd/404-server-with-metrics of ingress-gce has it."""
        path = urlsplit(request.target).path
        if path == "/healthz":
            return Reply(200, b"ok")
        return Reply(404, b"response 404 (backend NotFound), service rules for the path non-existent \n")


@dataclass(frozen=True)
class Process:
    """A real process that stands in for the pods."""

    address: str
    port: int


Behind = Echo | Solver | NotFound | Process


def behind(service: Service, slices: Iterable[EndpointSlice], pods: Mapping[Key, Pod]) -> dict[int, Behind]:
    """What answers on each TCP port of the Service that has a ready pod; other ports are left out.

    `slices` are the EndpointSlices of this Service, `pods` all pods there are.
    """
    namespace, name = key_of(service)
    spec = cast("ServiceSpec", service.spec)
    result: dict[int, Behind] = {}
    slices = tuple(slices)
    for port in spec.ports or ():
        if (port.protocol or "TCP") != "TCP":
            continue
        echoing: set[str] = set()
        for endpoint_slice in slices:
            number = _slice_port(endpoint_slice, port.name)
            if number is None:
                continue
            for pod_name, pod in _ready_pods(namespace, endpoint_slice, pods):
                special = _special(pod, number)
                if special is not None:
                    result[port.port] = special
                echoing.add(pod_name)
        if echoing and port.port not in result:
            result[port.port] = Echo(namespace, name, tuple(sorted(echoing)))
    return result


def referenced_pods(slices: Iterable[EndpointSlice]) -> set[str]:
    """The names of the pods that these EndpointSlices speak of."""
    return {
        endpoint.targetRef.name
        for endpoint_slice in slices
        for endpoint in endpoint_slice.endpoints or ()
        if endpoint.targetRef is not None and endpoint.targetRef.kind == "Pod" and endpoint.targetRef.name
    }


def _slice_port(endpoint_slice: EndpointSlice, name: str | None) -> int | None:
    """The pods' own port behind a Service port; the slice has already resolved names of ports."""
    for port in endpoint_slice.ports or ():
        if (port.name or "") == (name or "") and (port.protocol or "TCP") == "TCP":
            return port.port
    return None


def _ready_pods(namespace: str, endpoint_slice: EndpointSlice, pods: Mapping[Key, Pod]) -> Iterable[tuple[str, Pod]]:
    for endpoint in endpoint_slice.endpoints or ():
        if endpoint.conditions is not None and endpoint.conditions.ready is False:
            continue  # not said counts as ready, says the API
        reference = endpoint.targetRef
        if reference is None or reference.kind != "Pod" or not reference.name:
            continue  # written by hand, and no pod: nothing to imitate
        pod = pods.get((namespace, reference.name))
        if pod is not None:  # otherwise it has not been heard of yet: what it is will be known in a moment
            yield reference.name, pod


def _special(pod: Pod, port: int) -> Solver | NotFound | Process | None:
    metadata, containers = meta(pod), cast("PodSpec", pod.spec).containers
    address = (metadata.annotations or {}).get(PROCESS_ANNOTATION)
    if address:
        return Process(address, port)
    if (metadata.labels or {}).get(SOLVER_LABEL) == "true":
        arguments = {}
        for container in containers:
            for argument in container.args or ():
                name, _, value = argument.lstrip("-").partition("=")
                arguments[name] = value
        return Solver(arguments.get("domain", ""), arguments.get("token", ""), arguments.get("key", ""))
    if [container.image for container in containers] == [DEFAULT_BACKEND_IMAGE]:
        return NotFound()
    return None


def _host_name(host: str) -> str:
    """A Host header without its port and without the brackets of an IPv6 address."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
