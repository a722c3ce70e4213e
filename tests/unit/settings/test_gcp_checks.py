"""Rules between the parts of a stack file on Google Cloud, and what only Google Cloud has."""

from __future__ import annotations

from typing import Any

import pytest

from components.settings.checks_gcp import MAX_CERTIFICATES
from components.settings.gcp import MAX_MANAGED
from tests.support.doors import door
from tests.support.stacks import (
    ENTRYPOINTS,
    GCP_ENTRYPOINTS,
    GLOBAL,
    NLB,
    REGIONAL,
    aws_stack,
    gcp_stack,
    problems_of,
    settings_of,
    stack_file,
    with_value,
)

BY_GOOGLE = ["gce", "gateway-global", "gateway-regional"]
IN_CLUSTER = [way for way in GCP_ENTRYPOINTS if way not in BY_GOOGLE]
SHOP = {"hosts": ["shop.portico.test"], "namespace": "shop", "paths": {"/": "web:8080"}, "demo": True}


def with_own(way: str, **own: Any) -> dict[str, Any]:
    """The stack file with these options added to its entrypoint's."""
    [(kind, options)] = GCP_ENTRYPOINTS[way].items()
    return gcp_stack(way, entrypoint={kind: {**options, **own}})


def word(way: str) -> str:
    [kind] = GCP_ENTRYPOINTS[way]
    return kind


# A cloud that another part needs


@pytest.mark.parametrize("raw", [stack_file(), aws_stack()], ids=["rfc2136", "aws"])
def test_fails_when_a_cluster_of_google_is_named_without_it(raw: dict[str, Any]) -> None:
    [cloud] = raw["cloud"]
    assert problems_of({**raw, "cluster": {"gke": {"name": "shop"}}}) == {
        "portico:cluster.gke": [f"is a cluster of Google Cloud, and portico:cloud is {cloud}"]
    }


def test_a_cluster_on_google_cloud_may_be_reached_otherwise() -> None:
    assert problems_of(gcp_stack(cluster={"kubeconfig": {"path": "kubeconfig"}})) == {}


@pytest.mark.parametrize(("own", "key"), [({"gce": {}}, "gce"), ({"gateway": {"class": GLOBAL}}, "gateway")])
def test_fails_when_a_load_balancer_of_google_is_the_entrypoint_elsewhere(own: dict[str, Any], key: str) -> None:
    assert problems_of(stack_file(entrypoint=own))[f"portico:entrypoint.{key}"] == [
        "is a load balancer of Google Cloud, and portico:cloud is rfc2136"
    ]


def test_fails_when_a_load_balancer_of_aws_is_wanted_on_google_cloud() -> None:
    services = {"tcp": {"namespace": "shop", "ports": {"tcp": 1}, "load_balancer": NLB}}
    assert problems_of(gcp_stack("traefik-existing", services=services)) == {
        "portico:services.tcp.load_balancer.nlb": ["is a load balancer of AWS, and portico:cloud is gcp"]
    }
    raw = with_own("traefik-existing", load_balancer=NLB)
    assert problems_of(raw) == {
        "portico:entrypoint.traefik.load_balancer.nlb": ["is a load balancer of AWS, and portico:cloud is gcp"]
    }


# Zones


@pytest.mark.parametrize("raw", [stack_file(), aws_stack()], ids=["rfc2136", "aws"])
def test_fails_when_a_zone_is_to_be_signed_elsewhere(raw: dict[str, Any]) -> None:
    raw = {**raw, "zone": {"name": "portico.test", "dnssec": True}, "other_zones": {"portico.example": {"dnssec": True}}}
    told = ["is for zones that this stack makes on gcp"]
    assert problems_of(raw) == {"portico:zone.dnssec": told, "portico:other_zones.portico.example.dnssec": told}


def test_fails_when_a_zone_that_exists_is_to_be_signed() -> None:
    raw = gcp_stack(zone={"name": "portico.test", "existing": True, "dnssec": True})
    assert problems_of(raw) == {"portico:zone.dnssec": ["its owner signs a zone that exists"]}
    assert problems_of(gcp_stack(zone={"name": "portico.test", "dnssec": True})) == {}


