"""A twin as a process, over plain HTTP, used only in the sandbox."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.twin.errors import TwinError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger(__name__)


class Handler(WSGIRequestHandler):
    """Keeps connections, answers without delay, and leaves the log to the twin."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The twin logs operations, which say more than paths."""


def serve(make: Callable[[], WSGIApplication], listen: tuple[str, int], what: str, level: str) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code.

    Args:
        make: makes the twin.
        listen: host and port.
        what: is served, for the log.
        level: of the log.
    """
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    host, port = listen
    try:
        server = make_server(host, port, make(), threaded=True, request_handler=Handler)
    except (OSError, ValueError, TwinError) as error:
        log.error("%s", error)
        return 1
    server.daemon_threads = True  # type: ignore[attr-defined]  # of the threaded server; a hanging answer must not hold up the end
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    log.info("serving %s on %s:%d", what, host, port)
    stop.wait()
    server.shutdown()
    log.info("stopped")
    return 0
