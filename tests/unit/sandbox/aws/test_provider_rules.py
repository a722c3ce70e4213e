"""Check, diff, previews, secrets, names: what needs no AWS, and must ask none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.aws.provider.document import document
from sandbox.aws.provider.plugin import PLUGIN
from sandbox.aws.provider.resources import TABLE
from sandbox.plugin.call import duration
from sandbox.plugin.wire import UNKNOWN, Secret, decode, encode
from tests.support.provider_engine import Engine, RefusedError, Standing, configured
from tests.unit.sandbox.aws.test_provider_lives import ALLOW, CERTIFICATE, EIP, POLICY, RECORD, ROLE, TRUST, VALIDATION, ZONE

PROJECT = Path(__file__).parents[4]
ALIAS = {"name": "lb.example", "zoneId": "Z", "evaluateTargetHealth": True}
READ = json.loads(ALLOW)
WEIGHTED, SANS = "weightedRoutingPolicies", "subjectAlternativeNames"


@pytest.fixture(scope="module")
def offline() -> Iterator[Engine]:
    """A provider whose AWS is nowhere: a question would fail, and take long to."""
    with configured(PLUGIN, {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, {"region": "eu-central-1"}) as made:
        yield made


def standing(kind: str, inputs: dict[str, Any], **state: Any) -> Standing:
    return Standing(kind, "id", inputs, {**inputs, **state})


@pytest.mark.parametrize(
    ("kind", "inputs", "wrong"),
    [
        (EIP, {"domian": "vpc"}, {"domian"}),
        (EIP, {"domain": "vcp"}, {"domain"}),
        (RECORD, {"name": "a", "type": "A", "ttl": 60, "records": ["1"]}, {"zoneId"}),
        (RECORD, {"zoneId": "Z", "name": "a", "type": "AX", "ttl": 60, "records": ["1"]}, {"type"}),
        (RECORD, {"zoneId": "Z", "name": "a", "type": "A"}, {"aliases"}),
        (RECORD, {"zoneId": "Z", "name": "a", "type": "A", "ttl": "60", "records": ["1"]}, {"ttl"}),
        (RECORD, {"zoneId": "Z", "name": "a", "type": "A", "ttl": 60, "aliases": [ALIAS]}, {"ttl"}),
        (RECORD, {"zoneId": "Z", "name": "a", "type": "A", "ttl": 1, "records": ["1"], WEIGHTED: [{"weight": 1}]}, {WEIGHTED}),
        (CERTIFICATE, {"validationMethod": "DNS"}, {"domainName"}),
        (CERTIFICATE, {"domainName": "shop.example.", "validationMethod": "DNS"}, {"domainName"}),
        (CERTIFICATE, {"domainName": "shop.example", "validationMethod": "dns"}, {"validationMethod"}),
        (VALIDATION, {}, {"certificateArn"}),
        (ROLE, {"assumeRolePolicy": "{"}, {"assumeRolePolicy"}),
        (ROLE, {"assumeRolePolicy": TRUST, "maxSessionDuration": 60}, {"maxSessionDuration"}),
        (POLICY, {"policy": UNKNOWN, "tags": ["a"]}, {"tags"}),
    ],
)  # fmt: skip
def test_wrong_inputs(offline: Engine, kind: str, inputs: dict[str, Any], wrong: set[str]) -> None:
    assert offline.check(kind, inputs)[1].keys() == wrong


@pytest.mark.parametrize("kind", TABLE)
def test_unknown_inputs_are_right(offline: Engine, kind: str) -> None:
    required = {name: UNKNOWN for name, field in TABLE[kind].fields.items() if field.required}
    extras: dict[str, dict[str, Any]] = {
        RECORD: {"records": UNKNOWN, "ttl": UNKNOWN},
        CERTIFICATE: {"domainName": UNKNOWN, "validationMethod": "DNS"},
    }
    more = extras.get(kind, {})
    inputs, failures = offline.check(kind, {**required, **more})
    assert failures == {}
    assert {name: inputs[name] for name in required} == required
    plan = offline.preview(kind, {**required, **more})
    assert all(plan[name] is UNKNOWN for name in TABLE[kind].computed)


def test_preview(offline: Engine) -> None:
    plan = offline.preview(
        CERTIFICATE, {"domainName": "shop.example", "subjectAlternativeNames": ["*.shop.example"], "validationMethod": "DNS"}
    )
    assert plan["arn"] is UNKNOWN
    assert plan["region"] == "eu-central-1"
    assert plan["tagsAll"] == {}
    options = plan["domainValidationOptions"]
    assert {option["domainName"] for option in options} == {"shop.example", "*.shop.example"}
    assert all(option["resourceRecordName"] is UNKNOWN for option in options)
    partly = offline.preview(RECORD, {"zoneId": UNKNOWN, "name": "a", "type": "A", "ttl": 60, "records": ["192.0.2.1", UNKNOWN]})
    assert partly["records"] == ["192.0.2.1", UNKNOWN]
    assert partly["fqdn"] is UNKNOWN


def test_preview_of_an_update_keeps_what_stays(offline: Engine) -> None:
    thing = standing(EIP, {"domain": "vpc"}, publicIp="192.0.2.1", allocationId="eipalloc-1", tagsAll={}, region="eu-central-1")
    news = offline.checked(EIP, {"domain": "vpc", "tags": {"a": UNKNOWN}})
    request = provider_pb2.UpdateRequest(
        id="id", urn=offline.urn(EIP, "shop"), olds=encode(thing.state), news=encode(news), preview=True
    )
    plan = decode(offline.ask("Update", request).properties)
    assert (plan["publicIp"], plan["tagsAll"]) == ("192.0.2.1", {"a": UNKNOWN})


def test_an_unknown_value_is_a_change(offline: Engine) -> None:
    thing = standing(RECORD, {"zoneId": "Z", "name": "a", "type": "A", "ttl": 60, "records": ["192.0.2.1"]})
    assert offline.changed(thing, {**thing.inputs, "records": [UNKNOWN]}) == {"records": "update"}
    assert offline.changed(thing, {**thing.inputs, "zoneId": UNKNOWN}) == {"zoneId": "replace"}


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        (ZONE, {"name": "shop.example"}, {"name": "Shop.Example."}),
        (RECORD, {"name": "www.shop.example"}, {"name": "WWW.shop.example."}),
        (RECORD, {"records": ["a", "b"]}, {"records": ["b", "a"]}),
        (RECORD, {"aliases": [ALIAS]}, {"aliases": [{**ALIAS, "name": "dualstack.LB.example."}]}),
        (CERTIFICATE, {SANS: ["a.example", "b.example"]}, {SANS: ["b.example"]}),
        (CERTIFICATE, {"options": {"certificateTransparencyLoggingPreference": "ENABLED", "export": "DISABLED"}},
                      {"options": {"certificateTransparencyLoggingPreference": "ENABLED"}}),
        (POLICY, {"policy": ALLOW}, {"policy": json.dumps({**READ, "Statement": [READ["Statement"]]}, indent=2)}),
        (EIP, {"tags": {}}, {"tags": None}),
    ],
)  # fmt: skip
def test_means_the_same(offline: Engine, kind: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    base = {
        RECORD: {"zoneId": "Z", "name": "a", "type": "A"},
        CERTIFICATE: {"domainName": "a.example", "validationMethod": "DNS"},
        ZONE: {},
        EIP: {},
    }
    inputs = {**base.get(kind, {}), **old}
    if kind == RECORD and "aliases" not in inputs:
        inputs |= {"ttl": 60, "records": inputs.get("records", ["a"])}
    thing = Standing(kind, "id", offline.checked(kind, inputs), {})
    thing.state = {key: value for key, value in thing.inputs.items() if key != "__defaults"}
    assert offline.changed(thing, {**inputs, **new}) == {}


def test_documents() -> None:
    assert document('{"Principal": "*"}', '{"Principal": {"AWS": "*"}}')
    assert document('{"Action": ["a", "b"]}', '{"Action": ["b", "a"]}')
    assert not document('{"Action": ["a", "b"]}', '{"Action": ["a"]}')
    assert not document(ALLOW, ALLOW.replace("Allow", "Deny"))


def test_detailed_diff(offline: Engine) -> None:
    thing = standing(EIP, {"domain": "vpc", "tags": {"a": "1", "b/c": "2"}}, region="eu-central-1")
    answer = offline.diff(thing, {"domain": "standard", "tags": {"a": "2", "d": "3"}})
    kinds = {path: provider_pb2.PropertyDiff.Kind.Name(detail.kind) for path, detail in answer.detailedDiff.items()}
    assert kinds == {"domain": "UPDATE_REPLACE", "tags.a": "UPDATE", 'tags["b/c"]': "DELETE", "tags.d": "ADD"}


def test_names(offline: Engine) -> None:
    inputs = offline.checked(ROLE, {"assumeRolePolicy": TRUST})
    prefix, _, suffix = inputs["name"].partition("-")
    assert (prefix, len(suffix), int(suffix, 16) >= 0) == ("shop", 7, True)
    assert inputs["__defaults"] == ["forceDetachPolicies", "maxSessionDuration", "name", "path"]
    assert offline.checked(ROLE, {"assumeRolePolicy": TRUST}, inputs)["name"] == inputs["name"], "kept"
    given = offline.checked(ROLE, {"assumeRolePolicy": TRUST, "name": "mine"}, inputs)
    assert given["name"] == "mine"
    assert offline.checked(ROLE, {"assumeRolePolicy": TRUST}, given)["name"] != "mine", "a given name that goes is replaced"
    assert "name" not in offline.checked(ROLE, {"assumeRolePolicy": TRUST, "namePrefix": "x-"})
    seeded = [offline.check(ROLE, {"assumeRolePolicy": TRUST}, randomSeed=b"seed")[0]["name"] for _ in range(2)]
    assert seeded[0] == seeded[1]
    assert "name" in offline.check(ROLE, {"assumeRolePolicy": TRUST}, name="n" * 60)[1]
    rule = provider_pb2.CheckRequest.AutonamingOptions(
        proposed_name="proposed", mode=provider_pb2.CheckRequest.AutonamingOptions.ENFORCE
    )
    assert offline.check(ROLE, {"assumeRolePolicy": TRUST}, autonaming=rule)[0]["name"] == "proposed"


def test_delete_before_replace_only_where_names_collide(offline: Engine) -> None:
    named = offline.checked(ROLE, {"assumeRolePolicy": TRUST, "name": "mine"})
    thing = Standing(ROLE, "mine", named, {**named, "tagsAll": {}})
    assert offline.diff(thing, {"assumeRolePolicy": TRUST, "name": "mine", "path": "/x/"}).deleteBeforeReplace
    assert not offline.diff(thing, {"assumeRolePolicy": TRUST, "name": "other", "path": "/x/"}).deleteBeforeReplace
    attachment = standing("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "a", "policyArn": "b"})
    assert offline.diff(attachment, {"role": "a", "policyArn": "c"}).deleteBeforeReplace
    assert not offline.diff(attachment, {"role": "a", "policyArn": "b"}).deleteBeforeReplace


def test_secrets_stay_secret(offline: Engine) -> None:
    inputs = offline.checked(
        RECORD, {"zoneId": Secret("Z"), "name": "a", "type": "TXT", "ttl": 60, "records": [Secret("x"), "y"]}
    )
    assert inputs["zoneId"] == Secret("Z")
    assert inputs["records"] == [Secret("x"), "y"]
    plan = offline.preview(RECORD, inputs)
    assert (plan["zoneId"], plan["records"]) == (Secret("Z"), Secret(["x", "y"]))


def test_the_wire() -> None:
    output = {"4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": "v", "dependencies": ["urn"]}
    reference = {"4dabf18193072939515e22adb298388d": "5cf8f73096256a8f31e491e813e4eb8e", "urn": "urn:x", "id": "i"}
    given = {
        "a": output,
        "b": {**output, "secret": True},
        "c": [{key: output[key] for key in output if key != "value"}],
        "d": reference,
    }
    assert decode(encode(given)) == {"a": "v", "b": Secret("v"), "c": [UNKNOWN], "d": "i"}
    same = {"n": 1, "f": 1.5, "t": True, "s": "x", "z": None, "l": [{}, []], "o": {"u": UNKNOWN}, "e": Secret({"k": ["v"]})}
    assert decode(encode(same)) == same


def test_configuration(monkeypatch: pytest.MonkeyPatch, offline: Engine) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    request = provider_pb2.CheckRequest(news=encode({"skipRegionValidation": "true", "whatever": "1"}))
    assert [failure.property for failure in offline.ask("CheckConfig", request).failures] == ["region"]
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    answer = offline.ask("CheckConfig", request)
    assert not answer.failures
    assert decode(answer.inputs)["region"] == "eu-west-1"
    changed = provider_pb2.DiffRequest(olds=encode({"region": "a"}), news=encode({"region": "b"}))
    assert offline.ask("DiffConfig", changed).diffs == ["region"]


def test_a_region_known_later_is_said_so() -> None:
    engine = Engine(PLUGIN, {"region": UNKNOWN})
    assert engine.preview(EIP, {})["region"] is UNKNOWN
    with pytest.raises(RefusedError, match="region is not known yet"):
        engine.invoke("aws:index/getCallerIdentity:getCallerIdentity")
    engine.close()


def test_unknown_types(offline: Engine) -> None:
    with pytest.raises(RefusedError, match="unknown resource type aws:s3/bucket:Bucket; this provider has: aws:acm/certificate"):
        offline.check("aws:s3/bucket:Bucket", {})
    with pytest.raises(RefusedError, match="unknown function aws:s3/getBucket:getBucket; this provider has"):
        offline.invoke("aws:s3/getBucket:getBucket")


@pytest.mark.parametrize(
    ("seconds", "text"), [(4500, "1h15m0s"), (30, "30s"), (90.5, "1m30.5s"), (0.25, "0.25s"), (3600, "1h0m0s")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_process_says_its_port_and_ends_at_once(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "sandbox.aws.provider"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 1023
        began = time.monotonic()
        os.kill(process.pid, number)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 2


def test_process_ends_when_the_engine_is_gone() -> None:
    start = "p = subprocess.Popen([sys.executable, '-m', 'sandbox.aws.provider'])"
    code = f"import subprocess, sys; {start}; print(p.pid, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as engine:
        assert engine.stdout is not None
        pid = int(engine.stdout.readline())
        assert int(engine.stdout.readline()) > 1023
        engine.kill()
        engine.wait()
    for _ in range(100):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("it runs on")


def test_starting_imports_no_boto3() -> None:
    code = "import sys, sandbox.aws.provider.__main__; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0
