"""Health checks: which members of a back end pass."""

import asyncio
from typing import Any

import pytest
from lightkube.models.core_v1 import Container, ContainerPort, HTTPGetAction, PodSpec, Probe
from lightkube.resources.core_v1 import Pod

from sandbox.gcp.front.health import Health, Member
from sandbox.imitation.pods import Behind, Echo, Process, Solver

ECHO = Echo("shop", "web", ("web-1",))
SOLVER = Solver("shop.example", "token", "key")
SERVING = {"portSpecification": "USE_SERVING_PORT"}


def pod(port: int = 9000, probe: str | None = None) -> Pod:
    readiness = Probe(httpGet=HTTPGetAction(port=port, path=probe)) if probe else None
    container = Container(name="c", ports=[ContainerPort(containerPort=port)], readinessProbe=readiness)
    return Pod(spec=PodSpec(containers=[container]))


def member(behind: Behind = ECHO, probe: str | None = None, others: dict[int, Behind] | None = None) -> Member:
    return Member(behind, (pod(probe=probe),), 8080, others)


def passes(one: Member, kind: str = "HTTP", **settings: Any) -> bool:
    field = {"HTTP": "httpHealthCheck", "HTTPS": "httpsHealthCheck", "TCP": "tcpHealthCheck"}[kind]
    return asyncio.run(Health().passes(one, {"type": kind, field: settings}))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (SERVING, True),
        ({"port": 8080}, True),
        ({"port": 9000}, True),
        ({"port": 80}, False),
        ({}, False),  # the port is 80 then
    ],
)
def test_a_check_asks_a_port_that_the_pod_has(settings: dict[str, Any], expected: bool) -> None:
    assert passes(member(), **settings) is expected


@pytest.mark.parametrize(("port", "expected"), [(30080, False), (8080, True), (30090, True)])
def test_a_node_answers_at_ports_of_services_with_ready_pods(port: int, expected: bool) -> None:
    assert passes(member(others={8080: ECHO, 30090: ECHO}), port=port) is expected


@pytest.mark.parametrize(
    ("behind", "probe", "path", "expected"),
    [
        (ECHO, None, "/any", True),
        (SOLVER, None, "/", True),
        (SOLVER, None, "/healthz", True),
        (SOLVER, None, "/ready", False),
        (SOLVER, "/ready", "/ready", True),
        (SOLVER, "/other", "/ready", False),
    ],
)
def test_a_check_passes_where_the_pod_answers_200_or_is_ready_by(
    behind: Behind, probe: str | None, path: str, expected: bool
) -> None:
    assert passes(member(behind, probe), **SERVING, requestPath=path) is expected


def test_a_check_that_speaks_no_http_needs_a_ready_pod_only() -> None:
    assert passes(member(SOLVER), "TCP", port=1)


@pytest.mark.parametrize(("path", "expected"), [("/", False), ("/empty", False), ("/health", True), ("/host", True)])
def test_a_real_process_is_asked(path: str, expected: bool) -> None:
    statuses = {"/health": "200 OK", "/empty": "204 No Content"}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        status = statuses.get(request.split()[1], "404 Not Found")
        if request.startswith("GET /host ") and "Host: check.example\r\n" in request:
            status = "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    async def go() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        there = Process("127.0.0.1", server.sockets[0].getsockname()[1])
        settings = {**SERVING, "requestPath": path, "host": "check.example"}
        assert await Health().passes(member(there), {"type": "HTTP", "httpHealthCheck": settings}) is expected
        assert not await Health().passes(member(there), {"type": "HTTPS", "httpsHealthCheck": settings})
        server.close()
        await server.wait_closed()
        assert not await Health().passes(member(there), {"type": "HTTP", "httpHealthCheck": settings})

    asyncio.run(go())
