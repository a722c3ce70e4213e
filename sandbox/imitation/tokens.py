"""Whose token it is, for the API server: it can ask only one server, so this one asks the twin whose tokens look like it."""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

import h11
import httpx2

from sandbox.imitation.web import Peer, Reply
from sandbox.twin.reviews import refused

log = logging.getLogger(__name__)


class TokenReviews:
    """TokenReviews, passed on by how the token begins."""

    def __init__(self, twins: Mapping[str, str], timeout: float = 5.0) -> None:
        """`twins`: where TokenReviews of tokens with this beginning are sent; `timeout`: seconds a twin has to answer."""
        self._twins = twins
        self._client = httpx2.AsyncClient(trust_env=False, timeout=timeout)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the one request of a connection."""
        peer = Peer(h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20), reader, writer)
        content = bytearray()
        while not isinstance(event := await peer.receive(), h11.EndOfMessage):
            if isinstance(event, h11.ConnectionClosed):
                return
            if isinstance(event, h11.Data):
                content += event.data
        answer = json.dumps(await self.review(bytes(content))).encode()
        await peer.reply(Reply(200, answer, "application/json"), headers=[("connection", "close")])

    async def review(self, content: bytes) -> dict[str, Any]:
        """The answer to one TokenReview; a twin that does not run knows no token."""
        try:
            token = str(json.loads(content)["spec"]["token"])
        except (ValueError, KeyError, TypeError):
            return refused("not a TokenReview: spec.token is missing")
        url = next((url for beginning, url in self._twins.items() if token.startswith(beginning)), None)
        if url is None:
            return refused(f"no cloud's token: none begins otherwise than with {' or '.join(self._twins)}")
        try:
            answer = await self._client.post(url, content=content, headers={"content-type": "application/json"})
            found: dict[str, Any] = answer.raise_for_status().json()
        except httpx2.HTTPError as error:
            log.warning("%s: %s", url, error)
            return refused(f"who made the token does not answer: {error}")
        return found
