"""Rights at Google Cloud: given only where they are needed, to one service account each, for the stack's zones only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import gcp
from tests.support.doors import door
from tests.support.recorder import Recording
from tests.support.stacks import gcp_stack

IN_CLUSTER = "traefik-existing"
OF_DNS = {"namespace": "dns", "name": "external-dns"}
MORE_ZONES: dict[str, Any] = {"portico.example": {"existing": True}, "eu.portico.test": {}}
NAMES = {"portico.test": "portico-test", "portico.example": "zone-of-portico-example", "eu.portico.test": "eu-portico-test"}
POOL = f"//iam.googleapis.com/projects/{gcp.NUMBER}/locations/global/workloadIdentityPools/portico-sandbox.svc.id.goog"
IDENTITIES = pytest.mark.parametrize("identity", ["principal", "service_account"])


def made_with(way: str = IN_CLUSTER, own: dict[str, Any] | None = None, **parts: Any) -> Recording:
    """`own`: added to the cloud's options."""
    cloud = {"gcp": {"project": "portico-sandbox", "region": "europe-west3", **(own or {})}}
    return door(gcp_stack(way, cloud=cloud, **parts))


def granted(made: Recording, name: str) -> dict[str, tuple[str, str]]:
    """Role and member by zone."""
    found = [item for item in made.all("DnsManagedZoneIamMember") if item.name.startswith(f"{name}/")]
    return {item.inputs["managedZone"]: (item.inputs["role"], item.inputs["member"]) for item in found}


# Only when needed


@pytest.mark.parametrize("way", ["gce", "gateway-global"])
def test_a_stack_whose_certificates_are_all_the_clouds_gives_no_rights(way: str) -> None:
    made = made_with(way)
    assert [item.urn for item in made if "Iam" in item.kind or "IAM" in item.kind or item.kind == "Account"] == []


def test_cert_manager_gets_none_where_it_proves_names_by_http() -> None:
    certificates = {"web": {"acme": {"hosts": ["shop.portico.test", "portico.test"], "challenge": "http-01"}}}
    assert granted(made_with(certificates=certificates), "cert-manager") == {}


@pytest.mark.parametrize("way", ["traefik-existing", "nginx-helm", "gateway-regional"])
def test_cert_manager_gets_rights_where_it_proves_names_by_records(way: str) -> None:
    made = made_with(way)
    assert list(granted(made, "cert-manager")) == ["portico-test"]
    [entry] = made.one("ClusterIssuer").spec["acme"]["solvers"]
    assert entry["dns01"] == {"cloudDNS": {"project": "portico-sandbox", "hostedZoneName": "portico-test"}}


def test_a_zone_is_proven_at_its_own_solver() -> None:
    entries = made_with(other_zones=MORE_ZONES).one("ClusterIssuer").spec["acme"]["solvers"]
    found = {entry["dns01"]["cloudDNS"]["hostedZoneName"]: entry["selector"]["dnsZones"] for entry in entries}
    assert found == {resource: [zone] for zone, resource in NAMES.items()}


# Limited


@IDENTITIES
def test_cert_manager_may_write_in_the_stacks_zones_and_nowhere_else(identity: str) -> None:
    made = made_with(own={"identity": identity}, other_zones=MORE_ZONES)
    found = granted(made, "cert-manager")
    assert set(found) == set(NAMES.values())
    assert {role for role, _ in found.values()} == {"roles/dns.admin"}
    assert {item.inputs["project"] for item in made.all("DnsManagedZoneIamMember")} == {"portico-sandbox"}
    assert [item for item in made.all("IAMMember") if item.type.startswith("gcp:projects/")] == []


@IDENTITIES
def test_external_dns_may_write_in_the_stacks_zones_and_list_all(identity: str) -> None:
    """Listing is a right that Google gives for all zones or none; changing is not."""
    made = made_with("gce", {"identity": identity, "external_dns": OF_DNS}, other_zones=MORE_ZONES)
    found = granted(made, "external-dns")
    assert set(found) == set(NAMES.values())
    [reads] = [item.inputs for item in made.all("IAMMember") if item.type.startswith("gcp:projects/")]
    assert (reads["role"], reads["project"]) == ("roles/dns.reader", "portico-sandbox")
    assert {member for _, member in found.values()} == {reads["member"]}


# By whom

ACCOUNTS = {"external-dns": ("dns", "external-dns"), "cert-manager": ("certs", "cert-manager")}


def everything(identity: str) -> Recording:
    own = {"external_dns": OF_DNS, "identity": identity}
    return made_with(own=own, cert_manager={"existing": {"namespace": "certs"}})


@pytest.mark.parametrize("name", ACCOUNTS)
def test_by_principal_the_kubernetes_account_itself_has_the_rights(name: str) -> None:
    made = everything("principal")
    namespace, account = ACCOUNTS[name]
    member = f"principal:{POOL}/subject/ns/{namespace}/sa/{account}"
    assert granted(made, name) == {"portico-test": ("roles/dns.admin", member)}
    assert made.all("Account") == []
    assert {question.args["projectId"] for question in made.asked if question.token.endswith(":getProject")} == {
        "portico-sandbox"
    }


@pytest.mark.parametrize("name", ACCOUNTS)
def test_by_service_account_one_is_made_that_only_this_kubernetes_account_may_act_as(name: str) -> None:
    made = everything("service_account")
    namespace, account = ACCOUNTS[name]
    own = made.one("Account", name)
    email = gcp.email(own.inputs["accountId"])
    assert own.inputs["accountId"] == f"portico-test-{name}"
    assert granted(made, name) == {"portico-test": ("roles/dns.admin", f"serviceAccount:{email}")}
    [acts] = [item.inputs for item in made.all("IAMMember") if item.type.startswith("gcp:serviceaccount/") and item.name == name]
    assert acts["serviceAccountId"] == f"projects/portico-sandbox/serviceAccounts/{email}"
    assert acts["role"] == "roles/iam.workloadIdentityUser"
    assert acts["member"] == f"serviceAccount:portico-sandbox.svc.id.goog[{namespace}/{account}]"


@IDENTITIES
def test_cert_manager_starts_when_it_has_its_rights(identity: str) -> None:
    made = made_with(own={"identity": identity}, cert_manager=None)
    release = made.one("Release", "cert-manager")
    rights = [*made.all("DnsManagedZoneIamMember"), *made.all("IAMMember")]
    assert len(rights) == (1 if identity == "principal" else 2)
    assert all(made.waits(release, item) for item in rights)


def test_by_service_account_a_cert_manager_that_this_stack_installs_says_which() -> None:
    made = made_with(own={"identity": "service_account"}, cert_manager=None)
    values = made.one("Release", "cert-manager").inputs["values"]
    email = gcp.email("portico-test-cert-manager")
    assert values["serviceAccount"]["annotations"] == {"iam.gke.io/gcp-service-account": email}
    plain = made_with(own={"identity": "principal"}, cert_manager=None).one("Release", "cert-manager").inputs["values"]
    assert "serviceAccount" not in plain


@IDENTITIES
def test_an_existing_cert_manager_is_told_to_prove_names_when_it_has_its_rights(identity: str) -> None:
    made = made_with(own={"identity": identity})
    for item in [*made.all("DnsManagedZoneIamMember"), *made.all("IAMMember")]:
        assert made.waits(made.one("ClusterIssuer"), item)
