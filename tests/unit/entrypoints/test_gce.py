"""GKE's Ingress: what its controller is told of the load balancer, of each Service behind it, and of its pods' health."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.names import REVISION
from components.trust import managed_name
from tests.support import pem
from tests.support.doors import door
from tests.support.recorder import Recording, Registration, waiting
from tests.support.stacks import gcp_stack, problems_of, with_value

BY_RECORDS = {"web": {"acme": {"hosts": ["portico.test", "*.portico.test"]}}}
SHOP = {"hosts": ["shop.portico.test"], "namespace": "shop", "paths": {"/": "web:8080"}, "demo": True}


def made_by(own: dict[str, Any] | None = None, **parts: Any) -> Recording:
    """`own`: the entrypoint's options."""
    raw = gcp_stack("gce", **{"certificates": BY_RECORDS, **parts, "entrypoint": {"gce": own or {}}})
    assert problems_of(raw) == {}
    return door(raw)


def ingress(made: Recording, namespace: str = "shop") -> Registration:
    return made.object("Ingress", namespace)


def told(item: Registration) -> dict[str, str]:
    """Its annotations, without those for Pulumi and Portico."""
    return {key: value for key, value in item.annotations.items() if not key.startswith(("pulumi.com/", "portico.dev/"))}


# The Ingress


def test_all_that_is_said_of_a_load_balancer() -> None:
    item = ingress(made_by())
    assert told(item) == {
        "kubernetes.io/ingress.class": "gce",
        "kubernetes.io/ingress.global-static-ip-name": "portico-test-gce-shop",
        "networking.gke.io/v1beta1.FrontendConfig": "portico-test",
    }
    assert (item.metadata["namespace"], item.metadata["name"]) == ("shop", "portico-test")
    # GKE reads the class from the annotation, and would not look at this one.
    assert "ingressClassName" not in item.spec


def test_a_closed_port_80_is_said() -> None:
    """GKE lets http in unless it is told not to."""
    assert told(ingress(made_by({"allow_http": False})))["kubernetes.io/ingress.allow-http"] == "false"


def test_an_existing_address_is_named() -> None:
    assert told(ingress(made_by({"address": {"existing": "mine"}})))["kubernetes.io/ingress.global-static-ip-name"] == "mine"


def test_one_ingress_leads_all_sites_of_a_namespace() -> None:
    raw = gcp_stack("gce")
    raw["sites"]["shop"]["hosts"].append("www.portico.test")
    raw["certificates"]["web"]["google_managed"]["hosts"].append("www.portico.test")
    made = door(raw)
    [item] = made.all("Ingress")
    rules = [
        (rule["host"], path["path"], path["pathType"], path["backend"]["service"]["name"], path["backend"]["service"]["port"])
        for rule in item.spec["rules"]
        for path in rule["http"]["paths"]
    ]
    assert rules == [
        ("shop.portico.test", "/", "Prefix", "web", {"number": 8080}),
        ("shop.portico.test", "/api", "Prefix", "api", {"number": 8080}),
        ("www.portico.test", "/", "Prefix", "web", {"number": 8080}),
        ("www.portico.test", "/api", "Prefix", "api", {"number": 8080}),
        ("portico.test", "/", "Prefix", "web", {"number": 8080}),
    ]


def in_two_namespaces(**parts: Any) -> dict[str, Any]:
    blog = {"hosts": ["portico.test"], "namespace": "default", "paths": {"/": "blog:80"}}
    return {"sites": {"shop": SHOP, "blog": blog}, **parts}


def test_each_namespace_has_an_ingress_that_leads_to_its_own_services_only() -> None:
    made = made_by(**in_two_namespaces())
    found = {item.metadata["namespace"]: [rule["host"] for rule in item.spec["rules"]] for item in made.all("Ingress")}
    assert found == {"shop": ["shop.portico.test"], "default": ["portico.test"]}
    assert {item.metadata["namespace"] for item in made.all("FrontendConfig")} == {"shop", "default"}
    names = {told(item)["kubernetes.io/ingress.global-static-ip-name"] for item in made.all("Ingress")}
    assert names == {"portico-test-gce-shop", "portico-test-gce-default"}


