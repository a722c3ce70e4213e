"""DNS of the twin: its hosted zones and its load balancers' names, as they are at the moment of the question."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import dns.name
import dns.rrset

from sandbox.aws.front.fresh import Fresh
from sandbox.aws.front.model import Raw
from sandbox.aws.front.twin import Twin
from sandbox.aws.front.zones import Addresses, HostedZone, served
from sandbox.dnsserver.answer import Answer, answer
from sandbox.dnsserver.server import Responder


class Names(Responder):
    """Answers for zones that are delegated; others are refused, as their parents know nothing of them."""

    def __init__(self, twin: Twin, balancers: Callable[[], Addresses]) -> None:
        """`balancers` says where load balancers are."""
        super().__init__()
        self._balancers = balancers
        self._zones = Fresh[str, dict[str, list[Raw]]]("zones", lambda _endpoint: twin.zones())
        self._endpoint = twin.endpoint
        self._built: tuple[object, Addresses, Mapping[dns.name.Name, HostedZone]] | None = None

    async def lookup(self, question: dns.rrset.RRset) -> Answer:
        """By what the twin holds now."""
        records = await self._zones.get(self._endpoint)
        balancers = self._balancers()
        # Zones are built anew only when something in them is new.
        if self._built is None or self._built[0] != records or self._built[1] != balancers:
            self._built = records, balancers, served(records, balancers)
        return answer(self._built[2], question)
