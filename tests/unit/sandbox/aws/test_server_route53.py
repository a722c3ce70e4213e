"""Zones of the twin: batches, aliases, changes, name servers, and what may be deleted."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[[str], str]
ALB_ZONE = "Z215JYRZR1TBD5"


def _records(twin: Any, zone: str) -> dict[tuple[str, str], Any]:
    found = twin.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {(record["Name"], record["Type"]): record for record in found}


def _alias(twin: Any, zone: str, action: str, name: str, where: str, target: str, *, health: bool = True) -> None:
    alias = {"HostedZoneId": where, "DNSName": target, "EvaluateTargetHealth": health}
    batch = [{"Action": action, "ResourceRecordSet": {"Name": name, "Type": "A", "AliasTarget": alias}}]
    twin.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})


def test_a_zone_has_four_name_servers_of_its_own_that_stay(twin: Any, zone: Make) -> None:
    route53 = twin.client("route53")
    first, second = zone("servers.example"), zone("others.example")
    servers = route53.get_hosted_zone(Id=first)["DelegationSet"]["NameServers"]
    assert len(servers) == 4
    assert all(re.fullmatch(r"ns-\d{1,4}\.awsdns-\d\d\.(com|net|org|co\.uk)", server) for server in servers)
    assert servers == route53.get_hosted_zone(Id=first)["DelegationSet"]["NameServers"]
    assert servers != route53.get_hosted_zone(Id=second)["DelegationSet"]["NameServers"]
    ns = _records(twin, first)["servers.example.", "NS"]
    assert [value["Value"] for value in ns["ResourceRecords"]] == [f"{server}." for server in servers]
    assert _records(twin, first)["servers.example.", "SOA"]["ResourceRecords"][0]["Value"].startswith(f"{servers[0]}. ")


def test_a_caller_reference_is_good_for_one_zone(twin: Any, refused: Any) -> None:
    route53 = twin.client("route53")
    route53.create_hosted_zone(Name="again.example", CallerReference="again")
    with refused("HostedZoneAlreadyExists"):
        route53.create_hosted_zone(Name="again.example", CallerReference="again")


def test_create_of_what_exists_is_refused_and_upsert_replaces(twin: Any, zone: Make, change: Any, refused: Any) -> None:
    here = zone("twice.example")
    change(here, ("CREATE", "WWW.twice.example", "A", "192.0.2.1"))
    with refused("InvalidChangeBatch") as error:
        change(here, ("CREATE", "www.twice.example.", "A", "192.0.2.2"))
    expected = "[Tried to create resource record set [name='www.twice.example.', type='A'] but it already exists]"
    assert error.value.response["Error"]["Message"] == expected
    change(here, ("UPSERT", "www.twice.example", "A", "192.0.2.3"))
    assert _records(twin, here)["www.twice.example.", "A"]["ResourceRecords"] == [{"Value": "192.0.2.3"}]


def test_delete_needs_the_exact_values(twin: Any, zone: Make, change: Any, refused: Any) -> None:
    here = zone("exact.example")
    change(here, ("CREATE", "a.exact.example", "A", "192.0.2.1", "192.0.2.2"))
    with refused("InvalidChangeBatch") as error:
        change(here, ("DELETE", "a.exact.example", "A", "192.0.2.1"))
    assert "do not match the current values" in str(error.value)
    with refused("InvalidChangeBatch") as error:
        change(here, ("DELETE", "b.exact.example", "A", "192.0.2.1"))
    assert "but it was not found" in str(error.value)
    change(here, ("DELETE", "a.exact.example", "A", "192.0.2.2", "192.0.2.1"))
    assert ("a.exact.example.", "A") not in _records(twin, here)


def test_a_batch_is_all_or_nothing(twin: Any, zone: Make, change: Any, refused: Any) -> None:
    here = zone("atomic.example")
    with refused("InvalidChangeBatch"):
        change(here, ("CREATE", "a.atomic.example", "A", "192.0.2.1"), ("DELETE", "b.atomic.example", "A", "192.0.2.1"))
    assert ("a.atomic.example.", "A") not in _records(twin, here)
    change(here, ("CREATE", "a.atomic.example", "A", "192.0.2.1"))
    change(here, ("DELETE", "a.atomic.example", "A", "192.0.2.1"), ("CREATE", "a.atomic.example", "CNAME", "b.atomic.example"))
    assert ("a.atomic.example.", "CNAME") in _records(twin, here)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (("CREATE", "www.elsewhere.example", "A", "192.0.2.1"), "is not permitted in zone strict.example."),
        (("CREATE", "notstrict.example", "A", "192.0.2.1"), "is not permitted in zone strict.example."),
        (("CREATE", "strict.example", "CNAME", "www.strict.example"), "is not permitted at apex"),
        (("CREATE", "taken.strict.example", "CNAME", "www.strict.example"), "a conflicting RRSet of type A"),
        (("CREATE", "bad.strict.example", "A", "192.0.2.256"), "Value is not a valid IPv4 address"),
        (("CREATE", "bad.strict.example", "AAAA", "192.0.2.1"), "Value is not a valid IPv6 address"),
        (("CREATE", "bad.strict.example", "TXT", "bare"), "Value should be enclosed in quotation marks"),
    ],
)
def test_what_a_zone_refuses(twin: Any, zone: Make, change: Any, refused: Any, record: Any, said: str) -> None:
    here = zone("strict.example")
    change(here, ("CREATE", "taken.strict.example", "A", "192.0.2.1"))
    with refused("InvalidChangeBatch") as error:
        change(here, record)
    assert said in str(error.value)


def test_a_zone_keeps_its_own_records(twin: Any, zone: Make, refused: Any) -> None:
    here = zone("own.example")
    records = [record for (_, kind), record in _records(twin, here).items() if kind == "NS"]
    with refused("InvalidChangeBatch"):
        batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": records[0]}]}
        twin.client("route53").change_resource_record_sets(HostedZoneId=here, ChangeBatch=batch)


def test_a_wildcard_is_given_back_as_aws_writes_it(twin: Any, zone: Make, change: Any) -> None:
    here = zone("star.example")
    change(here, ("CREATE", "*.star.example", "A", "192.0.2.1"))
    assert (r"\052.star.example.", "A") in _records(twin, here)
    change(here, ("DELETE", r"\052.star.example", "A", "192.0.2.1"))


def test_an_alias_is_kept_whole(twin: Any, zone: Make, refused: Any) -> None:
    here, target = zone("alias.example"), "web-123.eu-central-1.elb.amazonaws.com"
    _alias(twin, here, "CREATE", "alias.example", ALB_ZONE, target)
    kept = _records(twin, here)["alias.example.", "A"]
    assert kept["AliasTarget"] == {"HostedZoneId": ALB_ZONE, "DNSName": f"{target}.", "EvaluateTargetHealth": True}
    assert "TTL" not in kept
    with refused("InvalidChangeBatch"):
        _alias(twin, here, "DELETE", "alias.example", ALB_ZONE, target, health=False)
    _alias(twin, here, "DELETE", "alias.example", ALB_ZONE, target)


def test_an_alias_must_lie_in_the_zone_it_names(twin: Any, zone: Make, change: Any, refused: Any) -> None:
    here = zone("aim.example")
    with refused("InvalidChangeBatch") as error:  # the name of an ALB in the zone of NLBs
        _alias(twin, here, "CREATE", "aim.example", "Z3F0SRJ5LGBH90", "web-1.eu-central-1.elb.amazonaws.com")
    assert "does not lie within the target zone" in str(error.value)
    with refused("InvalidChangeBatch"):
        _alias(twin, here, "CREATE", "aim.example", here, "www.aim.example")
    change(here, ("CREATE", "www.aim.example", "A", "192.0.2.1"))
    _alias(twin, here, "CREATE", "aim.example", here, "www.aim.example")


def test_a_record_has_values_or_an_alias(twin: Any, zone: Make, refused: Any) -> None:
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": {"Name": "empty.example", "Type": "A"}}]}
    with refused("InvalidInput"):
        twin.client("route53").change_resource_record_sets(HostedZoneId=zone("empty.example"), ChangeBatch=batch)


def test_a_change_is_pending_for_a_moment(twin: Any, zone: Make, change: Any, refused: Any) -> None:
    info = change(zone("moment.example"), ("CREATE", "moment.example", "A", "192.0.2.1"))["ChangeInfo"]
    assert info["Status"] == "PENDING"
    time.sleep(0.35)
    assert twin.client("route53").get_change(Id=info["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    with refused("NoSuchChange"):
        twin.client("route53").get_change(Id="C0")


@pytest.mark.parametrize("record", [("www.full.example", "A", "192.0.2.1"), ("sub.full.example", "NS", "ns.sub.example.")])
def test_a_zone_with_records_is_not_deleted(twin: Any, zone: Make, change: Any, refused: Any, record: tuple[str, ...]) -> None:
    here, route53 = zone("full.example"), twin.client("route53")
    change(here, ("CREATE", *record))
    with refused("HostedZoneNotEmpty"):
        route53.delete_hosted_zone(Id=here)
    change(here, ("DELETE", *record))
    route53.delete_hosted_zone(Id=here)
    with refused("NoSuchHostedZone"):
        route53.get_hosted_zone(Id=here)


def test_zones_are_listed_from_a_name_on(twin: Any, zone: Make) -> None:
    for name in ("b.listed", "a.listed", "listed"):
        zone(name)
    found = twin.client("route53").list_hosted_zones_by_name(DNSName="listed")["HostedZones"]
    assert [one["Name"] for one in found][:3] == ["listed.", "a.listed.", "b.listed."]
