"""`python -m sandbox.aws.front`: imitates, in the sandbox only, AWS's load balancers and DNS as visitors meet them.

- For each load balancer of the twin: one address per subnet, its listeners, its rules, its targets' pods.
- DNS of the twin's Route 53 zones and of load balancers' names.
"""

import argparse
import asyncio
import ipaddress
import logging
import signal
import sys
from pathlib import Path

from lightkube import AsyncClient, KubeConfig
from lightkube.core.exceptions import ConfigError

from sandbox.arguments import host_port
from sandbox.aws.front.addresses import Addresses
from sandbox.aws.front.names import Names
from sandbox.aws.front.plane import Plane
from sandbox.aws.front.targets import Targets
from sandbox.aws.front.twin import Twin
from sandbox.dnsserver.server import Server
from sandbox.imitation.listeners import Listeners

log = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    options = _parse(argv)
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s %(message)s")
    for chatty in ("httpx2", "botocore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    code = 0
    try:
        asyncio.run(serve(options))
    except* (OSError, ConfigError) as group:
        for error in group.exceptions:
            log.error("%s", error)
        code = 1
    return code


async def serve(options: argparse.Namespace) -> None:
    """Imitate until the process is told to stop.

    Raises:
        OSError: the DNS server's address is taken, or the kubeconfig cannot be read.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    cluster = AsyncClient(KubeConfig.from_file(options.kubeconfig), trust_env=False)
    targets, listeners = Targets(cluster), Listeners()
    twin = Twin(options.endpoint, options.region)
    ports = {80: options.http_port, 443: options.https_port}
    plane = Plane(twin, Addresses(options.pool, options.state), targets, listeners, ports)
    server = Server(Names(twin, plane.where))

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(targets.run())
            await targets.synced()
            group.create_task(plane.run())
            await plane.seen.wait()
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
    await cluster.close()
    log.info("stopped")


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws.front", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--endpoint", required=True, metavar="URL", help="of the twin")
    parser.add_argument("--region", required=True, metavar="NAME")
    parser.add_argument("--dns", type=host_port, required=True, metavar="HOST:PORT", help="where DNS is answered")
    parser.add_argument("--pool", type=ipaddress.IPv4Network, required=True, metavar="CIDR", help="load balancers' addresses")
    parser.add_argument("--state", type=Path, required=True, metavar="FILE", help="remembers whose each address is")
    parser.add_argument("--kubeconfig", type=Path, required=True, metavar="FILE")
    parser.add_argument("--http-port", type=int, required=True, metavar="N", help="what stands for port 80")
    parser.add_argument("--https-port", type=int, required=True, metavar="N", help="what stands for port 443")
    parser.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING"])
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
