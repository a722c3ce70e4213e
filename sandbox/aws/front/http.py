"""Application Load Balancers: HTTP/1.1 by rules."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import time

import h11

from sandbox.aws.front.actions import SERVER, Whole, choose_group, fixed, last, own, redirect
from sandbox.aws.front.fresh import Fresh
from sandbox.aws.front.model import SECURE, Group, Listener, Raw
from sandbox.aws.front.rules import Visit, first
from sandbox.aws.front.targets import Targets
from sandbox.aws.front.upstream import reach
from sandbox.imitation.pods import Process, Solver
from sandbox.imitation.proxy import HOP_BY_HOP, pass_back
from sandbox.imitation.web import Peer, Request

log = logging.getLogger(__name__)

_HOP_BY_HOP = {name.decode() for name in HOP_BY_HOP}


class Web:
    """The data plane of Application Load Balancers."""

    def __init__(self, rules: Fresh[str, list[Raw]], groups: Fresh[str, Group], targets: Targets) -> None:
        self._rules = rules
        self._groups = groups
        self._targets = targets
        self._turns = itertools.count()

    async def serve(self, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests on a connection until the other side ends it."""
        client = Peer(h11.Connection(h11.SERVER), reader, writer)
        try:
            while isinstance(request := await client.receive(), h11.Request):
                await self._answer(listener, client, request)
                if client.connection.our_state is not h11.DONE or client.connection.their_state is not h11.DONE:
                    return
                client.connection.start_next_cycle()
        except h11.RemoteProtocolError as error:
            if client.connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                await client.reply(own(error.error_status_hint).reply, headers=[SERVER, ("connection", "close")])

    async def _answer(self, listener: Listener, client: Peer, request: h11.Request) -> None:
        visit = _visit(listener, client, request)
        try:
            rule = first(await self._rules.get(listener.arn), visit)
            result = own(404) if rule is None else await self._follow(last(rule["Actions"]), client, request, visit)
        except Exception as error:  # noqa: BLE001 -- the twin may be away, or the listener gone
            log.warning("%s %s%s: %s", visit.method, visit.host, visit.target, error)
            result = own(502) if client.connection.our_state is h11.SEND_RESPONSE else None
        if result is not None:
            await _read_to_end(client)
            await client.reply(result.reply, visit.method, result.headers)
            log.info("%s %s%s: %d", visit.method, visit.host, visit.target, result.reply.status)

    async def _follow(self, action: Raw, client: Peer, request: h11.Request, visit: Visit) -> Whole | None:
        """Do what an action says; returns what is left to be answered, None if all has been said."""
        match action["Type"]:
            case "redirect":
                return redirect(action["RedirectConfig"], visit)
            case "fixed-response":
                return fixed(action["FixedResponseConfig"])
            case "forward":
                return await self._forward(action, client, request, visit)
            case other:
                log.warning("action %s is not imitated", other)
                return own(500)

    async def _forward(self, action: Raw, client: Peer, request: h11.Request, visit: Visit) -> Whole | None:
        arn = choose_group(action)
        group = await self._groups.get(arn) if arn else None
        healthy = self._targets.healthy(group) if group else []
        if group is None or not healthy:
            return own(503)
        turn = next(self._turns)
        target = healthy[turn % len(healthy)]
        headers = forwarded(visit)
        if isinstance(target, Process):
            await _pass_on(target, group, client, request, headers)
            return None
        said = Request(visit.method, visit.target, headers)
        return Whole(target.respond(said) if isinstance(target, Solver) else target.respond(said, turn))


def forwarded(visit: Visit) -> tuple[tuple[str, str], ...]:
    """The headers that a target gets: those that came, and who asked for what."""
    chain = ", ".join([*visit.header("x-forwarded-for"), visit.source])
    added = {"X-Forwarded-For": chain, "X-Forwarded-Proto": visit.protocol.lower(), "X-Forwarded-Port": str(visit.port)}
    if not any(visit.header("x-amzn-trace-id")):
        added["X-Amzn-Trace-Id"] = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    replaced = {name.lower() for name in added} | _HOP_BY_HOP
    return (*added.items(), *((name, value) for name, value in visit.headers if name.lower() not in replaced))


def _visit(listener: Listener, client: Peer, request: h11.Request) -> Visit:
    return Visit(
        protocol="HTTPS" if listener.protocol in SECURE else "HTTP",
        port=listener.port,
        method=request.method.decode(),
        target=request.target.decode("latin-1"),
        headers=tuple((name.decode(), value.decode("latin-1")) for name, value in request.headers.raw_items()),
        source=client.writer.get_extra_info("peername")[0],
    )


async def _read_to_end(client: Peer) -> None:
    """Read what is left of a request."""
    while client.connection.their_state is h11.SEND_BODY:
        await client.receive()


async def _pass_on(
    target: Process, group: Group, client: Peer, request: h11.Request, headers: tuple[tuple[str, str], ...]
) -> None:
    """Let a real process answer.

    Raises:
        OSError: it does not listen, or broke off.
        h11.RemoteProtocolError: it does not speak HTTP, or broke off.
    """
    reader, writer = await reach(target, group)
    upstream = Peer(h11.Connection(h11.CLIENT), reader, writer)
    try:
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in (*headers, ("Connection", "close"))]
        await upstream.send(h11.Request(method=request.method, target=request.target, headers=encoded))
        while isinstance(event := await client.receive(), h11.Data):
            await upstream.send(event)
        await upstream.send(h11.EndOfMessage())
        await pass_back(upstream, client)
    finally:
        writer.close()
