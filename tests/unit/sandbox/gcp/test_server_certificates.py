"""Certificates: Certificate Manager's and Compute Engine's, proven by the twin's own DNS."""

from __future__ import annotations

import urllib.error
from typing import Any

import pytest
from cryptography import x509

from sandbox.pki import Authority
from sandbox.twin import client as twins

PROJECT = "sandbox-project"
HERE: dict[str, Any] = {"project": PROJECT}
PARENT = f"projects/{PROJECT}/locations/global"


def _manager(twin: Any) -> Any:
    return twin.client("certificatemanager").projects().locations()


def _authorize(twin: Any, name: str) -> dict[str, Any]:
    authorizations = _manager(twin).dnsAuthorizations()
    authorizations.create(parent=PARENT, dnsAuthorizationId=name, body={"domain": f"{name}.example"}).execute()
    made: dict[str, Any] = authorizations.get(name=f"{PARENT}/dnsAuthorizations/{name}").execute()
    return made


def _publish(twin: Any, name: str, record: str, kind: str, value: str) -> None:
    zones = twin.client("dns").managedZones()
    zones.create(**HERE, body={"name": f"cert-{name}", "dnsName": f"{name}.example.", "description": ""}).execute()
    body = {"additions": [{"name": record, "type": kind, "ttl": 60, "rrdatas": [value]}]}
    twin.client("dns").changes().create(**HERE, managedZone=f"cert-{name}", body=body).execute()


def _state(twin: Any, name: str) -> str:
    return str(_manager(twin).certificates().get(name=f"{PARENT}/certificates/{name}").execute()["managed"]["state"])


def _request(twin: Any, name: str) -> dict[str, Any]:
    managed = {"domains": [f"{name}.example", f"*.{name}.example"], "dnsAuthorizations": [f"{PARENT}/dnsAuthorizations/{name}"]}
    certificates = _manager(twin).certificates()
    made: dict[str, Any] = certificates.create(parent=PARENT, certificateId=name, body={"managed": managed}).execute()
    return made


def test_a_certificate_is_issued_once_its_record_is_public(twin: Any) -> None:
    record = _authorize(twin, "public")["dnsResourceRecord"]
    assert (record["name"], record["type"]) == ("_acme-challenge.public.example.", "CNAME")
    assert not _request(twin, "public")["done"]
    name = f"{PARENT}/certificates/public"
    assert _state(twin, "public") == "PROVISIONING"
    with pytest.raises(urllib.error.HTTPError) as caught:
        twins.certificate(twin.endpoint, name)
    assert caught.value.code == 404

    twins.set_delegation(twin.endpoint, "public.example.", False)
    _publish(twin, "public", record["name"], "CNAME", record["data"])
    assert _state(twin, "public") == "PROVISIONING"
    twins.set_delegation(twin.endpoint, "public.example.", True)
    assert _state(twin, "public") == "ACTIVE"
    issued = twins.certificate(twin.endpoint, name)
    leaf, root = (x509.load_pem_x509_certificate(pem.encode()) for pem in (issued.certificate, issued.chain))
    leaf.verify_directly_issued_by(root)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert names == ["public.example", "*.public.example"]


def test_another_value_proves_nothing(twin: Any) -> None:
    record = _authorize(twin, "other")["dnsResourceRecord"]
    _request(twin, "other")
    _publish(twin, "other", record["name"], "CNAME", "x.authorize.certificatemanager.goog.")
    assert _state(twin, "other") == "PROVISIONING"


def test_a_map_holds_its_certificates_and_a_certificate_its_authorizations(twin: Any, refused: Any) -> None:
    _authorize(twin, "held")
    _request(twin, "held")
    maps = _manager(twin).certificateMaps()
    operation = maps.create(parent=PARENT, certificateMapId="held", body={}).execute()
    assert operation["metadata"]["target"] == f"{PARENT}/certificateMaps/held"
    entry = {"hostname": "held.example", "certificates": [f"{PARENT}/certificates/held"]}
    entries, parent = maps.certificateMapEntries(), f"{PARENT}/certificateMaps/held"
    entries.create(parent=parent, certificateMapEntryId="one", body=entry).execute()
    with refused(404, "NOT_FOUND"):
        wrong = {**entry, "certificates": [f"{PARENT}/certificates/none"]}
        entries.create(parent=parent, certificateMapEntryId="two", body=wrong).execute()
    for deletion in (
        _manager(twin).certificates().delete(name=f"{PARENT}/certificates/held"),
        _manager(twin).dnsAuthorizations().delete(name=f"{PARENT}/dnsAuthorizations/held"),
        maps.delete(name=parent),
    ):
        with refused(400, "FAILED_PRECONDITION"):
            deletion.execute()
    entries.delete(name=f"{parent}/certificateMapEntries/one").execute()
    maps.delete(name=parent).execute()
    assert "held" not in str(maps.list(parent=PARENT).execute())


