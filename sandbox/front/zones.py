# mypy: untyped-calls-exclude="dns"
"""A cloud's hosted zones, as zones that a DNS server can answer from, as they are at the moment of the question."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Generic, TypeVar, cast

import dns.btreezone
import dns.exception
import dns.name
import dns.rdata
import dns.rdataset
import dns.rrset

from sandbox.dnsserver.answer import Answer, answer
from sandbox.dnsserver.server import Responder

log = logging.getLogger(__name__)

T = TypeVar("T")


class HostedZone:
    """One zone."""

    def __init__(self, origin: dns.name.Name, content: Mapping[dns.name.Name, Iterable[dns.rdataset.Rdataset]]) -> None:
        self.origin = origin
        zone = dns.btreezone.Zone(origin, relativize=False)
        with zone.writer() as writer:
            for name, rdatasets in content.items():
                for rdataset in rdatasets:
                    writer.add(name, rdataset)
        with zone.reader() as reader:
            self._version = cast("dns.btreezone.ImmutableVersion", reader.version)

    def version(self) -> dns.btreezone.ImmutableVersion:
        """Its records."""
        return self._version


class Names(Responder, Generic[T]):
    """Answers for zones that are delegated; others are refused, as their parents know nothing of them."""

    def __init__(self, read: Callable[[], Awaitable[T]], build: Callable[[T], Mapping[dns.name.Name, HostedZone]]) -> None:
        """`read` says what there is now; `build` makes zones of it, and is asked only when something in it is new."""
        super().__init__()
        self._read = read
        self._build = build
        self._built: tuple[T, Mapping[dns.name.Name, HostedZone]] | None = None

    async def lookup(self, question: dns.rrset.RRset) -> Answer:
        """By what the twin holds now."""
        now = await self._read()
        if self._built is None or self._built[0] != now:
            self._built = now, self._build(now)
        return answer(self._built[1], question)


def record_set(name: dns.name.Name, kind: str, ttl: int, values: list[str]) -> dns.rdataset.Rdataset | None:
    """Records of one name and type; None if there are none, or they cannot be answered."""
    if not values:
        return None
    try:
        # A name in a value is whole, with or without a dot at its end.
        return dns.rdataset.from_text_list("IN", kind, ttl, values, origin=dns.name.root, relativize=False)
    except (dns.exception.DNSException, ValueError) as error:
        log.warning("%s %s cannot be answered: %s", name, kind, error)
        return None
