"""Certificates of Certificate Manager: which records prove which names, how they get onto the map, and waiting for them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.clouds import gcp_certificate
from components.clouds.gcp_certificate import proven_domains
from tests.support import gcp
from tests.support.doors import door
from tests.support.recorder import Recording, Registration, invoked, unknown_address
from tests.support.stacks import GLOBAL, gcp_stack, problems_of

SHOP = {"hosts": ["shop.portico.test"], "namespace": "shop", "paths": {"/": "web:80"}, "demo": True}
THREE_ZONES: dict[str, Any] = {"other_zones": {"portico.example": {}, "eu.portico.test": {"existing": True}}}
ZONES = {"eu.portico.test": "zone-of-eu-portico-test", "portico.test": "portico-test", "portico.example": "portico-example"}


def stack(certificates: dict[str, list[str]], own: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    """A stack at a global Gateway with these certificates: names by key; `own` are options of each."""
    entries = {key: {"google_managed": {"hosts": hosts, **(own or {})}} for key, hosts in certificates.items()}
    raw = gcp_stack("gateway-global", **{"certificates": entries, "sites": {"shop": SHOP}, **parts})
    assert problems_of(raw) == {}
    return raw


def made_with(certificates: dict[str, list[str]], own: dict[str, Any] | None = None, **parts: Any) -> Recording:
    return door(stack(certificates, own, **parts))


def proofs(made: Recording) -> list[Registration]:
    return [item for item in made.all("RecordSet") if item.inputs["type"] == "CNAME"]


def asked(made: Recording, key: str = "web") -> Registration:
    return made.object("Certificate", key)


@pytest.mark.parametrize("count", [1, 30])
def test_every_name_is_proven_by_one_record_in_the_zone_that_holds_it(count: int) -> None:
    hosts = ["shop.portico.test", *(f"h{number}.{list(ZONES)[number % 3]}" for number in range(1, count))]
    made = made_with({"web": hosts}, **THREE_ZONES)
    found = {item.inputs["name"]: item for item in proofs(made)}
    assert len(proofs(made)) == len(found) == len(made.all("DnsAuthorization")) == count
    for host in hosts:
        wanted = gcp.proof(host)
        record = found[wanted["name"]]
        assert (record.name, record.inputs["rrdatas"]) == (f"proof/{host}", [wanted["data"]])
        assert record.inputs["managedZone"] == next(name for zone, name in ZONES.items() if host.endswith(f".{zone}"))
    managed = asked(made).inputs["managed"]
    assert managed["domains"] == hosts
    authorized = {item.inputs["domain"]: item.inputs["name"] for item in made.all("DnsAuthorization")}
    prefix = "projects/portico-sandbox/locations/global/dnsAuthorizations"
    assert managed["dnsAuthorizations"] == [f"{prefix}/{authorized[host]}" for host in hosts]
    assert all(made.waits(asked(made), record) for record in proofs(made))


@pytest.mark.parametrize("hosts", [["portico.test", "*.portico.test"], ["*.portico.test", "portico.test"]], ids=str)
def test_a_name_and_the_wildcard_before_it_share_one_authorization(hosts: list[str]) -> None:
    made = made_with({"web": hosts})
    assert [item.inputs["domain"] for item in made.all("DnsAuthorization")] == ["portico.test"]
    assert [item.name for item in proofs(made)] == ["proof/portico.test"]
    assert asked(made).inputs["managed"]["domains"] == hosts
    assert len(asked(made).inputs["managed"]["dnsAuthorizations"]) == 1


def test_two_certificates_share_the_authorization_of_a_domain_that_both_name() -> None:
    made = made_with({"apex": ["portico.test"], "wild": ["*.portico.test", "a.portico.test"]})
    assert sorted(item.name for item in proofs(made)) == ["proof/a.portico.test", "proof/portico.test"]
    shared = made.one("RecordSet", "proof/portico.test")
    assert all(made.waits(asked(made, key), shared) for key in ("apex", "wild"))


def test_the_record_stays_when_one_of_the_certificates_that_share_it_goes() -> None:
    both, alone = made_with({"apex": ["portico.test"], "wild": ["*.portico.test"]}), made_with({"wild": ["*.portico.test"]})
    for kind, name in (("RecordSet", "proof/portico.test"), ("DnsAuthorization", "portico.test")):
        assert both.one(kind, name).state() == alone.one(kind, name).state()


def test_authorizations_have_records_of_their_own_beside_those_of_acme() -> None:
    """Certificate Manager's other kind of record has the very name under which ACME looks for its own."""
    assert {item.inputs["type"] for item in made_with({"web": ["*.portico.test"]}).all("DnsAuthorization")} == {
        "PER_PROJECT_RECORD"
    }