def test_what_a_person_must_do_for_a_signed_zone_is_said() -> None:
    steps = settings_of(gcp_stack(zone={"name": "portico.test", "dnssec": True})).next_steps()
    assert any("portico.test is signed" in step and "DS record" in step for step in steps)
    assert not any("signed" in step for step in settings_of(gcp_stack()).next_steps())


def test_what_a_person_must_do_for_an_existing_cert_manager_is_said_where_it_needs_an_account() -> None:
    cloud = {"gcp": {"project": "portico-sandbox", "region": "europe-west3", "identity": "service_account"}}
    steps = " ".join(settings_of(gcp_stack("traefik-existing", cloud=cloud)).next_steps())
    assert "cert-manager was there before its account portico-test-cert-manager: annotate its service account" in steps
    assert "iam.gke.io/gcp-service-account" in steps
    for raw in (gcp_stack("traefik-existing"), gcp_stack("traefik-existing", cloud=cloud, cert_manager=None)):
        assert "annotate" not in " ".join(settings_of(raw).next_steps())


# Gateways


@pytest.mark.parametrize("of", ["gateway-helm", "gateway-existing"])
@pytest.mark.parametrize("way", ["gateway-global", "gateway-regional"])
def test_fails_when_a_controller_is_named_behind_a_class_of_gke(way: str, of: str) -> None:
    controller = GCP_ENTRYPOINTS[of]["gateway"]["controller"]
    class_name = GCP_ENTRYPOINTS[way]["gateway"]["class"]
    assert problems_of(with_own(way, controller=controller)) == {
        "portico:entrypoint.gateway.controller": [f"GKE's own controller stands behind class {class_name}: leave it out"]
    }


def test_fails_when_annotations_are_said_for_a_service_that_a_class_of_gke_does_not_make() -> None:
    found = problems_of(with_own("gateway-global", service_annotations={"cloud.google.com/l4-rbs": "enabled"}))
    assert found["portico:entrypoint.gateway.service_annotations"] == [
        f"class {GLOBAL} makes no Service: say load_balancing and ssl_policy, or annotations of the sites"
    ]


def test_fails_when_a_gateway_is_to_have_what_gke_gives_only_an_ingress() -> None:
    assert problems_of(with_own("gateway-global", load_balancing={"cdn": {}})) == {
        "portico:entrypoint.gateway.load_balancing.cdn": ["Gateways of GKE have no CDN: use gce, or leave it out"]
    }
    assert problems_of(with_own("gce", load_balancing={"cdn": {}})) == {}


def test_fails_when_a_gateway_is_not_told_who_asks_for_a_login() -> None:
    assert problems_of(with_own("gateway-global", load_balancing={"iap": {"secret": "oauth"}})) == {
        "portico:entrypoint.gateway.load_balancing.iap.client_id": ["is needed with a Gateway of GKE"]
    }
    assert problems_of(with_own("gateway-global", load_balancing={"iap": {"secret": "oauth", "client_id": "id"}})) == {}
    assert problems_of(with_own("gce", load_balancing={"iap": {"secret": "oauth"}})) == {}


@pytest.mark.parametrize("own", [{"ssl_policy": {"existing": "strict"}}, {"load_balancing": {"timeout": 60}}], ids=str)
@pytest.mark.parametrize("raw", [stack_file(), gcp_stack("gateway-existing")], ids=["rfc2136", "gcp"])
def test_fails_when_a_gateway_in_the_cluster_is_to_do_what_googles_load_balancer_does(
    raw: dict[str, Any], own: dict[str, Any]
) -> None:
    [name] = own
    raw = {**raw, "entrypoint": {"gateway": {**raw["entrypoint"]["gateway"], **own}}}
    assert problems_of(raw) == {
        f"portico:entrypoint.gateway.{name}": [
            "is for GKE's own classes (gke-l7-global-external-managed, gke-l7-gxlb, gke-l7-regional-external-managed);"
            " here TLS ends in the cluster"
        ]
    }


