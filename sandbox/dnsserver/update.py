# mypy: untyped-calls-exclude="dns"
"""Dynamic updates, RFC 2136 section 3: part of the sandbox's own, real authoritative DNS server.

An update is a list of conditions on the zone and a list of changes; either all conditions hold and all
changes are made, in one new version of the zone, or nothing is. What is malformed on the wire never comes
here: dnspython rejects it.
"""

from dataclasses import dataclass, field
from typing import cast

import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.serial
import dns.transaction
import dns.update

from sandbox.dnsserver.store import Store, Zone

_PROTECTED = (dns.rdatatype.SOA, dns.rdatatype.NS)


class UpdateError(Exception):
    """The update is not carried out."""

    def __init__(self, rcode: dns.rcode.Rcode, reason: str) -> None:
        super().__init__(reason)
        self.rcode = rcode


@dataclass
class Outcome:
    """What an update did: the zone to save, and what changed (empty if the zone was so already)."""

    zone: Zone
    changes: list[str] = field(default_factory=list)


def apply(store: Store, message: dns.update.UpdateMessage) -> Outcome:
    """Carry out an update whose sender has been proved.

    Raises:
        UpdateError: with the response code RFC 2136 gives for the first thing that is not as it must be.
    """
    zone = _zone(store, message)
    # One test for both lists: nothing of another zone may be asked about or changed.
    for rrset in (*message.prerequisite, *message.update):
        if not rrset.name.is_subdomain(zone.origin):
            raise UpdateError(dns.rcode.NOTZONE, f"{rrset.name} is not in zone {zone.origin}")
    outcome = Outcome(zone)
    with zone.data.writer() as txn:
        _check_prerequisites(txn, message.prerequisite)
        _check_form(message.update)
        serial = _serial(txn, zone.origin)
        for rrset in message.update:
            _change(txn, zone.origin, rrset, outcome.changes)
        if not outcome.changes:
            txn.rollback()
        elif _serial(txn, zone.origin) == serial:  # the update did not set a serial number of its own
            txn.update_serial(name=zone.origin)
    return outcome


def _zone(store: Store, message: dns.update.UpdateMessage) -> Zone:
    if len(message.zone) != 1:
        raise UpdateError(dns.rcode.FORMERR, "the zone section must name one zone")
    asked = message.zone[0]
    zone = store.zones.get(asked.name)
    if zone is None or asked.rdclass != dns.rdataclass.IN:
        raise UpdateError(dns.rcode.NOTAUTH, f"zone {asked.name} is not served here")
    return zone


def _check_prerequisites(txn: dns.transaction.Transaction, prerequisites: list[dns.rrset.RRset]) -> None:
    exact: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rdataset.Rdataset] = {}
    for rrset in prerequisites:
        name, rdtype = rrset.name, rrset.rdtype
        if rrset.deleting is None:
            # "RRset exists (value dependent)": each RR is one of the values; compared when all are collected.
            if rrset.rdclass != dns.rdataclass.IN or rrset.ttl != 0 or dns.rdatatype.is_metatype(rdtype):
                raise UpdateError(dns.rcode.FORMERR, f"malformed prerequisite for {name}")
            exact.setdefault((name, rdtype), dns.rdataset.Rdataset(dns.rdataclass.IN, rdtype)).update(rrset)
            continue
        wanted = rrset.deleting == dns.rdataclass.ANY
        if rdtype == dns.rdatatype.ANY:
            if txn.name_exists(name) != wanted:
                rcode = dns.rcode.NXDOMAIN if wanted else dns.rcode.YXDOMAIN
                raise UpdateError(rcode, f"prerequisite: {name} must {'' if wanted else 'not '}be in use")
        elif dns.rdatatype.is_metatype(rdtype):
            raise UpdateError(dns.rcode.FORMERR, f"malformed prerequisite for {name}")
        elif (txn.get(name, rdtype) is not None) != wanted:
            rcode = dns.rcode.NXRRSET if wanted else dns.rcode.YXRRSET
            text = dns.rdatatype.to_text(rdtype)
            raise UpdateError(rcode, f"prerequisite: {name} {text} must {'' if wanted else 'not '}exist")
    for (name, rdtype), rdataset in exact.items():
        # Compared as sets of values: the TTL is no part of the condition.
        present = txn.get(name, rdtype)
        if present is None or set(present) != set(rdataset):
            text = dns.rdatatype.to_text(rdtype)
            raise UpdateError(dns.rcode.NXRRSET, f"prerequisite: {name} {text} must be as given")


