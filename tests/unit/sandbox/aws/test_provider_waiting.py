"""Waiting, giving up, and what is left when something fails half-way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.provider.plugin import PLUGIN
from sandbox.pki import Authority
from sandbox.plugin.wire import Secret, decode
from sandbox.twin import client as twins
from sandbox.twin.client import Fault
from tests.support.provider_engine import Engine, RefusedError, Standing
from tests.unit.sandbox.aws.test_provider_lives import (
    ALLOW,
    ATTACHMENT,
    CERTIFICATE,
    EIP,
    POLICY,
    RECORD,
    ROLE,
    TRUST,
    VALIDATION,
    ZONE,
    fresh,
    validated,
)
from tests.unit.sandbox.aws.test_provider_lives import engine as engine  # a fixture


@pytest.fixture(autouse=True)
def no_faults(twin: Any) -> Iterator[None]:
    yield
    twins.clear_faults(twin.endpoint)


def a_record(zone: str, **more: Any) -> dict[str, Any]:
    return {"zoneId": zone, "name": "www", "type": "A", "ttl": 60, "records": ["192.0.2.1"], **more}


def left(refused: pytest.ExceptionInfo[RefusedError], kind: str, inputs: dict[str, Any]) -> Standing:
    """The half-done resource as the engine would keep it."""
    partial = refused.value.partial
    assert partial is not None
    assert list(partial.reasons)
    return Standing(kind, partial.id, inputs, decode(partial.properties))


def test_validation_gives_up_in_the_real_provider_s_words(engine: Engine) -> None:
    name = fresh()
    certificate = engine.create(
        CERTIFICATE, {"domainName": name, "subjectAlternativeNames": [f"*.{name}"], "validationMethod": "DNS"}
    )
    began = time.monotonic()
    with pytest.raises(RefusedError) as refused:
        engine.create(VALIDATION, {"certificateArn": certificate.id}, timeout=1)
    assert 0.9 < time.monotonic() - began < 5
    words = "to be issued: timeout while waiting for state to become 'ISSUED' (last state: 'PENDING_VALIDATION', timeout: 1s)"
    assert words in str(refused.value)
    assert f"not validated yet: {name}, *.{name}" in str(refused.value)
    assert refused.value.partial is None, "nothing stands"


def test_validation_names_missing_records_at_once(engine: Engine) -> None:
    certificate = engine.create(CERTIFICATE, {"domainName": fresh(), "validationMethod": "DNS"})
    name = certificate.state["domainValidationOptions"][0]["resourceRecordName"].removesuffix(".")
    with pytest.raises(RefusedError, match=f"missing {certificate.inputs['domainName']} DNS validation record: {name}"):
        engine.create(VALIDATION, {"certificateArn": certificate.id, "validationRecordFqdns": ["_other.example"]})
    with pytest.raises(RefusedError, match=r"reading ACM Certificate .*: couldn't find resource"):
        engine.create(VALIDATION, {"certificateArn": certificate.id.replace("certificate/", "certificate/0")})


def test_validation_waits_for_delegation(engine: Engine, twin: Any) -> None:
    zone = fresh()
    twins.set_delegation(twin.endpoint, zone, False)
    made = engine.create(ZONE, {"name": zone})
    certificate = engine.create(CERTIFICATE, {"domainName": zone, "validationMethod": "DNS"})
    option = certificate.state["domainValidationOptions"][0]
    engine.create(
        RECORD, a_record(made.id, name=option["resourceRecordName"], type="CNAME", records=[option["resourceRecordValue"]])
    )
    threading.Timer(1, twins.set_delegation, (twin.endpoint, zone, True)).start()
    thing = engine.create(VALIDATION, {"certificateArn": certificate.id}, timeout=30)
    found = engine.read(certificate)
    assert found is not None
    assert found.state["status"] == "ISSUED"
    engine.delete(certificate)
    assert engine.read(thing) is None, "gone with its certificate"


def test_cancel_ends_a_wait(twin: Any, engine: Engine) -> None:
    certificate = engine.create(CERTIFICATE, {"domainName": fresh(), "validationMethod": "DNS"})
    other = Engine(PLUGIN, {"region": "eu-central-1"})
    cancelling = threading.Timer(0.5, other.cancel)
    cancelling.start()
    began = time.monotonic()
    with pytest.raises(RefusedError, match="context canceled"):
        other.create(VALIDATION, {"certificateArn": certificate.id})
    assert time.monotonic() - began < 5
    cancelling.join()
    other.close()


def test_a_certificate_in_use_is_asked_for_again_then_left(engine: Engine, twin: Any) -> None:
    certificate = engine.create(CERTIFICATE, {"domainName": fresh(), "validationMethod": "DNS"})
    twins.set_faults(twin.endpoint, [Fault("acm", "in-use", "DeleteCertificate")])
    with pytest.raises(RefusedError, match=r"deleting ACM Certificate .*StatusCode: 400.*ResourceInUseException"):
        engine.delete(certificate, timeout=1)
    twins.set_faults(twin.endpoint, [Fault("acm", "in-use", "DeleteCertificate", count=2)])
    engine.delete(certificate, timeout=30)
    assert engine.read(certificate) is None


def test_a_zone_with_records(engine: Engine) -> None:
    zone = engine.create(ZONE, {"name": fresh()})
    record = engine.create(RECORD, a_record(zone.id))
    with pytest.raises(RefusedError, match=r"deleting Route 53 Hosted Zone .*HostedZoneNotEmpty"):
        engine.delete(zone)
    engine.delete(engine.update(zone, {**zone.inputs, "forceDestroy": True}))
    assert engine.read(zone) is None
    assert engine.read(record) is None
    engine.delete(record)


def test_a_record_of_somebody_else(engine: Engine) -> None:
    zone = engine.create(ZONE, {"name": fresh()})
    engine.create(RECORD, a_record(zone.id))
    with pytest.raises(RefusedError, match=r"creating Route53 Record: InvalidChangeBatch: .*already exists") as refused:
        engine.create(RECORD, a_record(zone.id, records=["192.0.2.9"]))
    assert refused.value.partial is None
    assert engine.create(RECORD, a_record(zone.id, records=["192.0.2.9"], allowOverwrite=True)).state["records"] == ["192.0.2.9"]


def test_another_type_in_place(engine: Engine) -> None:
    zone = engine.create(ZONE, {"name": fresh()})
    record = engine.create(RECORD, a_record(zone.id))
    target = a_record(zone.id, type="TXT", records=["hello world"])
    assert engine.changed(record, target) == {"type": "update", "records": "update"}
    record = engine.update(record, target)
    assert (record.state["type"], record.state["records"]) == ("TXT", ["hello world"])
    assert engine.changed(record, target) == {}
    engine.delete(record)
    engine.delete(zone)


def test_names_in_route53(engine: Engine) -> None:
    zone = engine.create(ZONE, {"name": fresh()})
    name = zone.inputs["name"]
    for given, full in (("", name), ("*", f"*.{name}"), (f"Api.{name}.", f"api.{name}"), ("_x_a", f"_x_a.{name}")):
        record = engine.create(RECORD, a_record(zone.id, name=given))
        assert record.state["fqdn"] == full
        imported = engine.imported(RECORD, f"{zone.id}_{full}_A")
        assert imported is not None
        assert imported.state["records"] == ["192.0.2.1"]
        engine.delete(record)
        assert engine.read(record) is None


def test_a_half_made_zone_is_kept(engine: Engine, twin: Any) -> None:
    twins.set_faults(twin.endpoint, [Fault("route53", "error", "ListTagsForResource")])
    inputs = {"name": fresh(), "tags": {"a": "b"}}
    impatient = Engine(PLUGIN, {"region": "eu-central-1", "maxRetries": "0"})
    with pytest.raises(RefusedError, match="updating Route 53 Zone") as refused:
        impatient.create(ZONE, inputs)
    twins.clear_faults(twin.endpoint)
    half = left(refused, ZONE, impatient.checked(ZONE, inputs))
    whole = impatient.update(half, inputs)
    assert whole.id == half.id
    assert whole.state["tagsAll"] == {"a": "b"}
    impatient.delete(whole)
    impatient.close()


def test_a_half_made_record_is_kept(engine: Engine, twin: Any) -> None:
    zone = engine.create(ZONE, {"name": fresh()})
    impatient = Engine(PLUGIN, {"region": "eu-central-1", "maxRetries": "0"})
    twins.set_faults(twin.endpoint, [Fault("route53", "error", "ListResourceRecordSets", count=1)])
    with pytest.raises(RefusedError) as refused:
        impatient.create(RECORD, a_record(zone.id))
    half = left(refused, RECORD, impatient.checked(RECORD, a_record(zone.id)))
    assert half.state["fqdn"] == f"www.{zone.inputs['name']}", "it could be read then"
    assert impatient.changed(half, a_record(zone.id)) == {}
    impatient.delete(half)
    impatient.close()


def test_a_failed_update_tells_what_stands(engine: Engine, twin: Any) -> None:
    role = engine.create(ROLE, {"assumeRolePolicy": TRUST, "description": "old"})
    impatient = Engine(PLUGIN, {"region": "eu-central-1", "maxRetries": "0"})
    twins.set_faults(twin.endpoint, [Fault("iam", "error", "TagRole")])
    target = {"assumeRolePolicy": TRUST, "description": "new", "tags": {"a": "b"}}
    with pytest.raises(RefusedError) as refused:
        impatient.update(role, target)
    half = left(refused, ROLE, role.inputs)
    assert half.state["description"] == "new"
    assert impatient.changed(half, target) == {"tags": "update"}
    impatient.close()


def test_throttling_is_survived(engine: Engine, twin: Any) -> None:
    twins.set_faults(twin.endpoint, [Fault(service, "throttling", count=1) for service in ("ec2", "route53", "acm", "iam")])
    engine.delete(engine.create(EIP, {}))
    inputs = validated(engine)
    engine.create(VALIDATION, inputs)
    engine.delete(engine.create(ROLE, {"assumeRolePolicy": TRUST}))


def test_a_role_with_a_policy_of_somebody_else(engine: Engine, twin: Any) -> None:
    role, policy = engine.create(ROLE, {"assumeRolePolicy": TRUST}), engine.create(POLICY, {"policy": ALLOW})
    engine.create(ATTACHMENT, {"role": role.id, "policyArn": policy.id})
    with pytest.raises(RefusedError, match=r"deleting IAM Role .*DeleteConflict"):
        engine.delete(role)
    with pytest.raises(RefusedError, match=r"deleting IAM Policy .*DeleteConflict"):
        engine.delete(policy)
    forced = engine.update(role, {"assumeRolePolicy": TRUST, "forceDetachPolicies": True, "managedPolicyArns": [policy.id]})
    engine.delete(forced)
    engine.delete(policy)


def test_policy_versions_do_not_run_out(engine: Engine) -> None:
    policy = engine.create(POLICY, {"policy": ALLOW})
    for index in range(7):
        policy = engine.update(policy, {"policy": ALLOW.replace("GetChange", f"GetChange{index}")})
    engine.delete(policy)
    assert engine.read(policy) is None


@pytest.mark.parametrize(
    ("token", "args", "words"),
    [
        ("aws:route53/getZone:getZone", {"name": "none.example"}, "no matching Route 53 Hosted Zone found"),
        ("aws:eks/getCluster:getCluster", {"name": "none"}, r"reading EKS Cluster \(none\): couldn't find resource"),
        (
            "aws:lb/getLoadBalancer:getLoadBalancer",
            {"name": "none"},
            "Search returned 0 results, please revise so only one is returned",
        ),
        ("aws:ec2/getSubnet:getSubnet", {"id": "subnet-0123"}, "no matching EC2 Subnet found"),
        ("aws:ec2/getSubnet:getSubnet", {}, "multiple EC2 Subnets matched"),
        ("aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider", {"url": "https://none.example"}, "couldn't find resource"),
        ("aws:index/getRegion:getRegion", {"region": "eu-nowhere-1"}, "region not found for name 'eu-nowhere-1'"),
    ],
)
def test_lookups_that_find_nothing(engine: Engine, token: str, args: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        engine.invoke(token, **args)


def test_two_zones_of_one_name(engine: Engine) -> None:
    name = fresh()
    zones = [engine.create(ZONE, {"name": name, "tags": {"n": str(index)}}) for index in range(2)]
    with pytest.raises(RefusedError, match="multiple Route 53 Hosted Zones matched"):
        engine.invoke("aws:route53/getZone:getZone", name=name)
    assert engine.invoke("aws:route53/getZone:getZone", name=name, tags={"n": "1"})["zoneId"] == zones[1].id


def test_an_imported_certificate(engine: Engine, twin: Any, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ca")
    pairs = [authority.issue(name, "shop.example", hosts=["shop.example"]) for name in ("one", "two")]
    given = [
        {
            "certificateBody": pair.certificate.read_text(),
            "certificateChain": authority.pair.certificate.read_text(),
            "privateKey": Secret(pair.key.read_text()),
        }
        for pair in pairs
    ]
    thing = engine.create(CERTIFICATE, given[0])
    told = [thing.state[name] for name in ("type", "validationMethod", "domainName")]
    assert told == ["IMPORTED", "NONE", "shop.example"]
    assert thing.state["privateKey"] == given[0]["privateKey"], "still a secret"
    assert engine.changed(thing, given[1]) == {"certificateBody": "update", "privateKey": "update"}
    again = engine.update(thing, given[1])
    assert again.id == thing.id
    body = twin.client("acm").get_certificate(CertificateArn=thing.id)["Certificate"]
    assert body.strip() == pairs[1].certificate.read_text().strip()
    with pytest.raises(RefusedError, match="has type IMPORTED, no validation necessary"):
        engine.create(VALIDATION, {"certificateArn": thing.id})
    engine.delete(again)
