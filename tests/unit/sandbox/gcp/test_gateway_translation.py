"""What the imitated Gateway controller makes of Gateways and routes, without any cluster or cloud."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.front.visit import Visit
from sandbox.gcp.front.matching import find
from sandbox.gcp.gateway.attachment import common
from sandbox.gcp.gateway.classes import CLASSES
from sandbox.gcp.gateway.filters import read_filters
from sandbox.gcp.gateway.model import InvalidError, Object, Plan, World
from sandbox.gcp.gateway.names import Namer
from sandbox.gcp.gateway.policies import health_check, policy_for, standing
from sandbox.gcp.gateway.routes import Match, read_rules
from sandbox.gcp.gateway.sync import differs
from sandbox.gcp.gateway.translate import Translator, Verdict
from tests.unit.sandbox.gcp.gateway_scene import CLASSIC, GLOBAL, http, https, to

_TRANSLATOR = Translator("p", "europe-west3", ("europe-west3-a", "europe-west3-b"), Namer("p"))
_NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1, max_size=63)
_LABELS = st.sampled_from(["a", "b", "shop", "www"])


class NoCloud:
    """Has no address."""

    def address(self, scope: str, name: str) -> Object | None:
        return None


def _object(name: str, spec: Object, **metadata: Any) -> Object:
    return {"metadata": {"namespace": "shop", "name": name, "generation": 1, **metadata}, "spec": spec}


def _route(*rules: Object, name: str = "web", hosts: tuple[str, ...] = (), made: str = "", **parent: Any) -> Object:
    spec = {"parentRefs": [{"name": "front", **parent}], "hostnames": list(hosts), "rules": list(rules)}
    return _object(name, spec, creationTimestamp=made)


def _translate(
    *routes: Object, listeners: tuple[Object, ...] = (http(),), kind: str = GLOBAL, **world: Any
) -> tuple[Plan | None, Verdict]:
    services = {("shop", name): _object(name, {"ports": [{"port": 80}]}) for name in ("web", "api", "old", "new")}
    gateway = _object("front", {"gatewayClassName": kind, "listeners": list(listeners)}, **world.pop("metadata", {}))
    found = {("shop", str(route["metadata"]["name"])): route for route in routes}
    return _TRANSLATOR.translate(gateway, World(routes=found, **{"services": services, **world}), NoCloud())


def _map(plan: Plan | None) -> dict[str, Any]:
    assert plan is not None
    (found,) = [one.body for one in plan.resources if one.collection == "urlMaps"]
    return found


def _asked(url_map: dict[str, Any], path: str, host: str = "shop.example", **headers: str) -> str:
    """What the data plane finds: the Service's name, a redirect's path, or a status."""
    route = find(url_map, Visit("HTTP", 80, "GET", path, tuple({"host": host, **headers}.items()), "203.0.113.9"))
    abort = (route.action.get("faultInjectionPolicy") or {}).get("abort")
    if abort and abort["percentage"] == 100:
        return str(abort["httpStatus"])
    if route.redirect:
        return str(route.redirect)
    weighted = route.action.get("weightedBackendServices")
    return str(weighted[0]["backendService"] if weighted else route.service).split("-shop-")[1].split("-")[0]


def test_prefixes_count_by_whole_segments_and_the_longest_goes_first() -> None:
    plan, _ = _translate(_route(to("web"), to("api", "/api"), to("old", "/api/old/"), hosts=("shop.example",)))
    asked = {path: _asked(_map(plan), path) for path in ("/", "/apix", "/api", "/api/x", "/api/old", "/api/old/y", "/api/older")}
    assert asked == {
        "/": "web",
        "/apix": "web",
        "/api": "api",
        "/api/x": "api",
        "/api/old": "old",
        "/api/old/y": "old",
        "/api/older": "api",
    }
    assert _asked(_map(plan), "/", host="other.example") == "404"


def test_exact_paths_and_headers_go_before_and_so_do_older_routes() -> None:
    exact = {"matches": [{"path": {"type": "Exact", "value": "/api"}}], "backendRefs": [{"name": "old", "port": 80}]}
    header = {"path": {"type": "PathPrefix", "value": "/api"}, "headers": [{"name": "x-new", "value": "1"}]}
    young = _route({"matches": [header], "backendRefs": [{"name": "new", "port": 80}]}, name="a", made="2026-02-01T00:00:00Z")
    plan, _ = _translate(
        young,
        _route(to("web", "/api"), exact, name="b", made="2026-01-01T00:00:00Z"),
        _route(to("api", "/api"), name="c", made="2026-03-01T00:00:00Z"),
    )
    assert _asked(_map(plan), "/api") == "old"
    assert _asked(_map(plan), "/api/x") == "web"
    assert _asked(_map(plan), "/api/x", **{"x-new": "1"}) == "new"


def test_an_exact_challenge_wins_over_the_redirect_of_its_host() -> None:
    path = "/.well-known/acme-challenge/T"
    challenge = {"matches": [{"path": {"type": "Exact", "value": path}}], "backendRefs": [{"name": "web", "port": 80}]}
    redirect = {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]}
    hosts = ("shop.example",)
    plan, verdict = _translate(_route(redirect, name="redirect", hosts=hosts), _route(challenge, name="solver", hosts=hosts))
    assert verdict.error is None
    assert _asked(_map(plan), path) == "web"
    assert "httpsRedirect" in _asked(_map(plan), "/")


def test_weights_share_requests_and_what_leads_nowhere_fails_for_its_share() -> None:
    backends = [{"name": "web", "port": 80, "weight": 3}, {"name": "gone", "port": 80, "weight": 1}]
    plan, verdict = _translate(_route({"backendRefs": backends}))
    (rule,) = _map(plan)["pathMatchers"][0]["routeRules"]
    assert [one["weight"] for one in rule["routeAction"]["weightedBackendServices"]] == [3]
    assert rule["routeAction"]["faultInjectionPolicy"]["abort"] == {"httpStatus": 500, "percentage": 25}
    assert verdict.unresolved["shop", "web"].reason == "BackendNotFound"


def test_a_service_of_another_namespace_needs_a_grant() -> None:
    services = {("far", "web"): {"metadata": {"namespace": "far", "name": "web"}, "spec": {"ports": [{"port": 80}]}}}
    route = _route({"backendRefs": [{"name": "web", "namespace": "far", "port": 80}]})
    _, verdict = _translate(route, services=services)
    assert verdict.unresolved["shop", "web"].reason == "RefNotPermitted"
    source = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"}
    grant = {"metadata": {"namespace": "far", "name": "g"}, "spec": {"from": [source], "to": [{"group": "", "kind": "Service"}]}}
    _, verdict = _translate(route, services=services, grants={("far", "g"): grant})
    assert not verdict.unresolved


def test_hosts_are_those_that_route_and_listener_have_in_common() -> None:
    listeners = (http("wide", hostname="*.shop.example"), http("apex", hostname="shop.example"))
    plan, verdict = _translate(_route(to("web"), hosts=("a.shop.example", "shop.example", "b.example")), listeners=listeners)
    assert sorted(host for rule in _map(plan)["hostRules"] for host in rule["hosts"]) == ["a.shop.example", "shop.example"]
    assert (verdict.attached("wide"), verdict.attached("apex")) == (1, 1)


@given(st.lists(_LABELS, min_size=1, max_size=3), st.lists(_LABELS, min_size=1, max_size=3), st.booleans(), st.booleans())
def test_what_two_patterns_have_in_common_is_in_both(one: list[str], other: list[str], wild: bool, wild_too: bool) -> None:
    first, second = ("*." if wild else "") + ".".join(one), ("*." if wild_too else "") + ".".join(other)
    found = common(first, second)
    assert found == common(second, first)
    assert found in (first, second, None)
    if found is not None and not found.startswith("*."):
        assert all(pattern == found or (pattern[0] == "*" and found.endswith(pattern[1:])) for pattern in (first, second))
    assert common(first, "") == first


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ({"matches": [{"path": {"type": "RegularExpression", "value": "^/.*$"}}]}, "Paths must start with '/'"),
        ({"matches": [{"path": {"type": "RegularExpression", "value": "/.*"}}]}, "RegularExpression is not supported"),
        ({"matches": [{"queryParams": [{"name": "a", "value": "b"}]}]}, "query parameter matches"),
        ({"matches": [{"method": "GET"}]}, "method matches"),
        ({"matches": [{"headers": [{"name": "a", "value": "b", "type": "RegularExpression"}]}]}, "RegularExpression"),
        ({"timeouts": {"request": "1s"}}, "Timeouts are not supported"),
        ({"filters": [{"type": "ExtensionRef", "extensionRef": {}}]}, "filter ExtensionRef is not supported"),
        ({"filters": [{"type": "CORS", "cors": {}}]}, "filter CORS is not supported"),
        ({"filters": [{"type": "RequestRedirect", "requestRedirect": {"statusCode": 308}}]}, "status 308"),
        ({"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "port": 8443}}]}, "port 8443"),
        ({"filters": [{"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceFullPath"}}}]}, "ReplaceFullPath"),
        ({"backendRefs": [{"name": "web", "port": 80, "filters": [{"type": "RequestMirror"}]}]}, "filters of a backend"),
        ({"backendRefs": [{"name": "web", "port": 80, "weight": 1001}]}, "weight 1001"),
    ],
)
def test_what_gke_does_not_support_is_refused_by_its_name(rule: Object, word: str) -> None:
    with pytest.raises(InvalidError, match='Error GWCER104: HTTPRoute "shop/web" is misconfigured') as caught:
        read_rules(_route(rule), CLASSES[GLOBAL])
    assert word in str(caught.value)


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ({"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]}, "does not support rule filters"),
        ({"matches": [{"headers": [{"name": "a", "value": "b"}]}]}, "header matches"),
        ({"backendRefs": [{"name": "web", "port": 80}, {"name": "api", "port": 80}]}, "more than one backend"),
    ],
)
def test_the_classic_load_balancer_can_do_less(rule: Object, word: str) -> None:
    read_rules(_route(rule), CLASSES[GLOBAL])
    with pytest.raises(InvalidError, match=word):
        read_rules(_route(rule), CLASSES[CLASSIC])


def test_filters_in_the_words_of_url_maps() -> None:
    found = read_filters(
        [
            {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "1"}], "remove": ["b"]}},
            {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"add": [{"name": "c", "value": "2"}]}},
            {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "api", "port": 80}, "percent": 20}},
            {"type": "URLRewrite", "urlRewrite": {"hostname": "h.example"}},
        ],
        CLASSES[GLOBAL],
    )
    assert found.headers == {
        "requestHeadersToAdd": [{"headerName": "a", "headerValue": "1", "replace": True}],
        "requestHeadersToRemove": ["b"],
        "responseHeadersToAdd": [{"headerName": "c", "headerValue": "2", "replace": False}],
    }
    assert found.mirror == ({"name": "api", "port": 80}, 20.0)
    assert found.action == {"urlRewrite": {"hostRewrite": "h.example"}}


def test_a_redirect_that_replaces_a_prefix_keeps_the_rest_of_the_path() -> None:
    filters = [
        {"type": "RequestRedirect", "requestRedirect": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}}}
    ]
    rule = {"matches": [{"path": {"type": "PathPrefix", "value": "/old"}}], "filters": filters}
    plan, _ = _translate(_route(rule))
    whole, below = _map(plan)["pathMatchers"][0]["routeRules"]
    assert (whole["matchRules"], whole["urlRedirect"]["pathRedirect"]) == ([{"fullPathMatch": "/old"}], "/new")
    assert (below["matchRules"], below["urlRedirect"]["prefixRedirect"]) == ([{"prefixMatch": "/old/"}], "/new/")


@pytest.mark.parametrize(
    ("listeners", "metadata", "word"),
    [
        ((http(), http("other")), {}, "has the same port and hostname"),
        ((http(), https("", port=80)), {}, "speaks HTTP on port 80"),
        ((https(),), {}, "no certificate is specified"),
        (({"name": "tls", "port": 443, "protocol": "TLS"},), {}, "unsupported protocol 'TLS'"),
        ((https(tls={"options": {"networking.gke.io/cert": "x"}}),), {}, "invalid TLS option key 'networking.gke.io/cert'"),
        (
            (https(tls={"certificateRefs": [{"group": "networking.gke.io", "kind": "ManagedCertificate", "name": "m"}]}),),
            {},
            "Kind: Secret",
        ),
    ],
)
def test_listeners_that_cannot_be_served_are_refused(listeners: tuple[Object, ...], metadata: Object, word: str) -> None:
    plan, verdict = _translate(listeners=listeners, metadata=metadata)
    assert plan is None
    assert word in str(verdict.error)
    assert str(verdict.error).startswith("Error GWCER105: Listener ")


def test_too_many_certificates_are_refused() -> None:
    data = {"tls.crt": "eA==", "tls.key": "eA=="}
    names = [f"tls-{index}" for index in range(16)]
    secrets = {("shop", name): {"metadata": {"namespace": "shop", "name": name}, "data": data} for name in names}
    listeners = tuple(https(name, name=name, hostname=f"{name}.example") for name in names)
    _, verdict = _translate(listeners=listeners, secrets=secrets)
    assert "16 certificates on port 443, 15 are supported" in str(verdict.error)
    plan, _ = _translate(listeners=listeners[:15], secrets=secrets)
    assert plan is not None


def test_certificates_of_compute_engine_can_be_named() -> None:
    listener = https(tls={"options": {"networking.gke.io/pre-shared-certs": "one, two"}})
    plan, _ = _translate(listeners=(listener,))
    assert plan is not None
    (proxy,) = [one.body for one in plan.resources if one.collection == "targetHttpsProxies"]
    assert [link.rpartition("/")[2] for link in proxy["sslCertificates"]] == ["one", "two"]


def test_of_several_policies_the_oldest_counts_and_the_others_are_told() -> None:
    def policy(name: str, made: str, **default: Any) -> Object:
        target = {"group": "", "kind": "Service", "name": "web"}
        return {**_object(name, {"targetRef": target, "default": default}, creationTimestamp=made), "kind": "HealthCheckPolicy"}

    old, young = policy("z", "2026-01-01T00:00:00Z", timeoutSec=3), policy("a", "2026-02-01T00:00:00Z", timeoutSec=4)
    both = {("shop", "z"): old, ("shop", "a"): young}
    assert policy_for(both, "", "Service", ("shop", "web")) == {"timeoutSec": 3}
    world = World(services={("shop", "web"): {}})
    assert [standing(one, both, world)[0] for one in (old, young)] == ["Attached", "Conflicted"]
    slow = policy("s", "", timeoutSec=9)
    assert standing(slow, {("shop", "s"): slow}, world) == ("Invalid", "timeoutSec must not be greater than checkIntervalSec")
    with pytest.raises(InvalidError, match="timeoutSec must not be greater"):
        policy_for({("shop", "s"): slow}, "", "Service", ("shop", "web"))


def test_without_a_policy_pods_are_asked_for_the_root_at_the_port_of_the_traffic() -> None:
    check = health_check({}, "HTTP")
    assert (check["type"], check["httpHealthCheck"]) == ("HTTP", {"portSpecification": "USE_SERVING_PORT", "requestPath": "/"})


@given(_NAMES, _NAMES, st.integers(1, 65535))
def test_names_are_those_that_google_takes_and_differ(namespace: str, name: str, port: int) -> None:
    namer = Namer("cluster")
    made = namer.name(namespace, name, str(port), of=f"{namespace}/{name}:{port}")
    assert made.startswith("gkegw1-")
    assert len(made) <= 63
    assert "." not in made
    assert made != namer.name(namespace, name, str(port), of=f"{namespace}/{name}:{port + 1}")
    assert made == Namer("cluster").name(namespace, name, str(port), of=f"{namespace}/{name}:{port}")


@given(st.text("abc/", max_size=8).map(lambda text: f"/{text}"), st.text("abc/", max_size=10).map(lambda text: f"/{text}"))
def test_a_prefix_matches_as_gateway_api_says(prefix: str, path: str) -> None:
    beginning = prefix.rstrip("/")
    expected = path == beginning or path.startswith(f"{beginning}/")
    rules = Match(prefix, exact=False).match_rules()
    assert any(path == one.get("fullPathMatch") or path.startswith(one.get("prefixMatch", "\0")) for one in rules) is expected


@given(st.dictionaries(st.sampled_from("abc"), st.one_of(st.integers(), st.lists(st.integers(), max_size=2)), max_size=3))
def test_what_is_there_beyond_what_is_wanted_does_not_count(body: dict[str, Any]) -> None:
    assert not differs(body, {**body, "more": 1})
    for key in body:
        assert differs(body, {**body, key: "other"})
