"""What a program looks up: the cluster, the project, zones with their keys, addresses, policies, certificates."""

from __future__ import annotations

import base64
import time
from typing import Any

import dns.dnssec
import dns.name
import dns.rdata
import pytest

from sandbox.twin import client as twins
from sandbox.twin.client import Fault
from tests.support.provider_engine import Engine, RefusedError
from tests.unit.sandbox.gcp.test_provider_lives import (
    ADDRESS,
    AUTHORIZATION,
    CERTIFICATE,
    GLOBAL,
    POLICY,
    RECORD,
    ZONE,
    fresh,
    number,
)
from tests.unit.sandbox.gcp.test_provider_lives import engine as engine  # a fixture

CERTIFICATES = "gcp:certificatemanager/getCertificates:getCertificates"
KEYS = "gcp:dns/getKeys:getKeys"
PROJECT = "sandbox-project"


def name() -> str:
    return f"found{next(number)}"


def test_a_cluster_says_how_it_is_reached(engine: Engine, twin: Any) -> None:
    found = engine.invoke("gcp:container/getCluster:getCluster", name="sandbox", location="europe-west3")
    assert found["endpoint"] == "127.0.0.1:6443"
    authority = base64.b64decode(found["masterAuths"][0]["clusterCaCertificate"])
    assert authority == twin.authority.certificate.read_bytes()
    assert found["workloadIdentityConfigs"] == [{"workloadPool": f"{PROJECT}.svc.id.goog"}]
    assert found["gatewayApiConfigs"] == [{"channel": "CHANNEL_STANDARD"}]
    assert found["nodeLocations"] == ["europe-west3-a", "europe-west3-b", "europe-west3-c"]
    assert found["id"] == f"projects/{PROJECT}/locations/europe-west3/clusters/sandbox"
    elsewhere = engine.invoke("gcp:container/getCluster:getCluster", name="sandbox")
    assert elsewhere == found, "the provider's region will do"


def test_a_project_has_a_number(engine: Engine) -> None:
    found = engine.invoke("gcp:organizations/getProject:getProject", projectId=PROJECT)
    assert found["number"].isdecimal()
    assert (found["projectId"], found["id"]) == (PROJECT, f"projects/{PROJECT}")
    assert engine.invoke("gcp:organizations/getProject:getProject") == found, "the provider's own"


def test_zones_are_found_by_what_they_are_named_in_dns(engine: Engine) -> None:
    domain = fresh()
    made = engine.create(ZONE, {"name": name(), "dnsName": f"{domain}."})
    zones = engine.invoke("gcp:dns/getManagedZones:getManagedZones", project=PROJECT)["managedZones"]
    found = [zone for zone in zones if zone["dnsName"] == f"{domain}."]
    assert [zone["name"] for zone in found] == [made.state["name"]]
    assert found[0]["nameServers"] == made.state["nameServers"]
    assert float(found[0]["managedZoneId"]) == made.state["managedZoneId"], "a text here, a number there, less exact on the wire"
    alone = engine.invoke("gcp:dns/getManagedZone:getManagedZone", name=made.state["name"])
    assert {**found[0], "managedZoneId": made.state["managedZoneId"]} == alone


def test_keys_of_a_signed_zone_are_what_its_parent_is_to_say(engine: Engine) -> None:
    domain = fresh()
    zone = engine.create(ZONE, {"name": name(), "dnsName": f"{domain}.", "dnssecConfig": {"state": "on"}})
    found = engine.invoke(KEYS, managedZone=zone.id)
    assert found == engine.invoke(KEYS, managedZone=zone.state["name"]) | {"managedZone": zone.id}
    (key,), (other,) = found["keySigningKeys"], found["zoneSigningKeys"]
    record = dns.rdata.from_text("IN", "DNSKEY", f"257 3 8 {key['publicKey']}")
    expected = dns.dnssec.make_ds(dns.name.from_text(domain), record, "SHA256")
    assert dns.rdata.from_text("IN", "DS", key["dsRecord"]) == expected
    assert (key["algorithm"], key["keyLength"], key["isActive"]) == ("rsasha256", 2048, True)
    assert other["keyLength"] == 1024
    assert "dsRecord" not in other

    off = engine.update(zone, {"name": zone.state["name"], "dnsName": f"{domain}.", "dnssecConfig": {"state": "off"}})
    assert engine.invoke(KEYS, managedZone=zone.id)["keySigningKeys"] is None
    engine.update(off, {"name": zone.state["name"], "dnsName": f"{domain}.", "dnssecConfig": {"state": "on"}})
    again = engine.invoke(KEYS, managedZone=zone.id)["keySigningKeys"]
    assert again[0]["dsRecord"] != key["dsRecord"], "what was signed no more is signed with other keys"


def test_keys_are_made_as_they_are_wanted(engine: Engine) -> None:
    specs = [{"keyType": kind, "algorithm": "ecdsap256sha256", "keyLength": 256} for kind in ("keySigning", "zoneSigning")]
    inputs = {"name": name(), "dnsName": f"{fresh()}.", "dnssecConfig": {"state": "on", "defaultKeySpecs": specs}}
    found = engine.invoke(KEYS, managedZone=engine.create(ZONE, inputs).state["name"])
    assert found["keySigningKeys"][0]["algorithm"] == "ecdsap256sha256"
    assert found["keySigningKeys"][0]["dsRecord"].split()[1] == "13"


