"""Issuers, solvers and certificates: what cert-manager is told."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from components.trust.solvers import AzureDnsSolver, CloudDnsSolver, Rfc2136Solver, Route53Solver
from tests.support import pem
from tests.support.doors import door
from tests.support.recorder import Registration
from tests.support.stacks import ENTRYPOINTS, stack_file


def issuer(**parts: Any) -> dict[str, Any]:
    spec: dict[str, Any] = door(stack_file(**parts)).one("ClusterIssuer").spec["acme"]
    return spec


def solver(kind: str, **parts: Any) -> dict[str, Any]:
    found: list[dict[str, Any]] = [each for each in issuer(**parts)["solvers"] if kind in each]
    [only] = found
    return only


def test_dns01_is_solved_by_signed_updates_with_the_stacks_own_key() -> None:
    assert solver("dns01") == {
        "dns01": {
            "rfc2136": {
                "nameserver": "127.0.0.1:1",
                "protocol": "TCP",
                "tsigAlgorithm": "HMACSHA256",
                "tsigKeyName": "portico",
                "tsigSecretSecretRef": {"key": "tsig", "name": "portico-test-dns-01"},
            }
        },
        "selector": {"matchLabels": {"portico.dev/challenge": "dns-01"}},
    }


@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_http01_is_solved_through_the_entrypoint_in_use(kind: str) -> None:
    found = solver("http01", entrypoint=ENTRYPOINTS[kind])["http01"]
    if kind.startswith("gateway"):
        parent = {"kind": "Gateway", "name": "portico-test", "namespace": "portico-test", "sectionName": "http"}
        assert found == {"gatewayHTTPRoute": {"parentRefs": [parent]}}
    else:
        # nginx is told to go by the Service's address, as for the sites.
        upstream = {"metadata": {"annotations": {"nginx.ingress.kubernetes.io/service-upstream": "true"}}}
        template = {"ingressTemplate": upstream} if kind.startswith("nginx") else {}
        assert found == {"ingress": {"ingressClassName": kind.partition("-")[0], **template}}


def test_only_challenges_in_use_have_a_solver_and_a_secret() -> None:
    parts = {"certificates": {"only": {"acme": {"hosts": ["shop.portico.test", "portico.test"], "challenge": "http-01"}}}}
    assert [set(each) for each in issuer(**parts)["solvers"]] == [{"http01", "selector"}]
    assert door(stack_file(**parts)).all("Secret") == []


def test_a_certificate_carries_the_label_that_its_solver_looks_for() -> None:
    for item in door(stack_file()).all("Certificate"):
        if item.custom:
            challenge = "dns-01" if item.name == "wildcard" else "http-01"
            assert item.metadata["labels"]["portico.dev/challenge"] == challenge


def test_waiting_in_place_of_a_self_check_is_per_challenge() -> None:
    acme = {"wait_instead_of_self_check": {"dns-01": 7}}
    assert solver("dns01", acme=acme)["waitInsteadOfSelfCheck"] == "7s"
    assert "waitInsteadOfSelfCheck" not in solver("http01", acme=acme)


def test_a_directorys_own_ca_and_the_email_are_told_where_there_are_some() -> None:
    assert {"caBundle", "email"}.isdisjoint(issuer())
    bundle = pem.certificate()
    told = issuer(acme={"email": "a@b.example", "directories": {"staging": {"url": "https://acme.example", "ca_bundle": bundle}}})
    assert told["email"] == "a@b.example"
    assert base64.b64decode(told["caBundle"]).decode() == bundle


def test_production_is_not_even_registered_with_before_it_is_asked_for() -> None:
    assert "production" not in repr(door(stack_file()).one("ClusterIssuer").spec)


def _certificates(**parts: Any) -> list[Registration]:
    return [item for item in door(stack_file(**parts)).all("Certificate") if item.custom]


def test_a_certificates_secret_is_marked_for_the_sweep() -> None:
    made = door(stack_file())
    selector = made.one("Sweep").inputs["selector"]
    name, _, value = selector.partition("=")
    for item in _certificates():
        assert item.spec["secretTemplate"]["labels"][name] == value


def test_the_sweep_names_both_accounts_where_cert_manager_keeps_them() -> None:
    made = door(stack_file(cert_manager={"existing": {"namespace": "cm"}}))
    account = made.one("ClusterIssuer").spec["acme"]["privateKeySecretRef"]["name"]
    assert f"cm/{account}" in made.one("Sweep").inputs["secrets"]
    assert len(made.one("Sweep").inputs["secrets"]) == 2


def test_a_gateway_has_one_copy_of_a_certificate_and_an_ingress_one_per_namespace() -> None:
    sites = {name: {"hosts": [f"{name}.portico.test"], "namespace": name, "paths": {"/": "web:80"}} for name in ("shop", "blog")}
    certificates = {"wildcard": {"acme": {"hosts": ["*.portico.test"]}}}
    [only] = _certificates(sites=sites, certificates=certificates)
    assert only.metadata["namespace"] == "portico-test"
    copies = _certificates(sites=sites, certificates=certificates, entrypoint=ENTRYPOINTS["traefik-helm"])
    assert sorted(item.metadata["namespace"] for item in copies) == ["blog", "shop"]
    assert {item.spec["secretName"] for item in copies} == {"wildcard.staging-tls"}


def test_the_solvers_secret_lies_where_cert_manager_reads_it() -> None:
    secret = door(stack_file(cert_manager={"existing": {"namespace": "cm"}})).one("Secret", "dns-01")
    assert (secret.metadata["namespace"], secret.metadata["name"]) == ("cm", "portico-test-dns-01")


def test_cert_manager_by_helm_is_awaited_with_its_own_check_and_takes_the_users_values() -> None:
    values = {"replicaCount": 2, "config": {"gatewayAPI": {"enabled": False}}}
    release = door(stack_file(cert_manager={"helm": {"values": values, "version": "v9"}})).one("Release", "cert-manager")
    assert release.inputs["values"]["crds"] == {"enabled": True, "keep": True}
    assert release.inputs["values"]["replicaCount"] == 2
    assert release.inputs["values"]["config"]["gatewayAPI"] == {"enabled": False}
    assert release.inputs["values"]["config"]["kind"] == "ControllerConfiguration"
    assert (release.inputs["version"], release.inputs["atomic"]) == ("v9", True)
    assert not release.inputs.get("skipAwait")


@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_cert_manager_is_told_of_gateway_api_only_with_a_gateway_and_then_comes_after_its_controller(kind: str) -> None:
    """It refuses to start where the Gateway API's CRDs are missing, and a controller's release may be what brings them."""
    made = door(stack_file(entrypoint=ENTRYPOINTS[kind], cert_manager={"helm": {}}))
    release = made.one("Release", "cert-manager")
    if kind.startswith("gateway"):
        assert release.inputs["values"]["config"]["gatewayAPI"] == {"enabled": True}
    else:
        assert "config" not in release.inputs["values"]
    fronts = [item for item in made if item.custom and item.name in ("front", "controller")]
    assert len(fronts) == (kind != "gateway")
    for front in fronts:
        assert made.waits(release, front) is kind.startswith("gateway")


SECRETS = {
    "dns": {"acme": {"hosts": ["*.portico.test"], "challenge": "dns-01"}},
    "http": {"acme": {"hosts": ["portico.test"], "challenge": "http-01"}},
    "own": {"private_ca": {"hosts": ["own.portico.test"]}},
}


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_a_certificates_objects_are_named_after_its_key_and_where_it_comes_from(kind: str, environment: str) -> None:
    hosts = {"a": "a.portico.test", "b": "portico.test", "c": "own.portico.test"}
    made = door(
        stack_file(
            entrypoint=ENTRYPOINTS[kind],
            certificates=SECRETS,
            private_ca={"certificate": pem.certificate(), "key": pem.key_pem()},
            acme={"environment": environment},
            sites={key: {"hosts": [host], "namespace": "shop", "paths": {"/": "web:80"}} for key, host in hosts.items()},
        )
    )
    by_gateway = kind.startswith("gateway")
    secrets = {
        "dns": f"dns.{environment}-tls",
        "http": f"http.{environment}-tls",
        "own": "own-tls",
    }
    found = {item.name: item for item in made.all("Certificate") if item.custom}
    assert set(found) == {key if by_gateway else f"{key}/shop" for key in secrets}
    for name, item in found.items():
        assert item.spec["secretName"] == secrets[name.partition("/")[0]]
        assert item.metadata["name"] == item.spec["secretName"].removesuffix("-tls")
    assert {item.name for item in made.all("Issuance")} == set(found)


@pytest.mark.parametrize(("algorithm", "spelled"), [("hmac-sha1", "HMACSHA1"), ("hmac-sha512", "HMACSHA512")])
def test_tsig_algorithms_are_spelled_as_cert_manager_does(algorithm: str, spelled: str) -> None:
    assert Rfc2136Solver("s", "k", algorithm, "x").spec("n")["rfc2136"]["tsigAlgorithm"] == spelled


def test_azure_dns_by_workload_identity_needs_no_secret() -> None:
    made = AzureDnsSolver("sub", "group", "zone", managed_client_id="id")
    assert made.secret is None
    assert made.spec("s") == {
        "azureDNS": {
            "subscriptionID": "sub",
            "resourceGroupName": "group",
            "hostedZoneName": "zone",
            "managedIdentity": {"clientID": "id"},
        }
    }


def test_azure_dns_by_client_secret_names_it_and_no_managed_identity() -> None:
    made = AzureDnsSolver("sub", "group", "zone", tenant_id="t", client_id="c", client_secret="hush")
    assert made.secret is not None
    assert (made.secret.key, made.secret.value) == ("client-secret", "hush")
    spec = made.spec("name")["azureDNS"]
    assert spec["clientSecretSecretRef"] == {"name": "name", "key": "client-secret"}
    assert (spec["clientID"], spec["tenantID"]) == ("c", "t")
    assert "managedIdentity" not in spec
    assert "hush" not in repr(spec)


@pytest.mark.parametrize(
    ("made", "spec"),
    [
        (CloudDnsSolver("p"), {"cloudDNS": {"project": "p"}}),
        (CloudDnsSolver("p", "z"), {"cloudDNS": {"project": "p", "hostedZoneName": "z"}}),
        (Route53Solver("r", "Z1"), {"route53": {"region": "r", "hostedZoneID": "Z1"}}),
        (Route53Solver("r", "Z1", "arn"), {"route53": {"region": "r", "hostedZoneID": "Z1", "role": "arn"}}),
    ],
)
def test_clouds_that_know_the_pods_identity_need_no_secret(made: CloudDnsSolver | Route53Solver, spec: dict[str, Any]) -> None:
    assert made.secret is None
    assert made.spec("unused") == spec