def test_fails_when_nobody_says_who_stands_behind_a_class_that_is_not_gkes() -> None:
    [message] = problems_of(gcp_stack("gateway-existing", entrypoint={"gateway": {"class": "cilium"}}))[
        "portico:entrypoint.gateway.controller"
    ]
    assert message.startswith('is needed on gcp for class "cilium": which controller stands behind it; GKE\'s own classes (')


def test_fails_when_the_classic_load_balancer_is_to_redirect() -> None:
    raw = with_own("gateway-global", **{"class": "gke-l7-gxlb"})
    told = [f"class gke-l7-gxlb cannot redirect: use class {GLOBAL}, or say https_redirect: false"]
    keys = ("shop.https_redirect", "apex.redirect", "apex.https_redirect")
    assert problems_of(raw) == {f"portico:sites.{key}": told for key in keys}
    raw["sites"] = {"shop": {**SHOP, "https_redirect": False}}
    assert problems_of(raw) == {}


def test_a_mistake_in_a_gateways_options_does_not_make_it_another_kind_of_gateway() -> None:
    """What its class can do is known all the same."""
    raw = with_own("gateway-global", ssl_policy={"profile": "MODREN"})
    raw["sites"]["shop"]["paths"]["/api"] = {"service": "api", "port": 8080, "health": "/ready"}
    assert list(problems_of(raw)) == ["portico:entrypoint.gateway.ssl_policy.profile"]


# Addresses


@pytest.mark.parametrize("way", GCP_ENTRYPOINTS)
def test_fails_when_an_address_is_said_by_its_number(way: str) -> None:
    assert problems_of(with_own(way, address={"ip": "198.51.100.1"})) == {
        f"portico:entrypoint.{word(way)}.address.ip": [
            "gcp hands out addresses itself: name one that is reserved already with existing: NAME"
        ]
    }


WHY = {
    "gce": "the load balancer of a GCE Ingress is global, and it does not find a regional address by its name",
    "gateway-global": f"the load balancer of class {GLOBAL} is global",
    "gateway-regional": f"the load balancer of class {REGIONAL} is of one region",
}


@pytest.mark.parametrize("scope", ["global", "regional"])
@pytest.mark.parametrize("way", GCP_ENTRYPOINTS)
def test_an_address_has_the_only_scope_that_works(way: str, scope: str) -> None:
    wanted = "global" if way in ("gce", "gateway-global") else "regional"
    why = WHY.get(way, f"the load balancer before {word(way)} is a Service's, which is of one region and takes no global address")
    told = {} if scope == wanted else {f"portico:entrypoint.{word(way)}.address.scope": [f"must be {wanted}: {why}"]}
    assert problems_of(with_own(way, address={"scope": scope})) == told
    assert settings_of(gcp_stack(way)).entrypoint.scope == wanted


@pytest.mark.parametrize("way", ["gce", "gateway-global"])
def test_fails_when_a_global_address_is_to_have_what_only_a_regional_one_has(way: str) -> None:
    key = f"portico:entrypoint.{word(way)}.address"
    assert problems_of(with_own(way, address={"tier": "standard"})) == {
        f"{key}.tier": ["a global address is in the premium tier: standard is for regional ones"]
    }
    assert problems_of(with_own(way, address={"subnetwork": "nodes"})) == {
        f"{key}.subnetwork": ["a global address is of no subnet"]
    }


@pytest.mark.parametrize("way", ["gateway-regional", "traefik-existing", "nginx-helm"])
def test_fails_when_a_regional_ipv6_address_cannot_be_had(way: str) -> None:
    key = f"portico:entrypoint.{word(way)}.address"
    assert problems_of(with_own(way, address={"ipv6": True})) == {
        f"{key}.ipv6": ["needs subnetwork: a regional IPv6 address is taken from a dual-stack subnet"]
    }
    assert problems_of(with_own(way, address={"ipv6": True, "subnetwork": "nodes", "tier": "standard"})) == {
        f"{key}.tier": ["IPv6 addresses are in the premium tier only"]
    }
    assert problems_of(with_own(way, address={"ipv6": True, "subnetwork": "nodes"})) == {}
    assert problems_of(with_own(way, address={"ipv6": True, "existing": "mine"})) == {}
    assert problems_of(with_own(way, address={"tier": "standard"})) == {}


