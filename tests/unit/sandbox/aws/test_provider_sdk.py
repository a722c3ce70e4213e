"""What the provider gives is what the SDK's classes read, by the SDK's own account of itself."""

from __future__ import annotations

import builtins
import importlib
import importlib.metadata
import inspect
import re
from pathlib import Path
from typing import Any

import pulumi_aws
import pytest

from sandbox.aws.provider import VERSION, lookups
from sandbox.aws.provider.resources import TABLE
from sandbox.aws.provider.schema import Resource
from tests.support.provider_engine import Engine
from tests.unit.sandbox.aws.test_provider_lives import CASES, Case, engine  # noqa: F401 -- a fixture

# The SDK's own modules use each other's old names.
pytestmark = pytest.mark.filterwarnings("ignore:.*has been deprecated in favor of:DeprecationWarning")

SDK = Path(pulumi_aws.__file__).parent


def sdk_class(token: str) -> type:
    _, module, name = token.split(":")
    return getattr(importlib.import_module(f"pulumi_aws.{module.split('/')[0]}"), name)  # type: ignore[no-any-return]


def outputs_of(kind: type) -> set[str]:
    """Names on the wire of all documented outputs."""
    getters = {name: member.fget for name, member in inspect.getmembers(kind) if isinstance(member, builtins.property)}
    return {
        getattr(getter, "_pulumi_name", name)
        for name, getter in getters.items()
        if name not in ("id", "urn") and not name.startswith("pulumi_")
    }


def result_keys(token: str) -> set[str]:
    """Names on the wire of all outputs of a function."""
    _, module, _ = token.split(":")
    folder, _, stem = module.partition("/")
    stem = re.sub(r"([A-Z])", r"_\1", stem or module).lower()
    file = SDK / ("" if folder == "index" else folder) / f"{stem}.py"
    text = file.read_text()
    body = (
        text[text.index("Result:\n") : text.index("class Awaitable")]
        if "Result:\n" in text
        else text[: text.index("class Awaitable")]
    )
    return {
        wire or name
        for wire, name in re.findall(r'@pulumi\.getter(?:\(name="(\w+)"\))?\n(?:    @_utilities.*\n)?    def (\w+)\(self\)', body)
    }


def test_version_is_the_sdk_s() -> None:
    assert importlib.metadata.version("pulumi_aws") == VERSION


@pytest.mark.parametrize("resource", TABLE.values(), ids=lambda resource: resource.type_name)
def test_inputs_are_the_sdk_s(resource: Resource) -> None:
    kind = sdk_class(resource.type_name)
    source = inspect.getsource(kind._internal_init)  # type: ignore[attr-defined]
    given = set(re.findall(r'__props__\.__dict__\["(\w+)"\] = (?!None\n)', source))
    wire = {
        getattr(member.fget, "_pulumi_name", name): name
        for name, member in inspect.getmembers(kind)
        if isinstance(member, builtins.property)
    }
    assert {wire[name] for name in resource.fields} == given


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type.rsplit(":", 1)[-1])
def test_no_output_is_missing(case: Case, engine: Engine) -> None:  # noqa: F811
    documented = outputs_of(sdk_class(case.type))
    wanted = case.inputs(engine)
    assert engine.create(case.type, wanted).state.keys() == documented
    plan = engine.preview(case.type, wanted)
    assert set(plan) <= documented, "a preview promises nothing that does not come"
    optional = set(TABLE[case.type].fields)
    assert documented - optional <= set(plan), "what an update will tell is there, if unknown"


def test_lookups_are_the_sdk_s(engine: Engine, twin: Any) -> None:  # noqa: F811
    ec2, elb = twin.client("ec2"), twin.client("elbv2")
    subnets = engine.invoke("aws:ec2/getSubnets:getSubnets", tags={"kubernetes.io/role/elb": "1"})["ids"]
    assert len(subnets) == 2
    balancer = elb.create_load_balancer(Name="door", Subnets=subnets)["LoadBalancers"][0]
    zone = engine.create("aws:route53/zone:Zone", {"name": "lookup.example"})
    issuer = engine.invoke("aws:eks/getCluster:getCluster", name="sandbox")["identities"][0]["oidcs"][0]["issuer"]
    asked: dict[str, dict[str, Any]] = {
        "aws:ec2/getSubnet:getSubnet": {"id": subnets[0]},
        "aws:ec2/getSubnets:getSubnets": {
            "filters": [{"name": "vpc-id", "values": [ec2.describe_subnets(SubnetIds=subnets)["Subnets"][0]["VpcId"]]}]
        },
        "aws:eks/getCluster:getCluster": {"name": "sandbox"},
        "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": {"url": issuer},
        "aws:index/getCallerIdentity:getCallerIdentity": {},
        "aws:index/getPartition:getPartition": {},
        "aws:index/getRegion:getRegion": {},
        "aws:lb/getLoadBalancer:getLoadBalancer": {"name": "door"},
        "aws:route53/getZone:getZone": {"name": "lookup.example."},
    }
    assert asked.keys() == lookups.TABLE.keys()
    answers = {token: engine.invoke(token, **args) for token, args in asked.items()}
    for token, answer in answers.items():
        assert answer.keys() == result_keys(token), token
    assert answers["aws:route53/getZone:getZone"]["zoneId"] == zone.id
    assert answers["aws:lb/getLoadBalancer:getLoadBalancer"]["arn"] == balancer["LoadBalancerArn"]
    assert (
        engine.invoke("aws:lb/getLoadBalancer:getLoadBalancer", arn=balancer["LoadBalancerArn"])
        == answers["aws:lb/getLoadBalancer:getLoadBalancer"]
    )
    assert answers["aws:index/getRegion:getRegion"]["description"] == "Europe (Frankfurt)"
    assert len(answers["aws:ec2/getSubnets:getSubnets"]["ids"]) == 4
    assert engine.invoke("aws:route53/getZone:getZone", zoneId=zone.id) == answers["aws:route53/getZone:getZone"]
