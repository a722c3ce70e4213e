"""What each entrypoint makes of a site: hosts and paths to Services, http to https, redirects with status and port."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.doors import door
from tests.support.recorder import Recording, Registration, waiting
from tests.support.stacks import ENTRYPOINTS, stack_file

GATEWAYS = [kind for kind in ENTRYPOINTS if kind.startswith("gateway")]
TRAEFIKS = [kind for kind in ENTRYPOINTS if kind.startswith("traefik")]
NGINXES = [kind for kind in ENTRYPOINTS if kind.startswith("nginx")]
INGRESSES = [*TRAEFIKS, *NGINXES]
BY_HELM = [kind for kind in ENTRYPOINTS if kind.endswith("helm")]
EXISTING = [kind for kind in ENTRYPOINTS if kind.endswith("existing")]


def made_by(kind: str, *, own: dict[str, Any] | None = None, **parts: Any) -> Recording:
    """`own`: added to the entrypoint's options."""
    [(word, options)] = ENTRYPOINTS[kind].items()
    return door(stack_file(entrypoint={word: {**options, **(own or {})}}, **parts))


def redirecting(**redirect: Any) -> dict[str, Any]:
    return {"apex": {"hosts": ["portico.test"], "namespace": "shop", "redirect": {"host": "shop.portico.test", **redirect}}}


PORTS = {"ports": {"http": 8080, "https": 8443}}


# Gateway


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_gateway_has_http_and_one_https_listener_per_name_of_a_certificate(kind: str) -> None:
    listeners = {each["name"]: each for each in made_by(kind).one("Gateway", "gateway").spec["listeners"]}
    assert set(listeners) == {"http", "https-wildcard.portico.test", "https.portico.test"}
    assert listeners["https-wildcard.portico.test"]["hostname"] == "*.portico.test"
    assert listeners["https-wildcard.portico.test"]["tls"] == {
        "mode": "Terminate",
        "certificateRefs": [{"kind": "Secret", "name": "wildcard.staging-tls"}],
    }
    assert "tls" not in listeners["http"]
    assert "hostname" not in listeners["http"]


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_gateways_secrets_are_those_of_certificates_beside_it(kind: str) -> None:
    made = made_by(kind)
    gateway = made.one("Gateway", "gateway")
    beside = {
        item.spec["secretName"]
        for item in made.all("Certificate")
        if item.custom and item.metadata["namespace"] == gateway.metadata["namespace"]
    }
    for listener in gateway.spec["listeners"]:
        for reference in listener.get("tls", {}).get("certificateRefs", []):
            assert reference["name"] in beside


@pytest.mark.parametrize(
    ("kind", "ports"), [("gateway", (8080, 8443)), ("gateway-existing", (8080, 8443)), ("gateway-helm", (8000, 8443))]
)
def test_a_gateways_listeners_name_the_ports_that_its_controller_looks_for(kind: str, ports: tuple[int, int]) -> None:
    listeners = made_by(kind, own=PORTS).one("Gateway", "gateway").spec["listeners"]
    assert {(each["protocol"], each["port"]) for each in listeners} == {("HTTP", ports[0]), ("HTTPS", ports[1])}


def test_a_gateways_listeners_may_be_said() -> None:
    own = {**PORTS, "listeners": {"http": 1, "https": 2}}
    listeners = made_by("gateway", own=own).one("Gateway", "gateway").spec["listeners"]
    assert {each["port"] for each in listeners} == {1, 2}


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_gateway_asks_for_the_address_itself_only_where_nobody_stands_before_it(kind: str) -> None:
    spec = made_by(kind).one("Gateway", "gateway").spec
    assert spec.get("addresses") == ([{"type": "IPAddress", "value": "192.0.2.16"}] if kind == "gateway" else None)
    assert spec["gatewayClassName"] == ("cilium" if kind == "gateway" else "traefik")