def test_hosts_that_look_alike_have_authorizations_and_entries_of_their_own() -> None:
    hosts = ["shop.eu.portico.test", "shop-eu.portico.test", "*.portico.test", "wildcard.portico.test", "1.portico.test"]
    made = made_with({"web": hosts})
    for kind in ("DnsAuthorization", "CertificateMapEntry"):
        names = [item.inputs["name"] for item in made.all(kind)]
        assert len(set(names)) == len(names) == 5
        assert all(name[0].isalpha() and len(name) <= 63 for name in names)


def test_domains_are_proven_in_the_order_in_which_they_are_named_first() -> None:
    assert proven_domains(["b.x", "*.a.x", "a.x", "*.b.x", "c.x"]) == ["b.x", "a.x", "c.x"]


def test_a_zone_is_seen_to_be_delegated_before_a_certificate_is_asked_for() -> None:
    made = made_with({"web": ["*.portico.test", "*.portico.example"], "eu": ["a.eu.portico.test"]}, **THREE_ZONES)
    delegations = {item.name: item for item in made.all("Delegation")}
    assert set(delegations) == set(ZONES)
    waited = {key: {name for name, item in delegations.items() if made.waits(asked(made, key), item)} for key in ("web", "eu")}
    assert waited == {"web": {"portico.test", "portico.example"}, "eu": {"eu.portico.test"}}
    for name, item in delegations.items():
        assert (item.inputs["zone"], item.inputs["name_servers"]) == (name, gcp.name_servers(name))


@pytest.mark.parametrize(("timeout", "waited"), [(33, [33]), (0, [])])
def test_the_wait_for_the_delegation_is_as_long_as_the_stack_file_says(timeout: int, waited: list[int]) -> None:
    cloud = {"gcp": {"project": "portico-sandbox", "region": "europe-west3", "delegation_timeout": timeout}}
    made = made_with({"web": ["*.portico.test"]}, cloud=cloud)
    assert [item.inputs["timeout"] for item in made.all("Delegation")] == waited
    assert len(made.all("CertificateMapEntry")) == 1


# The map


def test_each_host_has_an_entry_of_the_stacks_map() -> None:
    made = made_with({"web": ["portico.test", "*.portico.test"], "more": ["a.portico.test"]})
    [one_map] = made.all("CertificateMap")
    assert one_map.inputs["name"] == "portico-test"
    entries = {item.inputs["hostname"]: item for item in made.all("CertificateMapEntry")}
    assert set(entries) == {"portico.test", "*.portico.test", "a.portico.test"}
    for host, entry in entries.items():
        key = "more" if host == "a.portico.test" else "web"
        assert entry.inputs["map"] == "portico-test"
        assert entry.inputs["certificates"] == [gcp.certificate_id(asked(made, key).inputs["name"])]
        assert made.waits(entry, asked(made, key))


def test_the_gateway_names_the_map_once_every_entry_stands() -> None:
    made = made_with({"web": ["portico.test", "*.portico.test"], "more": ["a.portico.test"]})
    gateway = made.object("Gateway")
    assert gateway.annotations["networking.gke.io/certmap"] == "portico-test"
    assert all(made.waits(gateway, entry) for entry in made.all("CertificateMapEntry"))


def test_another_list_of_names_makes_another_certificate_and_keeps_the_entries() -> None:
    """Google refuses to delete a certificate that an entry has, so the new one must be able to stand beside it."""
    before, after = made_with({"web": ["*.portico.test"]}), made_with({"web": ["*.portico.test", "portico.test"]})
    mine, theirs = asked(before), asked(after)
    assert mine.inputs["name"] != theirs.inputs["name"]
    assert mine.urn == theirs.urn  # replaced: made first, deleted last
    assert not theirs.delete_before_replace
    kept = [made.one("CertificateMapEntry", "web/*.portico.test") for made in (before, after)]
    assert kept[0].urn == kept[1].urn
    assert kept[0].inputs["name"] == kept[1].inputs["name"]


def test_no_cert_manager_and_no_secret_is_needed() -> None:
    made = made_with({"web": ["*.portico.test"]})
    assert made.all("ClusterIssuer") == made.all("Sweep") == made.all("Issuance") == made.all("ReferenceGrant") == []


