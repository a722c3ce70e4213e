"""A real DNS server in this process, for what speaks the protocol."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.name
import dns.tsig

from components.clouds.dns_update import DnsServer
from sandbox.dnsserver.server import Handler, Server
from sandbox.dnsserver.store import Store
from tests.support.stacks import TSIG_SECRET, ZONE


@contextmanager
def dns_server(data: Path) -> Iterator[DnsServer]:
    """Serves the zone on a free port of the loopback interface; yields the client that may change it."""
    key = dns.tsig.Key("portico", TSIG_SECRET, "hmac-sha256")
    origins = [dns.name.from_text(ZONE), dns.name.from_text("other.test")]
    server = Server(Handler(Store(data, origins), {key.name: key}), idle_timeout=5.0)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="dns")
    thread.start()
    try:
        port = asyncio.run_coroutine_threadsafe(server.start("127.0.0.1", 0), loop).result(10)
        yield DnsServer(f"127.0.0.1:{port}", ZONE, "portico", "hmac-sha256", TSIG_SECRET)
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _close(server: Server) -> None:
    await server.close()
    # Connections that clients left open end with the loop; their tasks must not be lost unfinished.
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()