def test_it_is_awaited_until_it_has_its_address() -> None:
    item = ingress(made_by({"timeout": 77}))
    assert item.annotations["pulumi.com/waitFor"] == waiting(item, "jsonpath={.status.loadBalancer.ingress}")
    assert dict(item.timeouts) == {"create": "77s", "update": "77s"}


def test_cert_manager_may_add_a_path_to_it_and_the_stack_still_has_the_last_word() -> None:
    """Another Ingress would have another address, so a challenge is answered by this one."""
    certificates = {"web": {"acme": {"hosts": ["portico.test", "shop.portico.test"], "challenge": "http-01"}}}
    made = made_by(certificates=certificates)
    [entry] = made.one("ClusterIssuer").spec["acme"]["solvers"]
    assert entry["http01"] == {"ingress": {"name": "portico-test"}}
    assert ingress(made).metadata["name"] == "portico-test"
    assert ingress(made).annotations["pulumi.com/patchForce"] == "true"


def test_the_users_annotations_win_and_a_sites_over_all() -> None:
    own = {"annotations": {"kubernetes.io/ingress.class": "mine", "x/y": "a"}}
    sites = {"shop": {**SHOP, "annotations": {"x/y": "b", "x/z": "c"}}}
    found = told(ingress(made_by(own, sites=sites)))
    assert (found["kubernetes.io/ingress.class"], found["x/y"], found["x/z"]) == ("mine", "b", "c")


# Certificates


def test_secrets_stand_in_it_with_their_hosts_and_managed_ones_in_an_annotation() -> None:
    certificates = {
        "apex": {"google_managed": {"hosts": ["portico.test"]}},
        "shop": {"provided": pem.provided("shop.portico.test")},
    }
    made = made_by(certificates=certificates)
    [secret] = made.all("Secret")
    assert ingress(made).spec["tls"] == [{"hosts": ["shop.portico.test"], "secretName": secret.metadata["name"]}]
    [certificate] = made.all("ManagedCertificate")
    assert told(ingress(made))["networking.gke.io/managed-certificates"] == certificate.metadata["name"]
    assert certificate.spec == {"domains": ["portico.test"]}
    assert certificate.metadata["namespace"] == "shop"


def test_several_managed_certificates_are_named_with_commas() -> None:
    certificates = {key: {"google_managed": {"hosts": [f"{key}portico.test"]}} for key in ("shop.", "")}
    certificates = {"one": certificates["shop."], "other": certificates[""]}
    made = made_by(certificates=certificates)
    named = told(ingress(made))["networking.gke.io/managed-certificates"].split(",")
    assert sorted(named) == sorted(item.metadata["name"] for item in made.all("ManagedCertificate"))
    assert not ingress(made).spec.get("tls")


def test_a_namespace_shows_only_the_certificates_of_its_own_hosts() -> None:
    certificates = {
        "apex": {"google_managed": {"hosts": ["portico.test"]}},
        "shop": {"google_managed": {"hosts": ["shop.portico.test"]}},
    }
    made = made_by(**in_two_namespaces(certificates=certificates))
    for namespace, key, host in (("shop", "shop", "shop.portico.test"), ("default", "apex", "portico.test")):
        name = managed_name("portico-test", key, [host])
        assert told(ingress(made, namespace))["networking.gke.io/managed-certificates"] == name
        assert made.object("ManagedCertificate", f"{key}/{namespace}").metadata["name"] == name


def test_a_managed_certificate_with_other_hosts_is_another_one() -> None:
    """GKE's controller would delete the one that is shown; beside it, the new one is made first."""
    raw = gcp_stack("gce")
    more = with_value(raw, ("certificates", "web", "google_managed", "hosts"), ["portico.test"])
    more["certificates"]["shop"] = {"google_managed": {"hosts": ["shop.portico.test"]}}
    before, after = (door(each).object("ManagedCertificate", "web/shop").metadata["name"] for each in (raw, more))
    assert before != after
    assert before.startswith("portico-test-web-")


