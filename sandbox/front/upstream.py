"""What stands behind a load balancer: imitated pods, and connections to real processes that stand in for pods."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct

from sandbox.imitation.forward import CONNECT_TIMEOUT
from sandbox.imitation.pods import Behind, Echo, Process
from sandbox.imitation.web import Reply, Request


def respond(target: Behind, request: Request, turn: int) -> Reply | None:
    """What imitated pods answer; None if a real process is to be asked. `turn` counts the requests."""
    if isinstance(target, Process):
        return None
    return target.respond(request, turn) if isinstance(target, Echo) else target.respond(request)


async def reach(target: Process, *, secure: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a process, by TLS if `secure`. Load balancers do not check certificates of what is behind them.

    Raises:
        OSError: nothing listens there, or it does not speak TLS.
        TimeoutError: no answer in time.
    """
    trust: ssl.SSLContext | None = None
    if secure:
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    async with asyncio.timeout(CONNECT_TIMEOUT):
        return await asyncio.open_connection(target.address, target.port, ssl=trust)


def reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection off, so that the other side hears of it."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