@pytest.mark.parametrize(
    "own",
    [{"existing": "a"}, {"scope": "regional"}, {"tier": "standard"}, {"ipv6": True}, {"subnetwork": "a"}],
    ids=lambda own: next(iter(own)),
)
@pytest.mark.parametrize("cloud", ["rfc2136", "aws"])
def test_fails_when_an_address_of_google_cloud_is_described_elsewhere(cloud: str, own: dict[str, Any]) -> None:
    raw = stack_file(entrypoint=ENTRYPOINTS["traefik-existing"]) if cloud == "rfc2136" else aws_stack("traefik-existing-nlb")
    [name] = own
    assert problems_of(with_value(raw, ("entrypoint", "traefik", "address"), own)) == {
        f"portico:entrypoint.traefik.address.{name}": [f"is for addresses of Google Cloud, and portico:cloud is {cloud}"]
    }


def in_two_namespaces(**own: Any) -> dict[str, Any]:
    raw = with_own("gce", **own)
    raw["namespaces"]["blog"] = {}
    raw["sites"]["apex"] |= {"namespace": "blog", "demo": True}
    raw["certificates"] = managed(raw["sites"])
    return raw


def managed(sites: dict[str, Any]) -> dict[str, Any]:
    """A certificate for each site."""
    return {key: {"google_managed": {"hosts": site["hosts"]}} for key, site in sites.items()}


def test_fails_when_one_address_is_to_be_that_of_two_ingresses() -> None:
    assert problems_of(in_two_namespaces(address={"existing": "mine"})) == {
        "portico:entrypoint.gce.address.existing": [
            "is one address, and the sites are in 2 namespaces (blog, shop): each gets an Ingress of its own, and no two share"
            " an address"
        ]
    }
    assert problems_of(in_two_namespaces()) == {}
    assert problems_of(with_own("gce", address={"existing": "mine"})) == {}


@pytest.mark.parametrize("way", BY_GOOGLE)
def test_fails_when_googles_load_balancer_is_to_answer_on_other_ports(way: str) -> None:
    assert problems_of(with_own(way, ports={"http": 8080, "https": 8443})) == {
        f"portico:entrypoint.{word(way)}.ports.http": ["Google's load balancer answers on 80 only"],
        f"portico:entrypoint.{word(way)}.ports.https": ["Google's load balancer answers on 443 only"],
    }


@pytest.mark.parametrize("way", IN_CLUSTER)
def test_a_controller_in_the_cluster_answers_on_any_port(way: str) -> None:
    assert problems_of(with_own(way, ports={"http": 8080, "https": 8443})) == {}


# Health


def health(path: str = "/api", at: int = 8080, **check: Any) -> dict[str, Any]:
    return {path: {"service": "api", "port": at, "health": {"path": "/ready", **check}}}


def with_paths(way: str, paths: dict[str, Any], *, demo: bool = False, **sites: Any) -> dict[str, Any]:
    """A stack with one site of these paths, whose pods are others' unless `demo`."""
    hosts = ["shop.portico.test"]
    raw = gcp_stack(way, sites={"shop": {"hosts": hosts, "namespace": "shop", "paths": paths, "demo": demo}, **sites})
    if way == "gce":
        raw["certificates"] = managed(raw["sites"])
    return raw


@pytest.mark.parametrize("way", BY_GOOGLE)
def test_fails_when_pods_would_be_asked_for_a_path_that_no_site_leads_to_them(way: str) -> None:
    """They may well not answer it with 200, and are then sent nothing."""
    raw = with_paths(way, {"/": "web:8080", "/api": "api:8080"})
    assert problems_of(raw) == {
        "portico:sites.shop.paths./api.health": [
            'Google\'s load balancer asks the pods of api for "/", which no site leads to them: say what they answer with 200,'
            " such as health: /api (or health: /)"
        ]
    }


