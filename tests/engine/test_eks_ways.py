"""Other ways on EKS: many names, a zone that nobody delegates, TLS in the cluster behind an NLB, fixed addresses."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.trust.watch import Order
from tests.engine.aws import ZONE, Aws, eks_config, eks_stack
from tests.engine.project import Project
from tests.engine.world import World, eventually

STACK = "ways"
NAME = f"portico-{STACK}"
ZONES = [ZONE, "shop.test", "eu.shop.test"]


@pytest.fixture
def project(world: World, tmp_path: Path) -> Iterator[Project]:
    """A new stack for each test, which leaves nothing behind: neither in the cluster nor in the account."""
    with eks_stack(world, tmp_path, STACK) as project:
        trace, account = world.trace(), Aws(world).everything()
        yield project
        project.empty()
        world.is_as(trace)
        eventually(lambda: same(Aws(world).everything(), account), 30)


def same(now: dict[str, list[str]], before: dict[str, list[str]]) -> None:
    assert now == before


@pytest.fixture
def aws(world: World, project: Project) -> Aws:
    """The account, once the project's sandbox has it."""
    assert project.stack == STACK
    return Aws(world)


def config(**parts: Any) -> dict[str, Any]:
    """The committed stack file, with one site and no Service of its own, and other values for whole keys."""
    whole = eks_config()
    whole["portico:services"] = {}
    site = {"hosts": [f"www.{ZONE}"], "namespace": "shop", "paths": {"/": "web:80"}, "demo": True}
    whole["portico:sites"] = {"shop": site}
    return {**whole, **{f"portico:{key}": value for key, value in parts.items()}}


def names(count: int) -> list[str]:
    """So many names over the three zones, the first being the site's wildcard; apex and wildcard of one zone among them."""
    found = [f"*.{ZONE}", ZONE]
    number = 0
    while len(found) < count:
        found.append(f"n{number}.{ZONES[number % 3]}")
        number += 1
    return found[:count]


@pytest.mark.parametrize("count", [1, 30, 100])
def test_a_certificate_of_so_many_names_over_three_zones(count: int, project: Project, world: World, aws: Aws) -> None:
    hosts = names(count)
    project.write(config(certificates={"shop": {"acm": {"hosts": hosts}}}, other_zones={ZONES[1]: {}, ZONES[2]: {}}))
    said = project.up().output
    assert ("ACM's quota" in said) is (count > 10)
    [certificate] = aws.certificates()
    assert certificate["Status"] == "ISSUED"
    assert sorted(certificate["SubjectAlternativeNames"]) == sorted(hosts)
    proofs = [record for record in aws.everything()["records"] if record.startswith("_")]
    assert len(proofs) == len({host.removeprefix("*.") for host in hosts})
    eventually(lambda: answered(world, f"www.{ZONE}", "shop/web"))
    project.up("--expect-no-changes")


def answered(world: World, host: str, service: str) -> None:
    answer = world.get(f"https://{host}/")
    assert (answer.status, answer.service) == (200, service), answer


def test_a_zone_that_nobody_delegates_is_named_with_what_its_parent_lacks(project: Project, world: World, aws: Aws) -> None:
    cloud = {"aws": {"region": "eu-central-1", "delegation_timeout": 3}}
    project.write(config(cloud=cloud))
    with aws.undelegated(ZONE):
        began = time.monotonic()
        result = project.try_up()
        assert time.monotonic() - began < 60
        assert not result.ok
        said = " ".join(result.output.split())
        assert f"zone {ZONE} is not delegated after 3 s" in said
        servers = aws.api("route53").get_hosted_zone(Id=aws.zone_id())["DelegationSet"]["NameServers"]
        assert all(server in said for server in servers), said
        assert "Traceback" not in said
        assert aws.load_balancers() == []
    project.up()
    eventually(lambda: answered(world, f"www.{ZONE}", "shop/web"))


def test_an_existing_zone_is_used_and_outlives_the_stack(project: Project, world: World, aws: Aws) -> None:
    api = aws.api("route53")
    missing = project
    missing.write(config(zone={"name": ZONE, "existing": True}))
    refused = missing.try_up()
    assert not refused.ok
    assert f'no public hosted zone "{ZONE}" is to be found' in " ".join(refused.output.split())
    assert "Traceback" not in refused.output
    zone = api.create_hosted_zone(Name=ZONE, CallerReference="made by somebody else")["HostedZone"]["Id"]
    try:
        project.up()
        eventually(lambda: answered(world, f"www.{ZONE}", "shop/web"))
        project.destroy()
        left = api.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        assert {record["Type"] for record in left} == {"NS", "SOA"}
    finally:
        api.delete_hosted_zone(Id=zone)


def in_cluster(world: World, kind: str, **nlb: Any) -> dict[str, Any]:
    """TLS ends in the cluster's Traefik, with a certificate by cert-manager, behind an NLB."""
    dev = world.dev_config()
    controller = {"existing": dev["portico:entrypoint"]["gateway"]["controller"]["existing"]}
    balancer = {"nlb": {"scheme": "internet-facing", **nlb}}
    certificate = {"acme": {"hosts": [ZONE, f"*.{ZONE}"], "challenge": "dns-01", "timeout": 90}}
    options: dict[str, Any] = {"controller": controller, "load_balancer": balancer, "timeout": 60}
    if kind == "gateway":
        # The ports that the sandbox's Traefik listens on itself, which a Gateway has to name.
        options["listeners"] = {scheme: int(world.fact(f"{scheme}-port")) for scheme in ("http", "https")}
    return config(
        entrypoint={kind: options},
        certificates={"shop": certificate},
        acme=dev["portico:acme"],
        cert_manager=dev["portico:cert_manager"],
    )


