"""Waiting, giving up, what is left when something fails half-way, and what is refused while it is in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sandbox.gcp import client as gcp
from sandbox.gcp.provider.plugin import PLUGIN
from sandbox.plugin.wire import decode
from sandbox.twin import client as twins
from sandbox.twin.client import Fault
from tests.support.provider_engine import Engine, RefusedError, Standing
from tests.unit.sandbox.gcp.test_provider_lives import (
    ACCOUNT,
    ACCOUNT_MEMBER,
    ADDRESS,
    AUTHORIZATION,
    CERTIFICATE,
    ENTRY,
    GLOBAL,
    MAP,
    POLICY,
    PROJECT_MEMBER,
    RECORD,
    ZONE,
    ZONE_MEMBER,
    fresh,
    number,
)
from tests.unit.sandbox.gcp.test_provider_lives import engine as engine  # a fixture

PROJECT = "sandbox-project"
GONE_SINCE = "412: Precondition not met for 'entity.change.deletions\\[0\\]', conditionNotMet"


@pytest.fixture(autouse=True)
def no_faults(twin: Any) -> Iterator[None]:
    yield
    twins.clear_faults(twin.endpoint)


def name() -> str:
    return f"w{next(number)}"


def a_zone(engine: Engine, **more: Any) -> Standing:
    return engine.create(ZONE, {"name": name(), "dnsName": f"{fresh()}.", **more})


def a_record(zone: Standing, **more: Any) -> dict[str, Any]:
    where = {"managedZone": zone.state["name"], "name": f"www.{zone.state['dnsName']}"}
    return {**where, "type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"], **more}


def sets(twin: Any, zone: Standing) -> dict[str, list[str]]:
    """The data of a zone's records by type, its own left out."""
    api = twin.client("dns").resourceRecordSets()
    found = api.list(project=PROJECT, managedZone=zone.state["name"]).execute()["rrsets"]
    return {one["type"]: one["rrdatas"] for one in found if one["type"] not in ("NS", "SOA")}


def left(refused: Any, kind: str, inputs: dict[str, Any]) -> Standing:
    """The resource as a half-done operation leaves it to the engine."""
    partial = refused.value.partial
    assert partial is not None, refused.value
    return Standing(kind, partial.id, inputs, decode(partial.properties))


def test_a_late_error_is_told(own_twin: Callable[..., Any]) -> None:
    twin = own_twin(pool="127.40.0.64/32")
    twin.start()
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in gcp.environment(twin.endpoint, twin.key_file).items():
            patch.setenv(variable, value)
        engine = Engine(PLUGIN, {"region": "europe-west3"})
        engine.create(GLOBAL, {"name": "one"})
        with pytest.raises(
            RefusedError, match="Error creating GlobalAddress: Error code QUOTA_EXCEEDED, message: Quota 'STATIC_ADD"
        ):
            engine.create(GLOBAL, {"name": "two"})
        engine.close()


def test_waiting_ends_when_its_time_is_over(engine: Engine) -> None:
    with pytest.raises(RefusedError, match=r"timeout while waiting for state to become 'done' \(timeout: 0.05s\)"):
        engine.create(GLOBAL, {"name": name()}, timeout=0.05)


def test_waiting_ends_when_it_is_cancelled(twin: Any) -> None:
    engine = Engine(PLUGIN, {"region": "europe-west3", "project": PROJECT})
    engine.cancel()
    with pytest.raises(RefusedError, match="context canceled"):
        engine.create(GLOBAL, {"name": name()})
    engine.close()


def test_throttling_is_survived(engine: Engine, twin: Any) -> None:
    apis = ("compute", "dns", "certificatemanager", "iam", "cloudresourcemanager")
    twins.set_faults(twin.endpoint, [Fault(api, "throttling", count=1) for api in apis])
    engine.delete(engine.create(GLOBAL, {"name": name()}))
    engine.delete(engine.create(MAP, {"name": name()}))
    a_zone(engine)
    account = engine.create(ACCOUNT, {"accountId": f"account-{next(number)}"})
    member = {"project": PROJECT, "role": "roles/dns.reader", "member": account.state["member"]}
    engine.delete(engine.create(PROJECT_MEMBER, member))
    assert twins.faults(twin.endpoint) == []