def test_a_zone_without_keys_is_no_error(engine: Engine) -> None:
    unsigned = engine.create(ZONE, {"name": name(), "dnsName": f"{fresh()}."})
    for zone in (unsigned.state["name"], "none"):
        found = engine.invoke(KEYS, managedZone=zone)
        assert (found["keySigningKeys"], found["zoneSigningKeys"]) == (None, None)


@pytest.mark.parametrize(
    ("kind", "token", "where"),
    [
        (ADDRESS, "gcp:compute/getAddress:getAddress", {"region": "europe-west3"}),
        (GLOBAL, "gcp:compute/getGlobalAddress:getGlobalAddress", {}),
    ],
)
def test_addresses_are_found_by_name(engine: Engine, kind: str, token: str, where: dict[str, str]) -> None:
    made = engine.create(kind, {"name": name()})
    found = engine.invoke(token, name=made.state["name"], **where)
    for key in ("address", "addressType", "name", "selfLink"):
        assert found[key] == made.state[key]
    assert (found["id"], found["status"]) == (made.id, "RESERVED")


def test_a_policy_is_found_by_name(engine: Engine) -> None:
    made = engine.create(POLICY, {"name": name(), "minTlsVersion": "TLS_1_2", "profile": "RESTRICTED"})
    found = engine.invoke("gcp:compute/getSSLPolicy:getSSLPolicy", name=made.state["name"])
    assert found["id"] == made.id
    for key in ("minTlsVersion", "profile", "enabledFeatures", "fingerprint"):
        assert found[key] == made.state[key]


def test_a_certificate_becomes_active_by_its_record(engine: Engine) -> None:
    domain = fresh()
    zone = engine.create(ZONE, {"name": name(), "dnsName": f"{domain}."})
    proof = engine.create(AUTHORIZATION, {"name": name(), "domain": domain})
    managed = {"domains": [domain, f"*.{domain}"], "dnsAuthorizations": [proof.id]}
    made = engine.create(CERTIFICATE, {"name": name(), "managed": managed})
    asked = {"filter": f'name="{made.id}"'}

    (waiting,) = engine.invoke(CERTIFICATES, **asked)["certificates"]
    assert (waiting["name"], waiting["manageds"][0]["state"]) == (made.id, "PROVISIONING")

    (record,) = proof.state["dnsResourceRecords"]
    looked = engine.invoke("gcp:certificatemanager/getDnsAuthorization:getDnsAuthorization", name=proof.state["name"])
    assert looked["dnsResourceRecords"] == [record]
    shown = {"name": record["name"], "type": record["type"], "rrdatas": [record["data"]]}
    engine.create(RECORD, {"managedZone": zone.state["name"], "ttl": 60, **shown})
    (active,) = engine.invoke(CERTIFICATES, **asked)["certificates"]
    assert active["manageds"][0]["state"] == "ACTIVE"
    assert active["manageds"][0]["dnsAuthorizations"] == [proof.id]
    assert active["sanDnsnames"] == managed["domains"]


def test_certificates_that_nobody_has_are_an_empty_list(engine: Engine) -> None:
    assert engine.invoke(CERTIFICATES, filter='name="none"')["certificates"] == []
    assert engine.invoke(CERTIFICATES, region="europe-west3")["certificates"] == []


@pytest.mark.parametrize(
    ("token", "args", "words"),
    [
        ("container/getCluster:getCluster", {"name": "none"}, "locations/europe-west3/clusters/none not found"),
        ("container/getCluster:getCluster", {"name": "sandbox", "location": "europe-west4"}, "clusters/sandbox not found"),
        ("organizations/getProject:getProject", {"projectId": "theirs-1"}, "Error when reading or editing Project .*Error 403"),
        ("compute/getAddress:getAddress", {"name": "none"}, "regions/europe-west3/addresses/none not found"),
        ("compute/getGlobalAddress:getGlobalAddress", {"name": "none"}, "global/addresses/none not found"),
        ("compute/getSSLPolicy:getSSLPolicy", {"name": "none"}, "global/sslPolicies/none not found"),
        ("dns/getManagedZone:getManagedZone", {"name": "none"}, "googleapi: Error 404: .*'none' does not exist., notFound"),
        ("certificatemanager/getDnsAuthorization:getDnsAuthorization", {"name": "none"}, "dnsAuthorizations/none not found"),
    ],
)
def test_what_is_not_there_is_an_error(engine: Engine, token: str, args: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        engine.invoke(f"gcp:{token}", **args)


def test_an_address_of_the_other_scope_is_not_found(engine: Engine) -> None:
    made = engine.create(GLOBAL, {"name": name()})
    with pytest.raises(RefusedError, match="not found"):
        engine.invoke("gcp:compute/getAddress:getAddress", name=made.state["name"])


def test_a_lookup_goes_on_after_throttling(engine: Engine, twin: Any) -> None:
    twins.set_faults(twin.endpoint, [Fault("container", "throttling", count=1)])
    began = time.monotonic()
    found = engine.invoke("gcp:container/getCluster:getCluster", name="sandbox", location="europe-west3")
    assert found["endpoint"] == "127.0.0.1:6443"
    assert twins.faults(twin.endpoint) == []
    assert time.monotonic() - began < 30