@pytest.mark.parametrize("way", BY_GOOGLE)
@pytest.mark.parametrize(
    "paths",
    [
        {"/": "web:8080", "/api": "web:8080"},
        {"/": "web:8080", "/api": {"service": "api", "port": 8080, "health": "/"}},
        {"/": "web:8080", **health()},
        {"/": "web:8080", **health(), "/v2": "api:8080"},
        {"/": "web:8080", "/v2": "api:8080", **health()},
    ],
    ids=["at the root too", "the root is said", "another is said", "said by an earlier path", "said by a later path"],
)
def test_pods_whose_answer_is_known_need_no_more_words(way: str, paths: dict[str, Any]) -> None:
    assert problems_of(with_paths(way, paths)) == {}


@pytest.mark.parametrize("way", BY_GOOGLE)
def test_pods_of_this_stack_answer_every_path(way: str) -> None:
    assert problems_of(with_paths(way, {"/": "web:8080", "/api": "api:8080"}, demo=True)) == {}
    declared = with_paths(way, {"/": "web:8080", "/api": "inside:80"})
    assert problems_of(declared) == {}  # `inside` is a demo of the stack file's Services
    declared["services"]["inside"]["demo"] = False
    assert list(problems_of(declared)) == ["portico:sites.shop.paths./api.health"]


def test_another_port_of_a_service_is_asked_by_itself_behind_an_ingress_and_not_behind_a_gateway() -> None:
    paths = {"/": "web:8080", **health(), "/admin": "api:9090"}
    assert list(problems_of(with_paths("gce", paths))) == ["portico:sites.shop.paths./admin.health"]
    assert problems_of(with_paths("gateway-global", paths)) == {}


def test_the_root_of_another_site_counts_in_its_own_namespace_only() -> None:
    blog = {"hosts": ["portico.test"], "namespace": "shop", "paths": {"/": "api:8080"}}
    assert problems_of(with_paths("gce", {"/": "web:8080", "/api": "api:8080"}, blog=blog)) == {}
    elsewhere = {"hosts": ["portico.test"], "namespace": "default", "paths": {"/": "api:8080"}}
    assert list(problems_of(with_paths("gce", {"/": "web:8080", "/api": "api:8080"}, blog=elsewhere))) == [
        "portico:sites.shop.paths./api.health"
    ]


def test_a_mistake_in_another_site_does_not_hide_that_its_root_is_answered() -> None:
    blog = {"hosts": ["portico.test"], "namespace": "shop", "paths": {"/": "api:8080"}, "demoo": True}
    raw = with_paths("gce", {"/": "web:8080", "/api": "api:8080"}, blog=blog)
    assert list(problems_of(raw)) == ["portico:sites.blog.demoo"]


@pytest.mark.parametrize("way", IN_CLUSTER)
def test_fails_when_a_health_check_is_said_that_nobody_makes(way: str) -> None:
    found = problems_of(with_paths(way, health("/")))
    assert list(found) == ["portico:sites.shop.paths./.health"]
    assert "goes by the pods' own readiness probes" in found["portico:sites.shop.paths./.health"][0]


@pytest.mark.parametrize("way", BY_GOOGLE)
def test_fails_when_a_health_check_asks_what_google_does_not_offer(way: str) -> None:
    where = "portico:sites.shop.paths./.health"
    assert problems_of(with_paths(way, health("/", success="200-299"))) == {
        f"{where}.success": ['Google\'s load balancer takes 200 only, got "200-299"']
    }
    assert problems_of(with_paths(way, health("/", port="admin"))) == {
        f"{where}.port": ['"admin": Google\'s load balancer wants a number here']
    }
    assert problems_of(with_paths(way, health("/", port=9000))) == {}


