"""Gateways of GKE: an address by its name, certificates by a map or from Secrets, and what the load balancer does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import pem
from tests.support.doors import door
from tests.support.recorder import Recording, Registration, waiting
from tests.support.stacks import GCP_ENTRYPOINTS, gcp_stack, problems_of

WAYS = ["gateway-global", "gateway-regional"]
OF_GKE = pytest.mark.parametrize("way", WAYS)
MARKS = {"gateway-global": "gke", "gateway-regional": "gke-regional"}
IN_CLUSTER = ["gateway-existing", "gateway-helm"]
BY_RECORDS = {"web": {"acme": {"hosts": ["portico.test", "*.portico.test"]}}}
SHOP = {"hosts": ["shop.portico.test"], "namespace": "shop", "paths": {"/": "web:8080"}, "demo": True}


def made_by(way: str, own: dict[str, Any] | None = None, **parts: Any) -> Recording:
    """`own`: added to the entrypoint's options."""
    [(kind, options)] = GCP_ENTRYPOINTS[way].items()
    raw = gcp_stack(way, **{"certificates": BY_RECORDS, **parts, "entrypoint": {kind: {**options, **(own or {})}}})
    assert problems_of(raw) == {}
    return door(raw)


def listeners(made: Recording) -> dict[str, Any]:
    return {each["name"]: each for each in made.object("Gateway").spec["listeners"]}


# The Gateway


@OF_GKE
def test_the_class_makes_the_load_balancer_and_no_controller_stands_in_the_cluster(way: str) -> None:
    made = made_by(way)
    assert made.object("Gateway").spec["gatewayClassName"] == GCP_ENTRYPOINTS[way]["gateway"]["class"]
    assert [item for item in made if item.custom and item.name.startswith(("front", "controller"))] == []
    assert "infrastructure" not in made.object("Gateway").spec


@OF_GKE
def test_the_address_is_asked_for_by_its_name(way: str) -> None:
    made = made_by(way)
    [address] = [item for item in made if item.kind in ("Address", "GlobalAddress")]
    assert made.object("Gateway").spec["addresses"] == [{"type": "NamedAddress", "value": address.inputs["name"]}]
    existing = made_by(way, {"address": {"existing": "mine"}}).object("Gateway")
    assert existing.spec["addresses"] == [{"type": "NamedAddress", "value": "mine"}]


@OF_GKE
def test_it_is_awaited_until_its_load_balancer_is_made(way: str) -> None:
    """Accepted is only the controller's word that it has read it."""
    gateway = made_by(way, {"timeout": 77}).object("Gateway")
    assert gateway.annotations["pulumi.com/waitFor"] == waiting(gateway, "condition=Programmed")
    assert dict(gateway.timeouts) == {"create": "77s", "update": "77s"}


@OF_GKE
def test_it_has_a_name_of_its_own_beside_those_of_other_gateways(way: str) -> None:
    gateway = made_by(way).object("Gateway")
    assert (gateway.metadata["namespace"], gateway.metadata["name"]) == ("portico-test", f"portico-test-gateway-{MARKS[way]}")


@OF_GKE
def test_one_listener_answers_http_and_one_each_name_of_a_certificate(way: str) -> None:
    found = listeners(made_by(way))
    assert {name: (each["protocol"], each["port"], each.get("hostname")) for name, each in found.items()} == {
        "http": ("HTTP", 80, None),
        "https.portico.test": ("HTTPS", 443, "portico.test"),
        "https-wildcard.portico.test": ("HTTPS", 443, "*.portico.test"),
    }
    for each in found.values():
        [among] = each["allowedRoutes"]["namespaces"]["selector"]["matchExpressions"]
        assert among["values"] == ["portico-test", "shop"]


# Certificates


def test_a_map_of_certificates_is_said_once_and_no_listener_says_more() -> None:
    """GKE takes one or the other."""
    made = door(gcp_stack("gateway-global"))
    gateway = made.object("Gateway")
    assert gateway.annotations["networking.gke.io/certmap"] == made.one("CertificateMap").inputs["name"]
    assert [each["name"] for each in gateway.spec["listeners"] if "tls" in each] == []
    assert made.all("ReferenceGrant") == []


@pytest.mark.parametrize("way", [*WAYS, *IN_CLUSTER])
def test_secrets_lie_beside_the_sites_and_the_gateway_is_permitted_to_show_them(way: str) -> None:
    """Where an Ingress would have them: moving from one to the other asks for nothing anew."""
    certificates = {**BY_RECORDS, "own": {"provided": pem.provided("own.portico.test")}}
    made = made_by(
        way, certificates=certificates, sites={"shop": SHOP, "own": {**SHOP, "hosts": ["own.portico.test"], "demo": False}}
    )
    found = listeners(made)
    shown = {name: each["tls"]["certificateRefs"] for name, each in found.items() if name != "http"}
    [secret] = made.all("Secret")
    web = [{"kind": "Secret", "name": "web.staging-tls", "namespace": "shop"}]
    own = [{"kind": "Secret", "name": secret.metadata["name"], "namespace": "shop"}]
    assert shown == {"https.portico.test": web, "https-wildcard.portico.test": web, "https.own.portico.test": own}
    assert {each["tls"]["mode"] for name, each in found.items() if name != "http"} == {"Terminate"}
    assert "networking.gke.io/certmap" not in made.object("Gateway").annotations
    [grant] = made.all("ReferenceGrant")
    assert grant.metadata["namespace"] == "shop"
    assert grant.spec["from"] == [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "portico-test"}]
    assert grant.spec["to"] == [{"group": "", "kind": "Secret", "name": refs[0]["name"]} for refs in (web, own)]
    assert made.waits(made.object("Gateway"), grant)


