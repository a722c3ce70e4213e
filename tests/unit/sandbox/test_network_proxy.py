"""The forward proxy, against local servers."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from functools import partial

import httpx2
import pytest

from sandbox.imitation.listeners import Endpoint, Listeners
from sandbox.imitation.names import Names, UnknownNameError
from sandbox.imitation.proxy import ForwardProxy
from sandbox.imitation.web import Reply, Request, serve
from tests.unit.sandbox.test_network_web import exchange, free_endpoint, settled

POOL = ipaddress.IPv4Network("127.0.0.0/30")


class KnownNames(Names):
    """Names from a dictionary."""

    def __init__(self, known: dict[str, list[str]]) -> None:
        self._known = known

    async def addresses(self, name: str) -> list[str]:
        if name not in self._known:
            raise UnknownNameError(f"{name}: no such name in the sandbox's DNS")
        return self._known[name]


def respond(request: Request) -> Reply:
    headers = " ".join(sorted(name.lower() for name, _ in request.headers))
    return Reply(203, f"{request.method} {request.target} {request.host} {headers}".encode())


class Scene:
    """A web server at `web.test`, ports 80 and 443 of the sandbox, and the proxy."""

    def __init__(self, listeners: Listeners, web: Endpoint, proxy: Endpoint, dead: Endpoint) -> None:
        self.listeners = listeners
        self.web = web
        self.proxy = proxy
        self.dead = dead

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(proxy=f"http://{self.proxy[0]}:{self.proxy[1]}", trust_env=False)


def run(work: Callable[[Scene], Awaitable[None]]) -> None:
    async def go() -> None:
        listeners = Listeners()
        web, address, dead = await free_endpoint(), await free_endpoint(), await free_endpoint()
        names = KnownNames({"web.test": [web[0]], "second.test": ["127.0.0.77", web[0]], "gone.test": ["127.0.0.77"]})
        proxy = ForwardProxy(names, {80: web[1], 443: web[1], 81: dead[1]}, POOL)
        await listeners.assign("web", {web: partial(serve, respond=respond)})
        await listeners.assign("proxy", {address: proxy.handle})
        try:
            await work(Scene(listeners, web, address, dead))
        finally:
            listeners.close()
            await settled()

    asyncio.run(go())


def test_requests_are_passed_on_to_the_real_port() -> None:
    async def work(scene: Scene) -> None:
        async with scene.client() as client:
            reply = await client.get("http://web.test/a/b?c=d", headers={"X-Mine": "1"})
            assert reply.status_code == 203
            method, target, host, *headers = reply.text.split()
            assert (method, target, host) == ("GET", "/a/b?c=d", "web.test")
            assert "x-mine" in headers
            assert "proxy-connection" not in headers
            assert (await client.get("http://web.test")).text.split()[1] == "/"
            assert (await client.post("http://web.test/x", content=b"y" * 500_000)).text.startswith("POST /x")
            assert (await client.head("http://web.test/x")).status_code == 203
            port = scene.web[1]
            assert (await client.get(f"http://web.test:{port}/")).text.split()[2] == f"web.test:{port}"

    run(work)


def test_the_host_header_cannot_say_otherwise() -> None:
    async def work(scene: Scene) -> None:
        got = await exchange(scene.proxy, b"GET http://web.test/ HTTP/1.1\r\nHost: other.test\r\n\r\n")
        assert b"GET / web.test" in got

    run(work)


def test_the_next_address_is_tried() -> None:
    async def work(scene: Scene) -> None:
        async with scene.client() as client:
            assert (await client.get("http://second.test/")).status_code == 203
            assert (await client.get("http://127.0.0.1/")).status_code == 203  # an address of the pool, by itself

    run(work)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://nope.test/", "nope.test: no such name in the sandbox's DNS"),
        ("http://192.0.2.1/", "192.0.2.1: is not an address of the sandbox's load balancer (127.0.0.0/30)"),
        ("http://gone.test/", "gone.test: no connection to 127.0.0.77:"),
        ("http://web.test:81/", "web.test: no connection to 127.0.0.1:"),
    ],
)
def test_what_is_unknown_or_dead_is_said(url: str, message: str) -> None:
    async def work(scene: Scene) -> None:
        async with scene.client() as client:
            reply = await client.get(url)
        assert reply.status_code == 502
        assert reply.text.startswith(f"portico sandbox proxy: {message}")
        connect = url.removeprefix("http://").rstrip("/")
        target = connect if ":" in connect else f"{connect}:80"
        got = await exchange(scene.proxy, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        assert got.startswith(b"HTTP/1.1 502")
        assert message.encode() in got

    run(work)


@pytest.mark.parametrize(
    "request_line", ["GET / HTTP/1.1", "GET https://web.test/ HTTP/1.1", "GET http://web.test:x/ HTTP/1.1", "junk"]
)
def test_what_is_no_request_to_a_proxy(request_line: str) -> None:
    async def work(scene: Scene) -> None:
        got = await exchange(scene.proxy, f"{request_line}\r\nHost: web.test\r\n\r\n".encode())
        assert got.startswith(b"HTTP/1.1 400")
        assert b"portico sandbox proxy: " in got

    run(work)


def test_connect_opens_a_tunnel() -> None:
    async def work(scene: Scene) -> None:
        # What is sent right behind the request, before any answer, belongs to the tunnel.
        data = b"CONNECT web.test:443 HTTP/1.1\r\nHost: web.test:443\r\n\r\nGET /t HTTP/1.1\r\nHost: inner\r\n\r\n"
        got = await exchange(scene.proxy, data)
        head, _, rest = got.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert b"GET /t inner" in rest

    run(work)


def test_a_server_that_breaks_off() -> None:
    async def work(scene: Scene) -> None:
        async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")

        await scene.listeners.assign("dead", {scene.dead: hang_up})
        async with scene.client() as client:
            reply = await client.get("http://web.test:81/")
            assert reply.status_code == 502
            assert "web.test: the server broke off" in reply.text

    run(work)
