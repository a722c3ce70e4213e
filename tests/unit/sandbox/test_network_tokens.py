"""TokenReviews: each goes to the twin whose tokens begin so, and nobody else learns of it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import h11
import httpx2
import pytest

from sandbox.imitation.listeners import Listeners
from sandbox.imitation.tokens import TokenReviews
from sandbox.imitation.web import Peer, Reply

HOST = "127.0.0.1"
Ask = Callable[[object], Awaitable[dict[str, Any]]]


class Twin:
    """Knows every token that it is asked about, and remembers it."""

    def __init__(self, user: str) -> None:
        self.user, self.asked = user, list[str]()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(h11.Connection(h11.SERVER), reader, writer)
        content = b""
        while not isinstance(event := await peer.receive(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                content += bytes(event.data)
        self.asked.append(json.loads(content)["spec"]["token"])
        answer = {"status": {"authenticated": True, "user": {"username": self.user}}}
        await peer.reply(Reply(200, json.dumps(answer).encode(), "application/json"), headers=[("connection", "close")])


def run(work: Callable[[Ask, Twin, Twin, Listeners], Awaitable[None]]) -> None:
    async def go() -> None:
        listeners, one, two = Listeners(), Twin("one"), Twin("two")
        ports = [await free(), await free(), await free()]
        await listeners.assign("one", {(HOST, ports[0]): one.handle})
        await listeners.assign("two", {(HOST, ports[1]): two.handle})
        urls = {"aws-": f"http://{HOST}:{ports[0]}/review", "ya29.": f"http://{HOST}:{ports[1]}/review"}
        await listeners.assign("own", {(HOST, ports[2]): TokenReviews(urls).handle})
        async with httpx2.AsyncClient(trust_env=False) as client:

            async def ask(token: object) -> dict[str, Any]:
                review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
                answer = await client.post(f"http://{HOST}:{ports[2]}/?timeout=10s", json=review)
                return dict(answer.raise_for_status().json()["status"])

            try:
                await work(ask, one, two, listeners)
            finally:
                listeners.close()

    asyncio.run(go())


async def free() -> int:
    server = await asyncio.start_server(lambda _r, _w: None, HOST, 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


def test_each_twin_is_asked_about_its_own_tokens_alone() -> None:
    async def work(ask: Ask, one: Twin, two: Twin, _: Listeners) -> None:
        assert (await ask("aws-1"))["user"] == {"username": "one"}
        assert (await ask("ya29.2"))["user"] == {"username": "two"}
        assert (one.asked, two.asked) == (["aws-1"], ["ya29.2"])

    run(work)


@pytest.mark.parametrize("token", ["", "eyJhbGciOi", " ya29.x", "ya29"])
def test_a_token_of_nobody_is_refused_and_told_to_nobody(token: str) -> None:
    async def work(ask: Ask, one: Twin, two: Twin, _: Listeners) -> None:
        status = await ask(token)
        assert status["authenticated"] is False
        assert "aws-" in status["error"]
        assert not one.asked
        assert not two.asked

    run(work)


def test_a_twin_that_does_not_run_knows_no_token_and_the_other_one_does() -> None:
    async def work(ask: Ask, one: Twin, two: Twin, listeners: Listeners) -> None:
        await listeners.assign("two", {})
        status = await ask("ya29.2")
        assert status["authenticated"] is False
        assert "does not answer" in status["error"]
        assert (await ask("aws-1"))["authenticated"] is True

    run(work)


def test_what_is_no_review() -> None:
    for content in (b"", b"[]", b"{}", b'{"spec": null}', b'{"spec": {}}'):
        found = asyncio.run(TokenReviews({"ya29.": "http://127.0.0.1:1"}).review(content))
        assert found["kind"] == "TokenReview"
        assert found["status"] == {"authenticated": False, "error": "not a TokenReview: spec.token is missing"}