@pytest.mark.parametrize("kind", GATEWAYS)
def test_annotations_for_the_load_balancer_are_told_to_whoever_makes_it(kind: str) -> None:
    """Where that is the class's own controller, it hears of them through the Gateway."""
    made = made_by(kind, own={"service_annotations": {"x/y": "z"}})
    told = made.one("Gateway", "gateway").spec.get("infrastructure")
    assert told == ({"annotations": {"x/y": "z"}} if kind == "gateway" else None)
    assert "infrastructure" not in made_by(kind).one("Gateway", "gateway").spec


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_gateway_lets_in_routes_of_its_sites_namespaces_and_its_own_only(kind: str) -> None:
    for listener in made_by(kind).one("Gateway", "gateway").spec["listeners"]:
        [among] = listener["allowedRoutes"]["namespaces"]["selector"]["matchExpressions"]
        assert (among["operator"], among["values"]) == ("In", ["portico-test", "shop"])


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_gateway_is_awaited_until_its_controller_accepted_it(kind: str) -> None:
    gateway = made_by(kind).one("Gateway", "gateway")
    assert gateway.annotations["pulumi.com/waitFor"] == waiting(gateway, "condition=Accepted")


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_route_leads_each_path_to_its_service_on_the_listener_of_its_certificate(kind: str) -> None:
    route = made_by(kind).one("HTTPRoute", "shop")
    assert route.metadata["namespace"] == "shop"
    assert route.spec["hostnames"] == ["shop.portico.test"]
    assert route.spec["parentRefs"] == [
        {"kind": "Gateway", "name": "portico-test", "namespace": "portico-test", "sectionName": "https-wildcard.portico.test"}
    ]
    assert [
        (rule["matches"][0]["path"]["type"], rule["matches"][0]["path"]["value"], rule["backendRefs"])
        for rule in route.spec["rules"]
    ] == [
        ("PathPrefix", "/", [{"name": "web", "port": 8080}]),
        ("PathPrefix", "/api", [{"name": "api", "port": 8080}]),
    ]


def _redirect_of(route: Registration) -> dict[str, Any]:
    [rule] = route.spec["rules"]
    found: dict[str, Any] = rule["filters"][0]["requestRedirect"]
    return found


@pytest.mark.parametrize(("own", "port"), [({}, {}), (PORTS, {"port": 8443})])
@pytest.mark.parametrize("kind", GATEWAYS)
def test_plain_http_is_redirected_to_the_port_that_clients_use(kind: str, own: dict[str, Any], port: dict[str, int]) -> None:
    route = made_by(kind, own=own).one("HTTPRoute", "shop.https-redirect")
    assert route.metadata["name"] == "shop.https-redirect"
    assert (route.metadata["namespace"], route.spec["hostnames"]) == ("shop", ["shop.portico.test"])
    assert [each["sectionName"] for each in route.spec["parentRefs"]] == ["http"]
    assert _redirect_of(route) == {"scheme": "https", "statusCode": 301, **port}


@pytest.mark.parametrize("status", [301, 302])
@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_site_may_redirect_to_another_host_by_a_route(kind: str, status: int) -> None:
    route = made_by(kind, own=PORTS, sites=redirecting(status=status)).one("HTTPRoute", "apex")
    assert _redirect_of(route) == {"scheme": "https", "port": 8443, "hostname": "shop.portico.test", "statusCode": status}


@pytest.mark.parametrize("kind", GATEWAYS)
def test_without_a_redirect_plain_http_is_served_by_the_same_route(kind: str) -> None:
    site = {"hosts": ["shop.portico.test"], "namespace": "shop", "paths": {"/": "web:80"}, "https_redirect": False}
    made = made_by(kind, sites={"shop": site})
    [route] = made.all("HTTPRoute")
    assert [each["sectionName"] for each in route.spec["parentRefs"]] == ["http", "https-wildcard.portico.test"]


# Ingress


@pytest.mark.parametrize("kind", INGRESSES)
def test_an_ingress_leads_each_path_to_its_service_with_the_certificate_of_its_host(kind: str) -> None:
    ingress = made_by(kind).one("Ingress", "shop")
    assert ingress.metadata["namespace"] == "shop"
    assert ingress.spec["ingressClassName"] == kind.partition("-")[0]
    [rule] = ingress.spec["rules"]
    assert rule["host"] == "shop.portico.test"
    assert [
        (path["path"], path["pathType"], path["backend"]["service"]["name"], path["backend"]["service"]["port"]["number"])
        for path in rule["http"]["paths"]
    ] == [("/", "Prefix", "web", 8080), ("/api", "Prefix", "api", 8080)]
    assert ingress.spec["tls"] == [{"hosts": ["shop.portico.test"], "secretName": "wildcard.staging-tls"}]


TWO_CERTIFICATES = {"hosts": ["shop.portico.test", "portico.test"], "namespace": "shop"}


@pytest.mark.parametrize("kind", INGRESSES)
@pytest.mark.parametrize(
    "site",
    [{**TWO_CERTIFICATES, "paths": {"/": "web:80"}}, {**TWO_CERTIFICATES, "redirect": {"host": "elsewhere.example"}}],
    ids=["paths", "redirect"],
)
def test_a_site_with_hosts_of_two_certificates_shows_both(kind: str, site: dict[str, Any]) -> None:
    made = made_by(kind, sites={"both": site})
    # An Ingress shows several, each for its own hosts; an IngressRoute shows one for all of its hosts.
    shown = {tls["secretName"]: tls["hosts"] for item in made.all("Ingress") for tls in item.spec["tls"]}
    for route in made.all("IngressRoute"):
        if "tls" in route.spec:
            [rule] = route.spec["routes"]
            shown[route.spec["tls"]["secretName"]] = [host for host in site["hosts"] if f"Host(`{host}`)" in rule["match"]]
    assert shown == {"wildcard.staging-tls": ["shop.portico.test"], "apex.staging-tls": ["portico.test"]}


