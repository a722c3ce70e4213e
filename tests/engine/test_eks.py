"""The committed EKS stack's life on the real engine, the sandbox's AWS and the real AWS Load Balancer Controller.

In order: each test begins where the one before ended.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.twin.client import Fault
from tests.engine.aws import ZONE, Aws, eks_config, eks_stack
from tests.engine.project import Project
from tests.engine.world import Trace, World, eventually

STACK = "eks"
NAME = f"portico-{STACK}"
HOST = f"www.{ZONE}"

SERVED = {"/path1": "shop/hello", "/path1/below": "shop/hello", "/path2": "shop/world"}


@pytest.fixture(scope="module")
def project(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with eks_stack(world, tmp_path_factory.mktemp("eks"), STACK) as project:
        project.write(eks_config())
        yield project


@pytest.fixture(scope="module")
def aws(world: World, project: Project) -> Aws:
    return Aws(world)


@pytest.fixture(scope="module")
def before(world: World, aws: Aws) -> tuple[Trace, dict[str, list[str]]]:
    """Cluster, zones and account before this module."""
    return world.trace(), aws.everything()


def change(project: Project, **parts: Any) -> None:
    """The stack file with other values for whole top-level keys."""
    project.write({**eks_config(), **{f"portico:{key}": value for key, value in parts.items()}})


def front_door_works(world: World, served: dict[str, str]) -> None:
    def check() -> None:
        for path, service in served.items():
            answer = world.get(f"https://{HOST}{path}")
            assert (answer.status, answer.service) == (200, service), (path, answer)
            plain = world.get(f"http://{HOST}{path}")
            assert (plain.status, plain.header("location")) == (301, f"https://{HOST}:443{path}")
        moved = world.get(f"https://{ZONE}/some/where?a=b")
        assert (moved.status, moved.header("location")) == (301, f"https://{HOST}:443/some/where?a=b")
        assert world.get(f"https://{HOST}/elsewhere").status == 404

    eventually(check)


def test_preview_from_nothing_only_creates_and_touches_nothing(
    project: Project, world: World, aws: Aws, before: tuple[Trace, dict[str, list[str]]]
) -> None:
    assert set(project.planned().values()) == {"create"}
    assert (world.trace(), aws.everything()) == before


def test_up_brings_every_path_to_its_service(project: Project, world: World) -> None:
    project.up()
    front_door_works(world, SERVED)


def test_the_certificate_is_acms_and_proven_by_one_record_for_both_names(project: Project, aws: Aws) -> None:
    [certificate] = aws.certificates()
    assert certificate["Status"] == "ISSUED"
    assert sorted(certificate["SubjectAlternativeNames"]) == [f"*.{ZONE}", ZONE]
    proofs = [record for record in aws.everything()["records"] if record.startswith("_")]
    assert len(proofs) == 1
    assert project.outputs()["certificates"] == {"shop": "renewed by the cloud"}


def test_the_load_balancers_are_what_the_stack_file_says(aws: Aws) -> None:
    alb, nlb = aws.load_balancer(NAME), aws.load_balancer(f"{NAME}-orders")
    assert (alb["Type"], alb["Scheme"]) == ("application", "internet-facing")
    assert (nlb["Type"], nlb["Scheme"]) == ("network", "internal")
    listeners = aws.listeners(NAME)
    assert {port: one["Protocol"] for port, one in listeners.items()} == {80: "HTTP", 443: "HTTPS"}
    assert listeners[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert {port: one["Protocol"] for port, one in aws.listeners(f"{NAME}-orders").items()} == {9000: "TCP"}


def test_a_name_inside_leads_to_the_internal_load_balancer(world: World, aws: Aws) -> None:
    def check() -> None:
        answer = world.get(f"http://orders.{ZONE}:9000/")
        assert (answer.status, answer.service) == (200, "shop/orders")

    eventually(check)
    records = aws.api("route53").list_resource_record_sets(HostedZoneId=aws.zone_id())["ResourceRecordSets"]
    alias = next(one["AliasTarget"] for one in records if one["Name"] == f"orders.{ZONE}.")
    assert alias["DNSName"].rstrip(".") == aws.load_balancer(f"{NAME}-orders")["DNSName"]
    assert alias["HostedZoneId"] == aws.load_balancer(f"{NAME}-orders")["CanonicalHostedZoneId"]


def test_the_outputs_say_all_that_a_person_needs(project: Project, aws: Aws) -> None:
    said = project.outputs()
    assert said["urls"] == [f"https://{ZONE}/", f"https://{HOST}/path1", f"https://{HOST}/path2"]
    assert said["address"] == aws.load_balancer(NAME)["DNSName"]
    zone = aws.api("route53").get_hosted_zone(Id=aws.zone_id())
    assert sorted(said["name_servers"]) == sorted(zone["DelegationSet"]["NameServers"])
    assert any(f"delegate {ZONE}" in step for step in said["next_steps"])


def test_up_again_changes_nothing(project: Project) -> None:
    project.up("--expect-no-changes")


def test_refresh_sees_no_drift(project: Project) -> None:
    project.refresh("--expect-no-changes")


def test_drift_of_a_record_is_seen_and_mended(project: Project, world: World, aws: Aws) -> None:
    api, zone = aws.api("route53"), aws.zone_id()
    standing = next(
        one for one in api.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"] if one["Name"] == f"{HOST}."
    )
    change_ = {"Action": "DELETE", "ResourceRecordSet": standing}
    api.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change_]})
    project.refresh()
    assert project.touched() == {f"Record {HOST}": "create"}
    project.up()
    front_door_works(world, SERVED)


def test_one_path_added_touches_one_ingress_only(project: Project, world: World) -> None:
    sites = copy.deepcopy(eks_config()["portico:sites"])
    sites["shop"]["paths"]["/path3"] = "world:80"
    change(project, sites=sites)
    assert project.touched() == {"Ingress shop": "update"}
    project.up()
    front_door_works(world, {**SERVED, "/path3": "shop/world"})
    project.up("--expect-no-changes")


def test_one_more_host_touches_only_its_own_objects(project: Project, world: World, aws: Aws) -> None:
    sites = copy.deepcopy(eks_config()["portico:sites"])
    sites["docs"] = {"hosts": [f"docs.{ZONE}"], "namespace": "shop", "paths": {"/": "hello:80"}}
    change(project, sites=sites)
    assert project.touched() == {
        "Ingress shop": "update",
        "Site docs": "create",
        "Ingress docs": "create",
        f"Record docs.{ZONE}": "create",
    }
    project.up()

    def check() -> None:
        assert world.get(f"https://docs.{ZONE}/").service == "shop/hello"

    eventually(check)
    assert len(aws.load_balancers()) == 2
    project.write(eks_config())
    project.up()
    assert f"docs.{ZONE}. A" not in aws.everything()["records"]


def test_a_name_more_in_the_certificate_is_a_new_certificate_and_the_old_one_goes_last(
    project: Project, world: World, aws: Aws
) -> None:
    [old] = [one["CertificateArn"] for one in aws.certificates()]
    change(project, certificates={"shop": {"acm": {"hosts": [ZONE, f"*.{ZONE}", f"*.eu.{ZONE}"]}}})
    said = project.up().output
    front_door_works(world, SERVED)
    [new] = aws.certificates()
    assert new["CertificateArn"] != old
    assert f"*.eu.{ZONE}" in new["SubjectAlternativeNames"]
    assert [one["CertificateArn"] for one in aws.listeners(NAME)[443]["Certificates"]] == [new["CertificateArn"]]
    steps = [line for line in said.splitlines() if "acm:Certificate shop" in line or "Ingress shop updated" in line]
    assert "deleted original" in steps[-1], said
    project.up("--expect-no-changes")


def test_another_scheme_is_another_load_balancer_and_the_name_follows(project: Project, world: World, aws: Aws) -> None:
    services = copy.deepcopy(eks_config()["portico:services"])
    services["orders"]["load_balancer"]["nlb"]["scheme"] = "internet-facing"
    before = aws.load_balancer(f"{NAME}-orders")["DNSName"]
    change(project, services=services)
    planned = project.touched()
    assert "replace" in planned["Service orders"], planned
    project.up()
    after = aws.load_balancer(f"{NAME}-orders")
    assert after["Scheme"] == "internet-facing"
    assert after["DNSName"] != before

    def check() -> None:
        assert world.get(f"http://orders.{ZONE}:9000/").service == "shop/orders"

    eventually(check)
    project.up("--expect-no-changes")
    project.write(eks_config())
    project.up()


def test_a_bad_day_of_aws_is_outlasted(project: Project, world: World, aws: Aws) -> None:
    """Throttled and failing now and then, as a busy account is."""
    sites = copy.deepcopy(eks_config()["portico:sites"])
    sites["docs"] = {"hosts": [f"docs.{ZONE}"], "namespace": "shop", "paths": {"/": "hello:80"}}
    change(project, sites=sites)
    with aws.faults(Fault("route53", "throttling", count=2), Fault("elbv2", "error", count=2)):
        project.up()
    project.write(eks_config())
    project.up()
    front_door_works(world, SERVED)


def test_secrets_stand_nowhere_in_plain(project: Project) -> None:
    kept = json.dumps(project.state())
    for word in ("client-key-data", "BEGIN PRIVATE KEY", "k8s-aws-v1."):
        assert word not in kept


def test_destroy_leaves_nothing(project: Project, world: World, aws: Aws, before: tuple[Trace, dict[str, list[str]]]) -> None:
    project.destroy()
    assert project.resources() == []
    world.is_as(before[0])

    def check() -> None:
        assert aws.everything() == before[1]

    eventually(check, 30)
