"""Health checks of the processes: each returns None when all is well, else what is missing."""

from __future__ import annotations

import socket
import ssl

import httpx2

from sandbox.supervisor import Health

_TIMEOUT = 1.0


def listens(host: str, port: int) -> Health:
    """Something accepts connections there."""

    def check() -> str | None:
        try:
            socket.create_connection((host, port), timeout=_TIMEOUT).close()
        except OSError as error:
            return f"nothing listens on {host}:{port} ({error})"
        return None

    return check


def answers(url: str, *, verify: ssl.SSLContext | bool = True) -> Health:
    """A GET of the URL is answered with 200."""

    def check() -> str | None:
        try:
            with httpx2.Client(verify=verify, timeout=_TIMEOUT, trust_env=False) as client:
                response = client.get(url)
        except httpx2.HTTPError as error:
            return f"{url} does not answer ({error})"
        return None if response.status_code == 200 else f"{url} answers {response.status_code}"

    return check


def runs() -> Health:
    """Nothing but that the process has not ended, which is seen to anyway: it listens nowhere."""
    return lambda: None
