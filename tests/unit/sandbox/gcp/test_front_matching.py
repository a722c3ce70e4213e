"""URL maps: what becomes of a request, and what a load balancer answers by itself."""

from collections import Counter
from typing import Any

import pytest

from sandbox.front.visit import Visit
from sandbox.gcp.front.answers import choose_service, fault, own, redirect
from sandbox.gcp.front.http import forwarded
from sandbox.gcp.front.matching import Route, find


def visit(target: str = "/", host: str = "shop.example", method: str = "GET", protocol: str = "HTTP", **headers: str) -> Visit:
    fields = [("host", host), *((name.replace("_", "-"), value) for name, value in headers.items())]
    return Visit(protocol, 80, method, target, tuple(fields), "127.0.0.1")


def hosts(**matchers: list[str]) -> dict[str, Any]:
    """A map in which each path matcher leads to a service of its own name."""
    return {
        "defaultService": "default",
        "hostRules": [{"hosts": value, "pathMatcher": name} for name, value in matchers.items()],
        "pathMatchers": [{"name": name, "defaultService": name} for name in matchers],
    }


def one_host(**matcher: Any) -> dict[str, Any]:
    pathless = {"name": "m", "defaultService": "default", **matcher}
    return {"defaultService": "none", "hostRules": [{"hosts": ["*"], "pathMatcher": "m"}], "pathMatchers": [pathless]}


def ordered(*matches: dict[str, Any], priorities: tuple[int, ...] = ()) -> dict[str, Any]:
    """A map with a route rule per match, leading to its index."""
    numbered = enumerate(zip(matches, priorities or range(len(matches)), strict=True))
    return one_host(
        routeRules=[{"priority": priority, "matchRules": [match], "service": str(index)} for index, (match, priority) in numbered]
    )


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("shop.example", "exact"),
        ("SHOP.example:8080", "exact"),
        ("a.shop.example", "near"),
        ("a.b.shop.example", "near"),
        ("b.example", "far"),
        ("shop.test", "any"),
        ("", "any"),
    ],
)
def test_the_nearest_host_counts_in_whatever_order_they_stand(host: str, expected: str) -> None:
    rules = {"any": ["*"], "far": ["*.example"], "near": ["x.test", "*.shop.example"], "exact": ["shop.example"]}
    for named in (rules, dict(reversed(rules.items()))):
        assert find(hosts(**named), visit(host=host)).service == expected


def test_no_host_is_the_maps_own_default() -> None:
    assert find(hosts(shop=["shop.example"]), visit(host="other.example")).service == "default"
    assert find({"defaultService": "default"}, visit()).service == "default"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a/b/c?x=/a", "deep"),
        ("/a/b/", "deep"),
        ("/a/b", "exact"),
        ("/a/c", "wide"),
        ("/a/", "wide"),
        ("/a", "default"),
        ("/A/c", "default"),
        ("/", "default"),
    ],
)
def test_the_longest_path_counts_in_whatever_order_they_stand(target: str, expected: str) -> None:
    rules = [
        {"paths": ["/x", "/a/*"], "service": "wide"},
        {"paths": ["/a/b"], "service": "exact"},
        {"paths": ["/a/b/*"], "service": "deep"},
    ]
    for named in (rules, rules[::-1]):
        assert find(one_host(pathRules=named), visit(target)).service == expected


def test_everything_below_the_root_is_everything() -> None:
    assert find(one_host(pathRules=[{"paths": ["/*"], "service": "all"}]), visit("/x/y")).service == "all"


@pytest.mark.parametrize(
    ("match", "asked", "expected"),
    [
        ({"prefixMatch": "/api"}, visit("/apiary?x"), True),
        ({"prefixMatch": "/api/"}, visit("/api"), False),
        ({"fullPathMatch": "/api"}, visit("/api?x=1"), True),
        ({"fullPathMatch": "/api"}, visit("/api/"), False),
        ({"fullPathMatch": "/API", "ignoreCase": True}, visit("/api"), True),
        ({"prefixMatch": "/API"}, visit("/api/x"), False),
        ({"regexMatch": "/a+"}, visit("/aaa"), True),
        ({"regexMatch": "/a+"}, visit("/aaab"), False),
        ({"prefixMatch": "/", "headerMatches": [{"headerName": "X-Canary", "exactMatch": "yes"}]}, visit(x_canary="yes"), True),
        ({"prefixMatch": "/", "headerMatches": [{"headerName": "X-Canary", "exactMatch": "yes"}]}, visit(x_canary="Yes"), False),
        ({"prefixMatch": "/", "headerMatches": [{"headerName": "X-Canary", "exactMatch": "yes"}]}, visit(), False),
        ({"headerMatches": [{"headerName": "x-canary", "presentMatch": True}]}, visit(x_canary=""), True),
        ({"headerMatches": [{"headerName": "x-canary", "presentMatch": True, "invertMatch": True}]}, visit(), True),
        ({"headerMatches": [{"headerName": "x-n", "rangeMatch": {"rangeStart": "1", "rangeEnd": "3"}}]}, visit(x_n="3"), False),
        ({"headerMatches": [{"headerName": "x-n", "rangeMatch": {"rangeStart": "1", "rangeEnd": "3"}}]}, visit(x_n="2"), True),
        (
            {"headerMatches": [{"headerName": "x-n", "prefixMatch": "a"}, {"headerName": "x-n", "suffixMatch": "z"}]},
            visit(x_n="az"),
            True,
        ),
        ({"headerMatches": [{"headerName": ":method", "exactMatch": "POST"}]}, visit(method="POST"), True),
        ({"headerMatches": [{"headerName": ":authority", "regexMatch": "shop.*"}]}, visit(), True),
        ({"queryParameterMatches": [{"name": "v", "exactMatch": "1"}]}, visit("/?a=0&v=1"), True),
        ({"queryParameterMatches": [{"name": "v", "exactMatch": "1"}]}, visit("/?v=2"), False),
        ({"queryParameterMatches": [{"name": "v", "presentMatch": True}]}, visit("/?v"), True),
    ],
)
def test_a_match(match: dict[str, Any], asked: Visit, expected: bool) -> None:
    assert (find(ordered(match), asked).service == "0") is expected


