"""What the provider gives is what the SDK's classes read, by the SDK's own account of itself."""

from __future__ import annotations

import builtins
import importlib
import importlib.metadata
import inspect
import re
from pathlib import Path
from typing import Any

import pulumi_gcp
import pytest

from sandbox.gcp.provider import VERSION, lookups
from sandbox.gcp.provider.resources import TABLE
from tests.unit.sandbox.aws.provider_engine import Engine
from tests.unit.sandbox.gcp.test_provider_lives import CASES, GLOBAL, ZONE, Case, engine, number  # noqa: F401 -- a fixture

SDK = Path(pulumi_gcp.__file__).parent


def sdk_class(token: str) -> type:
    _, module, name = token.split(":")
    return getattr(importlib.import_module(f"pulumi_gcp.{module.split('/')[0]}"), name)  # type: ignore[no-any-return]


def names_of(kind: type) -> dict[str, str]:
    """Names in Python of all documented properties, to their names on the wire."""
    members = {name: member.fget for name, member in inspect.getmembers(kind) if isinstance(member, builtins.property)}
    return {
        name: getattr(getter, "_pulumi_name", name)
        for name, getter in members.items()
        if name not in ("id", "urn") and not name.startswith("pulumi_resource")
    }


def result_keys(token: str) -> set[str]:
    """Names on the wire of all outputs of a function."""
    _, module, _ = token.split(":")
    folder, _, stem = module.partition("/")
    file = re.sub(r"([A-Z])", r"_\1", stem).lower()
    text = (SDK / folder / f"{file}.py").read_text()
    body = text[text.index("Result:\n") : text.index("class Awaitable")]
    found = re.findall(r'@pulumi\.getter(?:\(name="(\w+)"\))?\n(?:    @_utilities.*\n)?    def (\w+)\(self\)', body)
    return {wire or name for wire, name in found}


def test_version_is_the_sdk_s() -> None:
    assert importlib.metadata.version("pulumi_gcp") == VERSION


@pytest.mark.parametrize("type_name", TABLE)
def test_inputs_are_the_sdk_s(type_name: str) -> None:
    kind = sdk_class(type_name)
    source = inspect.getsource(kind._internal_init)  # type: ignore[attr-defined]
    given = set(re.findall(r'__props__\.__dict__\["(\w+)"\] = (?!None\n)', source))
    wire = names_of(kind)
    assert set(TABLE[type_name].fields) == {wire[name] for name in given}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type.split("/", 1)[-1])
def test_no_output_is_missing(case: Case, engine: Engine) -> None:  # noqa: F811
    documented = set(names_of(sdk_class(case.type)).values())
    wanted = case.inputs(engine)
    assert engine.create(case.type, wanted, name=f"s{next(number)}").state.keys() == documented
    plan = engine.preview(case.type, wanted)
    assert set(plan) <= documented, "a preview promises nothing that does not come"
    assert documented - set(TABLE[case.type].fields) <= set(plan), "what an update will tell is there, if unknown"


def test_lookups_are_the_sdk_s(engine: Engine) -> None:  # noqa: F811
    engine.create(GLOBAL, {"name": "looked-up"})
    engine.create("gcp:compute/address:Address", {"name": "looked-up"})
    zone = engine.create(ZONE, {"name": "looked-up", "dnsName": "lookup.example."})
    asked: dict[str, dict[str, Any]] = {
        "gcp:compute/getAddress:getAddress": {"name": "looked-up"},
        "gcp:compute/getGlobalAddress:getGlobalAddress": {"name": "looked-up"},
        "gcp:container/getCluster:getCluster": {"name": "sandbox", "location": "europe-west3"},
        "gcp:dns/getManagedZone:getManagedZone": {"name": "looked-up"},
        "gcp:organizations/getClientConfig:getClientConfig": {},
        "gcp:organizations/getProject:getProject": {},
    }
    assert asked.keys() >= lookups.TABLE.keys()
    answers = {token: engine.invoke(token, **asked[token]) for token in lookups.TABLE}
    for token, answer in answers.items():
        assert answer.keys() == result_keys(token), token
    assert answers["gcp:dns/getManagedZone:getManagedZone"]["nameServers"] == zone.state["nameServers"]
    assert answers["gcp:organizations/getClientConfig:getClientConfig"]["project"] == "sandbox-project"