def test_an_address_that_got_no_labels_stands_and_is_mended(engine: Engine, twin: Any) -> None:
    inputs = {"name": name()}
    twins.set_faults(twin.endpoint, [Fault("compute", "in-use", "globalAddresses.setLabels", count=1)])
    with pytest.raises(RefusedError, match="Error creating GlobalAddress 'projects/sandbox-project/global/addresses/") as refused:
        engine.create(GLOBAL, inputs)
    half = left(refused, GLOBAL, engine.checked(GLOBAL, inputs))
    assert half.state["address"]
    assert engine.changed(half, inputs) == {"pulumiLabels": "update"}
    assert engine.update(half, inputs).state["pulumiLabels"]["owner"] == "platform"


def test_records_that_are_there_give_way(engine: Engine, twin: Any) -> None:
    zone = a_zone(engine)
    body = {**a_record(zone, rrdatas=["192.0.2.99"], ttl=5), "kind": "dns#resourceRecordSet"}
    del body["managedZone"]
    twin.client("dns").resourceRecordSets().create(project=PROJECT, managedZone=zone.state["name"], body=body).execute()
    engine.create(RECORD, a_record(zone))
    assert sets(twin, zone) == {"A": ["192.0.2.1"]}


def test_records_change_their_type_in_place(engine: Engine, twin: Any) -> None:
    zone = a_zone(engine)
    thing = engine.create(RECORD, a_record(zone))
    target = a_record(zone, type="AAAA", rrdatas=["2001:db8::1"])
    thing = engine.update(thing, target)
    assert sets(twin, zone) == {"AAAA": ["2001:db8::1"]}
    found = engine.read(thing)
    assert found is not None
    assert (found.state, found.inputs) == (thing.state, thing.inputs), "no drift"
    engine.delete(thing)
    assert sets(twin, zone) == {}


def test_a_name_is_an_alias_or_has_addresses(engine: Engine) -> None:
    zone = a_zone(engine)
    engine.create(RECORD, a_record(zone))
    with pytest.raises(RefusedError, match="a CNAME resource record set cannot coexist"):
        engine.create(RECORD, a_record(zone, type="CNAME", rrdatas=["lb.example."]))


def test_records_that_others_have_changed_are_seen_before_they_are_written(engine: Engine, twin: Any) -> None:
    zone = a_zone(engine)
    thing = engine.create(RECORD, a_record(zone))
    theirs = {**a_record(zone, rrdatas=["192.0.2.66"]), "signatureRrdatas": []}
    del theirs["managedZone"]
    api = twin.client("dns").resourceRecordSets()
    api.patch(project=PROJECT, managedZone=zone.state["name"], name=theirs["name"], type="A", body=theirs).execute()
    with pytest.raises(RefusedError, match=f"Error changing DNS RecordSet: googleapi: Error {GONE_SINCE}"):
        engine.update(thing, a_record(zone, rrdatas=["192.0.2.2"]))
    with pytest.raises(RefusedError, match=GONE_SINCE):
        engine.delete(thing)
    seen = engine.read(thing)
    assert seen is not None
    assert seen.state["rrdatas"] == ["192.0.2.66"]
    assert engine.changed(seen, a_record(zone)) == {"rrdatas": "update"}
    engine.update(seen, a_record(zone))
    assert sets(twin, zone) == {"A": ["192.0.2.1"]}


def test_a_zone_keeps_its_own_records_and_no_others(engine: Engine, twin: Any) -> None:
    zone = a_zone(engine)
    servers = ["ns1.other.example."]
    own = engine.create(RECORD, a_record(zone, name=zone.state["dnsName"], type="NS", rrdatas=servers))
    engine.delete(own)
    below = engine.create(RECORD, a_record(zone, type="NS", rrdatas=servers))
    engine.delete(below)
    api = twin.client("dns").resourceRecordSets()
    found = api.list(project=PROJECT, managedZone=zone.state["name"]).execute()["rrsets"]
    assert {(one["name"], one["type"]) for one in found} == {(zone.state["dnsName"], kind) for kind in ("NS", "SOA")}


