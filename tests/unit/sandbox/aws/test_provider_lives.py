"""A whole life of each type, against the twin: made, no change, no drift, drift, changed, imported, deleted twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from sandbox.aws import client as aws
from sandbox.aws.provider.plugin import PLUGIN
from sandbox.aws.provider.resources import TABLE
from tests.support.provider_engine import Engine, RefusedError, Standing, configured

number = count(1)
EIP, ZONE, RECORD = "aws:ec2/eip:Eip", "aws:route53/zone:Zone", "aws:route53/record:Record"
CERTIFICATE, VALIDATION = "aws:acm/certificate:Certificate", "aws:acm/certificateValidation:CertificateValidation"
ROLE, POLICY = "aws:iam/role:Role", "aws:iam/policy:Policy"
ATTACHMENT, OIDC = "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
            }
        ],
    }
)
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "route53:GetChange", "Resource": "*"}})


@pytest.fixture(scope="module")
def engine(twin: Any) -> Iterator[Engine]:
    with configured(
        PLUGIN,
        aws.environment(twin.endpoint),
        {"region": "eu-central-1", "defaultTags": json.dumps({"tags": {"owner": "platform"}})},
    ) as made:
        yield made


@dataclass
class Case:
    """How to live: inputs, what to change in place with what, and what somebody else does behind Pulumi's back."""

    type: str
    inputs: Callable[[Engine], dict[str, Any]]
    change: dict[str, Any] = field(default_factory=dict)
    replace: dict[str, Any] = field(default_factory=dict)
    drift: Callable[[Any, Standing], None] | None = None
    drifted: str = ""
    import_id: Callable[[Standing], str] | None = lambda thing: thing.id


def fresh() -> str:
    return f"shop{next(number)}.example"


def record(engine: Engine) -> dict[str, Any]:
    zone = engine.create(ZONE, {"name": fresh()})
    return {"zoneId": zone.id, "name": "www", "type": "A", "ttl": 60, "records": ["192.0.2.1", "192.0.2.2"]}


def upsert(twin: Any, thing: Standing, **change: Any) -> None:
    item = {"Name": thing.state["fqdn"], "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.9"}], **change}
    twin.client("route53").change_resource_record_sets(
        HostedZoneId=thing.state["zoneId"], ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": item}]}
    )


def validated(engine: Engine) -> dict[str, Any]:
    name = fresh()
    zone = engine.create(ZONE, {"name": name})
    certificate = engine.create(
        CERTIFICATE, {"domainName": name, "subjectAlternativeNames": [f"*.{name}"], "validationMethod": "DNS"}
    )
    option = certificate.state["domainValidationOptions"][0]
    made = engine.create(
        RECORD,
        {
            "zoneId": zone.id,
            "name": option["resourceRecordName"],
            "type": option["resourceRecordType"],
            "records": [option["resourceRecordValue"]],
            "ttl": 60,
        },
    )
    return {"certificateArn": certificate.id, "validationRecordFqdns": [made.state["fqdn"]]}


def attached(engine: Engine) -> dict[str, Any]:
    role, policy = engine.create(ROLE, {"assumeRolePolicy": TRUST}), engine.create(POLICY, {"policy": ALLOW})
    return {"role": role.state["name"], "policyArn": policy.id}


def associated(engine: Engine) -> dict[str, Any]:
    with suppress(RefusedError):  # a second time it is there
        engine.create(ROLE, {"name": "other-app", "assumeRolePolicy": TRUST})
    role = engine.create(ROLE, {"assumeRolePolicy": TRUST})
    return {"clusterName": "sandbox", "namespace": "shop", "serviceAccount": f"app{next(number)}", "roleArn": role.state["arn"]}


def detach(twin: Any, thing: Standing) -> None:
    twin.client("iam").detach_role_policy(RoleName=thing.state["role"], PolicyArn=thing.state["policyArn"])