@pytest.mark.parametrize("kind", INGRESSES)
def test_a_sites_own_annotations_win(kind: str) -> None:
    site = {"hosts": ["shop.portico.test"], "paths": {"/": "web:80"}, "annotations": {"a/b": "c"}}
    assert made_by(kind, sites={"shop": site}).one("Ingress", "shop").annotations["a/b"] == "c"


def router_of(ingress: Registration) -> dict[str, str]:
    """What Traefik is told of the router that it makes from an Ingress."""
    prefix = "traefik.ingress.kubernetes.io/router."
    return {key.removeprefix(prefix): value for key, value in ingress.annotations.items() if key.startswith(prefix)}


@pytest.mark.parametrize("kind", TRAEFIKS)
def test_traefik_answers_plain_http_with_a_redirect_per_site(kind: str) -> None:
    made = made_by(kind, own=PORTS)
    [ingress] = made.all("Ingress")
    assert router_of(ingress) == {"entrypoints": "websecure", "tls": "true"}
    middleware = made.one("Middleware", "shop.https-redirect/middleware")
    assert middleware.spec == {"redirectScheme": {"scheme": "https", "permanent": True, "port": "8443"}}
    route = made.one("IngressRoute", "shop.https-redirect")
    assert route.metadata["name"] == middleware.metadata["name"] == "shop.https-redirect"
    assert "tls" not in route.spec
    assert route.spec["entryPoints"] == ["web"]
    [rule] = route.spec["routes"]
    assert rule["match"] == "Host(`shop.portico.test`)"
    assert rule["middlewares"] == [{"name": middleware.metadata["name"]}]
    assert made.waits(route, middleware)


@pytest.mark.parametrize(("status", "permanent"), [(301, True), (302, False)])
@pytest.mark.parametrize("kind", TRAEFIKS)
def test_traefik_redirects_a_site_to_another_host(kind: str, status: int, permanent: bool) -> None:
    made = made_by(kind, own=PORTS, sites=redirecting(status=status))
    middleware = made.one("Middleware", "apex/middleware")
    assert middleware.spec["redirectRegex"]["replacement"] == "https://shop.portico.test:8443/${1}"
    assert middleware.spec["redirectRegex"]["permanent"] is permanent
    route = made.one("IngressRoute", "apex.apex.staging-tls")
    assert route.metadata["name"] == "apex.apex.staging-tls"
    assert route.spec["entryPoints"] == ["websecure"]
    assert route.spec["tls"] == {"secretName": "apex.staging-tls"}
    [rule] = route.spec["routes"]
    assert rule["match"] == "Host(`portico.test`)"
    assert rule["middlewares"] == [{"name": middleware.metadata["name"]}]
    assert made.waits(route, middleware)
    [certificate] = [item for item in made.all("Certificate") if item.custom]
    assert made.waits(route, certificate)


@pytest.mark.parametrize("kind", TRAEFIKS)
def test_traefik_serves_plain_http_where_it_is_not_redirected(kind: str) -> None:
    site = {"hosts": ["shop.portico.test"], "paths": {"/": "web:80"}, "https_redirect": False}
    made = made_by(kind, sites={"shop": site})
    # Two, since a router speaks either TLS or plain http.
    assert {item.name: item.metadata["name"] for item in made.all("Ingress")} == {"shop": "shop", "shop.http": "shop.http"}
    https, http = made.one("Ingress", "shop"), made.one("Ingress", "shop.http")
    assert router_of(https) == {"entrypoints": "websecure", "tls": "true"}
    assert router_of(http) == {"entrypoints": "web"}
    assert http.spec["rules"] == https.spec["rules"]
    assert made.all("IngressRoute") == []


@pytest.mark.parametrize("https_redirect", [True, False])
@pytest.mark.parametrize("kind", TRAEFIKS)
def test_traefik_redirects_a_site_to_another_host_also_from_plain_http(kind: str, https_redirect: bool) -> None:
    sites = redirecting()
    sites["apex"]["https_redirect"] = https_redirect
    made = made_by(kind, sites=sites)
    [plain] = [item for item in made.all("IngressRoute") if item.spec["entryPoints"] == ["web"]]
    assert "tls" not in plain.spec
    [rule] = plain.spec["routes"]
    assert rule["match"] == "Host(`portico.test`)"
    # To https of the same host first, or straight to the other host.
    assert plain.name == plain.metadata["name"] == ("apex.https-redirect" if https_redirect else "apex.http")
    asked = made.one("Middleware", "apex.https-redirect/middleware" if https_redirect else "apex/middleware")
    assert rule["middlewares"] == [{"name": asked.metadata["name"]}]
    assert plain.metadata["namespace"] == asked.metadata["namespace"] == "shop"
    assert made.waits(plain, asked)


