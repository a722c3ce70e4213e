"""Check, diff, previews, secrets, names: what needs no Google Cloud, and must ask none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.gcp import client as gcp
from sandbox.gcp.provider.account import AMBIENT
from sandbox.gcp.provider.plugin import PLUGIN
from sandbox.gcp.provider.resources import TABLE
from sandbox.plugin.wire import UNKNOWN, Secret, decode, encode
from tests.support.provider_engine import Engine, RefusedError, Standing, configured
from tests.unit.sandbox.gcp.test_provider_lives import (
    ACCOUNT,
    ADDRESS,
    AUTHORIZATION,
    CERTIFICATE,
    ENTRY,
    GLOBAL,
    MAP,
    OWN,
    POLICY,
    RECORD,
    ZONE,
    ZONE_MEMBER,
)

ROOT = Path(__file__).parents[4]
MANAGED = {"domains": ["shop.example"], "dnsAuthorizations": ["projects/shop-1/locations/global/dnsAuthorizations/a"]}
WWW = {"managedZone": "z", "name": "www.shop.example.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"]}


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A provider whose Google Cloud is nowhere: a question would fail."""
    key = tmp_path_factory.mktemp("key") / "key.json"
    gcp.write_key(key, "http://127.0.0.1:1", "shop-1")
    with configured(PLUGIN, gcp.environment("http://127.0.0.1:1", key), {"region": "europe-west3"}) as made:
        yield made


def standing(engine: Engine, kind: str, inputs: dict[str, Any], **state: Any) -> Standing:
    checked = engine.checked(kind, inputs)
    return Standing(kind, "id", checked, {**{key: value for key, value in checked.items() if key != "__defaults"}, **state})


@pytest.mark.parametrize(
    ("kind", "inputs", "wrong"),
    [
        (ADDRESS, {"networkTier": "Premium"}, {"networkTier"}),
        (ADDRESS, {"ipv6EndpointType": "LB"}, {"ipv6EndpointType"}),
        (GLOBAL, {"networkTier": "PREMIUM"}, {"networkTier"}),
        (GLOBAL, {"ipVersion": "6"}, {"ipVersion"}),
        (ZONE, {}, {"dnsName"}),
        (ZONE, {"dnsName": "shop.example"}, {"dnsName"}),
        (ZONE, {"dnsName": "shop.example.", "peeringConfig": {}}, {"peeringConfig"}),
        (RECORD, {**WWW, "name": "www.shop.example"}, {"name"}),
        (RECORD, {**WWW, "ttl": "60"}, {"ttl"}),
        (RECORD, {name: WWW[name] for name in WWW if name != "rrdatas"}, {"rrdatas"}),
        (POLICY, {"minTlsVersion": "1.2"}, {"minTlsVersion"}),
        (POLICY, {"profile": "CUSTOM"}, {"customFeatures"}),
        (POLICY, {"profile": "MODERN", "customFeatures": ["TLS_AES_128_GCM_SHA256"]}, {"customFeatures"}),
        (CERTIFICATE, {}, {"managed"}),
        (CERTIFICATE, {"managed": MANAGED, "selfManaged": {}}, {"managed"}),
        (ENTRY, {"map": "m", "certificates": ["c"]}, {"hostname"}),
        (ENTRY, {"map": "m", "certificates": ["c"], "hostname": "h.example", "matcher": "PRIMARY"}, {"hostname"}),
        (OWN, {"certificate": "pem"}, {"privateKey"}),
        (ZONE_MEMBER, {"managedZone": "z", "role": "roles/dns.admin"}, {"member"}),
    ],
)  # fmt: skip
def test_wrong_inputs(offline: Engine, kind: str, inputs: dict[str, Any], wrong: set[str]) -> None:
    assert offline.check(kind, inputs)[1].keys() == wrong


@pytest.mark.parametrize("kind", TABLE)
def test_unknown_inputs_are_right(offline: Engine, kind: str) -> None:
    required = {name: UNKNOWN for name, field in TABLE[kind].fields.items() if field.required}
    extras = {
        CERTIFICATE: {"managed": UNKNOWN},
        ENTRY: {"hostname": UNKNOWN},
        OWN: {"privateKey": UNKNOWN},
        RECORD: {"rrdatas": UNKNOWN},
    }
    given = {**required, **extras.get(kind, {})}
    inputs, failures = offline.check(kind, given)
    assert failures == {}
    assert {name: inputs[name] for name in given} == given
    plan = offline.preview(kind, given)
    told = {"effectiveLabels", "pulumiLabels"}  # known before: the program's and the provider's
    assert all(plan[name] is UNKNOWN for name in TABLE[kind].computed if name not in told)