# The front of the load balancer


def test_http_is_redirected_and_tls_is_spoken_by_the_policy() -> None:
    made = made_by()
    config = made.object("FrontendConfig")
    assert (config.metadata["namespace"], config.metadata["name"]) == ("shop", "portico-test")
    assert config.type == "kubernetes:networking.gke.io/v1beta1:FrontendConfig"
    assert config.spec == {
        "sslPolicy": made.one("SSLPolicy").inputs["name"],
        "redirectToHttps": {"enabled": True, "responseCodeName": "MOVED_PERMANENTLY_DEFAULT"},
    }


@pytest.mark.parametrize(
    ("own", "sites"),
    [({"allow_http": False}, {"shop": SHOP}), ({}, {"shop": {**SHOP, "https_redirect": False}})],
    ids=["no http", "http is served"],
)
def test_http_is_not_redirected_where_it_is_closed_or_served(own: dict[str, Any], sites: dict[str, Any]) -> None:
    made = made_by(own, sites=sites)
    assert made.object("FrontendConfig").spec["redirectToHttps"] == {"enabled": False}
    assert ("kubernetes.io/ingress.allow-http" in told(ingress(made))) is ("allow_http" in own)


# Services and their pods


def configs(made: Recording) -> dict[str, Any]:
    return {item.metadata["name"]: item.spec for item in made.all("BackendConfig")}


def referred(annotations: dict[str, str]) -> dict[str, Any]:
    """What a Service tells GKE, read as GKE reads it."""
    return {key: json.loads(value) for key, value in annotations.items() if key.startswith("cloud.google.com/")}


PORTS = {
    "/": "web:80",
    "/admin": {"service": "web", "port": 81, "health": {"path": "/ok", "port": 9000, "interval": 20, "timeout": 10,
                                                        "healthy": 3, "unhealthy": 4}},
    "/api": {"service": "api", "port": 8080, "health": "/ready"},
}  # fmt: skip


@pytest.mark.parametrize("demo", [True, False], ids=["of this stack", "of others"])
def test_a_service_is_reached_at_its_pods_and_each_port_has_a_configuration(demo: bool) -> None:
    made = made_by(sites={"shop": {**SHOP, "paths": PORTS, "demo": demo}})
    kind = "Service" if demo else "ServicePatch"
    assert referred(made.object(kind, "shop/web").annotations) == {
        "cloud.google.com/neg": {"ingress": True},
        "cloud.google.com/backend-config": {"ports": {"80": "portico-test-web-80", "81": "portico-test-web-81"}},
    }
    assert referred(made.object(kind, "shop/api").annotations)["cloud.google.com/backend-config"] == {
        "ports": {"8080": "portico-test-api-8080"}
    }
    assert set(configs(made)) == {"portico-test-web-80", "portico-test-web-81", "portico-test-api-8080"}
    assert {item.metadata["namespace"] for item in made.all("BackendConfig")} == {"shop"}


def test_a_service_of_the_stack_file_is_reached_alike() -> None:
    made = made_by(sites={"shop": {**SHOP, "paths": {"/": "inside:80"}}})
    assert made.all("ServicePatch") == []
    assert referred(made.object("Service", "inside").annotations)["cloud.google.com/backend-config"] == {
        "ports": {"80": "portico-test-inside-80"}
    }


def test_a_service_that_no_site_leads_to_is_left_alone() -> None:
    assert referred(door(gcp_stack("gce")).object("Service", "inside").annotations) == {}