def _check_form(updates: list[dns.rrset.RRset]) -> None:
    for rrset in updates:
        meta = dns.rdatatype.is_metatype(rrset.rdtype)
        if rrset.deleting is None:
            wrong = rrset.rdclass != dns.rdataclass.IN or meta
        elif rrset.deleting == dns.rdataclass.ANY:
            wrong = meta and rrset.rdtype != dns.rdatatype.ANY
        else:
            wrong = meta or rrset.ttl != 0
        if wrong:
            raise UpdateError(dns.rcode.FORMERR, f"malformed update of {rrset.name}")


def _change(txn: dns.transaction.Transaction, origin: dns.name.Name, rrset: dns.rrset.RRset, changes: list[str]) -> None:
    if rrset.deleting is None:
        _add(txn, origin, rrset, changes)
    elif rrset.deleting == dns.rdataclass.ANY:
        _delete_sets(txn, origin, rrset, changes)
    else:
        _delete_record(txn, origin, rrset, changes)


def _add(txn: dns.transaction.Transaction, origin: dns.name.Name, rrset: dns.rrset.RRset, changes: list[str]) -> None:
    """Add one record. What RFC 2136 3.4.2.2 tells to pass over silently is passed over silently."""
    name, rdtype = rrset.name, rrset.rdtype
    present = {(r.rdtype, r.covers): r for r in txn.get_node(name) or ()}
    if rdtype == dns.rdatatype.CNAME:
        if any(kind != dns.rdatatype.CNAME for kind, _ in present):
            return
    elif (dns.rdatatype.CNAME, dns.rdatatype.NONE) in present:
        return
    if rdtype == dns.rdatatype.SOA:
        if name != origin:
            return
        if dns.serial.Serial(rrset[0].serial) < dns.serial.Serial(_serial(txn, origin)):
            return
    before = present.get((rdtype, rrset.covers))
    after = dns.rdataset.Rdataset(rrset.rdclass, rdtype, rrset.covers)
    if before is not None:
        after.update(before)
    after.add(rrset[0])  # which replaces the value where a name can have but one, as with CNAME and SOA
    after.ttl = rrset.ttl  # the newest TTL counts for the whole set, as a set has but one (RFC 2181 5.2)
    if before is None or after != before or after.ttl != before.ttl:
        txn.replace(name, after)
        changes.append(f"add {name} {rrset.ttl} {dns.rdatatype.to_text(rdtype)} {rrset[0]}")


def _delete_sets(txn: dns.transaction.Transaction, origin: dns.name.Name, rrset: dns.rrset.RRset, changes: list[str]) -> None:
    """Delete one record set, or all of a name; the zone's own SOA and NS stay."""
    name = rrset.name
    for rdataset in tuple(txn.get_node(name) or ()):
        if rrset.rdtype not in (dns.rdatatype.ANY, rdataset.rdtype):
            continue
        if name == origin and rdataset.rdtype in _PROTECTED:
            continue
        txn.delete(name, rdataset.rdtype, rdataset.covers)
        changes.append(f"delete {name} {dns.rdatatype.to_text(rdataset.rdtype)}")


def _delete_record(txn: dns.transaction.Transaction, origin: dns.name.Name, rrset: dns.rrset.RRset, changes: list[str]) -> None:
    """Delete one record by its value; the zone's SOA and its last NS stay."""
    name, rdtype = rrset.name, rrset.rdtype
    before = txn.get(name, rdtype, rrset.covers)
    if before is None or rrset[0] not in before or rdtype == dns.rdatatype.SOA:
        return
    if name == origin and rdtype == dns.rdatatype.NS and len(before) == 1:
        return
    remaining = [rdata for rdata in before if rdata != rrset[0]]
    if remaining:
        txn.replace(name, dns.rdataset.from_rdata_list(before.ttl, remaining))
    else:
        txn.delete(name, rdtype, rrset.covers)
    changes.append(f"delete {name} {dns.rdatatype.to_text(rdtype)} {rrset[0]}")


def _serial(txn: dns.transaction.Transaction, origin: dns.name.Name) -> int:
    # A zone cannot be loaded without a SOA, and no update can delete it.
    soa = cast("dns.rdataset.Rdataset", txn.get(origin, dns.rdatatype.SOA))
    return int(soa[0].serial)
