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
from tests.support.provider_engine import Engine
from tests.unit.sandbox.gcp.test_provider_lives import (
    AUTHORIZATION,
    CASES,
    CERTIFICATE,
    GLOBAL,
    POLICY,
    ZONE,
    Case,
    engine,  # noqa: F401 -- a fixture
    number,
)

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
    file = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", stem).replace("SSLPolicy", "SSL_Policy").lower()
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


def nested_keys(kind: type) -> dict[str, type | None]:
    """Names on the wire of one of the SDK's output classes, to the class of what is listed under them."""
    module = importlib.import_module(kind.__module__)
    found: dict[str, type | None] = {}
    for line in re.finditer(
        r'@pulumi\.getter(?:\(name="(\w+)"\))?\n(?:    @_utilities.*\n)?    def (\w+)\(self\) -> (.*):', inspect.getsource(kind)
    ):
        inner = re.search(r"'outputs\.(\w+)'", line[3])
        found[line[1] or line[2]] = getattr(module, inner[1]) if inner else None
    return found


def assert_whole(value: Any, kind: type) -> None:
    """What is given is all that a class of the SDK reads, at every depth."""
    expected = nested_keys(kind)
    assert value.keys() == expected.keys(), kind.__name__
    for name, inner in expected.items():
        for item in value[name] or () if inner else ():
            assert inner is not None
            assert_whole(item, inner)


def test_lookups_are_the_sdk_s(engine: Engine) -> None:  # noqa: F811
    engine.create(GLOBAL, {"name": "looked-up"})
    engine.create("gcp:compute/address:Address", {"name": "looked-up"})
    engine.create(POLICY, {"name": "looked-up"})
    zone = engine.create(ZONE, {"name": "looked-up", "dnsName": "lookup.example.", "dnssecConfig": {"state": "on"}})
    proof = engine.create(AUTHORIZATION, {"name": "looked-up", "domain": "lookup.example"})
    engine.create(CERTIFICATE, {"name": "looked-up", "managed": {"domains": ["lookup.example"], "dnsAuthorizations": [proof.id]}})
    asked: dict[str, dict[str, Any]] = {
        "gcp:certificatemanager/getCertificates:getCertificates": {"filter": "name:looked-up"},
        "gcp:certificatemanager/getDnsAuthorization:getDnsAuthorization": {"name": "looked-up"},
        "gcp:compute/getAddress:getAddress": {"name": "looked-up"},
        "gcp:compute/getGlobalAddress:getGlobalAddress": {"name": "looked-up"},
        "gcp:compute/getSSLPolicy:getSSLPolicy": {"name": "looked-up"},
        "gcp:container/getCluster:getCluster": {"name": "sandbox", "location": "europe-west3"},
        "gcp:dns/getKeys:getKeys": {"managedZone": zone.id},
        "gcp:dns/getManagedZone:getManagedZone": {"name": "looked-up"},
        "gcp:dns/getManagedZones:getManagedZones": {},
        "gcp:organizations/getClientConfig:getClientConfig": {},
        "gcp:organizations/getProject:getProject": {},
    }
    assert asked.keys() == lookups.TABLE.keys()
    for token, args in asked.items():
        answer = engine.invoke(token, **args)
        assert answer.keys() == result_keys(token), token
        _, module, name = token.split(":")
        outputs = importlib.import_module(f"pulumi_gcp.{module.partition('/')[0]}.outputs")
        for key, value in answer.items():
            for item in value if isinstance(value, list) else ():
                if isinstance(item, dict):
                    assert_whole(item, getattr(outputs, f"{name[0].upper()}{name[1:]}{singular(key)}Result"))


def singular(key: str) -> str:
    """The SDK's word for one of a list."""
    return key[0].upper() + key[1:].removesuffix("s")
