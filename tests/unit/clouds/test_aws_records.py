"""Zones and records in Route 53: looked up or made, and where the hosts point."""

from __future__ import annotations

from typing import Any

import pytest

from components.settings.aws import balancer_name
from tests.support import aws
from tests.support.doors import door
from tests.support.recorder import Recording, Registration
from tests.support.stacks import NLB_WITH_ELASTIC_IPS, SUBNETS, aws_stack, with_value

BY_ALIAS = ["alb", "traefik-existing-nlb", "nginx-helm-nlb", "gateway-helm-nlb", "gateway-existing-nlb"]
BY_ELASTIC_IPS = ["traefik-existing-eips", "nginx-helm-eips", "gateway-helm-eips"]


def record_of(made: Recording, host: str) -> Registration:
    return made.one("Record", host)


def alias(name: str) -> list[dict[str, Any]]:
    return [{"name": aws.balancer_host(name), "zoneId": aws.BALANCER_ZONE, "evaluateTargetHealth": False}]


def front_of(made: Recording) -> Registration:
    """What makes the load balancer before a controller in the cluster."""
    [found] = [item for item in made if item.custom and item.name in ("controller", "front")]
    return found


@pytest.mark.parametrize("way", BY_ALIAS)
def test_a_host_is_an_alias_for_the_load_balancer(way: str) -> None:
    made = door(aws_stack(way))
    for host in ("shop.portico.test", "portico.test"):
        record = record_of(made, host)
        assert (record.inputs["name"], record.inputs["type"]) == (host, "A")
        assert record.inputs["aliases"] == alias("portico-test")
        assert "records" not in record.inputs
        assert "ttl" not in record.inputs  # Route 53 refuses one beside an alias
        assert record.inputs["zoneId"] == aws.zone_id("portico.test")


@pytest.mark.parametrize("way", BY_ALIAS)
def test_a_load_balancer_is_looked_for_only_once_what_makes_it_stands(way: str) -> None:
    made = door(aws_stack(way))
    for host, site in (("shop.portico.test", "shop"), ("portico.test", "apex")):
        maker = made.one("Ingress", site) if way == "alb" else front_of(made)
        assert made.waits(record_of(made, host), maker)


@pytest.mark.parametrize("way", BY_ELASTIC_IPS)
def test_a_host_points_at_the_elastic_ips_of_every_subnet(way: str) -> None:
    made = door(with_value(aws_stack(way), ("cloud", "aws", "ttl"), 77))
    ips = [made.one("Eip", f"address/{subnet}") for subnet in SUBNETS]
    record = record_of(made, "shop.portico.test")
    addresses = [aws.made(ip.type, ip.inputs, lambda value: value)["publicIp"] for ip in ips]
    assert len(set(addresses)) == 2
    assert (record.inputs["type"], record.inputs["records"], record.inputs["ttl"]) == ("A", addresses, 77)
    assert "aliases" not in record.inputs
    assert all(made.waits(record, ip) for ip in ips)


@pytest.mark.parametrize("way", BY_ELASTIC_IPS)
def test_elastic_ips_are_there_before_a_load_balancer_asks_for_them(way: str) -> None:
    made = door(aws_stack(way))
    assert len(made.all("Eip")) == 2
    assert all(made.waits(front_of(made), ip) for ip in made.all("Eip"))


@pytest.mark.parametrize("way", BY_ELASTIC_IPS)
def test_known_addresses_are_what_a_person_is_told(way: str) -> None:
    made = door(aws_stack(way))
    outputs = made.one("FrontDoor").outputs
    assert outputs is not None
    assert outputs["address"] == ", ".join(made.one("Record", "shop.portico.test").inputs["records"])


@pytest.mark.parametrize("way", BY_ALIAS)
def test_a_load_balancers_own_name_is_what_a_person_is_told(way: str) -> None:
    outputs = door(aws_stack(way)).one("FrontDoor").outputs
    assert outputs is not None
    assert outputs["address"] == aws.balancer_host("portico-test")
    assert outputs["name_servers"] == aws.name_servers("portico.test")


@pytest.mark.parametrize("dualstack", [True, False])
def test_ipv6_has_a_record_of_its_own_where_the_load_balancer_speaks_it(dualstack: bool) -> None:
    made = door(aws_stack("alb", entrypoint={"alb": {"scheme": "internet-facing", "dualstack": dualstack}}))
    wanted = {"A", "AAAA"} if dualstack else {"A"}
    for host in ("shop.portico.test", "portico.test"):
        records = [item for item in made.all("Record") if item.inputs["name"] == host]
        assert {item.inputs["type"] for item in records} == wanted
        assert all(item.inputs["aliases"] == alias("portico-test") for item in records)
    # The Network Load Balancers beside it speak IPv4 only.
    for host in ("orders.portico.test", "queue.portico.test"):
        assert [item.inputs["type"] for item in made.all("Record") if item.inputs["name"] == host] == ["A"]


