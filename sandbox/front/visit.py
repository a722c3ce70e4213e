"""A request, as a load balancer looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11


@dataclass(frozen=True)
class Visit:
    """A request, as conditions and redirects look at it.

    Attributes:
        protocol: HTTP or HTTPS.
        port: the listener's, not the one that the sandbox puts in its place.
        target: path and query as sent.
        source: the visitor's address.
    """

    protocol: str
    port: int
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    source: str

    @property
    def host(self) -> str:
        """The Host header without its port, or nothing."""
        said = next(iter(self.header("host")), "")
        try:
            return urlsplit(f"//{said}").hostname or ""
        except ValueError:
            return ""

    @property
    def path(self) -> str:
        """The path as sent, without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query as sent, without the question mark."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> Iterable[str]:
        """Every value of a header."""
        return (value for key, value in self.headers if key.lower() == name.lower())


def visit_of(request: h11.Request, writer: asyncio.StreamWriter, *, secure: bool, port: int) -> Visit:
    """A request that came in over a connection, to a port that ends TLS or not."""
    return Visit(
        protocol="HTTPS" if secure else "HTTP",
        port=port,
        method=request.method.decode(),
        target=request.target.decode("latin-1"),
        headers=tuple((name.decode(), value.decode("latin-1")) for name, value in request.headers.raw_items()),
        source=writer.get_extra_info("peername")[0],
    )
