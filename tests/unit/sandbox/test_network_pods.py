"""What stands behind a Service, and what imitated pods answer."""

import json
from typing import Any, TypeVar, cast

import pytest
from lightkube.core.dictmixin import DictMixin
from lightkube.resources.core_v1 import Pod, Service
from lightkube.resources.discovery_v1 import EndpointSlice

from sandbox.imitation.pods import (
    DEFAULT_BACKEND_IMAGE,
    PROCESS_ANNOTATION,
    SOLVER_LABEL,
    Echo,
    NotFound,
    Process,
    Solver,
    behind,
    referenced_pods,
)
from sandbox.imitation.web import Request

T = TypeVar("T", bound=DictMixin)


def make(kind: type[T], content: dict[str, Any]) -> T:
    return cast("T", kind.from_dict(content))


def a_service(*ports: tuple[str, int], protocol: str = "TCP") -> Service:
    spec = {"ports": [{"name": name, "port": port, "protocol": protocol} for name, port in ports]}
    return make(Service, {"metadata": {"namespace": "shop", "name": "web"}, "spec": spec})


def a_slice(ports: dict[str, int], **pods: bool | None) -> EndpointSlice:
    """Endpoints of pods, by name and readiness; None leaves readiness unsaid."""
    return make(
        EndpointSlice,
        {
            "addressType": "IPv4",
            "metadata": {"namespace": "shop", "name": "web-x1"},
            "ports": [{"name": name, "port": port, "protocol": "TCP"} for name, port in ports.items()],
            "endpoints": [
                {
                    "addresses": ["10.0.0.1"],
                    "conditions": {} if ready is None else {"ready": ready},
                    "targetRef": {"kind": "Pod", "namespace": "shop", "name": name},
                }
                for name, ready in pods.items()
            ],
        },
    )


def some_pods(*names: str, **metadata: Any) -> dict[tuple[str, str], Pod]:
    arguments, image = metadata.pop("args", None), metadata.pop("image", "i")
    return {
        ("shop", name): make(
            Pod,
            {
                "metadata": {"namespace": "shop", "name": name, **metadata},
                "spec": {"containers": [{"name": "c", "image": image, "args": arguments}]},
            },
        )
        for name in names
    }


def ask(target: str, host: str = "a.portico.test", method: str = "GET", **headers: str) -> Request:
    return Request(method, target, (("Host", host), *headers.items()))


def test_ready_pods_answer_on_each_port() -> None:
    slices = [a_slice({"http": 8000, "other": 9000}, b=True, a=None, c=False)]
    got = behind(a_service(("http", 80), ("other", 90)), slices, some_pods("a", "b", "c"))
    assert got == {80: Echo("shop", "web", ("a", "b")), 90: Echo("shop", "web", ("a", "b"))}


def test_pods_of_several_slices_are_joined() -> None:
    slices = [a_slice({"http": 8000}, a=True), a_slice({"http": 8001}, b=True)]
    assert behind(a_service(("http", 80)), slices, some_pods("a", "b")) == {80: Echo("shop", "web", ("a", "b"))}


@pytest.mark.parametrize(
    ("service", "slices", "pods"),
    [
        (a_service(("http", 80)), [], ("a",)),
        (a_service(("http", 80)), [a_slice({"http": 8000}, a=False)], ("a",)),
        (a_service(("http", 80)), [a_slice({"other": 8000}, a=True)], ("a",)),
        (a_service(("http", 80)), [a_slice({"http": 8000}, a=True)], ()),  # a pod not heard of yet
        (a_service(("http", 80), protocol="UDP"), [a_slice({"http": 8000}, a=True)], ("a",)),
    ],
)
def test_without_a_ready_pod_nothing_answers(service: Service, slices: list[EndpointSlice], pods: tuple[str, ...]) -> None:
    assert behind(service, slices, some_pods(*pods)) == {}


def test_endpoints_that_are_no_pods_are_left_alone() -> None:
    by_hand = make(
        EndpointSlice,
        {
            "addressType": "IPv4",
            "metadata": {"namespace": "shop", "name": "web"},
            "ports": [{"name": "http", "port": 8000}],
            "endpoints": [{"addresses": ["192.0.2.1"]}],
        },
    )
    assert behind(a_service(("http", 80)), [by_hand], {}) == {}
    assert referenced_pods([by_hand]) == set()


def test_a_pod_with_a_process_is_answered_for_by_it() -> None:
    pods = some_pods("a", annotations={PROCESS_ANNOTATION: "127.0.0.1"})
    got = behind(a_service(("http", 80), ("tls", 443)), [a_slice({"http": 8080, "tls": 8443}, a=True)], pods)
    assert got == {80: Process("127.0.0.1", 8080), 443: Process("127.0.0.1", 8443)}


def test_a_solver_pod_answers_by_its_own_arguments() -> None:
    arguments = ["--acme-http01-solver-listen-port=8089", "--domain=a.portico.test", "--token=T", "--key=T.k=="]
    pods = some_pods("cm", labels={SOLVER_LABEL: "true"}, args=arguments)
    got = behind(a_service(("http", 8089)), [a_slice({"http": 8089}, cm=True)], pods)
    assert got == {8089: Solver("a.portico.test", "T", "T.k==")}


def test_gke_s_default_backend_is_healthy_and_finds_nothing() -> None:
    pods = some_pods("a", image=DEFAULT_BACKEND_IMAGE)
    found = behind(a_service(("http", 80)), [a_slice({"http": 8080}, a=True)], pods)[80]
    assert found == NotFound()
    assert isinstance(found, NotFound)
    assert found.respond(ask("/healthz")).status == 200
    reply = found.respond(ask("/shop?healthz"))
    assert reply.status == 404
    assert reply.body.startswith(b"response 404 (backend NotFound)")


def test_pods_of_a_slice() -> None:
    assert referenced_pods([a_slice({"http": 1}, a=True, b=False)]) == {"a", "b"}


def test_echo_tells_what_it_was_asked() -> None:
    reply = Echo("shop", "web", ("a", "b")).respond(ask("/x/y?z=1", method="PUT", Accept="*/*"), 3)
    assert (reply.status, reply.content_type) == (200, "application/json")
    assert json.loads(reply.body) == {
        "service": "web",
        "namespace": "shop",
        "pod": "b",
        "host": "a.portico.test",
        "method": "PUT",
        "path": "/x/y?z=1",
        "headers": {"Host": "a.portico.test", "Accept": "*/*"},
    }


@pytest.mark.parametrize(
    ("target", "host", "status", "body"),
    [
        ("/.well-known/acme-challenge/T", "a.portico.test", 200, b"T.key"),
        ("/.well-known/acme-challenge/T", "a.portico.test:8080", 200, b"T.key"),
        ("/.well-known/acme-challenge/T", "b.portico.test", 404, b"404 page not found\n"),
        ("/.well-known/acme-challenge/T", "", 404, b"404 page not found\n"),
        ("/.well-known/acme-challenge/T", "[::1", 404, b"404 page not found\n"),
        ("/.well-known/acme-challenge/U", "a.portico.test", 404, b"404 page not found\n"),
        ("/.well-known/acme-challenge/T/T", "a.portico.test", 404, b"404 page not found\n"),
        ("/T", "a.portico.test", 404, b"404 page not found\n"),
        ("/", "whoever", 200, b""),
        ("/healthz", "whoever", 200, b""),
    ],
)
def test_solver(target: str, host: str, status: int, body: bytes) -> None:
    reply = Solver("a.portico.test", "T", "T.key").respond(ask(target, host))
    assert (reply.status, reply.body) == (status, body)