def test_records_of_a_zone_that_is_not_there(engine: Engine) -> None:
    record = {"managedZone": "none", "name": "www.none.example.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"]}
    with pytest.raises(RefusedError, match="Error creating DNS RecordSet: googleapi: Error 404"):
        engine.create(RECORD, record)
    zone = a_zone(engine)
    thing = engine.create(RECORD, a_record(zone))
    engine.delete(thing)
    engine.delete(zone)
    assert engine.read(thing) is None
    engine.delete(thing)


def test_a_zone_goes_only_when_it_is_empty_or_is_said_to(engine: Engine, twin: Any) -> None:
    zone = a_zone(engine)
    engine.create(RECORD, a_record(zone))
    with pytest.raises(RefusedError, match="cannot be deleted because it is not empty, containerNotEmpty"):
        engine.delete(zone)
    inputs = {"name": zone.state["name"], "dnsName": zone.state["dnsName"], "forceDestroy": True}
    forced = engine.update(zone, inputs)
    engine.delete(forced)
    assert engine.read(forced) is None


def test_what_certificates_need_goes_after_them(engine: Engine) -> None:
    domain = fresh()
    proof = engine.create(AUTHORIZATION, {"name": name(), "domain": domain})
    managed = {"domains": [domain], "dnsAuthorizations": [proof.id]}
    certificate = engine.create(CERTIFICATE, {"name": name(), "managed": managed})
    certificates = engine.create(MAP, {"name": name()})
    entry = {"name": name(), "map": certificates.state["name"], "hostname": domain, "certificates": [certificate.id]}
    thing = engine.create(ENTRY, entry)
    for used in (proof, certificate, certificates):
        with pytest.raises(RefusedError, match=f"can't delete '{used.id}'"):
            engine.delete(used)

    other = engine.create(CERTIFICATE, {"name": name(), "managed": managed})
    engine.update(thing, {**entry, "certificates": [other.id]})
    engine.delete(certificate)
    for each in (thing, certificates, other, proof):
        engine.delete(each)
        assert engine.read(each) is None


def test_a_certificate_of_a_domain_that_is_not_authorized(engine: Engine) -> None:
    proof = engine.create(AUTHORIZATION, {"name": name(), "domain": fresh()})
    managed = {"domains": [fresh()], "dnsAuthorizations": [proof.id]}
    with pytest.raises(RefusedError, match=r"Error creating Certificate: googleapi: Error 400: .* has no DNS authorization"):
        engine.create(CERTIFICATE, {"name": name(), "managed": managed})


