"""Load balancers as the data plane sees them. Equal values mean that nothing is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Raw = Mapping[str, Any]
"""A thing as boto3 gives it."""

SECURE = frozenset({"HTTPS", "TLS"})
"""Protocols of listeners that end TLS."""


@dataclass(frozen=True)
class Listener:
    """One listener.

    Attributes:
        protocol: HTTP, HTTPS, TCP, TLS; others are not served.
        policy: the name of its TLS policy; empty without TLS.
        certificates: ARNs of its certificates, the default one first.
    """

    arn: str
    port: int
    protocol: str
    policy: str = ""
    certificates: tuple[str, ...] = ()

    @property
    def secure(self) -> bool:
        """Whether TLS ends here."""
        return self.protocol in SECURE


@dataclass(frozen=True)
class Balancer:
    """One load balancer.

    Attributes:
        name: its DNS name, in lower case.
        subnets: those it has a node in.
        elastic: addresses of its own, by subnet.
    """

    arn: str
    name: str
    subnets: tuple[str, ...]
    elastic: tuple[tuple[str, str], ...]
    listeners: tuple[Listener, ...]


@dataclass(frozen=True)
class Group:
    """A target group with what is registered in it.

    Attributes:
        protocol: which is spoken to targets: HTTP, HTTPS, TCP, TLS.
        targets: id (an IP address) and port of each.
        says_who: whether the PROXY protocol is spoken to targets.
    """

    arn: str
    protocol: str
    targets: tuple[tuple[str, int], ...]
    says_who: bool
