"""`python -m sandbox.network`: imitates, in the sandbox only, what runs in pods and a cloud's load balancer.

- On the cluster IP of each Service with a ready pod: an answer that says what was asked, or what
  cert-manager's HTTP-01 solver would answer, or the real process that stands in for the pod.
- For each Service of type LoadBalancer: an address of the pool, if it may have it, and its traffic carried.
- A forward proxy to the sandbox's own internet: its DNS, its ports 80 and 443.
- For the API server: whose token of a cloud it is, asked of that cloud's twin.
"""

import argparse
import asyncio
import ipaddress
import logging
import resource
import signal
import sys
from pathlib import Path

from lightkube import AsyncClient, KubeConfig
from lightkube.core.exceptions import ConfigError
from lightkube.resources.core_v1 import Service

from sandbox.arguments import host_port
from sandbox.imitation.addresses import Pool
from sandbox.imitation.balancer import LoadBalancer
from sandbox.imitation.events import Recorder
from sandbox.imitation.listeners import Listeners
from sandbox.imitation.mirror import Mirror, key_of
from sandbox.imitation.names import Names
from sandbox.imitation.proxy import ForwardProxy
from sandbox.imitation.services import ServicePlane
from sandbox.imitation.tokens import TokenReviews

log = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    options = _parse(argv)
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # which else tells every request
    _allow_many_sockets()
    try:
        asyncio.run(serve(options))
    except (OSError, ConfigError) as error:
        log.error("%s", error)
        return 1
    return 0


async def serve(options: argparse.Namespace) -> None:
    """Imitate until the process is told to stop.

    Raises:
        OSError: an address is taken, or the kubeconfig cannot be read.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # Proxies in the environment are for others: the API server is on the loopback interface.
    client = AsyncClient(KubeConfig.from_file(options.kubeconfig), trust_env=False)
    names = Names(*options.dns)
    listeners = Listeners()
    proxy = ForwardProxy(names, {80: options.http_port, 443: options.https_port}, options.pool)
    reviews = TokenReviews(dict(options.tokens))
    failures = await listeners.assign("own", {options.proxy: proxy.handle, options.token_reviews: reviews.handle})
    for (host, port), error in failures.items():
        raise OSError(error.errno, f"{host}:{port}: {error.strerror}")

    work = asyncio.create_task(imitate(client, listeners, names, Pool(options.pool)))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait((work, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    listeners.close()
    if work.done():
        work.result()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await client.close()
    log.info("stopped")


async def imitate(client: AsyncClient, listeners: Listeners, names: Names, pool: Pool) -> None:
    """Keep cluster IPs and load balancers going by what the API server says, until cancelled."""
    events = Recorder(client)

    def service_changed(old: Service | None, new: Service | None) -> None:
        thing = new or old
        if thing is not None:
            plane.service_changed(key_of(thing))
            balancer.changed(old, new)

    services = Mirror(client, Service, service_changed)
    plane = ServicePlane(client, services, listeners, events)
    balancer = LoadBalancer(client, services, plane, pool, names, listeners, events)
    async with asyncio.TaskGroup() as group:
        group.create_task(services.run())
        group.create_task(plane.run())
        group.create_task(balancer.run())


def _allow_many_sockets() -> None:
    """A thousand Services are a thousand sockets: use what the system allows this process at most."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.network", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kubeconfig", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--pool",
        type=ipaddress.IPv4Network,
        required=True,
        metavar="CIDR",
        help="the load balancer's addresses",
    )
    parser.add_argument("--dns", type=host_port, required=True, metavar="HOST:PORT", help="the sandbox's DNS server")
    parser.add_argument("--http-port", type=int, required=True, metavar="N", help="what the proxy makes of port 80")
    parser.add_argument("--https-port", type=int, required=True, metavar="N", help="what it makes of port 443")
    parser.add_argument("--proxy", type=host_port, required=True, metavar="HOST:PORT", help="where the proxy listens")
    parser.add_argument("--token-reviews", type=host_port, required=True, metavar="HOST:PORT", help="where the API server asks")
    parser.add_argument(
        "--tokens",
        type=lambda text: tuple(text.split("=", 1)),
        action="append",
        default=[],
        metavar="BEGINNING=URL",
        help="who reviews tokens that begin so",
    )
    parser.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING"])
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
