# mypy: untyped-calls-exclude="dns"
"""Cloud DNS's zones, as DNS answers them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import dns.name
import dns.rdataset

from sandbox.front.fresh import Fresh
from sandbox.front.zones import HostedZone, Names, record_set
from sandbox.gcp.front.model import Raw
from sandbox.gcp.front.twin import Twin

Zones = Mapping[str, Iterable[Raw]]
"""Records as Cloud DNS lists them, by the zone's name."""


def names(twin: Twin) -> Names[Zones]:
    """What answers, by the zones that the twin has at the moment of the question."""
    zones = Fresh[str, Zones]("zones", lambda _endpoint: twin.zones())

    async def read() -> Zones:
        return await zones.get(twin.endpoint)

    return Names(read, served)


def served(zones: Zones) -> dict[dns.name.Name, HostedZone]:
    """Every zone by its origin."""
    built = [_zone(dns.name.from_text(name), records) for name, records in zones.items()]
    return {zone.origin: zone for zone in built}


def _zone(origin: dns.name.Name, records: Iterable[Raw]) -> HostedZone:
    content: defaultdict[dns.name.Name, list[dns.rdataset.Rdataset]] = defaultdict(list)
    for record in records:
        name = dns.name.from_text(record["name"].lower())
        found = record_set(name, record["type"], int(record["ttl"]), list(record.get("rrdatas", [])))
        if found is not None:
            content[name].append(found)
    return HostedZone(origin, content)