def test_fails_when_one_port_is_to_have_two_health_checks() -> None:
    paths = {**health("/"), **health("/v2", interval=30)}
    assert problems_of(with_paths("gce", paths)) == {
        "portico:sites.shop.paths./v2.health": [
            "port 8080 of service api has one health check, and another path says a different one"
        ]
    }
    assert problems_of(with_paths("gateway-global", paths)) == {
        "portico:sites.shop.paths./v2.health": ["service api has one health check, and another path says a different one"]
    }


def test_two_ports_of_a_service_may_have_two_health_checks_behind_an_ingress_and_not_behind_a_gateway() -> None:
    paths = {**health("/"), **health("/admin", 9090, interval=30)}
    assert problems_of(with_paths("gce", paths)) == {}
    assert list(problems_of(with_paths("gateway-global", paths))) == ["portico:sites.shop.paths./admin.health"]


def test_the_same_health_check_may_be_said_twice() -> None:
    assert problems_of(with_paths("gce", {**health("/"), **health("/v2")})) == {}


# Certificates


def test_fails_when_a_managed_certificate_of_an_ingress_names_a_wildcard() -> None:
    raw = gcp_stack(certificates={"web": {"google_managed": {"hosts": ["portico.test", "*.portico.test"]}}})
    assert problems_of(raw) == {
        "portico:certificates.web.google_managed.hosts[1]": [
            '"*.portico.test": a ManagedCertificate holds no wildcard; say acme with challenge: dns-01, or use gateway with class'
            f" {GLOBAL}, whose certificates may"
        ]
    }
    assert problems_of(gcp_stack("gateway-global", certificates=raw["certificates"])) == {}


def of_one_host_each(count: int, source: str, way: str = "gce") -> dict[str, Any]:
    hosts = {f"h{number}": f"h{number}.portico.test" for number in range(count)}
    return gcp_stack(
        way,
        certificates={key: {source: {"hosts": [host]}} for key, host in hosts.items()},
        sites={key: {"hosts": [host], "namespace": "shop", "paths": {"/": "web:80"}} for key, host in hosts.items()},
    )


def test_fails_when_one_ingress_would_have_more_managed_certificates_than_it_takes() -> None:
    assert problems_of(of_one_host_each(MAX_MANAGED, "google_managed")) == {}
    raw = of_one_host_each(MAX_MANAGED + 1, "google_managed")
    assert problems_of(raw) == {
        "portico:certificates": [
            "16 managed certificates on the Ingress of namespace shop, which takes 15: name several hosts in one certificate"
            " (up to 100), or use a wildcard by acme"
        ]
    }
    raw["sites"]["h0"]["namespace"] = "blog"
    assert problems_of(raw) == {}  # each namespace has an Ingress of its own


def test_fails_when_one_ingress_would_show_more_certificates_than_a_proxy_takes() -> None:
    assert problems_of(of_one_host_each(MAX_CERTIFICATES, "acme")) == {}
    assert problems_of(of_one_host_each(MAX_CERTIFICATES + 1, "acme")) == {
        "portico:certificates": [
            "16 certificates on the Ingress of namespace shop, which takes 15: name several hosts in one certificate, or use a"
            " wildcard"
        ]
    }
    assert problems_of(of_one_host_each(MAX_CERTIFICATES + 1, "acme", "traefik-existing")) == {}


def test_certificates_that_no_site_shows_do_not_count() -> None:
    raw = of_one_host_each(MAX_MANAGED, "google_managed")
    raw["certificates"]["unused"] = {"google_managed": {"hosts": ["unused.portico.test"]}}
    assert problems_of(raw) == {}
    assert "portico-test-unused" not in repr(door(raw).all("ManagedCertificate"))
    outputs = door(raw).one("FrontDoor").outputs
    assert outputs is not None
    assert "unused" not in outputs["certificates"]


def test_fails_when_a_regional_gateway_is_to_show_certificates_of_certificate_manager() -> None:
    raw = gcp_stack("gateway-regional", certificates={"web": {"google_managed": {"hosts": ["portico.test", "*.portico.test"]}}})
    assert problems_of(raw) == {
        "portico:certificates.web.google_managed": [
            f"class {REGIONAL} takes no map of certificates: say acme, or use class {GLOBAL}"
        ]
    }


