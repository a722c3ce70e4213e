"""Forwarding rules as the data plane sees them. Equal values mean that nothing is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.imitation.mirror import Key

Raw = Mapping[str, Any]
"""A thing as the API gives it."""

Scheme = Literal["http", "https", "tcp"]


@dataclass(frozen=True)
class Shown:
    """A certificate that may be shown.

    Attributes:
        name: that it is kept under.
        host: what an entry of a certificate map says that it is for, `PRIMARY` included; None: the names in it say so.
    """

    name: str
    host: str | None = None


@dataclass(frozen=True)
class Door:
    """One forwarding rule with what its proxy says.

    Attributes:
        name: its path, which no other has.
        address: that it is for.
        ports: the first and the last of each range.
        scheme: http and https end at a proxy, tcp goes through to a Service.
        url_map: of the proxy.
        oldest: TLS that the proxy speaks, as its policy writes it.
        certificates: of the proxy; the order counts.
        service: the Service that the rule was made for, with tcp.
    """

    name: str
    address: str
    ports: tuple[tuple[int, int], ...]
    scheme: Scheme
    url_map: str = ""
    oldest: str = ""
    certificates: tuple[Shown, ...] = ()
    service: Key = ("", "")

    @property
    def secure(self) -> bool:
        """Whether TLS ends here."""
        return self.scheme == "https"

    @property
    def port(self) -> int:
        """Its port; a proxy's rule has but one."""
        return self.ports[0][0]
