# mypy: untyped-calls-exclude="dns"
"""Route 53's hosted zones as zones that a DNS server can answer from."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

import dns.name
import dns.rdataset

from sandbox.aws.front.model import Raw
from sandbox.front.zones import HostedZone, record_set

_AMAZON = dns.name.from_text("amazonaws.com.")
_AMAZON_SOA = "ns.amazonaws.com. root.amazon.com. 1 3600 900 604800 5"
_ADDRESS_TTL = 60  # seconds, of load balancers' addresses
_MAX_CHAIN = 8
_DUALSTACK = "dualstack."

Addresses = Mapping[str, Iterable[str]]
"""The addresses of each load balancer by its DNS name in lower case."""


def served(zones: Mapping[str, Iterable[Raw]], balancers: Addresses) -> dict[dns.name.Name, HostedZone]:
    """Every zone by its origin: those of Route 53, and the one that load balancers have their names in.

    Args:
        zones: records as Route 53 lists them, by the zone's name.
        balancers: where names of load balancers lead.
    """
    built = [_hosted(dns.name.from_text(name), list(records), balancers) for name, records in zones.items()]
    return {zone.origin: zone for zone in [_amazon(balancers), *built]}


def _amazon(balancers: Addresses) -> HostedZone:
    soa = dns.rdataset.from_text("IN", "SOA", _ADDRESS_TTL, _AMAZON_SOA)
    content: dict[dns.name.Name, list[dns.rdataset.Rdataset]] = {_AMAZON: [soa]}
    for name, addresses in balancers.items():
        rdataset = _address_set(addresses)
        for known_as in (name, _DUALSTACK + name):
            content[dns.name.from_text(known_as)] = [rdataset] if rdataset else []
    return HostedZone(_AMAZON, content)


def _hosted(origin: dns.name.Name, records: list[Raw], balancers: Addresses) -> HostedZone:
    by_key: defaultdict[tuple[dns.name.Name, str], list[Raw]] = defaultdict(list)
    for record in records:
        by_key[_name(record["Name"]), record["Type"]].append(record)
    content: defaultdict[dns.name.Name, list[dns.rdataset.Rdataset]] = defaultdict(list)
    for name, kind in by_key:
        rdataset = _resolve(name, kind, by_key, balancers)
        if rdataset is not None:
            content[name].append(rdataset)
    return HostedZone(origin, content)


def _resolve(
    name: dns.name.Name,
    kind: str,
    by_key: Mapping[tuple[dns.name.Name, str], list[Raw]],
    balancers: Addresses,
    depth: int = 0,
) -> dns.rdataset.Rdataset | None:
    """A record set as it is answered: an alias is replaced by what it leads to."""
    # Where a routing policy keeps several of one name and type, all of them are answered.
    values: list[str] = []
    ttl = _ADDRESS_TTL
    for record in by_key.get((name, kind), ()):
        alias = record.get("AliasTarget")
        if alias is None:
            ttl = int(record["TTL"])
            values += [one["Value"] for one in record["ResourceRecords"]]
            continue
        target = alias["DNSName"].lower().rstrip(".").removeprefix(_DUALSTACK)
        if target in balancers:
            values += balancers[target] if kind == "A" else ()
        elif depth < _MAX_CHAIN:
            found = _resolve(_name(alias["DNSName"]), kind, by_key, balancers, depth + 1)
            values += [rdata.to_text() for rdata in found or ()]
            ttl = found.ttl if found is not None else ttl
    return record_set(name, kind, ttl, values)


def _address_set(addresses: Iterable[str]) -> dns.rdataset.Rdataset | None:
    addresses = list(addresses)
    return dns.rdataset.from_text_list("IN", "A", _ADDRESS_TTL, addresses) if addresses else None


def _name(text: str) -> dns.name.Name:
    """A name as Route 53 writes it: other characters than letters, digits and dashes in octal."""
    return dns.name.from_text(re.sub(r"\\([0-7]{3})", lambda match: f"\\{int(match[1], 8):03d}", text.lower()))