def test_a_preview_asks_nobody_and_knows_what_can_be_known(offline: Engine) -> None:
    plan = offline.preview(ADDRESS, {"name": "door", "networkTier": "STANDARD", "labels": {"a": UNKNOWN}})
    assert (plan["name"], plan["project"], plan["region"], plan["networkTier"]) == ("door", "shop-1", "europe-west3", "STANDARD")
    assert plan["address"] is plan["selfLink"] is UNKNOWN
    assert plan["effectiveLabels"] == plan["pulumiLabels"] == {"goog-pulumi-provisioned": "true", "a": UNKNOWN}
    assert offline.preview(AUTHORIZATION, {"domain": "shop.example"})["dnsResourceRecords"] is UNKNOWN
    assert offline.preview(ZONE, {"dnsName": "shop.example."})["nameServers"] is UNKNOWN
    assert offline.preview(ACCOUNT, {"accountId": "door-1"})["email"] is UNKNOWN


def test_preview_of_an_update_keeps_what_stays(offline: Engine) -> None:
    thing = standing(offline, GLOBAL, {"name": "door"}, address="192.0.2.1", selfLink="there", project="shop-1")
    news = offline.checked(GLOBAL, {"name": "door", "labels": {"a": "b"}})
    request = provider_pb2.UpdateRequest(
        id="id", urn=offline.urn(GLOBAL, "shop"), olds=encode(thing.state), news=encode(news), preview=True
    )
    plan = decode(offline.ask("Update", request).properties)
    assert (plan["address"], plan["selfLink"], plan["pulumiLabels"]) == ("192.0.2.1", "there", {"a": "b"})


@pytest.mark.parametrize(
    ("kind", "base", "news", "changes"),
    [
        (RECORD, WWW, {"type": "AAAA", "rrdatas": ["2001:db8::1"]}, {"type": "update", "rrdatas": "update"}),
        (RECORD, WWW, {"rrdatas": [UNKNOWN]}, {"rrdatas": "update"}),
        (RECORD, WWW, {"managedZone": UNKNOWN}, {"managedZone": "replace"}),
        (RECORD, WWW, {"project": "shop-2"}, {"project": "replace"}),
        (ADDRESS, {"name": "a"}, {"ipVersion": "IPV6", "ipv6EndpointType": "NETLB", "subnetwork": "default"},
                  {"ipVersion": "replace", "ipv6EndpointType": "replace", "subnetwork": "replace"}),
        (ADDRESS, {"name": "a"}, {"region": "europe-west4"}, {"region": "replace"}),
        (ZONE, {"name": "z", "dnsName": "shop.example."}, {"forceDestroy": True, "deletionPolicy": "ABANDON"},
               {"forceDestroy": "update", "deletionPolicy": "update"}),
        (ZONE, {"name": "z", "dnsName": "shop.example.", "dnssecConfig": {"state": "on"}}, {"dnssecConfig": {"state": "off"}},
               {"dnssecConfig": "update"}),
        (POLICY, {"name": "p"}, {"minTlsVersion": "TLS_1_3", "profile": "RESTRICTED"},
                 {"minTlsVersion": "update", "profile": "update"}),
        (CERTIFICATE, {"name": "c", "managed": MANAGED}, {"managed": {**MANAGED, "domains": ["shop.example", "*.shop.example"]}},
                      {"managed": "replace"}),
        (ENTRY, {"name": "e", "map": "m", "hostname": "h.example", "certificates": ["c1"]}, {"certificates": ["c2"]},
                {"certificates": "update"}),
        (OWN, {"name": "o", "certificate": "pem", "privateKey": "key"}, {"privateKey": "another"}, {"privateKey": "replace"}),
        (ZONE_MEMBER, {"managedZone": "z", "role": "roles/dns.admin", "member": "user:a@b.example"}, {"role": "roles/dns.reader"},
                      {"role": "replace"}),
        (MAP, {"name": "m"}, {"description": "gate", "labels": {"a": "b"}},
              {"description": "update", "labels": "update"}),
    ],
)  # fmt: skip
def test_what_is_changed_in_place_and_what_is_made_anew(
    offline: Engine, kind: str, base: dict[str, Any], news: dict[str, Any], changes: dict[str, str]
) -> None:
    places = {"project": "shop-1", "region": "europe-west3"}
    state = {name: value for name, value in places.items() if name in TABLE[kind].fields}
    assert offline.changed(standing(offline, kind, base, **state), {**base, **news}) == changes