@pytest.mark.parametrize(("https_redirect", "said"), [(True, "true"), (False, "false")])
@pytest.mark.parametrize("kind", NGINXES)
def test_nginx_redirects_plain_http_by_an_annotation(kind: str, https_redirect: bool, said: str) -> None:
    site = {"hosts": ["shop.portico.test"], "paths": {"/": "web:80"}, "https_redirect": https_redirect}
    ingress = made_by(kind, sites={"shop": site}).one("Ingress", "shop")
    assert ingress.annotations["nginx.ingress.kubernetes.io/ssl-redirect"] == said


@pytest.mark.parametrize(("status", "word"), [(301, "permanent-redirect"), (302, "temporal-redirect")])
@pytest.mark.parametrize("kind", NGINXES)
def test_nginx_redirects_a_site_to_another_host(kind: str, status: int, word: str) -> None:
    made = made_by(kind, own=PORTS, sites=redirecting(status=status))
    ingress = made.one("Ingress", "apex")
    assert ingress.annotations[f"nginx.ingress.kubernetes.io/{word}"] == "https://shop.portico.test:8443$request_uri"
    nowhere = made.one("Service", "portico-to-apex")
    assert (nowhere.metadata["namespace"], nowhere.metadata["name"]) == ("shop", "portico-to-apex")
    assert (nowhere.spec["type"], nowhere.spec["externalName"]) == ("ExternalName", "shop.portico.test")
    assert ingress.spec["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] == nowhere.metadata["name"]


# The load balancer


@pytest.mark.parametrize("kind", EXISTING)
def test_an_existing_controller_gets_a_load_balancer_on_the_reserved_address(kind: str) -> None:
    front = made_by(kind, own={**PORTS, "service_annotations": {"x/y": "z"}}).one("Service", "front")
    assert (front.metadata["namespace"], front.metadata["name"]) == ("controllers", "portico")
    assert front.annotations["x/y"] == "z"
    assert (front.spec["type"], front.spec["loadBalancerIP"], front.spec["selector"]) == (
        "LoadBalancer",
        "192.0.2.16",
        {"app": "controller"},
    )
    assert [(port["port"], port["targetPort"]) for port in front.spec["ports"]] == [(8080, "web"), (8443, "websecure")]


@pytest.mark.parametrize("kind", BY_HELM)
def test_a_controller_by_helm_gets_the_reserved_address_the_ports_and_the_class(kind: str) -> None:
    made = made_by(kind, own={**PORTS, "class": "mine", "service_annotations": {"x/y": "z"}})
    values = made.one("Release", "controller").inputs["values"]
    if kind.startswith("nginx"):
        service = values["controller"]["service"]
        assert service["loadBalancerIP"] == "192.0.2.16"
        assert service["ports"] == {"http": 8080, "https": 8443}
        assert values["controller"]["ingressClassResource"]["name"] == "mine"
    else:
        service = values["service"]
        assert service["spec"]["loadBalancerIP"] == "192.0.2.16"
        assert [values["ports"][port]["exposedPort"] for port in ("web", "websecure")] == [8080, 8443]
        assert values["gatewayClass" if kind.startswith("gateway") else "ingressClass"]["name"] == "mine"
        assert values["providers"]["kubernetesGateway"]["enabled"] is kind.startswith("gateway")
    assert service["annotations"] == {"x/y": "z"}
    assert not made.one("Release", "controller").inputs.get("skipAwait")


@pytest.mark.parametrize("kind", BY_HELM)
def test_a_users_values_are_laid_over(kind: str) -> None:
    [word] = ENTRYPOINTS[kind]
    helm = {"helm": {"values": {"service": {"annotations": {"x/y": "z"}}, "mine": 1}}}
    values = door(stack_file(entrypoint={word: {"controller": helm}})).one("Release", "controller").inputs["values"]
    assert values["mine"] == 1
    assert values["service"]["annotations"] == {"x/y": "z"}


@pytest.mark.parametrize("kind", BY_HELM)
def test_a_users_own_chart_has_no_repository_or_version_of_portico(kind: str) -> None:
    [word] = ENTRYPOINTS[kind]
    upstream = made_by(kind).one("Release", "controller").inputs
    assert upstream["version"]
    assert upstream["repositoryOpts"]["repo"].startswith("https://")
    own = door(stack_file(entrypoint={word: {"controller": {"helm": {"chart": "./chart"}}}})).one("Release", "controller").inputs
    assert own["chart"] == "./chart"
    assert "version" not in own
    assert not own.get("repositoryOpts", {}).get("repo")