def test_a_proxy_holds_its_map(twin: Any, refused: Any) -> None:
    compute, maps = twin.client("compute"), _manager(twin).certificateMaps()
    name = f"{PARENT}/certificateMaps/proxy"
    maps.create(parent=PARENT, certificateMapId="proxy", body={}).execute()
    backend = twin.done(compute.backendServices().insert(**HERE, body={"name": "mapped"}))["targetLink"]
    urls = twin.done(compute.urlMaps().insert(**HERE, body={"name": "mapped", "defaultService": backend}))["targetLink"]
    body = {"name": "mapped", "urlMap": urls, "certificateMap": f"//certificatemanager.googleapis.com/{name}"}
    with refused(404, "certificateMaps/none"):
        wrong = {**body, "certificateMap": f"{body['certificateMap'].removesuffix('proxy')}none"}
        compute.targetHttpsProxies().insert(**HERE, body=wrong).execute()
    twin.done(compute.targetHttpsProxies().insert(**HERE, body=body))
    with refused(400, "FAILED_PRECONDITION"):
        maps.delete(name=name).execute()
    twin.done(compute.targetHttpsProxies().delete(**HERE, targetHttpsProxy="mapped"))
    maps.delete(name=name).execute()


def test_a_wildcard_needs_an_authorization(twin: Any, refused: Any) -> None:
    with refused(400, "has no DNS authorization"):
        body = {"managed": {"domains": ["*.wild.example"]}}
        _manager(twin).certificates().create(parent=PARENT, certificateId="wild", body=body).execute()


def test_only_what_a_mask_names_is_changed(twin: Any) -> None:
    authorizations = _manager(twin).dnsAuthorizations()
    _authorize(twin, "mask")
    body = {"labels": {"a": "b"}, "description": "not named"}
    authorizations.patch(name=f"{PARENT}/dnsAuthorizations/mask", updateMask="labels", body=body).execute()
    shown = authorizations.get(name=f"{PARENT}/dnsAuthorizations/mask").execute()
    assert shown["labels"] == {"a": "b"}
    assert "description" not in shown


def test_a_managed_certificate_waits_for_its_address(twin: Any, refused: Any) -> None:
    compute = twin.client("compute")
    certificates = compute.sslCertificates()
    with refused(400, "Wildcard"):
        certificates.insert(**HERE, body={"name": "wild", "managed": {"domains": ["*.lb.example"]}}).execute()
    body = {"name": "lb", "type": "MANAGED", "managed": {"domains": ["www.lb.example"]}}
    certificate = twin.done(certificates.insert(**HERE, body=body))["targetLink"]
    backend = twin.done(compute.backendServices().insert(**HERE, body={"name": "lb"}))["targetLink"]
    urls = twin.done(compute.urlMaps().insert(**HERE, body={"name": "lb", "defaultService": backend}))["targetLink"]
    body = {"name": "lb", "urlMap": urls, "sslCertificates": [certificate]}
    proxy = twin.done(compute.targetHttpsProxies().insert(**HERE, body=body))["targetLink"]
    twin.done(compute.globalForwardingRules().insert(**HERE, body={"name": "lb", "target": proxy, "portRange": "443"}))
    address = compute.globalForwardingRules().get(**HERE, forwardingRule="lb").execute()["IPAddress"]
    assert certificates.get(**HERE, sslCertificate="lb").execute()["managed"]["status"] == "PROVISIONING"
    _publish(twin, "lb", "www.lb.example.", "A", address)
    shown = certificates.get(**HERE, sslCertificate="lb").execute()
    assert shown["managed"] == {
        "domains": ["www.lb.example"],
        "domainStatus": {"www.lb.example": "ACTIVE"},
        "status": "ACTIVE",
    }
    issued = twins.certificate(twin.endpoint, certificate)
    assert shown["certificate"] == issued.certificate + issued.chain
    own = {"name": "own", "certificate": issued.certificate, "privateKey": issued.key}
    twin.done(certificates.insert(**HERE, body=own))
    kept = certificates.get(**HERE, sslCertificate="own").execute()
    assert (kept["type"], kept["subjectAlternativeNames"]) == ("SELF_MANAGED", ["www.lb.example"])
    assert "privateKey" not in kept
    assert twins.certificate(twin.endpoint, kept["selfLink"]) == twins.Issued(issued.certificate, "", issued.key)
    with refused(400, "sslCertificateCouldNotParseCert"):
        certificates.insert(**HERE, body={**own, "name": "bad", "certificate": "no"}).execute()


def test_ones_own_certificate_can_be_changed_and_its_key_is_never_shown(twin: Any, refused: Any, tmp_path: Any) -> None:
    certificates, name = _manager(twin).certificates(), f"{PARENT}/certificates/own"

    def own(host: str) -> dict[str, str]:
        pair = Authority(tmp_path, "own").issue(host, host, hosts=[host])
        return {"pemCertificate": pair.certificate.read_text(), "pemPrivateKey": pair.key.read_text()}

    first, second = own("first.example"), own("second.example")
    with refused(400, "pemPrivateKey"):
        wrong = {"selfManaged": {"pemCertificate": first["pemCertificate"]}}
        certificates.create(parent=PARENT, certificateId="own", body=wrong).execute()
    certificates.create(parent=PARENT, certificateId="own", body={"selfManaged": first}).execute()
    for given in (first, second):
        certificates.patch(name=name, updateMask="selfManaged", body={"selfManaged": given}).execute()
        assert given["pemPrivateKey"] not in str(shown := certificates.get(name=name).execute())
        assert shown["pemCertificate"] == given["pemCertificate"]
        issued = twins.certificate(twin.endpoint, name)
        assert (issued.certificate, issued.key) == (given["pemCertificate"], given["pemPrivateKey"])