@OF_GKE
def test_a_certificate_that_no_site_shows_lies_beside_the_gateway(way: str) -> None:
    certificates = {**BY_RECORDS, "unused": {"acme": {"hosts": ["unused.portico.test"]}}}
    made = made_by(way, certificates=certificates)
    refs = listeners(made)["https.unused.portico.test"]["tls"]["certificateRefs"]
    assert refs == [{"kind": "Secret", "name": "unused.staging-tls"}]
    asked = made.object("Certificate", "unused/portico-test")
    assert asked.metadata["namespace"] == "portico-test"


@OF_GKE
def test_http01_is_answered_on_its_http_listener(way: str) -> None:
    certificates = {"web": {"acme": {"hosts": ["portico.test", "shop.portico.test"], "challenge": "http-01"}}}
    made = made_by(way, certificates=certificates)
    [entry] = made.one("ClusterIssuer").spec["acme"]["solvers"]
    [parent] = entry["http01"]["gatewayHTTPRoute"]["parentRefs"]
    gateway = made.object("Gateway")
    assert (parent["name"], parent["namespace"]) == (gateway.metadata["name"], gateway.metadata["namespace"])
    assert parent["sectionName"] == "http"


# Routes


@OF_GKE
def test_routes_hang_on_this_gateway_and_have_names_that_no_other_has(way: str) -> None:
    made = made_by(way)
    gateway = made.object("Gateway")
    names = {item.metadata["name"]: item for item in made.all("HTTPRoute")}
    assert set(names) == {f"{name}.{MARKS[way]}" for name in ("shop", "shop.https-redirect", "apex", "apex.https-redirect")}
    for route in names.values():
        assert {each["name"] for each in route.spec["parentRefs"]} == {gateway.metadata["name"]}
        assert made.waits(route, gateway)
    [redirect] = names[f"apex.{MARKS[way]}"].spec["rules"]
    assert redirect["filters"][0]["requestRedirect"] == {
        "scheme": "https",
        "hostname": "shop.portico.test",
        "statusCode": 301,
    }


# Policies


def policies(made: Recording, kind: str) -> dict[str, Registration]:
    return {item.spec["targetRef"]["name"]: item for item in made.all(kind)}


@OF_GKE
def test_tls_is_spoken_by_the_policy(way: str) -> None:
    made = made_by(way)
    [policy] = made.all("GCPGatewayPolicy")
    [tls] = [item for item in made if item.kind in ("SSLPolicy", "RegionSslPolicy")]
    gateway = made.object("Gateway")
    assert policy.type == "kubernetes:networking.gke.io/v1:GCPGatewayPolicy"
    assert policy.spec == {
        "default": {"sslPolicy": tls.inputs["name"]},
        "targetRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway.metadata["name"]},
    }
    assert policy.metadata["namespace"] == gateway.metadata["namespace"]


CHECK = {"path": "/ready", "port": 9000, "interval": 20, "timeout": 10, "healthy": 3, "unhealthy": 4}


@OF_GKE
def test_health_is_asked_for_as_the_stack_file_says(way: str) -> None:
    paths = {"/": "web:80", "/api": {"service": "api", "port": 8080, "health": CHECK}, "/api/v2": "api:8081"}
    found = policies(made_by(way, sites={"shop": {**SHOP, "paths": paths}}), "HealthCheckPolicy")
    assert set(found) == {"web", "api"}
    assert found["api"].spec == {
        "default": {
            "checkIntervalSec": 20,
            "timeoutSec": 10,
            "healthyThreshold": 3,
            "unhealthyThreshold": 4,
            "config": {
                "type": "HTTP",
                "httpHealthCheck": {"portSpecification": "USE_FIXED_PORT", "port": 9000, "requestPath": "/ready"},
            },
        },
        "targetRef": {"group": "", "kind": "Service", "name": "api"},
    }
    assert found["web"].spec["default"]["config"]["httpHealthCheck"] == {
        "portSpecification": "USE_SERVING_PORT",
        "requestPath": "/",
    }
    assert {item.metadata["namespace"] for item in found.values()} == {"shop"}


OPTIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"timeoutSec": 30, "connectionDraining": {"drainingTimeoutSec": 0}}),
    ({"timeout": 60, "draining": 9}, {"timeoutSec": 60, "connectionDraining": {"drainingTimeoutSec": 9}}),
    ({"security_policy": "armor"}, {"securityPolicy": "armor"}),
    (
        {"iap": {"secret": "oauth", "client_id": "id"}},
        {"iap": {"enabled": True, "oauth2ClientSecret": {"name": "oauth"}, "clientID": "id"}},
    ),
]


@pytest.mark.parametrize(("own", "wanted"), OPTIONS, ids=[str(option[0]) for option in OPTIONS])
@OF_GKE
def test_what_the_load_balancer_does_is_said_of_every_service(way: str, own: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = policies(made_by(way, {"load_balancing": own}), "GCPBackendPolicy")
    assert set(found) == {"web", "api"}
    for name, item in found.items():
        assert {key: item.spec["default"][key] for key in wanted} == wanted
        assert set(item.spec["default"]) == {"timeoutSec", "connectionDraining", *wanted}
        assert item.spec["targetRef"] == {"group": "", "kind": "Service", "name": name}


@pytest.mark.parametrize("way", IN_CLUSTER)
def test_a_gateway_in_the_cluster_has_none_of_that(way: str) -> None:
    made = made_by(way)
    assert [item.urn for item in made if item.type.startswith("kubernetes:networking.gke.io/")] == []
    gateway = made.object("Gateway")
    assert "addresses" not in gateway.spec
    assert gateway.annotations["pulumi.com/waitFor"] == waiting(gateway, "condition=Accepted")
