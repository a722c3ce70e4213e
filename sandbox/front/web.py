"""HTTP/1.1 as a load balancer speaks it: a cloud's own class decides what becomes of a request."""

from __future__ import annotations

import asyncio
import itertools
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import h11

from sandbox.front.upstream import reach, respond
from sandbox.front.visit import Visit, visit_of
from sandbox.imitation.pods import Behind, Process
from sandbox.imitation.proxy import HOP_BY_HOP, pass_back
from sandbox.imitation.web import Peer, Reply, Request

log = logging.getLogger(__name__)

Headers = tuple[tuple[str, str], ...]

_HOP_BY_HOP = {name.decode() for name in HOP_BY_HOP}


class Door(Protocol):
    """Where requests come in."""

    @property
    def secure(self) -> bool:
        """Whether TLS ends here."""
        ...

    @property
    def port(self) -> int:
        """Its port, not the one that the sandbox puts in its place."""
        ...


D = TypeVar("D", bound=Door)


@dataclass(frozen=True)
class Whole:
    """An answer that is known as a whole: the load balancer's own, or an imitated pod's."""

    reply: Reply
    headers: Headers = ()


@dataclass(frozen=True)
class Onward:
    """A request that is passed on.

    Attributes:
        targets: who may answer; they do so in turn.
        headers: that the request has from here on.
        secure: whether TLS is spoken to real processes.
        added: headers that the answer gets.
    """

    targets: Sequence[Behind]
    headers: Headers
    secure: bool = False
    added: Headers = ()


class Web(ABC, Generic[D]):
    """The data plane of load balancers that understand HTTP."""

    def __init__(self) -> None:
        self._turns = itertools.count()

    @abstractmethod
    async def decide(self, door: D, visit: Visit) -> Whole | Onward:
        """What becomes of a request."""

    @abstractmethod
    def own(self, status: int) -> Whole:
        """The page that the load balancer shows for a status."""

    async def serve(self, door: D, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests on a connection until the other side ends it."""
        client = Peer(h11.Connection(h11.SERVER), reader, writer)
        try:
            while isinstance(request := await client.receive(), h11.Request):
                await self._answer(door, client, request)
                if client.connection.our_state is not h11.DONE or client.connection.their_state is not h11.DONE:
                    return
                client.connection.start_next_cycle()
        except h11.RemoteProtocolError as error:
            if client.connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                page = self.own(error.error_status_hint)
                await client.reply(page.reply, headers=[*page.headers, ("connection", "close")])

    async def _answer(self, door: D, client: Peer, request: h11.Request) -> None:
        visit = visit_of(request, client.writer, secure=door.secure, port=door.port)
        try:
            decision = await self.decide(door, visit)
            result = decision if isinstance(decision, Whole) else await self._follow(decision, client, request, visit)
        except Exception as error:  # noqa: BLE001 -- the twin may be away, or what was asked is gone
            log.warning("%s %s%s: %s", visit.method, visit.host, visit.target, error)
            result = self.own(502) if client.connection.our_state is h11.SEND_RESPONSE else None
        if result is not None:
            await _read_to_end(client)
            await client.reply(result.reply, visit.method, result.headers)
            log.info("%s %s%s: %d", visit.method, visit.host, visit.target, result.reply.status)

    async def _follow(self, onward: Onward, client: Peer, request: h11.Request, visit: Visit) -> Whole | None:
        """Pass a request on; returns what is left to be answered, None if all has been said."""
        turn = next(self._turns)
        target = onward.targets[turn % len(onward.targets)]
        if isinstance(target, Process):
            await _pass_on(target, onward, client, request)
            return None
        reply = respond(target, Request(visit.method, visit.target, onward.headers), turn)
        return None if reply is None else Whole(reply, onward.added)


def with_headers(visit: Visit, added: dict[str, str]) -> Headers:
    """The headers of a request that is passed on: those that came, some of them replaced."""
    replaced = {name.lower() for name in added} | _HOP_BY_HOP
    return (*added.items(), *((name, value) for name, value in visit.headers if name.lower() not in replaced))


async def _read_to_end(client: Peer) -> None:
    """Read what is left of a request."""
    while client.connection.their_state is h11.SEND_BODY:
        await client.receive()


async def _pass_on(target: Process, onward: Onward, client: Peer, request: h11.Request) -> None:
    """Let a real process answer.

    Raises:
        OSError: it does not listen, or broke off.
        h11.RemoteProtocolError: it does not speak HTTP, or broke off.
    """
    reader, writer = await reach(target, secure=onward.secure)
    upstream = Peer(h11.Connection(h11.CLIENT), reader, writer)
    try:
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in (*onward.headers, ("Connection", "close"))]
        await upstream.send(h11.Request(method=request.method, target=request.target, headers=encoded))
        while isinstance(event := await client.receive(), h11.Data):
            await upstream.send(event)
        await upstream.send(h11.EndOfMessage())
        await pass_back(upstream, client, onward.added)
    finally:
        writer.close()