@pytest.mark.parametrize("host", ["shop.portico.test", "unused.portico.test"], ids=["of a site", "of no site"])
def test_fails_when_a_gateway_is_to_show_secrets_beside_certificates_of_certificate_manager(host: str) -> None:
    """Also one that no site shows: the Gateway listens for it all the same."""
    raw = gcp_stack("gateway-global")
    raw["certificates"]["more"] = {"acme": {"hosts": [host]}}
    assert problems_of(raw) == {
        "portico:certificates.more": [
            "a Gateway of GKE shows either certificates of Certificate Manager (web) or Secrets (more): make all of them"
            " google_managed, or none"
        ]
    }


def test_an_ingress_may_show_both() -> None:
    raw = gcp_stack("gce", certificates={"apex": {"google_managed": {"hosts": ["portico.test"]}}, "shop": None})
    raw["certificates"]["shop"] = {"acme": {"hosts": ["*.portico.test"]}}
    assert problems_of(raw) == {}


def test_fails_when_a_name_can_be_proven_in_no_zone() -> None:
    hosts = ["portico.test", "*.portico.test", "a.example.org"]
    raw = gcp_stack("gateway-global", certificates={"web": {"google_managed": {"hosts": hosts}}})
    assert problems_of(raw) == {
        "portico:certificates.web.google_managed.hosts[2]": [
            '"a.example.org" is in none of the stack\'s zones (portico.test), so nothing can prove it'
        ]
    }
    assert problems_of({**raw, "other_zones": {"example.org": {}}}) == {}


BY_VISITS = pytest.mark.parametrize(
    ("entry", "key"),
    [({"google_managed": {}}, "google_managed"), ({"acme": {"challenge": "http-01"}}, "acme")],
    ids=["managed", "http-01"],
)


@BY_VISITS
def test_fails_when_nobody_answers_for_a_host_that_is_proven_by_a_visit(entry: dict[str, Any], key: str) -> None:
    """The whole certificate would fail, the sites' hosts with it."""
    hosts = ["shop.portico.test", "portico.test", "www.portico.test"]
    raw = gcp_stack("gce", certificates={"web": {key: {**entry[key], "hosts": hosts}}})
    assert problems_of(raw) == {
        f"portico:certificates.web.{key}.hosts[2]": [
            'no site answers for "www.portico.test", so nobody can prove it by a visit: add it to a site, or leave it out'
        ]
    }
    raw["sites"]["apex"]["hosts"].append("www.portico.test")
    assert problems_of(raw) == {}


@BY_VISITS
def test_fails_when_a_certificate_that_is_proven_by_visits_is_that_of_two_ingresses(entry: dict[str, Any], key: str) -> None:
    raw = in_two_namespaces()
    raw["certificates"] = {"web": {key: {**entry[key], "hosts": ["shop.portico.test", "portico.test"]}}}
    assert problems_of(raw) == {
        f"portico:certificates.web.{key}": [
            "is shown by the Ingresses of namespaces blog, shop, and each of its hosts leads to one of them only: give each"
            " namespace a certificate of its own"
        ]
    }
    raw["certificates"] = {"web": {"acme": {"hosts": ["shop.portico.test", "portico.test"]}}}
    assert problems_of(raw) == {}


def test_a_host_that_is_proven_by_a_record_needs_no_site() -> None:
    raw = gcp_stack("gce", certificates={"web": {"acme": {"hosts": ["*.portico.test", "portico.test", "www.portico.test"]}}})
    assert problems_of(raw) == {}


# What a GCE Ingress cannot do


def test_fails_when_a_gce_ingress_is_to_send_to_another_host() -> None:
    raw = gcp_stack("gce")
    raw["sites"]["apex"] = {"hosts": ["portico.test"], "namespace": "shop", "redirect": {"host": "shop.portico.test"}}
    assert problems_of(raw) == {
        "portico:sites.apex.redirect": [
            "a GCE Ingress cannot send requests to another host: use gateway, traefik or nginx, or leave the site out"
        ]
    }


