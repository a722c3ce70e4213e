"""Zones and records in Cloud DNS: looked up by their DNS names or made, and where the hosts point."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from tests.support import gcp
from tests.support.doors import KUBECONFIG, door
from tests.support.recorder import Recording, invoked
from tests.support.stacks import gcp_stack, with_value

IN_CLUSTER = "traefik-existing"


def zones_asked(made: Recording) -> list[dict[str, Any]]:
    return [question.args for question in made.asked if question.token.endswith(":getManagedZones")]


def test_a_zone_is_made_unless_it_exists() -> None:
    others = {"portico.example": {"existing": True}, "portico.dev": {"existing": False}}
    made = door(gcp_stack(other_zones=others))
    zones = {item.inputs["dnsName"]: item.inputs for item in made.all("ManagedZone")}
    assert set(zones) == {"portico.test.", "portico.dev."}
    assert zones["portico.test."]["name"] == "portico-test"
    assert zones["portico.test."].get("visibility", "public") == "public"
    assert zones_asked(made) == [{"project": "portico-sandbox"}]
    assert zones_asked(door(gcp_stack())) == []


@pytest.mark.parametrize("dnssec", [True, False])
def test_a_zone_is_signed_where_the_stack_file_says_so(dnssec: bool) -> None:
    raw = gcp_stack(zone={"name": "portico.test", "dnssec": dnssec}, other_zones={"portico.dev": {"dnssec": not dnssec}})
    made = door(raw)
    for name, signed in (("portico.test", dnssec), ("portico.dev", not dnssec)):
        inputs = made.one("ManagedZone", name).inputs
        assert inputs.get("dnssecConfig") == ({"state": "on"} if signed else None)


def test_a_zone_that_exists_is_the_public_one_of_that_dns_name() -> None:
    """Cloud DNS knows zones by names of their own, and may know a private one of the same DNS name."""
    made = door(with_value(gcp_stack(), ("zone", "existing"), True))
    assert made.all("ManagedZone") == []
    for host in ("shop.portico.test", "portico.test"):
        assert made.one("RecordSet", host).inputs["managedZone"] == "zone-of-portico-test"
    outputs = made.one("FrontDoor").outputs
    assert outputs is not None
    assert outputs["name_servers"] == gcp.name_servers("portico.test")


@pytest.mark.parametrize(
    "zones",
    [[], [gcp.zone("portico.test", visibility="private")], [gcp.zone("xportico.test"), gcp.zone("a.portico.test")]],
    ids=["none", "a private one", "others"],
)
def test_fails_when_no_public_zone_has_that_dns_name_and_says_so(zones: list[dict[str, Any]]) -> None:
    """Where preflight is left out, which would have said it before anything was made."""

    def found(token: str, asked: dict[str, Any]) -> dict[str, Any]:
        return {"managedZones": zones} if token.endswith(":getManagedZones") else invoked(token, asked)

    with pytest.raises(pulumi.RunError, match=r'^project portico-sandbox has no public zone "portico\.test"$'):
        door(with_value(gcp_stack(), ("zone", "existing"), True), found=found)


def test_a_record_says_the_whole_name_and_the_stack_files_ttl() -> None:
    raw = with_value(gcp_stack(IN_CLUSTER), ("cloud", "gcp", "ttl"), 77)
    made = door(raw)
    record_of = made.one("RecordSet", "shop.portico.test").inputs
    assert (record_of["name"], record_of["ttl"], record_of["managedZone"]) == ("shop.portico.test.", 77, "portico-test")


def test_a_host_stands_in_the_most_specific_zone() -> None:
    raw = gcp_stack(IN_CLUSTER, other_zones={"eu.portico.test": {}, "portico.example": {"existing": True}})
    hosts = ["shop.eu.portico.test", "eu.portico.test", "www.portico.example"]
    raw["certificates"]["more"] = {"acme": {"hosts": hosts}}
    raw["sites"]["more"] = {"hosts": hosts, "namespace": "shop", "paths": {"/": "other:80"}}
    zones = {item.name: item.inputs["managedZone"] for item in door(raw).all("RecordSet")}
    assert zones == {
        "shop.portico.test": "portico-test",
        "portico.test": "portico-test",
        "shop.eu.portico.test": "eu-portico-test",
        "eu.portico.test": "eu-portico-test",
        "www.portico.example": "zone-of-portico-example",
    }


def test_every_zones_name_servers_are_told() -> None:
    outputs = door(gcp_stack(other_zones={"portico.example": {"existing": True}, "eu.portico.test": {}})).one("FrontDoor").outputs
    assert outputs is not None
    assert outputs["name_servers"] == gcp.name_servers("portico.test")
    assert outputs["other_name_servers"] == {name: gcp.name_servers(name) for name in ("portico.example", "eu.portico.test")}
    assert any("portico.example" in step for step in outputs["next_steps"])


def test_no_record_names_the_cluster_or_its_token() -> None:
    assert KUBECONFIG not in repr([item.inputs for item in door(gcp_stack()).all("RecordSet")])