def test_what_a_load_balancer_uses_stays(engine: Engine, twin: Any) -> None:
    policy = engine.create(POLICY, {"name": name()})
    address = engine.create(ADDRESS, {"name": name()})
    compute, backend, rule = twin.client("compute"), name(), name()
    here = {"project": PROJECT, "region": "europe-west3"}
    service = {"name": backend, "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}
    twin.done(compute.regionBackendServices().insert(**here, body=service))
    forward = {"name": rule, "IPAddress": address.state["selfLink"], "portRange": "80-80"}
    forward["backendService"] = f"projects/{PROJECT}/regions/europe-west3/backendServices/{backend}"
    twin.done(compute.forwardingRules().insert(**here, body=forward))
    used = engine.read(address)
    assert used is not None
    assert [user.rpartition("/")[2] for user in used.state["users"]] == [rule]
    with pytest.raises(RefusedError, match=f"already being used by '.*{rule}', resourceInUseByAnotherResource"):
        engine.delete(address)
    proxy = {"name": name(), "sslPolicy": policy.state["selfLink"]}
    twin.done(compute.targetHttpsProxies().insert(project=PROJECT, body=proxy))
    with pytest.raises(RefusedError, match="resourceInUseByAnotherResource"):
        engine.delete(policy)
    twin.done(compute.forwardingRules().delete(**here, forwardingRule=rule))
    engine.delete(address)


@pytest.mark.parametrize("kind", [GLOBAL, ADDRESS])
def test_addresses_of_ipv6(engine: Engine, kind: str) -> None:
    regional = {"ipv6EndpointType": "NETLB", "subnetwork": "default"} if kind == ADDRESS else {}
    inputs = {"name": name(), "ipVersion": "IPV6", **regional}
    thing = engine.create(kind, inputs)
    assert thing.state["address"].startswith("2001:db8:")
    assert engine.changed(thing, inputs) == {}
    zone = a_zone(engine)
    engine.create(RECORD, a_record(zone, type="AAAA", rrdatas=[thing.state["address"]]))


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"ipVersion": "IPV6"}, "resource.subnetwork"),
        ({"ipVersion": "IPV6", "subnetwork": "default", "networkTier": "STANDARD"}, "IPv6 addresses are PREMIUM"),
        ({"ipVersion": "IPV6", "subnetwork": "none"}, "regions/europe-west3/subnetworks/none' was not found"),
        ({"address": "192.0.2.1"}, "Specified IP address is not available"),
    ],
)
def test_addresses_that_cannot_be(engine: Engine, inputs: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=f"Error creating Address: googleapi: Error 40[04]: .*{words}"):
        engine.create(ADDRESS, {"name": name(), **inputs})


def test_members_written_at_once_do_not_lose_each_other(engine: Engine, twin: Any) -> None:
    zone = a_zone(engine)
    wanted = [f"user:u{index}@shop.example" for index in range(6)]
    base = {"managedZone": zone.state["name"], "role": "roles/dns.admin"}
    with ThreadPoolExecutor(6) as pool:
        things = list(pool.map(lambda member: engine.create(ZONE_MEMBER, {**base, "member": member}), wanted))
    policy = (
        twin.client("dns").managedZones().getIamPolicy(resource=f"projects/{PROJECT}/managedZones/{zone.state['name']}", body={})
    )
    assert policy.execute()["bindings"] == [{"role": "roles/dns.admin", "members": wanted}]
    for thing in things:
        engine.delete(thing)
        assert engine.read(thing) is None


@pytest.mark.parametrize(
    "member",
    [
        "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p.svc.id.goog/subject/ns/a/sa/b",
        "serviceAccount:sandbox-project.svc.id.goog[cert-manager/cert-manager]",
    ],
)
def test_members_of_a_cluster(engine: Engine, member: str) -> None:
    zone, account = a_zone(engine), engine.create(ACCOUNT, {"accountId": f"account-{next(number)}"})
    for kind, inputs in (
        (ZONE_MEMBER, {"managedZone": zone.state["name"], "role": "roles/dns.admin"}),
        (PROJECT_MEMBER, {"project": PROJECT, "role": "roles/dns.reader"}),
        (ACCOUNT_MEMBER, {"serviceAccountId": account.state["name"], "role": "roles/iam.workloadIdentityUser"}),
    ):
        thing = engine.create(kind, {**inputs, "member": member})
        found = engine.read(thing)
        assert found is not None
        assert found.state == thing.state
        engine.delete(thing)
        assert engine.read(thing) is None


def test_a_role_that_is_none(engine: Engine) -> None:
    zone = a_zone(engine)
    with pytest.raises(RefusedError, match=r"Error applying IAM policy for .*Role dns\.admin is not supported"):
        engine.create(ZONE_MEMBER, {"managedZone": zone.state["name"], "role": "dns.admin", "member": "user:a@b.example"})


def test_credentials_that_are_none_say_so(tmp_path: Path) -> None:
    engine = Engine(PLUGIN, {"project": PROJECT, "credentials": str(tmp_path / "none.json")})
    with pytest.raises(RefusedError, match="credentials are neither a key in JSON nor a file with one"):
        engine.create(MAP, {"name": "m"})
    engine.close()
