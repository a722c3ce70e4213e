"""A whole life of each type, against the twin: made, no change, no drift, drift, changed, imported, deleted twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sandbox.gcp import client as gcp
from sandbox.gcp.provider.plugin import PLUGIN
from sandbox.gcp.provider.resources import TABLE
from sandbox.pki import Authority
from tests.support.provider_engine import Engine, RefusedError, Standing, configured

number = count(1)
ADDRESS, GLOBAL = "gcp:compute/address:Address", "gcp:compute/globalAddress:GlobalAddress"
MANAGED, OWN = "gcp:compute/managedSslCertificate:ManagedSslCertificate", "gcp:compute/sSLCertificate:SSLCertificate"
POLICY, REGION_POLICY = "gcp:compute/sSLPolicy:SSLPolicy", "gcp:compute/regionSslPolicy:RegionSslPolicy"
ZONE, RECORD = "gcp:dns/managedZone:ManagedZone", "gcp:dns/recordSet:RecordSet"
MANAGER = "gcp:certificatemanager"
AUTHORIZATION, CERTIFICATE = f"{MANAGER}/dnsAuthorization:DnsAuthorization", f"{MANAGER}/certificate:Certificate"
MAP, ENTRY = f"{MANAGER}/certificateMap:CertificateMap", f"{MANAGER}/certificateMapEntry:CertificateMapEntry"


ACCOUNT, ACCOUNT_MEMBER = "gcp:serviceaccount/account:Account", "gcp:serviceaccount/iAMMember:IAMMember"
PROJECT_MEMBER, ZONE_MEMBER = "gcp:projects/iAMMember:IAMMember", "gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember"
WHO, ROLE = "group:door@shop.example", "roles/dns.admin"


@pytest.fixture(scope="module")
def engine(twin: Any) -> Iterator[Engine]:
    with configured(
        PLUGIN, gcp.environment(twin.endpoint, twin.key_file), {"region": "europe-west3", "defaultLabels": {"owner": "platform"}}
    ) as made:
        yield made


@dataclass
class Case:
    """How to live: inputs, what to change in place, and what needs a new one."""

    type: str
    inputs: Callable[[Engine], dict[str, Any]]
    change: dict[str, Any] = field(default_factory=dict)
    replace: dict[str, Any] = field(default_factory=dict)
    import_id: Callable[[Standing], str] = lambda thing: thing.id
    imports: bool = True


def fresh() -> str:
    return f"shop{next(number)}.example"


def record(engine: Engine) -> dict[str, Any]:
    name = fresh()
    zone = engine.create(ZONE, {"dnsName": f"{name}.", "forceDestroy": True}, name=f"z{next(number)}")
    return {"managedZone": zone.state["name"], "name": f"www.{name}.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"]}


def managed(engine: Engine) -> dict[str, Any]:
    name = fresh()
    proof = engine.create(AUTHORIZATION, {"domain": name}, name=f"a{next(number)}")
    return {"managed": {"domains": [name], "dnsAuthorizations": [proof.id]}, "description": "door"}


def entry(engine: Engine) -> dict[str, Any]:
    certificate = engine.create(CERTIFICATE, managed(engine), name=f"c{next(number)}")
    certificates = engine.create(MAP, {}, name=f"m{next(number)}")
    return {"map": certificates.state["name"], "hostname": fresh(), "certificates": [certificate.id]}


def pair(engine: Engine) -> dict[str, Any]:
    certificate = Path(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]).parent
    found = Authority(certificate, "own").pair
    return {"certificate": found.certificate.read_text(), "privateKey": found.key.read_text()}


def project(_: Engine) -> dict[str, Any]:
    return {"project": "sandbox-project", "role": ROLE, "member": WHO}


def account(engine: Engine) -> dict[str, Any]:
    made = engine.create(ACCOUNT, {}, name=f"account{next(number)}")
    return {"serviceAccountId": made.id, "role": "roles/iam.workloadIdentityUser", "member": WHO}


def member(engine: Engine) -> dict[str, Any]:
    zone = engine.create(ZONE, {"dnsName": f"{fresh()}."}, name=f"z{next(number)}")
    return {"managedZone": zone.state["name"], "role": ROLE, "member": WHO}


def by_words(thing: Standing) -> str:
    return thing.id.replace("/roles/", " roles/").replace(f"/{WHO}", f" {WHO}")


def test_every_type_has_a_life() -> None:
    assert {case.type for case in CASES} == TABLE.keys()


LABELS = {"labels": {"a": "b"}}
CASES = [
    Case(GLOBAL, lambda _: {"description": "door"}, LABELS, {"description": "gate", "ipVersion": "IPV6", "name": "other"}),
    Case(ADDRESS, lambda _: {"networkTier": "PREMIUM"}, LABELS, {"region": "europe-west4", "networkTier": "STANDARD"}),
    Case(MANAGED, lambda _: {"managed": {"domains": [fresh()]}}, {}, {"managed": {"domains": ["other.example"]}}),
    Case(
        POLICY,
        lambda _: {"minTlsVersion": "TLS_1_2", "profile": "MODERN"},
        {"profile": "RESTRICTED"},
        {"description": "other"},
    ),
    Case(
        REGION_POLICY,
        lambda _: {"minTlsVersion": "TLS_1_2", "profile": "MODERN"},
        {"minTlsVersion": "TLS_1_1"},
        {"description": "other", "region": "europe-west4"},
    ),
    Case(
        ZONE,
        lambda _: {"dnsName": f"{fresh()}.", "description": "door"},
        {"description": "gate", "dnssecConfig": {"state": "on"}, **LABELS},
        {"dnsName": "other.example.", "visibility": "private"},
    ),
    Case(RECORD, record, {"ttl": 120, "rrdatas": ["192.0.2.3", "192.0.2.4"]}, {"name": "api.example.", "managedZone": "other"}),
    Case(AUTHORIZATION, lambda _: {"domain": fresh()}, {"description": "gate", **LABELS}, {"domain": "other.example"}),
    Case(CERTIFICATE, managed, {"description": "gate"}, {"managed": {"domains": ["other.example"]}, "scope": "EDGE_CACHE"}),
    Case(MAP, lambda _: {"description": "door"}, {"description": "gate", **LABELS}, {"name": "other"}),
    Case(ACCOUNT, lambda _: {"displayName": "door"}, {"displayName": "gate"}, {"accountId": "other"}),
    Case(OWN, pair, {}, {"description": "other"}, imports=False),
    Case(
        PROJECT_MEMBER,
        project,
        {},
        {"role": "roles/other"},
        by_words,
    ),
    Case(ACCOUNT_MEMBER, account, {}, {"member": "user:a@b.example"}, by_words),
    Case(ZONE_MEMBER, member, {}, {"managedZone": "other"}, by_words),
    Case(ENTRY, entry, {"description": "gate"}, {"hostname": "other.example", "map": "other"}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type.rsplit(":", 1)[-1])
def test_life(case: Case, engine: Engine) -> None:
    wanted = case.inputs(engine)
    thing = engine.create(case.type, wanted, name=f"t{next(number)}")
    assert engine.changed(thing, wanted) == {}, "no change after create"

    found = engine.read(thing)
    assert found is not None
    assert (found.id, found.state, found.inputs) == (thing.id, thing.state, thing.inputs), "no drift"

    for name, value in case.replace.items():
        assert engine.changed(thing, {**wanted, name: value})[name] == "replace"

    if case.imports:  # a key of one's own cannot be read back
        imported = engine.imported(case.type, case.import_id(thing))
        assert imported is not None
        assert imported.id == thing.id
        chosen = {name: thing.state[name] for name in ("name", "accountId") if name in TABLE[case.type].fields}
        assert engine.changed(imported, {**wanted, **chosen}) == {}, "imported as it stands"

    if case.change:
        target = {**wanted, **case.change}
        assert engine.changed(thing, target) == dict.fromkeys(case.change, "update")
        thing = engine.update(thing, target)
        assert engine.changed(thing, target) == {}, "no change after update"
        found = engine.read(thing)
        assert found is not None
        assert (found.state, found.inputs) == (thing.state, thing.inputs), "no drift after update"

    engine.delete(thing)
    assert engine.read(thing) is None
    engine.delete(thing)


def test_labels(engine: Engine) -> None:
    thing = engine.create(MAP, {"labels": {"owner": "me"}}, name=f"t{next(number)}")
    assert thing.state["labels"] == {"owner": "me"}
    assert thing.state["effectiveLabels"] == {"goog-pulumi-provisioned": "true", "owner": "me"}
    assert engine.update(thing, {}).state["effectiveLabels"] == {"goog-pulumi-provisioned": "true", "owner": "platform"}


def test_what_must_stay_stays(engine: Engine) -> None:
    thing = engine.create(MAP, {"deletionPolicy": "PREVENT"}, name=f"t{next(number)}")
    with pytest.raises(RefusedError, match="without setting deletionPolicy"):
        engine.delete(thing)
    left = engine.update(thing, {"deletionPolicy": "ABANDON"})
    engine.delete(left)
    assert engine.read(left) is not None


def test_refusals_are_told_as_the_real_provider_tells_them(engine: Engine) -> None:
    thing = engine.create(GLOBAL, {"name": f"door{next(number)}"})
    with pytest.raises(RefusedError, match=r"Error creating GlobalAddress: googleapi: Error 409: .*alreadyExists"):
        engine.create(GLOBAL, {"name": thing.state["name"]})