def test_the_first_rule_by_priority_counts_not_the_longest() -> None:
    short, long = {"prefixMatch": "/"}, {"prefixMatch": "/long"}
    assert find(ordered(short, long), visit("/long")).service == "0"
    assert find(ordered(short, long, priorities=(9, 2)), visit("/long")).service == "1"
    assert find(ordered(short, long, priorities=(9, 2)), visit("/")).service == "0"
    assert find(ordered(long), visit("/")).service == "default"


@pytest.mark.parametrize(
    "url_map",
    [
        ordered({"pathTemplateMatch": "/{a=*}"}),
        one_host(headerAction={"requestHeadersToRemove": ["x"]}),
        {"defaultService": "x", "defaultRouteAction": {"urlRewrite": {"hostRewrite": "x"}}},
    ],
)
def test_what_is_not_imitated_is_said(url_map: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is not imitated"):
        find(url_map, visit())


@pytest.mark.parametrize(
    ("settings", "asked", "status", "location"),
    [
        ({"httpsRedirect": True}, visit("/a?b=c"), 301, "https://shop.example/a?b=c"),
        ({"httpsRedirect": True, "redirectResponseCode": "FOUND"}, visit(host="shop.example:9080"), 302, "https://shop.example/"),
        ({"httpsRedirect": True, "stripQuery": True}, visit("/a?b=c"), 301, "https://shop.example/a"),
        ({"hostRedirect": "www.example", "redirectResponseCode": "SEE_OTHER"}, visit("/a"), 303, "http://www.example/a"),
        ({"pathRedirect": "/new"}, visit("/a?b", protocol="HTTPS"), 301, "https://shop.example/new?b"),
        (
            {"prefixRedirect": "/v2", "redirectResponseCode": "PERMANENT_REDIRECT"},
            visit("/v1/x"),
            308,
            "http://shop.example/v2/x",
        ),
        ({"redirectResponseCode": "TEMPORARY_REDIRECT", "hostRedirect": "b.example"}, visit(), 307, "http://b.example/"),
    ],
)
def test_where_a_redirect_leads(settings: dict[str, Any], asked: Visit, status: int, location: str) -> None:
    answer = redirect(settings, asked, prefix="/v1")
    assert (answer.reply.status, dict(answer.headers)["location"]) == (status, location)
    assert dict(answer.headers)["via"] == "1.1 google"


def test_only_the_sandboxes_acme_authority_is_told_the_port_in_the_place_of_443() -> None:
    """It follows a redirect as it is, and cannot be told otherwise."""
    for agent, location in (("LetsEncrypt-Pebble-VA/1.0", "https://shop.example:9443/a"), ("curl/8", "https://shop.example/a")):
        asked = visit("/a", user_agent=agent)
        assert dict(redirect({"httpsRedirect": True}, asked, secure_port=9443).headers)["location"] == location


def test_a_redirect_can_be_of_a_rule_of_a_path_matcher_and_of_a_map() -> None:
    to = {"httpsRedirect": True}
    assert find({"defaultUrlRedirect": to}, visit()).redirect == to
    assert find(one_host(defaultUrlRedirect=to, defaultService=None), visit()).redirect == to
    rule = {"priority": 1, "matchRules": [{"prefixMatch": "/v1"}], "urlRedirect": to}
    assert find(one_host(routeRules=[rule]), visit("/v1/x")) == Route(None, to, {}, "/v1")
    assert find(one_host(pathRules=[{"paths": ["/v1/*"], "urlRedirect": to}]), visit("/v1/x")) == Route(None, to, {}, "/v1/")


def test_services_are_chosen_by_weight() -> None:
    def weighted(**weights: int) -> Route:
        entries = [{"backendService": name, "weight": weight} for name, weight in weights.items()]
        return find(one_host(defaultRouteAction={"weightedBackendServices": entries}), visit())

    chosen = Counter(choose_service(weighted(a=90, b=10, c=0)) for _ in range(2000))
    assert chosen["c"] == 0
    assert chosen["a"] > 4 * chosen["b"] > 0
    assert choose_service(weighted(a=0)) is None


def test_a_fault_is_answered_as_often_as_it_says() -> None:
    def abort(percentage: float) -> Any:
        return fault({"faultInjectionPolicy": {"abort": {"httpStatus": 404, "percentage": percentage}}})

    answer = abort(100)
    assert (answer.reply.status, answer.reply.body) == (404, b"fault filter abort")
    assert abort(0) is None
    assert fault({}) is None


def test_the_page_of_a_server_error_is_googles() -> None:
    page = own(502).reply
    assert page.status == 502
    assert b"<title>502 Server Error</title>" in page.body
    assert b"<h1>Error: Server Error</h1>" in page.body


def test_back_ends_are_told_who_asks() -> None:
    asked = visit(x_forwarded_for="192.0.2.7", x_forwarded_proto="gopher", via="1.1 other", connection="close")
    told = {name.lower(): value for name, value in forwarded(asked, "127.20.0.9")}
    assert told["x-forwarded-for"] == "192.0.2.7,127.0.0.1,127.20.0.9"
    assert (told["x-forwarded-proto"], told["via"], told["host"]) == ("http", "1.1 other, 1.1 google", "shop.example")
    assert "connection" not in told
    assert "/" in told["x-cloud-trace-context"]