CASES = [
    Case(
        EIP,
        lambda _: {"domain": "vpc", "tags": {"Name": "door"}},
        change={"tags": {"Name": "gate"}},
        replace={"networkBorderGroup": "eu-west-1"},
        drift=lambda twin, thing: twin.client("ec2").create_tags(Resources=[thing.id], Tags=[{"Key": "Name", "Value": "other"}]),
        drifted="tags",
    ),
    Case(
        ZONE,
        lambda _: {"name": fresh(), "comment": "door"},
        change={"comment": "gate", "tags": {"a": "b"}},
        replace={"name": "other.example", "delegationSetId": "N1"},
        drift=lambda twin, thing: twin.client("route53").update_hosted_zone_comment(Id=thing.id, Comment="other"),
        drifted="comment",
    ),
    Case(
        RECORD,
        record,
        change={"ttl": 120, "records": ["192.0.2.3"]},
        replace={"name": "api", "zoneId": "Z1"},
        drift=upsert,
        drifted="records",
    ),
    Case(
        CERTIFICATE,
        lambda _: {"domainName": (name := fresh()), "subjectAlternativeNames": [f"*.{name}", name], "validationMethod": "DNS"},
        change={"tags": {"a": "b"}},
        replace={"domainName": "other.example", "keyAlgorithm": "EC_prime256v1", "subjectAlternativeNames": ["a.example"]},
        drift=lambda twin, thing: twin.client("acm").add_tags_to_certificate(
            CertificateArn=thing.id, Tags=[{"Key": "a", "Value": "c"}]
        ),
        drifted="tags",
    ),
    Case(VALIDATION, validated, replace={"certificateArn": "arn:other", "validationRecordFqdns": ["_x.example"]}, import_id=None),
    Case(
        ROLE,
        lambda _: {"assumeRolePolicy": TRUST, "description": "door", "tags": {"a": "b"}},
        change={
            "description": "gate",
            "maxSessionDuration": 7200,
            "tags": {"c": "d"},
            "inlinePolicies": [{"name": "x", "policy": ALLOW}],
        },
        replace={"name": "other", "path": "/door/"},
        drift=lambda twin, thing: twin.client("iam").update_role(RoleName=thing.id, Description="other"),
        drifted="description",
    ),
    Case(
        POLICY,
        lambda _: {"policy": ALLOW},
        change={"policy": ALLOW.replace("GetChange", "ListHostedZonesByName"), "tags": {"a": "b"}},
        replace={"description": "gate", "path": "/door/", "name": "other"},
        drift=lambda twin, thing: twin.client("iam").create_policy_version(
            PolicyArn=thing.id, PolicyDocument=ALLOW.replace("Allow", "Deny"), SetAsDefault=True
        ),
        drifted="policy",
    ),
    Case(
        ATTACHMENT,
        attached,
        replace={"role": "other", "policyArn": "arn:other"},
        drift=detach,
        import_id=lambda thing: f"{thing.state['role']}/{thing.state['policyArn']}",
    ),
    Case(
        OIDC,
        lambda _: {"url": f"https://{fresh()}", "clientIdLists": ["sts.amazonaws.com"], "thumbprintLists": ["a" * 40]},
        change={"thumbprintLists": ["b" * 40], "tags": {"a": "b"}},
        replace={"url": "https://other.example"},
        drift=lambda twin, thing: twin.client("iam").update_open_id_connect_provider_thumbprint(
            OpenIDConnectProviderArn=thing.id, ThumbprintList=["c" * 40]
        ),
        drifted="thumbprintLists",
    ),
    Case(
        ASSOCIATION,
        associated,
        change={"roleArn": "arn:aws:iam::123456789012:role/other-app"},
        replace={"namespace": "other", "serviceAccount": "other", "clusterName": "other"},
        drift=lambda twin, thing: twin.client("eks").delete_pod_identity_association(
            clusterName="sandbox", associationId=thing.id
        ),
        import_id=lambda thing: f"sandbox,{thing.id}",
    ),
]


def test_every_type_has_a_life() -> None:
    assert {case.type for case in CASES} == TABLE.keys()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type.rsplit(":", 1)[-1])
def test_life(case: Case, engine: Engine, twin: Any) -> None:
    wanted = case.inputs(engine)
    thing = engine.create(case.type, wanted)
    assert engine.changed(thing, wanted) == {}, "no change after create"

    found = engine.read(thing)
    assert found is not None
    assert (found.id, found.state, found.inputs) == (thing.id, thing.state, thing.inputs), "no drift"

    for name, value in case.replace.items():
        assert engine.changed(thing, {**wanted, name: value})[name] == "replace"

    if case.import_id:
        imported = engine.imported(case.type, case.import_id(thing))
        assert imported is not None
        # Neither a default chosen by the provider nor one that only the program knows can be read back.
        left = engine.changed(imported, {**wanted, **({"name": thing.state["name"]} if case.type in (ROLE, POLICY) else {})})
        assert left == {}, "imported as it stands"

    if case.change:
        target = {**wanted, **case.change}
        assert engine.changed(thing, target) == dict.fromkeys(case.change, "update")
        thing = engine.update(thing, target)
        wanted = target
        assert engine.changed(thing, wanted) == {}, "no change after update"
        found = engine.read(thing)
        assert found is not None
        assert (found.state, found.inputs) == (thing.state, thing.inputs), "no drift after update"

    if case.drift:
        case.drift(twin, thing)
        found = engine.read(thing)
        if not case.drifted:
            assert found is None, "gone is seen"
        else:
            assert found is not None
            assert case.drifted in engine.changed(found, wanted), "drift is a change to be undone"
            assert engine.changed(engine.update(found, wanted), wanted) == {}

    engine.delete(thing)
    if case.type != VALIDATION:  # stands as long as its certificate does
        assert engine.read(thing) is None
    engine.delete(thing)


def test_default_tags(engine: Engine, twin: Any) -> None:
    plain = engine.create(ZONE, {"name": fresh()})
    assert plain.state["tags"] is None
    assert plain.state["tagsAll"] == {"owner": "platform"}
    own = engine.create(ZONE, {"name": fresh(), "tags": {"owner": "me", "a": "b"}})
    assert own.state["tags"] == own.state["tagsAll"] == {"owner": "me", "a": "b"}
    kept = twin.client("route53").list_tags_for_resource(ResourceType="hostedzone", ResourceId=plain.id)["ResourceTagSet"]["Tags"]
    assert kept == [{"Key": "owner", "Value": "platform"}]

    other = Engine(PLUGIN, {"region": "eu-central-1", "defaultTags": {"tags": {"owner": "else"}}})
    assert other.changed(plain, {"name": plain.inputs["name"]}) == {"tagsAll": "update"}
    assert other.update(plain, {"name": plain.inputs["name"]}).state["tagsAll"] == {"owner": "else"}
    other.close()


def test_region_of_the_resource(engine: Engine, twin: Any) -> None:
    here, there = engine.create(EIP, {}), engine.create(EIP, {"region": "us-east-1"})
    assert (here.state["region"], there.state["region"]) == ("eu-central-1", "us-east-1")
    assert there.state["arn"].startswith("arn:aws:ec2:us-east-1:")
    assert engine.changed(here, {"region": "us-east-1"}) == {"region": "replace"}
    assert engine.changed(there, {}) == {"region": "replace"}
    assert engine.changed(here, {"region": "eu-central-1"}) == {}
    found = engine.read(there)
    assert found is not None
    assert found.state == there.state
    engine.delete(there)
    assert engine.read(there) is None
