"""`python -m sandbox.dns`: the authoritative DNS server, a real implementation, used only in the sandbox.

Serves its zones over UDP and TCP and takes RFC 2136 updates signed with one of its keys. cert-manager,
Pebble, the load-balancer imitation and `sandbox curl` all resolve through it.
"""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

import dns.exception
import dns.name

from sandbox.arguments import host_port
from sandbox.dnsserver.forward import Forwarder
from sandbox.dnsserver.server import Handler, Server
from sandbox.dnsserver.store import Store, ZoneError
from sandbox.dnsserver.tsig import Keyring, read_key

log = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    options = _parse(argv)
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s %(message)s")
    try:
        keys: Keyring = {}
        for spec in options.key:
            key = read_key(spec)
            keys[key.name] = key
        host, port = options.listen
        forwarder = Forwarder(*options.forward) if options.forward else None
        asyncio.run(serve(host, port, options.data, options.zone, keys, forwarder))
    except (OSError, ValueError, ZoneError, dns.exception.DNSException) as error:
        log.error("%s", error)
        return 1
    return 0


async def serve(
    host: str, port: int, data: Path, origins: list[dns.name.Name], keys: Keyring, forwarder: Forwarder | None = None
) -> None:
    """Serve the zones until the process is told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = Server(Handler(Store(data, origins), keys, forwarder))
    actual = await server.start(host, port)
    log.info("serving %s on %s:%d", ", ".join(map(str, origins)), host, actual)
    await stop.wait()
    await server.close()
    log.info("stopped")


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.dns", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--listen", type=host_port, required=True, metavar="HOST:PORT")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="of the zone files")
    parser.add_argument("--zone", type=dns.name.from_text, action="append", required=True, metavar="NAME")
    parser.add_argument("--key", action="append", default=[], metavar="NAME:ALGORITHM:FILE", help="TSIG key, secret in base64")
    parser.add_argument(
        "--forward",
        type=host_port,
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="who is asked for names outside the zones; of several, the first that knows",
    )
    parser.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING"])
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