def test_fails_when_a_redirect_to_https_is_asked_for_where_http_is_closed() -> None:
    raw = with_value(with_own("gce", allow_http=False), ("sites", "shop", "https_redirect"), True)
    assert problems_of(raw) == {
        "portico:sites.shop.https_redirect": [
            "a redirect to https needs port 80, which entrypoint.gce.allow_http: false closes: take one of the two away"
        ]
    }
    # Left out, it asks for nothing.
    assert problems_of(with_own("gce", allow_http=False)) == {}
    assert problems_of(with_value(raw, ("sites", "shop", "https_redirect"), False)) == {}


def test_fails_when_a_certificate_is_to_be_proven_on_a_port_that_is_closed() -> None:
    raw = with_own("gce", allow_http=False)
    raw["certificates"] = {"web": {"acme": {"hosts": ["shop.portico.test", "portico.test"], "challenge": "http-01"}}}
    assert problems_of(raw) == {
        "portico:certificates.web.acme.challenge": [
            '"http-01" is proven on port 80, which entrypoint.gce.allow_http: false closes: say dns-01, or let http in'
        ]
    }
    assert problems_of(with_value(raw, ("certificates", "web", "acme", "challenge"), "dns-01")) == {}


def test_fails_when_some_sites_of_one_ingress_redirect_and_others_do_not() -> None:
    raw = with_value(gcp_stack("gce"), ("sites", "apex", "https_redirect"), False)
    assert problems_of(raw) == {
        "portico:sites.apex.https_redirect": [
            "the sites of namespace shop share one Ingress, which redirects to https all or none"
        ]
    }
    assert problems_of(with_value(raw, ("sites", "shop", "https_redirect"), False)) == {}
    apart = with_value(in_two_namespaces(), ("sites", "apex", "https_redirect"), False)
    assert problems_of(apart) == {}
    assert problems_of(with_value(gcp_stack("traefik-existing"), ("sites", "shop", "https_redirect"), False)) == {}


def test_fails_when_sites_of_one_ingress_say_different_things_in_one_annotation() -> None:
    key = "networking.gke.io/v1beta1.FrontendConfig"
    raw = in_two_namespaces()
    for name, value in (("shop", "one"), ("apex", "other")):
        raw["sites"][name]["annotations"] = {key: value}
    assert problems_of(raw) == {}
    raw["sites"]["apex"]["namespace"] = "shop"
    raw["sites"]["apex"]["demo"] = False
    assert problems_of(raw) == {
        f"portico:sites.apex.annotations.{key}": [
            "site shop says something else, and the sites of namespace shop share one Ingress"
        ]
    }
    raw["sites"]["apex"]["annotations"][key] = "one"
    assert problems_of(raw) == {}


# Annotations that a person writes


def test_a_slip_in_an_annotation_of_gke_is_told() -> None:
    raw = with_value(gcp_stack("gce"), ("sites", "shop", "annotations"), {"networking.gke.io/managed-certificate": "mine"})
    [(key, [message])] = problems_of(raw).items()
    assert key == "portico:sites.shop.annotations.networking.gke.io/managed-certificate"
    assert "networking.gke.io/managed-certificates" in message
    with_annotations = with_own("gce", annotations={"kubernetes.io/ingress.alow-http": "false"})
    assert list(problems_of(with_annotations)) == ["portico:entrypoint.gce.annotations.kubernetes.io/ingress.alow-http"]


def test_problems_of_several_rules_are_told_together() -> None:
    raw = with_own("gce", address={"scope": "regional"}, ports={"https": 8443})
    raw["sites"]["apex"] = {"hosts": ["portico.test"], "namespace": "shop", "redirect": {"host": "shop.portico.test"}}
    raw["zone"] = {"name": "portico.test", "existing": True, "dnssec": True}
    assert set(problems_of(raw)) == {
        "portico:entrypoint.gce.address.scope",
        "portico:entrypoint.gce.ports.https",
        "portico:sites.apex.redirect",
        "portico:zone.dnssec",
    }