def test_of_somebody_elses_service_only_two_annotations_are_said() -> None:
    """All else is its owner's; what GKE writes there itself gives way."""
    patch = made_by(sites={"shop": {**SHOP, "demo": False}}).object("ServicePatch", "shop/web")
    assert set(patch.inputs) == {"metadata"} | ({"apiVersion", "kind"} & set(patch.inputs))
    assert set(patch.metadata) == {"name", "namespace", "annotations"}
    assert (patch.metadata["namespace"], patch.metadata["name"]) == ("shop", "web")
    assert set(patch.annotations) == {
        "cloud.google.com/neg",
        "cloud.google.com/backend-config",
        "pulumi.com/patchForce",
        "pulumi.com/patchFieldManager",
    }
    assert patch.annotations["pulumi.com/patchForce"] == "true"
    assert REVISION not in patch.annotations


def test_health_is_asked_for_as_the_stack_file_says() -> None:
    checks = {name: spec["healthCheck"] for name, spec in configs(made_by(sites={"shop": {**SHOP, "paths": PORTS}})).items()}
    assert checks == {
        "portico-test-web-80": {
            "type": "HTTP",
            "requestPath": "/",
            "checkIntervalSec": 15,
            "timeoutSec": 5,
            "healthyThreshold": 2,
            "unhealthyThreshold": 2,
        },
        "portico-test-web-81": {
            "type": "HTTP",
            "requestPath": "/ok",
            "port": 9000,
            "checkIntervalSec": 20,
            "timeoutSec": 10,
            "healthyThreshold": 3,
            "unhealthyThreshold": 4,
        },
        "portico-test-api-8080": {
            "type": "HTTP",
            "requestPath": "/ready",
            "checkIntervalSec": 15,
            "timeoutSec": 5,
            "healthyThreshold": 2,
            "unhealthyThreshold": 2,
        },
    }


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_a_health_check_is_good_for_every_path_to_its_port(first: bool) -> None:
    said, left = {"service": "api", "port": 80, "health": "/ready"}, "api:80"
    paths = {"/": said, "/b": left} if first else {"/": left, "/b": said}
    [spec] = configs(made_by(sites={"shop": {**SHOP, "paths": paths}})).values()
    assert spec["healthCheck"]["requestPath"] == "/ready"


OPTIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"timeoutSec": 30, "connectionDraining": {"drainingTimeoutSec": 0}}),
    ({"timeout": 60, "draining": 9}, {"timeoutSec": 60, "connectionDraining": {"drainingTimeoutSec": 9}}),
    ({"security_policy": "armor"}, {"securityPolicy": {"name": "armor"}}),
    ({"iap": {"secret": "oauth"}}, {"iap": {"enabled": True, "oauthclientCredentials": {"secretName": "oauth"}}}),
    ({"cdn": {}}, {"cdn": {"enabled": True, "cacheMode": "CACHE_ALL_STATIC", "defaultTtl": 3600}}),
    (
        {"cdn": {"cache_mode": "FORCE_CACHE_ALL", "default_ttl": 5}},
        {"cdn": {"enabled": True, "cacheMode": "FORCE_CACHE_ALL", "defaultTtl": 5}},
    ),
    ({"cdn": {"cache_mode": "USE_ORIGIN_HEADERS"}}, {"cdn": {"enabled": True, "cacheMode": "USE_ORIGIN_HEADERS"}}),
]


@pytest.mark.parametrize(("own", "wanted"), OPTIONS, ids=[str(option[0]) for option in OPTIONS])
def test_what_the_load_balancer_does_is_said_of_every_port(own: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = configs(made_by({"load_balancing": own}, sites={"shop": {**SHOP, "paths": PORTS}}))
    assert len(found) == 3
    for spec in found.values():
        rest = {key: value for key, value in spec.items() if key != "healthCheck"}
        assert {key: rest[key] for key in wanted} == wanted
        assert set(rest) == {"timeoutSec", "connectionDraining", *wanted}


def test_services_of_one_name_in_two_namespaces_are_two() -> None:
    blog = {"hosts": ["portico.test"], "namespace": "default", "paths": {"/": {"service": "web", "port": 8080, "health": "/b"}}}
    made = made_by(sites={"shop": SHOP, "blog": blog})
    found = {item.metadata["namespace"]: item.spec["healthCheck"]["requestPath"] for item in made.all("BackendConfig")}
    assert found == {"shop": "/", "default": "/b"}