@pytest.mark.parametrize("way", [*BY_ALIAS, *BY_ELASTIC_IPS])
def test_a_service_has_records_of_its_own_load_balancer(way: str) -> None:
    made = door(aws_stack(way))
    for key in ("orders", "queue"):
        record = record_of(made, f"{key}.portico.test")
        assert record.inputs["aliases"] == alias(f"portico-test-{key}")
        assert made.waits(record, made.object("Service", key))
    assert [item for item in made.all("Record") if item.inputs["name"].startswith("inside.")] == []


def test_a_service_with_elastic_ips_has_a_record_of_them() -> None:
    made = door(with_value(aws_stack(), ("services", "queue", "load_balancer"), NLB_WITH_ELASTIC_IPS))
    assert sorted(item.name for item in made.all("Eip")) == sorted(f"service/queue/{subnet}" for subnet in SUBNETS)
    record = record_of(made, "queue.portico.test")
    assert record.inputs["type"] == "A"
    assert len(record.inputs["records"]) == 2


def test_a_service_that_is_called_like_the_entrypoints_address_has_addresses_of_its_own() -> None:
    raw = with_value(aws_stack("traefik-existing-eips"), ("services", "address"), {"ports": {"tcp": 1}})
    made = door(with_value(raw, ("services", "address", "load_balancer"), NLB_WITH_ELASTIC_IPS))
    urns = [item.urn for item in made.all("Eip")]
    assert len(urns) == len(set(urns)) == 4


# Zones


def test_a_zone_is_made_unless_it_exists() -> None:
    made = door(aws_stack(other_zones={"portico.example": {"existing": True}, "portico.dev": {"existing": False}}))
    assert sorted(item.inputs["name"] for item in made.all("Zone")) == ["portico.dev", "portico.test"]
    looked = [question.args for question in made.asked if question.token.endswith(":getZone")]
    assert looked == [{"name": "portico.example", "privateZone": False}]


def test_a_zone_that_exists_holds_the_records_and_is_not_made() -> None:
    made = door(with_value(aws_stack(), ("zone", "existing"), True))
    assert made.all("Zone") == []
    assert record_of(made, "shop.portico.test").inputs["zoneId"] == aws.zone_id("portico.test")


def test_a_host_stands_in_the_most_specific_zone() -> None:
    raw = aws_stack(other_zones={"eu.portico.test": {}, "portico.example": {}})
    raw["certificates"]["more"] = {"acm": {"hosts": ["shop.eu.portico.test", "eu.portico.test", "www.portico.example"]}}
    raw["sites"]["more"] = {
        "hosts": ["shop.eu.portico.test", "eu.portico.test", "www.portico.example"],
        "namespace": "shop",
        "paths": {"/": "other:80"},
    }
    made = door(raw)
    zones = {item.name: item.inputs["zoneId"] for item in made.all("Record") if not item.name.startswith("acm/")}
    assert zones["shop.portico.test"] == aws.zone_id("portico.test")
    assert zones["shop.eu.portico.test"] == zones["eu.portico.test"] == aws.zone_id("eu.portico.test")
    assert zones["www.portico.example"] == aws.zone_id("portico.example")


def test_every_zones_name_servers_are_told() -> None:
    raw = aws_stack(other_zones={"portico.example": {}, "eu.portico.test": {"existing": True}})
    outputs = door(raw).one("FrontDoor").outputs
    assert outputs is not None
    assert outputs["name_servers"] == aws.name_servers("portico.test")
    assert outputs["other_name_servers"] == {name: aws.name_servers(name) for name in ("portico.example", "eu.portico.test")}
    assert any("portico.example" in step for step in outputs["next_steps"])


def test_another_entrypoint_keeps_the_zones_and_the_services_load_balancers() -> None:
    before, after = door(aws_stack("alb")), door(aws_stack("traefik-existing-nlb"))
    for kind, name in (
        ("Zone", None),
        ("Service", "orders"),
        ("Record", "orders.portico.test"),
        ("CertificateValidation", "tcp"),
    ):
        assert before.object(kind, name).urn == after.object(kind, name).urn
        assert before.object(kind, name).state() == after.object(kind, name).state()


# Names of load balancers


@pytest.mark.parametrize("length", [1, 31, 32, 33, 39, 103])
def test_a_load_balancers_name_is_short_enough_and_its_own(length: int) -> None:
    wanted = ("portico-" + "s" * 95)[:length]
    name = balancer_name(wanted)
    assert len(name) <= 32
    assert name == wanted if length <= 32 else name.startswith(wanted[:20])
    assert balancer_name(wanted) == name
    assert balancer_name(f"{wanted}x"[-length:]) != name or length == 1


def test_a_cut_name_does_not_end_in_two_dashes() -> None:
    assert "--" not in balancer_name("portico-" + "s" * 14 + "-orders-and-more")