# Waiting until it is active


class Google:
    """Answers questions about certificates with one state after the other; the last one stays."""

    def __init__(self, *states: dict[str, Any] | str | None) -> None:
        self.states, self.filters = list(states), list[str]()

    def __call__(self, token: str, wanted: dict[str, Any]) -> dict[str, Any]:
        if not token.endswith(":getCertificates"):
            return invoked(token, wanted)
        self.filters.append(wanted["filter"])
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        certificate = wanted["filter"].split('"')[1]
        if state is None:
            return {
                "certificates": [{"name": "projects/p/locations/global/certificates/other", "manageds": [{"state": "ACTIVE"}]}]
            }
        return gcp.listed(certificate, state) if isinstance(state, str) else gcp.listed(certificate, **state)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gcp_certificate, "_PAUSE", 0.001)


ONE = stack({"web": ["*.portico.test"]})


def test_it_waits_until_google_has_issued_the_certificate() -> None:
    google = Google("PROVISIONING", None, "PROVISIONING", "ACTIVE")
    made = door(ONE, found=google)
    certificate = gcp.certificate_id(asked(made).inputs["name"])
    assert google.filters == [f'name="{certificate}"'] * 4
    assert made.one("CertificateMapEntry").inputs["certificates"] == [certificate]


def test_nothing_is_waited_for_in_a_preview() -> None:
    google = Google("PROVISIONING", "ACTIVE")
    made = door(ONE, unknown_address, preview=True, found=google)
    assert google.filters == []
    assert len(made.all("Gateway")) == 2  # itself, and the component around it


def test_nothing_is_waited_for_in_a_preview_of_a_change_of_what_stands() -> None:
    """Its id is known then, and it may be that Google is just renewing it."""
    google = Google("PROVISIONING", "ACTIVE")
    made = door(ONE, preview=True, standing=True, found=google)
    assert made.one("CertificateMapEntry").inputs["certificates"] == [gcp.certificate_id(asked(made).inputs["name"])]
    assert google.filters == []
    assert len(made.all("Gateway")) == 2  # itself, and the component around it


FAILED = {
    "state": "FAILED",
    "authorizationAttemptInfos": [
        {"domain": "*.portico.test", "state": "FAILED", "failureReason": "CAA", "details": "a record forbids it"},
        {"domain": "portico.test", "state": "AUTHORIZED", "failureReason": "", "details": ""},
    ],
    "provisioningIssues": [{"reason": "AUTHORIZATION_ISSUE", "details": "see above"}],
}


def test_fails_at_once_with_googles_own_reasons_when_it_has_failed() -> None:
    google = Google("PROVISIONING", FAILED, "ACTIVE")
    with pytest.raises(pulumi.RunError) as caught:
        door(ONE, found=google)
    first, *reasons = str(caught.value).splitlines()
    assert first.startswith("certificate portico-test-web-")
    assert first.endswith(" is FAILED:")
    assert reasons == [
        "  - *.portico.test: FAILED CAA a record forbids it",
        "  - portico.test: AUTHORIZED",
        "  - AUTHORIZATION_ISSUE see above",
    ]
    assert len(google.filters) == 2


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour is over at the second look."""
    clock = iter([0.0, 0.0, 3700.0])
    monkeypatch.setattr(gcp_certificate, "time", SimpleNamespace(monotonic=lambda: next(clock)))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({**FAILED, "state": "PROVISIONING"}, r"is PROVISIONING after 3600 s:\n  - \*\.portico\.test: FAILED CAA"),
        ("PROVISIONING", r"is PROVISIONING after 3600 s: Google says no more$"),
        (None, r"is not to be found after 3600 s: Google lists no such certificate$"),
    ],
    ids=["with reasons", "without", "not listed"],
)
def test_fails_at_its_time_limit_with_what_google_says(state: Any, says: str) -> None:
    google = Google(state)
    with pytest.raises(pulumi.RunError, match=says):
        door(ONE, found=google)
    assert len(google.filters) == 2


def test_what_a_gateway_of_another_class_shows_is_not_looked_for() -> None:
    google = Google("PROVISIONING")
    door(gcp_stack("gateway-regional"), found=google)
    door(gcp_stack("gateway-global", certificates={"web": {"acme": {"hosts": ["portico.test", "*.portico.test"]}}}), found=google)
    assert google.filters == []
    assert ONE["entrypoint"]["gateway"]["class"] == GLOBAL
