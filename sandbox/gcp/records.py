"""The records of Cloud DNS: what a change may do to a zone's, and what public DNS says by them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from sandbox.gcp.errors import Refusal
from sandbox.gcp.store import Store

Sets = dict[str, dict[str, Any]]


def key_of(record: Mapping[str, Any]) -> str:
    """What is there once in a zone: a name with a type."""
    return f"{str(record['name']).lower()} {record['type']}"


def listed(kind: str, items: list[dict[str, Any]], token: str | None) -> dict[str, Any]:
    """The answer to a list."""
    words = {
        "rrsets": "dns#resourceRecordSetsListResponse",
        "changes": "dns#changesListResponse",
        "dnsKeys": "dns#dnsKeysListResponse",
    }
    word = words.get(kind, "dns#managedZonesListResponse")
    return {"kind": word, kind: items, **({"nextPageToken": token} if token else {})}


def check(sets: Sets, zone: str, additions: list[dict[str, Any]], deletions: list[dict[str, Any]]) -> None:
    """Refuse a change that cannot be made as a whole.

    Args:
        sets: the zone's, by `key_of`.
        zone: its name, with a dot at the end.
        additions: of the change.
        deletions: likewise.
    """
    left = dict(sets)
    for index, record in enumerate(deletions):
        where = f"entity.change.deletions[{index}]"
        _check_form(record, zone, where)
        old = left.pop(key_of(record), None)
        if old is None:
            name = f"{record['name']} ({record['type']})"
            raise Refusal(404, f"The '{where}' resource named '{name}' does not exist.")
        if old["ttl"] != record.get("ttl", old["ttl"]) or sorted(old["rrdatas"]) != sorted(record.get("rrdatas", [])):
            raise Refusal(412, f"Precondition not met for '{where}'")
    for index, record in enumerate(additions):
        where = f"entity.change.additions[{index}]"
        _check_form(record, zone, where)
        if key_of(record) in left:
            name = f"{record['name']} ({record['type']})"
            raise Refusal(409, f"The resource '{where}' named '{name}' already exists")
        _check_content(record, zone, where)
        left[key_of(record)] = record
    for kind in ("NS", "SOA"):
        if key_of({"name": zone, "type": kind}) not in left:
            raise Refusal(
                400, f"The resource record set 'entity.change.deletions[0]' is invalid because the {kind} at the apex must stay."
            )
    aliases = {name for name, _, kind in (key.partition(" ") for key in left) if kind == "CNAME"}
    for name in aliases:
        if sum(key.startswith(f"{name} ") for key in left) > 1:
            raise Refusal(
                400,
                f"The resource record set 'entity.change.additions[{name}]' is invalid because a CNAME resource record set"
                " cannot coexist with other resource record sets of the same name.",
                "cnameResourceRecordSetConflict",
            )


def find(store: Store, name: str, kind: str) -> list[str]:
    """What public DNS says of a name: the longest zone that holds it, if that one is delegated."""
    name = name.lower()
    zones = [thing for path, thing in store.things.items() if "/managedZones/" in path]
    zones = [zone for zone in zones if zone["body"]["visibility"] == "public" and _holds(zone["body"]["dnsName"], name)]
    zones = [zone for zone in zones if zone["body"]["dnsName"] not in store.notes.get("undelegated", [])]
    if not zones:
        return []
    sets = max(zones, key=lambda zone: len(zone["body"]["dnsName"]))["inside"]["sets"]
    candidates = [name]
    if not any(key.startswith(f"{name} ") for key in sets):
        candidates.append("*." + name.partition(".")[2])
    for candidate in candidates:
        if found := sets.get(f"{candidate} {kind}"):
            return [str(value) for value in found["rrdatas"]]
    return []


def _holds(zone: str, name: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


def _check_form(record: Mapping[str, Any], zone: str, where: str) -> None:
    for needed in ("name", "type"):
        if not record.get(needed):
            raise Refusal(400, f"The '{where}.{needed}' parameter is required but was missing.", "required")
    if not _holds(zone, str(record["name"]).lower()):
        raise Refusal(400, f"Invalid value for '{where}.name': '{record['name']}'")


def _check_content(record: Mapping[str, Any], zone: str, where: str) -> None:
    values = record.get("rrdatas") or []
    if not values and not record.get("routingPolicy"):
        raise Refusal(400, f"The '{where}.rrdata' parameter is required but was missing.", "required")
    if record["type"] == "CNAME" and (len(values) > 1 or record["name"] == zone):
        raise Refusal(400, f"The resource record set '{where}' is invalid because a CNAME has one value and is not at the apex.")
    for index, value in enumerate(values):
        if not _is_right(str(record["type"]), str(value)):
            raise Refusal(400, f"Invalid value for '{where}.rrdata[{index}]': '{value}'")


def _is_right(kind: str, value: str) -> bool:
    if kind in ("A", "AAAA"):
        try:
            return ipaddress.ip_address(value).version == (4 if kind == "A" else 6)
        except ValueError:
            return False
    return value.endswith(".") if kind in ("CNAME", "NS", "PTR") else True
