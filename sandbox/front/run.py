"""The process of a data plane: its arguments, and its life until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from lightkube import AsyncClient, KubeConfig
from lightkube.core.exceptions import ConfigError

from sandbox.arguments import host_port
from sandbox.dnsserver.server import Responder, Server
from sandbox.front.cluster import Cluster
from sandbox.front.plane import Plane
from sandbox.imitation.listeners import Listeners

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parts:
    """What a data plane is made of."""

    cluster: Cluster
    plane: Plane
    names: Responder


Build = Callable[[AsyncClient, Listeners, dict[int, int]], Parts]
"""Makes the parts, given the cluster, the sockets, and what stands for ports 80 and 443."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that every data plane has."""
    parser.add_argument("--endpoint", required=True, metavar="URL", help="of the twin")
    parser.add_argument("--dns", type=host_port, required=True, metavar="HOST:PORT", help="where DNS is answered")
    parser.add_argument("--kubeconfig", type=Path, required=True, metavar="FILE")
    parser.add_argument("--http-port", type=int, required=True, metavar="N", help="what stands for port 80")
    parser.add_argument("--https-port", type=int, required=True, metavar="N", help="what stands for port 443")
    parser.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING"])


def run(options: argparse.Namespace, build: Build, chatty: Iterable[str] = ()) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code. `chatty`: loggers of which only warnings are of interest."""
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s %(message)s")
    for name in ("httpx2", *chatty):
        logging.getLogger(name).setLevel(logging.WARNING)
    code = 0
    try:
        asyncio.run(_serve(options, build))
    except* (OSError, ConfigError) as group:
        for error in group.exceptions:
            log.error("%s", error)
        code = 1
    return code


async def _serve(options: argparse.Namespace, build: Build) -> None:
    """Imitate until the process is told to stop.

    Raises:
        OSError: the DNS server's address is taken, or the kubeconfig cannot be read.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    client, listeners = AsyncClient(KubeConfig.from_file(options.kubeconfig), trust_env=False), Listeners()
    parts = build(client, listeners, {80: options.http_port, 443: options.https_port})
    server = Server(parts.names)

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(parts.cluster.run())
            await parts.cluster.synced()
            group.create_task(parts.plane.run())
            await parts.plane.seen.wait()
            # Last, since whoever asks whether this process is ready asks here.
            await server.start(*options.dns)
            log.info("DNS on %s:%d", *options.dns)

    working, stopped = asyncio.create_task(work()), asyncio.create_task(stop.wait())
    await asyncio.wait((working, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if working.done():
        working.result()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    listeners.close()
    await server.close()
    await client.close()
    log.info("stopped")
