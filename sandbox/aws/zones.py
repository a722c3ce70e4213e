"""Route 53: batches as AWS takes them, name servers of their own for every zone, changes that take a moment, and delegation."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.route53 import models
from moto.route53.responses import Route53

from sandbox.aws import regions
from sandbox.aws.base import ACCOUNT, PARTITION, Refusal, letters
from sandbox.aws.records import Targets, absolute, apply, record_set

IN_SYNC_AFTER = 0.3  # seconds
_DOMAINS = ("com", "net", "org", "co.uk")  # of the name servers; each has 512 of the 2048 numbers


class Zones(models.Route53Backend):
    """Route 53's zones; `undelegated` are the names whose parents do not point here."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.undelegated: set[str] = set()
        self.changes: dict[str, float] = {}

    def create_hosted_zone(
        self,
        name: str,
        private_zone: bool,
        caller_reference: str | None = None,
        vpcid: str | None = None,
        vpcregion: str | None = None,
        comment: str | None = None,
        delegation_set_id: str | None = None,
    ) -> models.FakeZone:
        """Moto gives every zone the same name servers, records that Route 53 writes otherwise, and takes a reference twice."""
        if any(zone.caller_reference == caller_reference for zone in self.zones.values()):
            raise Refusal(
                "HostedZoneAlreadyExists",
                f"A hosted zone has already been created with the specified caller reference: {caller_reference}",
            )
        zone = super().create_hosted_zone(
            absolute(name), private_zone, caller_reference, vpcid, vpcregion, comment, delegation_set_id
        )
        assert zone.delegation_set is not None  # noqa: S101 -- moto makes one for every zone
        servers = zone.delegation_set.name_servers = _name_servers(zone.resource_id)
        self.delegation_sets.pop("", None)  # moto would list it among the reusable ones
        soa = f"{servers[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
        own = (("NS", 172800, [f"{server}." for server in servers]), ("SOA", 900, [soa]))
        zone.rrsets = [record_set(Name=zone.name, Type=kind, TTL=ttl, ResourceRecords=values) for kind, ttl, values in own]
        return zone

    def delete_hosted_zone(self, id_: str) -> models.FakeZone | None:
        """Moto lets any NS record go with the zone; Route 53 only the zone's own."""
        zone = self.get_hosted_zone(id_)
        if any(record.name != zone.name or record.type not in ("NS", "SOA") for record in zone.rrsets):
            raise Refusal(
                "HostedZoneNotEmpty",
                f"The specified hosted zone contains non-required resource record sets and so cannot be deleted: {zone.name}",
            )
        return super().delete_hosted_zone(id_)

    def change_resource_record_sets(self, zoneid: str, change_list: list[dict[str, Any]]) -> None:
        """All or nothing; see `records`."""
        zone = self.get_hosted_zone(zoneid)
        targets = Targets(regions.zone_endings(), {key: other.rrsets for key, other in self.zones.items()})
        zone.rrsets = apply(zone.name, zone.rrsets, change_list, targets)

    def list_resource_record_sets(self, zone_id: str, start_type: str, start_name: str, max_items: int) -> Any:
        """The first name is compared as names are kept."""
        return super().list_resource_record_sets(
            zone_id, start_type, absolute(start_name) if start_name else start_name, max_items
        )

    def list_hosted_zones_by_name(self, dnsname: str | None) -> tuple[str | None, list[models.FakeZone]]:
        """Moto gives only zones of that name; Route 53 begins there and goes on."""
        ordered = sorted(self.zones.values(), key=lambda zone: _order(zone.name))
        return dnsname, [zone for zone in ordered if not dnsname or _order(zone.name) >= _order(absolute(dnsname))]

    def new_change(self) -> dict[str, Any]:
        """What is told of a change that was just taken."""
        change = f"C{letters(20)}"
        self.changes[change] = time.time()
        return self.change(change)

    def change(self, change: str) -> dict[str, Any]:
        """What is told of an earlier change."""
        taken = self.changes.get(change)
        if taken is None:
            raise Refusal("NoSuchChange", f"Could not find resource with ID: {change}")
        return {
            "Id": f"/change/{change}",
            "Status": "INSYNC" if time.time() - taken >= IN_SYNC_AFTER else "PENDING",
            "SubmittedAt": datetime.fromtimestamp(taken, UTC),
        }

    def stands(self, name: str, kind: str, value: str) -> bool:
        """Whether the world finds this record: in a public zone that is delegated."""
        wanted, target = absolute(name), value.rstrip(".")
        public = (zone for zone in self.zones.values() if not zone.private_zone and zone.name not in self.undelegated)
        return any(
            record.name == wanted and record.type == kind and target in [known.rstrip(".") for known in record.records or []]
            for zone in public
            for record in zone.rrsets
        )

    def set_delegation(self, name: str, delegated: bool) -> None:
        """Let the parent of a zone point here, or not; the zone need not exist yet."""
        (self.undelegated.discard if delegated else self.undelegated.add)(absolute(name))


class Dns(Route53):
    """Route 53's operations."""

    @property
    def zones(self) -> Zones:
        """The backend by its own type."""
        return cast("Zones", self.backend)

    def create_hosted_zone(self) -> ActionResult:
        """With a change of its own."""
        return self._changed(super().create_hosted_zone())

    def delete_hosted_zone(self) -> ActionResult:
        """With a change of its own."""
        return self._changed(super().delete_hosted_zone())

    def change_resource_record_sets(self) -> ActionResult:
        """With a change of its own."""
        return self._changed(super().change_resource_record_sets())

    def get_change(self) -> ActionResult:
        """Pending for a moment, then in sync."""
        return ActionResult({"ChangeInfo": self.zones.change(self._get_param("Id").removeprefix("/change/"))})

    def list_hosted_zones_by_name(self) -> ActionResult:
        """With the paging that moto leaves out; one page holds all."""
        name, zones = self.backend.list_hosted_zones_by_name(self._get_param("DNSName"))
        return ActionResult({"DNSName": name, "HostedZones": zones, "IsTruncated": False, "MaxItems": max(len(zones), 100)})

    def _changed(self, result: ActionResult) -> ActionResult:
        return ActionResult({**cast("dict[str, Any]", result.result), "ChangeInfo": self.zones.new_change()})


def zones() -> Zones:
    """The account's zones."""
    return cast("Zones", models.route53_backends[ACCOUNT][PARTITION])


def install() -> None:
    """Let moto keep zones this way."""
    models.route53_backends.backend = Zones


def _name_servers(zone: str) -> list[str]:
    """Four that stay with the zone."""
    digest = hashlib.sha256(zone.encode()).digest()
    servers = []
    for index, domain in enumerate(_DOMAINS):
        number = int.from_bytes(digest[2 * index : 2 * index + 2]) % 512
        servers.append(f"ns-{index * 512 + number}.awsdns-{number // 8:02d}.{domain}")
    return servers[::-1]


def _order(name: str) -> list[str]:
    return name.rstrip(".").split(".")[::-1]
