"""Listeners, the small web server, and carrying bytes."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import httpx2
import pytest

from sandbox.imitation.forward import connect, splice
from sandbox.imitation.listeners import Endpoint, Handler, Listeners
from sandbox.imitation.web import Reply, Request, serve

HOST = "127.0.0.1"


def run(work: Callable[[Listeners], Awaitable[None]]) -> None:
    async def go() -> None:
        listeners = Listeners()
        try:
            await work(listeners)
        finally:
            listeners.close()
            await settled()

    asyncio.run(go())


async def settled() -> None:
    """Wait until nothing is going on any more: asyncio itself finishes connections by and by."""
    async with asyncio.timeout(5):
        while asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.sleep(0)


async def free_endpoint(host: str = HOST) -> Endpoint:
    server = await asyncio.start_server(lambda _r, _w: None, host, 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return host, port


def saying(text: str) -> Handler:
    def respond(request: Request) -> Reply:
        return Reply(200, f"{text} {request.method} {request.target} {request.host}".encode())

    return partial(serve, respond=respond)


async def refused(endpoint: Endpoint) -> bool:
    try:
        _, writer = await asyncio.open_connection(*endpoint)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


def test_assigned_endpoints_answer_and_others_do_not() -> None:
    async def work(listeners: Listeners) -> None:
        one, two = await free_endpoint(), await free_endpoint("127.0.0.2")
        assert await listeners.assign("me", {one: saying("one"), two: saying("two")}) == {}
        async with httpx2.AsyncClient(trust_env=False) as client:
            for (host, port), text in ((one, "one"), (two, "two")):
                reply = await client.get(f"http://{host}:{port}/x?y")
                assert reply.text == f"{text} GET /x?y {host}:{port}"
            await listeners.assign("me", {one: saying("new")})
            assert (await client.get(f"http://{one[0]}:{one[1]}/")).text.startswith("one")  # a kept connection
        async with httpx2.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"http://{one[0]}:{one[1]}/")).text.startswith("new")
        assert await refused(two)

    run(work)


def test_open_connections_end_with_their_listener() -> None:
    async def work(listeners: Listeners) -> None:
        endpoint = await free_endpoint()
        await listeners.assign("me", {endpoint: saying("x")})
        reader, writer = await asyncio.open_connection(*endpoint)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        await listeners.assign("me", {})
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1000)
        writer.close()
        assert await refused(endpoint)

    run(work)


def test_an_endpoint_of_another_cannot_be_had_until_it_is_free() -> None:
    async def work(listeners: Listeners) -> None:
        endpoint = await free_endpoint()
        await listeners.assign("first", {endpoint: saying("first")})
        failures = await listeners.assign("second", {endpoint: saying("second")})
        assert list(failures) == [endpoint]
        await listeners.assign("first", {})
        assert await listeners.assign("second", {endpoint: saying("second")}) == {}

    run(work)


def test_an_error_in_a_handler_ends_only_its_connection(caplog: pytest.LogCaptureFixture) -> None:
    async def work(listeners: Listeners) -> None:
        async def fail(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            raise RuntimeError("on purpose")

        endpoint = await free_endpoint()
        await listeners.assign("me", {endpoint: fail})
        for _ in range(2):
            reader, writer = await asyncio.open_connection(*endpoint)
            assert await reader.read() == b""
            writer.close()
        assert caplog.text.count("RuntimeError: on purpose") == 2

    run(work)


async def exchange(endpoint: Endpoint, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*endpoint)
    writer.write(data)
    writer.write_eof()
    got = await reader.read()
    writer.close()
    return got


def test_http() -> None:
    async def work(listeners: Listeners) -> None:
        endpoint = await free_endpoint()
        await listeners.assign("me", {endpoint: saying("x")})
        url = f"http://{endpoint[0]}:{endpoint[1]}/"
        async with httpx2.AsyncClient(trust_env=False) as client:
            head = await client.head(url)
            assert (head.status_code, head.text) == (200, "")
            assert int(head.headers["content-length"]) > 0
            assert (await client.post(url, content=b"x" * 1_000_000)).text.startswith("x POST")
            waiting = {"Expect": "100-continue"}
            assert (await client.put(url, content=b"x" * 10, headers=waiting)).text.startswith("x PUT")
        both = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
        assert (await exchange(endpoint, both)).count(b"HTTP/1.1 200") == 2
        old = await exchange(endpoint, b"GET / HTTP/1.0\r\n\r\n")
        assert old.endswith(b"x GET / ")
        assert b"connection: close" in old.lower()
        assert (await exchange(endpoint, b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400")
        assert (await exchange(endpoint, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nxx"))[:12] in (
            b"",
            b"HTTP/1.1 400",
        )
        assert await exchange(endpoint, b"") == b""

    run(work)


def test_no_reply_breaks_the_connection_off() -> None:
    async def work(listeners: Listeners) -> None:
        endpoint = await free_endpoint()
        await listeners.assign("me", {endpoint: partial(serve, respond=lambda _request: None)})
        assert await exchange(endpoint, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") == b""

    run(work)


def test_splice_carries_both_ways_and_passes_on_the_end() -> None:
    async def work(listeners: Listeners) -> None:
        async def backend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # Answers only when the asker has ended, so the end must get through while the other way stays open.
            writer.write((await reader.read())[::-1])
            await writer.drain()

        behind, front = await free_endpoint(), await free_endpoint()

        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await splice((reader, writer), await connect(*behind))

        await listeners.assign("behind", {behind: backend})
        await listeners.assign("front", {front: forward})
        data = bytes(range(256)) * 4000
        assert await exchange(front, data) == data[::-1]
        await listeners.assign("behind", {})
        assert await exchange(front, b"") == b""

    run(work)
