"""Carrying bytes between two connections, for the imitated load balancer and the proxy (sandbox only)."""

import asyncio

from sandbox.imitation.web import IDLE_TIMEOUT

CONNECT_TIMEOUT = 5.0  # seconds; everything is on the loopback interface
_CHUNK = 65536
_TUNNEL_IDLE = 10 * IDLE_TIMEOUT  # long, as a tunnel may carry a watch that is mostly silent


async def connect(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a backend.

    Raises:
        OSError: nothing listens there.
        TimeoutError: no answer in time.
    """
    async with asyncio.timeout(CONNECT_TIMEOUT):
        return await asyncio.open_connection(host, port)


async def splice(
    left: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    right: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> None:
    """Carry bytes both ways until both sides have ended; one may end while the other goes on."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_carry(left[0], right[1]))
            group.create_task(_carry(right[0], left[1]))
    except* OSError:
        pass  # a side broke off, so the other is told the same way: by the closing of its connection
    finally:
        left[1].close()
        right[1].close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        async with asyncio.timeout(_TUNNEL_IDLE):
            data = await reader.read(_CHUNK)
        if not data:
            break
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
