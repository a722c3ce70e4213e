"""Network Load Balancers: connections, carried as they are or out of TLS."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import logging
import struct

from sandbox.aws.front.actions import choose_group, last
from sandbox.aws.front.model import SECURE, Group, Listener, Raw
from sandbox.aws.front.targets import Targets
from sandbox.front.fresh import Fresh
from sandbox.front.upstream import reach, reset, respond
from sandbox.imitation.forward import splice
from sandbox.imitation.pods import Behind, Process
from sandbox.imitation.web import serve

log = logging.getLogger(__name__)

# PROXY protocol, version 2: its signature, then version and command (2, PROXY), then family and transport (IPv4, TCP).
_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_PROXY_TCP4 = b"\x21\x11"


class Streams:
    """The data plane of Network Load Balancers."""

    def __init__(self, rules: Fresh[str, list[Raw]], groups: Fresh[str, Group], targets: Targets) -> None:
        self._rules = rules
        self._groups = groups
        self._targets = targets
        self._turns = itertools.count()

    async def serve(self, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection; without a healthy target it is reset."""
        turn = next(self._turns)
        try:
            group, target = await self._target(listener, turn)
        except Exception as error:  # noqa: BLE001 -- the twin may be away, or the listener gone
            log.warning("port %d: %s", listener.port, error)
            group, target = None, None
        if group is None or target is None:
            reset(writer)
        elif isinstance(target, Process):
            upstream = await reach(target, secure=group.protocol in SECURE)
            if group.says_who:
                upstream[1].write(introduction(writer.get_extra_info("peername"), writer.get_extra_info("sockname")))
            await splice((reader, writer), upstream)
        else:
            await serve(reader, writer, lambda request: respond(target, request, turn))

    async def _target(self, listener: Listener, turn: int) -> tuple[Group | None, Behind | None]:
        rules = await self._rules.get(listener.arn)
        arn = choose_group(last(rules[-1]["Actions"]))
        group = await self._groups.get(arn) if arn else None
        healthy = self._targets.healthy(group) if group else []
        return group, healthy[turn % len(healthy)] if healthy else None


def introduction(source: tuple[str, int], destination: tuple[str, int]) -> bytes:
    """The header of the PROXY protocol that says who has connected to what."""
    addresses = ipaddress.IPv4Address(source[0]).packed + ipaddress.IPv4Address(destination[0]).packed
    body = addresses + struct.pack("!HH", source[1], destination[1])
    return _SIGNATURE + _PROXY_TCP4 + struct.pack("!H", len(body)) + body
