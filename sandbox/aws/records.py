"""One batch of changes to a zone's records: all of it or nothing, refused for the reasons and in the words of Route 53."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from moto.route53.models import RecordSet
from moto.route53.utils import validate_domain_name

from sandbox.aws.base import Refusal

_Key = tuple[str, str, str | None]
_ACTIONS = ("CREATE", "DELETE", "UPSERT")


def absolute(name: str) -> str:
    r"""A name as Route 53 keeps it: lower case, with its last dot, `*` as `\052`."""
    return name.lower().rstrip(".").replace("*", r"\052") + "."


def apply(zone: str, records: Iterable[RecordSet], changes: list[dict[str, Any]], targets: Targets) -> list[RecordSet]:
    """The zone's records after the batch.

    Args:
        zone: its name, absolute.
        records: those it has.
        changes: as in the request.
        targets: what aliases may point to.

    Raises:
        Refusal: the batch as a whole, with every reason.
    """
    table: dict[_Key, RecordSet] = {(record.name, str(record.type), record.set_identifier): record for record in records}
    problems: list[str] = []
    for change in changes:
        wanted, action = _record(change), change["Action"]
        key = (wanted.name, str(wanted.type), wanted.set_identifier)
        named = f"[name='{wanted.name}', type='{wanted.type}'{_identified(wanted)}]"
        if wanted.name != zone and not wanted.name.endswith(f".{zone}"):
            problems.append(f"RRSet with DNS name {wanted.name} is not permitted in zone {zone}")
        elif action == "DELETE":
            if key not in table:
                problems.append(f"Tried to delete resource record set {named} but it was not found")
            elif _value(table[key]) != _value(wanted):
                problems.append(
                    f"Tried to delete resource record set {named} but the values provided do not match the current values"
                )
            else:
                del table[key]
        elif action == "CREATE" and key in table:
            problems.append(f"Tried to create resource record set {named} but it already exists")
        else:
            problems += _wrong_values(wanted) + targets.wrong(zone, wanted)
            table[key] = wanted
    problems = problems or _conflicts(zone, table)
    if problems:
        raise Refusal("InvalidChangeBatch", f"[{', '.join(problems)}]")
    return list(table.values())


def record_set(**values: Any) -> RecordSet:
    """A record, of the values that a request gives."""
    return RecordSet(values)  # type: ignore[abstract]  # moto's mixin for CloudFormation declares more than moto asks for


class Targets:
    """What an alias may point to: a name of a load balancer in this region, or a record of a zone of the twin."""

    def __init__(self, balancers: dict[str, str], zones: dict[str, Iterable[RecordSet]]) -> None:
        """Take what there is.

        Args:
            balancers: ending of the names, by the id of the hosted zone they are in.
            zones: records, by the id of the zone.
        """
        self._balancers = balancers
        self._zones = zones

    def wrong(self, zone: str, record: RecordSet) -> list[str]:
        """What is wrong with a record's alias, if it has one."""
        if not record.alias_target:
            return []
        target, where = record.alias_target["DNSName"], record.alias_target["HostedZoneId"]
        tried = f"Tried to create an alias that targets {target}, type {record.type} in zone {where}, but"
        if where in self._balancers:
            within = target.endswith(self._balancers[where])
            return [] if within else [f"{tried} the alias target name does not lie within the target zone"]
        if where not in self._zones:
            return [f"{tried} that target was not found"]
        if any(other.name == target and other.type == record.type for other in self._zones[where]):
            return []
        return [f"{tried} that target was not found"]


def _record(change: dict[str, Any]) -> RecordSet:
    asked = dict(change["ResourceRecordSet"])
    validate_domain_name(asked["Name"], code="InvalidChangeBatch")
    values = asked.pop("ResourceRecords", None)
    if change["Action"] not in _ACTIONS:
        raise Refusal("InvalidInput", f"Action {change['Action']!r} is not one of {', '.join(_ACTIONS)}")
    plain = asked.get("TTL") is not None and bool(values)
    alias = asked.get("AliasTarget")
    if plain == bool(alias) or (alias and (values or asked.get("TTL") is not None)):
        found = "more than one" if alias else "none"
        raise Refusal(
            "InvalidInput",
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or"
            f" TrafficPolicyInstanceId], but found {found} in Change with [Action={change['Action']},"
            f" Name={asked['Name']}, Type={asked['Type']}, SetIdentifier={asked.get('SetIdentifier', 'null')}]",
        )
    asked["Name"] = absolute(asked["Name"])
    if alias:
        asked["AliasTarget"] = {**alias, "DNSName": absolute(alias["DNSName"])}
    else:
        asked["ResourceRecords"] = [value["Value"] for value in values]
    return record_set(**asked)


def _value(record: RecordSet) -> tuple[Any, ...]:
    alias = {key: str(value).lower() for key, value in (record.alias_target or {}).items()}
    routed = (
        record.weight,
        record.region,
        record.failover,
        record.geo_location,
        record.multi_value_answer,
        record.health_check_id,
    )
    return sorted(record.records or []), str(record.ttl), alias, routed


def _identified(record: RecordSet) -> str:
    return f", set-identifier='{record.set_identifier}'" if record.set_identifier else ""


def _wrong_values(record: RecordSet) -> list[str]:
    problems = []
    for value in record.records or []:
        reason = _wrong_value(str(record.type), value)
        if reason:
            problems.append(f"Invalid Resource Record: 'FATAL problem: {reason} encountered with '{value}''")
    return problems


def _wrong_value(kind: str, value: str) -> str:
    if kind == "A" and not _parses(ipaddress.IPv4Address, value):
        return "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"
    if kind == "AAAA" and not _parses(ipaddress.IPv6Address, value):
        return "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"
    if kind == "TXT" and not re.fullmatch(r'("[^"]*"\s*)+', value):
        return "InvalidCharacterString (Value should be enclosed in quotation marks)"
    return ""


def _parses(kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address], value: str) -> bool:
    try:
        kind(value)
    except ValueError:
        return False
    return True


def _conflicts(zone: str, table: dict[_Key, RecordSet]) -> list[str]:
    problems = []
    if (zone, "NS", None) not in table:
        problems.append("A HostedZone must contain at least one NS record for the zone itself.")
    if (zone, "SOA", None) not in table:
        problems.append("A HostedZone must contain exactly one SOA record.")
    types: dict[str, set[str]] = {}
    for name, kind, _ in table:
        types.setdefault(name, set()).add(kind)
    for name, kinds in types.items():
        others = sorted(kinds - {"CNAME"})
        if "CNAME" not in kinds or not others:
            continue
        if name == zone:
            problems.append(f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}")
        else:
            problems.append(
                f"RRSet of type CNAME with DNS name {name} is not permitted because a conflicting RRSet of type {others[0]}"
                f" with the same DNS name already exists in zone {zone}"
            )
    return problems
