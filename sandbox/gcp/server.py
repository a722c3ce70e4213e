"""`python -m sandbox.gcp.server`: the sandbox's Google Cloud as a process, plain HTTP, used only in the sandbox."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from ipaddress import IPv4Network
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.arguments import host_port
from sandbox.gcp.first import Settings
from sandbox.gcp.twin import Twin

log = logging.getLogger(__name__)


class Handler(WSGIRequestHandler):
    """Keeps connections, answers without delay, and leaves the log to the twin."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The twin logs methods, which say more than paths."""


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    options = _parse(argv)
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    try:
        host, port = options.listen
        settings = Settings(
            data=options.data,
            certificate=options.ca,
            key=options.ca_key,
            project=options.project,
            region=options.region,
            cluster=options.cluster,
            cluster_endpoint=options.cluster_endpoint,
            cluster_authority=options.cluster_ca,
            pool=options.pool,
        )
        server = make_server(host, port, Twin(settings), threaded=True, request_handler=Handler)
    except (OSError, ValueError) as error:
        log.error("%s", error)
        return 1
    server.daemon_threads = True  # type: ignore[attr-defined]  # of the threaded server; a hanging answer must not hold up the end
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    log.info("serving %s in %s on %s:%d", options.project, options.region, host, port)
    stop.wait()
    server.shutdown()
    log.info("stopped")
    return 0


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.gcp.server", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--listen", type=host_port, required=True, metavar="HOST:PORT")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="of the file with all that the twin knows")
    parser.add_argument("--ca", type=Path, required=True, metavar="CERT.pem", help="authority that signs managed certificates")
    parser.add_argument("--ca-key", type=Path, required=True, metavar="KEY.pem")
    parser.add_argument("--project", required=True, metavar="ID")
    parser.add_argument("--region", required=True, metavar="NAME")
    parser.add_argument("--cluster", required=True, metavar="NAME", help="of the GKE cluster")
    parser.add_argument("--cluster-endpoint", required=True, metavar="URL", help="of the cluster's API server")
    parser.add_argument(
        "--cluster-ca", type=Path, required=True, metavar="CERT.pem", help="authority of the API server's certificate"
    )
    parser.add_argument("--pool", type=IPv4Network, required=True, metavar="CIDR", help="of external addresses")
    parser.add_argument("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
