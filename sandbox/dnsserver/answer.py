"""Answers to queries, as RFC 1034, 2308 and 4592 ask: part of the sandbox's real DNS server.

Left out because nothing in the sandbox asks for it: DNSSEC, DNAME, recursion.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import dns.btreezone
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset

# Asked in class CHAOS (as version.bind is of other servers), TXT: the origins of the zones served, one string
# each. The load-balancer imitation looks for reservations in every zone and learns here which there are.
ZONES_NAME = dns.name.from_text("zones.portico.")

_MAX_CHAIN = 16
_ADDRESSES = (dns.rdatatype.A, dns.rdatatype.AAAA)
_TRANSFERS = (dns.rdatatype.AXFR, dns.rdatatype.IXFR)


class Zone(Protocol):
    """Records of one zone, wherever they are kept."""

    @property
    def origin(self) -> dns.name.Name:
        """The zone's name."""
        ...

    def version(self) -> dns.btreezone.ImmutableVersion:
        """The current content, immutable."""
        ...


@dataclass
class Answer:
    """What one query is answered with."""

    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    authoritative: bool = True
    answer: list[dns.rrset.RRset] = field(default_factory=list)
    authority: list[dns.rrset.RRset] = field(default_factory=list)
    additional: list[dns.rrset.RRset] = field(default_factory=list)

    def alias(self) -> dns.name.Name | None:
        """Where the chain of aliases ends when it has not come to an answer."""
        last = self.answer[-1] if self.answer else None
        return last[0].target if last is not None and last.rdtype == dns.rdatatype.CNAME else None

    def fill(self, response: dns.message.Message) -> None:
        """Copy everything into a response message."""
        response.set_rcode(self.rcode)
        if self.authoritative:
            response.flags |= dns.flags.AA
        response.answer.extend(self.answer)
        response.authority.extend(self.authority)
        response.additional.extend(self.additional)


def enclosing(zones: Mapping[dns.name.Name, Zone], name: dns.name.Name) -> Zone | None:
    """The zone with the longest origin that `name` lies in, or None."""
    for depth in range(len(name), 0, -1):
        zone = zones.get(name.split(depth)[1])
        if zone is not None:
            return zone
    return None


def answer(zones: Mapping[dns.name.Name, Zone], question: dns.rrset.RRset) -> Answer:
    """Answer one question; zone transfers are the transport's affair and refused here."""
    if question.rdclass == dns.rdataclass.CH:
        return _chaos(zones, question)
    if question.rdclass not in (dns.rdataclass.IN, dns.rdataclass.ANY) or question.rdtype in _TRANSFERS:
        return Answer(dns.rcode.REFUSED, authoritative=False)
    if dns.rdatatype.is_metatype(question.rdtype) and question.rdtype != dns.rdatatype.ANY:
        return Answer(dns.rcode.NOTIMP, authoritative=False)
    zone = enclosing(zones, question.name)
    if zone is None:
        return Answer(dns.rcode.REFUSED, authoritative=False)
    result = Answer()
    name: dns.name.Name | None = question.name
    for _ in range(_MAX_CHAIN):
        if name is None:
            break
        zone = enclosing(zones, name)
        if zone is None:  # the alias leads out of the zones served: the asker has to go on by itself
            break
        name = _step(zone, name, question.rdtype, result)
    else:
        result.rcode = dns.rcode.SERVFAIL
    return result


def _step(zone: Zone, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, result: Answer) -> dns.name.Name | None:
    """Answer for one name of a chain of aliases; returns the next name, None at the end of the chain."""
    version = zone.version()
    bounds = version.bounds(name)
    at_cut_for_parent = bounds.is_equal and rdtype == dns.rdatatype.DS
    if bounds.is_delegation and not at_cut_for_parent:
        _refer(version, bounds.left, result)
        return None
    node = version.get_node(name)
    if node is None and bounds.closest_encloser != name:
        # Nothing here nor below: a wildcard just under the closest existing ancestor may stand in (RFC 4592).
        node = version.get_node(dns.name.Name((b"*", *bounds.closest_encloser.labels)))
        if node is None:
            result.rcode = dns.rcode.NXDOMAIN
            result.authority.append(_negative_soa(zone))
            return None
    rdatasets = [] if node is None else list(node)
    if rdtype != dns.rdatatype.ANY:
        chosen = [r for r in rdatasets if r.rdtype == rdtype]
        alias = [r for r in rdatasets if r.rdtype == dns.rdatatype.CNAME and not chosen]
        if alias:
            result.answer.append(_owned(name, alias[0]))
            target: dns.name.Name = alias[0][0].target
            seen = any(rrset.name == target for rrset in result.answer)
            return None if seen else target
        rdatasets = chosen
    if not rdatasets:
        result.authority.append(_negative_soa(zone))
    for rdataset in rdatasets:
        result.answer.append(_owned(name, rdataset))
        if rdataset.rdtype == dns.rdatatype.NS:
            _add_addresses(version, rdataset, result)
    return None


def _refer(version: dns.btreezone.ImmutableVersion, cut: dns.name.Name, result: Answer) -> None:
    servers = version.nodes[cut].find_rdataset(dns.rdataclass.IN, dns.rdatatype.NS)
    if not result.answer:
        result.authoritative = False
    result.authority.append(_owned(cut, servers))
    _add_addresses(version, servers, result)


def _add_addresses(version: dns.btreezone.ImmutableVersion, servers: dns.rdataset.Rdataset, result: Answer) -> None:
    for server in servers:
        node = version.nodes.get(server.target)
        for rdataset in node or ():
            if rdataset.rdtype in _ADDRESSES:
                result.additional.append(_owned(server.target, rdataset))


def _negative_soa(zone: Zone) -> dns.rrset.RRset:
    """The SOA with the time for which "no" may be remembered (RFC 2308: its TTL or its last field)."""
    soa = zone.version().nodes[zone.origin].find_rdataset(dns.rdataclass.IN, dns.rdatatype.SOA)
    rrset = _owned(zone.origin, soa)
    rrset.ttl = min(soa.ttl, soa[0].minimum)
    return rrset


def _owned(name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> dns.rrset.RRset:
    """The record set under the name asked for, which for a wildcard is not where it is stored."""
    return dns.rrset.from_rdata_list(name, rdataset.ttl, list(rdataset))


def _chaos(zones: Mapping[dns.name.Name, Zone], question: dns.rrset.RRset) -> Answer:
    if question.name != ZONES_NAME or question.rdtype != dns.rdatatype.TXT:
        return Answer(dns.rcode.REFUSED, authoritative=False)
    origins = " ".join(f'"{origin}"' for origin in sorted(zones))
    return Answer(answer=[dns.rrset.from_text(ZONES_NAME, 0, dns.rdataclass.CH, dns.rdatatype.TXT, origins)])