@pytest.mark.parametrize("kind", ["traefik", "gateway"])
def test_tls_in_the_cluster_behind_an_nlb(kind: str, project: Project, world: World, aws: Aws) -> None:
    """cert-manager proves the names by its own solver for Route 53, and Pebble sees the proof by DNS."""
    project.write(in_cluster(world, kind))
    project.up()
    eventually(lambda: answered(world, f"www.{ZONE}", "shop/web"))
    assert "Pebble" in str(world.get(f"https://www.{ZONE}/").issuer)
    assert {order.status["state"] for order in world.every(Order)} == {"valid"}
    assert {port: one["Protocol"] for port, one in aws.listeners(NAME).items()} == {80: "TCP", 443: "TCP"}
    [role] = [name for name in aws.everything()["roles"] if name.startswith(NAME)]
    assert role == f"{NAME}-cert-manager"
    project.up("--expect-no-changes")
    project.refresh("--expect-no-changes")


def test_fixed_addresses_are_what_the_records_say(project: Project, world: World, aws: Aws) -> None:
    subnets = world.fact("aws-public-subnets").split(",")
    project.write(in_cluster(world, "traefik", subnets=subnets, elastic_ips=True))
    project.up()
    eventually(lambda: answered(world, f"www.{ZONE}", "shop/web"))
    addresses = {one["PublicIp"] for one in aws.api("ec2").describe_addresses()["Addresses"]}
    assert len(addresses) == len(subnets)
    assert set(project.outputs()["address"].split(", ")) == addresses
    records = aws.api("route53").list_resource_record_sets(HostedZoneId=aws.zone_id())["ResourceRecordSets"]
    www = next(one for one in records if one["Name"] == f"www.{ZONE}.")
    assert {item["Value"] for item in www["ResourceRecords"]} == addresses
    assert world.address(f"www.{ZONE}") in addresses
    project.up("--expect-no-changes")


def test_a_service_of_its_own_with_tls_at_the_load_balancer(project: Project, world: World, aws: Aws) -> None:
    service = {
        "namespace": "shop",
        "ports": {"plain": {"port": 7000, "target": 7070}, "secure": {"port": 7443, "target": 7070, "tls": True}},
        "load_balancer": {"nlb": {"scheme": "internal"}},
        "hosts": [f"ledger.{ZONE}"],
        "demo": True,
    }
    project.write(config(services={"ledger": service}))
    project.up()

    def check() -> None:
        assert world.get(f"http://ledger.{ZONE}:7000/").service == "shop/ledger"
        assert world.get(f"https://ledger.{ZONE}:7443/").service == "shop/ledger"

    eventually(check)
    listeners = aws.listeners(f"{NAME}-ledger")
    assert {port: one["Protocol"] for port, one in listeners.items()} == {7000: "TCP", 7443: "TLS"}
    assert [one["CertificateArn"] for one in listeners[7443]["Certificates"]] == [
        one["CertificateArn"] for one in aws.certificates()
    ]
    project.up("--expect-no-changes")


def test_paths_checked_in_different_ways_keep_their_order(project: Project, world: World) -> None:
    whole = config()
    whole["portico:sites"]["shop"]["paths"] = {
        "/": "web:80",
        "/api": {"service": "api", "port": 80, "health": "/ready"},
        "/api/v2": "web:80",
    }
    project.write(whole)
    project.up()

    def check() -> None:
        for path, service in (("/", "shop/web"), ("/api", "shop/api"), ("/api/v1", "shop/api"), ("/api/v2", "shop/web")):
            assert world.get(f"https://www.{ZONE}{path}").service == service, path

    eventually(check)
    project.up("--expect-no-changes")


#: The mistakes of a typical write-up, and what is said of each.
MISTAKES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "slash behind a key": (
        {"annotations": {"alb.ingress.kubernetes.io/healthcheck-path/": "/ready"}},
        ("sites.shop.annotations", "alb.ingress.kubernetes.io/healthcheck-path"),
    ),
    "dash for a dot": (
        {"annotations": {"alb-ingress.kubernetes.io/target-type": "ip"}},
        ("sites.shop.annotations", "alb.ingress.kubernetes.io/target-type"),
    ),
    "paths as a list": ({"paths": [{"path": "/", "service": "web"}]}, ("sites.shop.paths", "must hold keys and values")),
    "target port for the Service's": (
        {"paths": {"/": "hello:9376"}},
        ("sites.shop.paths./", "service hello has no port 9376; it has 80 (9376 is its targetPort: say hello:80)"),
    ),
    "old class annotation": (
        {"annotations": {"service.beta.kubernetes.io/aws-load-balancer-type": "nlb"}},
        ("sites.shop.annotations", "service.beta.kubernetes.io/aws-load-balancer-type"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_of_the_write_up_stops_before_anything_is_made(mistake: str, project: Project, world: World, aws: Aws) -> None:
    changed, told = MISTAKES[mistake]
    whole = eks_config()
    whole["portico:sites"] = copy.deepcopy(whole["portico:sites"])
    whole["portico:sites"]["shop"].update(changed)
    project.write(whole)
    trace, account = world.trace(), aws.everything()
    result = project.try_up()
    said = " ".join(result.output.split())
    assert not result.ok
    assert all(words in said for words in told), said
    assert "Traceback" not in said
    assert (world.trace(), aws.everything()) == (trace, account)