@pytest.mark.parametrize(
    ("kind", "base", "state", "news"),
    [
        (RECORD, WWW, {"rrdatas": ["a", "b"]}, {"rrdatas": ["b", "a"]}),
        (RECORD, {**WWW, "type": "TXT"}, {"rrdatas": ['"heritage=x"']}, {"rrdatas": ["heritage=x"]}),
        (RECORD, WWW, {"managedZone": "z"}, {"managedZone": "projects/shop-1/managedZones/z"}),
        (ADDRESS, {"name": "a"}, {"subnetwork": "https://www.googleapis.com/compute/v1/projects/p/regions/r/subnetworks/default"},
                  {"subnetwork": "default"}),
        (ADDRESS, {"name": "a"}, {"networkTier": "PREMIUM", "address": "192.0.2.1"}, {}),
        (GLOBAL, {"name": "a"}, {"ipVersion": "IPV4"}, {}),
        (ZONE, {"name": "z", "dnsName": "shop.example."}, {"dnssecConfig": {"state": "on", "nonExistence": "nsec3"}},
               {"dnssecConfig": {"state": "on"}}),
        (CERTIFICATE, {"name": "c", "managed": MANAGED}, {"managed": {**MANAGED, "state": "ACTIVE"}, "scope": "DEFAULT"}, {}),
        (ENTRY, {"name": "e", "map": "m", "hostname": "h.example", "certificates": ["c"]},
                {"certificates": ["projects/shop-1/locations/global/certificates/c"]}, {}),
        (POLICY, {"name": "p", "profile": "CUSTOM", "customFeatures": ["A", "B"]}, {}, {"customFeatures": ["B", "A"]}),
        (MAP, {"name": "m", "labels": {}}, {}, {"labels": None}),
    ],
)  # fmt: skip
def test_means_the_same(offline: Engine, kind: str, base: dict[str, Any], state: dict[str, Any], news: dict[str, Any]) -> None:
    assert offline.changed(standing(offline, kind, base, **state), {**base, **news}) == {}


def test_other_default_labels_are_a_change(offline: Engine) -> None:
    engine = Engine(PLUGIN, {"region": "europe-west3", "defaultLabels": {"owner": "platform"}})
    thing = standing(offline, MAP, {"name": "m"}, pulumiLabels={}, effectiveLabels={"else": "x"})
    assert engine.changed(thing, {"name": "m"}) == {"pulumiLabels": "update"}
    thing.state |= {"pulumiLabels": {"owner": "platform"}}
    assert engine.changed(thing, {"name": "m"}) == {}
    engine.close()


def test_names_as_google_takes_them(offline: Engine) -> None:
    inputs = offline.checked(GLOBAL, {})
    prefix, _, suffix = inputs["name"].partition("-")
    assert (prefix, len(suffix), int(suffix, 16) >= 0) == ("shop", 7, True)
    assert offline.checked(GLOBAL, {}, inputs)["name"] == inputs["name"], "kept"
    assert "name" in offline.check(GLOBAL, {}, name="n" * 60)[1]
    assert "accountId" in offline.check(ACCOUNT, {}, name="n" * 25)[1], "an account's id is shorter"


def test_delete_before_replace_only_where_names_collide(offline: Engine) -> None:
    thing = standing(offline, ADDRESS, {"name": "door"}, region="europe-west3", project="shop-1")
    assert offline.diff(thing, {"name": "door", "networkTier": "STANDARD"}).deleteBeforeReplace
    assert not offline.diff(thing, {"name": "gate", "networkTier": "STANDARD"}).deleteBeforeReplace
    managed = standing(offline, CERTIFICATE, {"name": "one", "managed": MANAGED})
    others = {"managed": {**MANAGED, "domains": ["*.shop.example"]}}
    assert not offline.diff(managed, {"name": "two", **others}).deleteBeforeReplace


def test_keys_stay_secret(offline: Engine) -> None:
    plan = offline.preview(OWN, {"name": "own", "certificate": "pem", "privateKey": Secret("key")})
    assert plan["privateKey"] == Secret("key")


def test_the_environment_says_where(offline: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [variable for variables in AMBIENT.values() for variable in variables]:
        monkeypatch.delenv(variable, raising=False)
    empty = provider_pb2.CheckRequest(news=encode({}))
    assert decode(offline.ask("CheckConfig", empty).inputs) == {}
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "shop-2")
    monkeypatch.setenv("GOOGLE_REGION", "europe-west4")
    assert decode(offline.ask("CheckConfig", empty).inputs) == {"project": "shop-2", "region": "europe-west4"}
    given = provider_pb2.CheckRequest(news=encode({"project": "shop-3"}))
    assert decode(offline.ask("CheckConfig", given).inputs)["project"] == "shop-3"


def test_without_a_project_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [variable for variables in AMBIENT.values() for variable in variables]:
        monkeypatch.delenv(variable, raising=False)
    engine = Engine(PLUGIN, {})
    assert engine.preview(ZONE, {"dnsName": "shop.example."})["project"] is UNKNOWN
    with pytest.raises(RefusedError, match="project: required field is not set"):
        engine.invoke("gcp:dns/getManagedZones:getManagedZones")
    engine.close()


def test_unknown_types(offline: Engine) -> None:
    with pytest.raises(RefusedError, match="unknown resource type gcp:storage/bucket:Bucket; this provider has: gcp:certificate"):
        offline.check("gcp:storage/bucket:Bucket", {})
    with pytest.raises(RefusedError, match="unknown function gcp:storage/getBucket:getBucket; this provider has"):
        offline.invoke("gcp:storage/getBucket:getBucket")


def test_starting_imports_none_of_google_s_clients() -> None:
    code = "import sys, sandbox.gcp.provider.__main__; sys.exit('googleapiclient' in sys.modules or 'google.auth' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
