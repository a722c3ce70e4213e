"""Rules of Application Load Balancers: which one a request meets, and what is answered."""

from collections import Counter
from typing import Any

import pytest

from sandbox.aws.front.actions import SERVER, choose_group, fixed, last, own, redirect
from sandbox.aws.front.http import forwarded
from sandbox.aws.front.rules import first, meets
from sandbox.front.visit import Visit


def visit(target: str = "/", host: str = "shop.example", method: str = "GET", source: str = "127.0.0.1", **headers: str) -> Visit:
    fields = [("host", host), *((name.replace("_", "-"), value) for name, value in headers.items())]
    return Visit("HTTP", 80, method, target, tuple(fields), source)


def rule(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"Conditions": list(conditions)}


def host(*values: str) -> dict[str, Any]:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}}


def path(*values: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def query(*values: dict[str, str]) -> dict[str, Any]:
    return {"Field": "query-string", "QueryStringConfig": {"Values": list(values)}}


@pytest.mark.parametrize(
    ("condition", "asked", "expected"),
    [
        (host("shop.example"), visit(host="SHOP.example:8080"), True),
        (host("shop.example"), visit(host="www.shop.example"), False),
        (host("*.shop.example"), visit(host="a.b.shop.example"), True),
        (host("*.shop.example"), visit(host="shop.example"), False),
        (host("sho?.example"), visit(), True),
        (host("a.example", "shop.example"), visit(), True),
        (host("*"), visit(host="[::1"), True),
        ({"Field": "host-header", "Values": ["shop.example"]}, visit(), True),
        (path("/api/*"), visit("/api/v1?x=/other"), True),
        (path("/api/*"), visit("/api"), False),
        (path("/api"), visit("/API"), False),
        (path("/a?c"), visit("/abc"), True),
        (path("/a?c"), visit("/ac"), False),
        (path(r"/a\*"), visit("/abc"), False),
        (path(r"/a\*"), visit("/a*"), True),
        (path("/a.c"), visit("/abc"), False),
        (query({"Key": "v", "Value": "1"}), visit("/?a=0&V=1"), True),
        (query({"Key": "v", "Value": "1"}), visit("/?v=2"), False),
        (query({"Value": "*beta*"}), visit("/?x=my-Beta-1"), True),
        (query({"Key": "v", "Value": "1"}, {"Key": "w", "Value": "?"}), visit("/?w=2"), True),
        ({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}}, visit(method="POST"), True),
        ({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}}, visit(), False),
        ({"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8", "127.0.0.0/8"]}}, visit(), True),
        ({"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}, visit(), False),
    ],
)
def test_a_condition(condition: dict[str, Any], asked: Visit, expected: bool) -> None:
    assert meets(rule(condition), asked) is expected


def test_a_header_is_met_by_any_of_its_values_in_any_case() -> None:
    wanted = rule({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Canary", "Values": ["yes*"]}})
    assert meets(wanted, visit(x_canary="YES please"))
    assert not meets(wanted, visit(x_canary="no"))
    assert not meets(wanted, visit())


def test_all_conditions_of_a_rule_must_be_met_and_the_first_rule_counts() -> None:
    both, one, default = rule(host("shop.example"), path("/api")), rule(host("shop.example")), rule()
    assert first([both, one, default], visit("/api")) is both
    assert first([both, one, default], visit("/")) is one
    assert first([both, one, default], visit(host="other.example")) is default


@pytest.mark.parametrize(
    ("settings", "target", "location"),
    [
        ({"Protocol": "HTTPS", "Port": "443"}, "/a/b?c=d", "https://shop.example:443/a/b?c=d"),
        ({"Protocol": "HTTPS", "Port": "443"}, "/", "https://shop.example:443/"),
        ({"Host": "www.#{host}"}, "/x", "http://www.shop.example:80/x"),
        ({"Path": "/new/#{path}", "Query": "#{query}&from=old"}, "/x?a=1", "http://shop.example:80/new/x?a=1&from=old"),
        ({"Host": "#{host}", "Path": "/#{port}/#{protocol}", "Query": ""}, "/x", "http://shop.example:80/80/http"),
    ],
)
def test_where_a_redirect_leads(settings: dict[str, str], target: str, location: str) -> None:
    answer = redirect({**settings, "StatusCode": "HTTP_302"}, visit(target, host="shop.example:9080"))
    assert answer.reply.status == 302
    assert dict(answer.headers)["location"] == location


def test_what_a_fixed_answer_says() -> None:
    plain = fixed({"StatusCode": "404"})
    assert (plain.reply.status, plain.reply.body) == (404, b"")
    told = fixed({"StatusCode": "503", "MessageBody": '{"a": 1}', "ContentType": "application/json"})
    assert (told.reply.status, told.reply.body, told.reply.content_type) == (503, b'{"a": 1}', "application/json")
    assert SERVER in told.headers
    assert b"503 Service Unavailable" in own(503).reply.body


def test_the_last_action_answers() -> None:
    assert last([{"Type": "forward", "Order": 2}, {"Type": "authenticate-oidc", "Order": 1}])["Type"] == "forward"
    assert last([{"Type": "redirect"}])["Type"] == "redirect"


def test_groups_are_chosen_by_weight() -> None:
    assert choose_group({"TargetGroupArn": "one"}) == "one"
    groups = [{"TargetGroupArn": "a", "Weight": 90}, {"TargetGroupArn": "b", "Weight": 10}, {"TargetGroupArn": "c", "Weight": 0}]
    chosen = Counter(choose_group({"ForwardConfig": {"TargetGroups": groups}}) for _ in range(2000))
    assert chosen["c"] == 0
    assert chosen["a"] > 4 * chosen["b"] > 0
    nothing = [{"TargetGroupArn": "a", "Weight": 0}, {"TargetGroupArn": "b", "Weight": 0}]
    assert choose_group({"ForwardConfig": {"TargetGroups": nothing}}) is None


def test_targets_are_told_who_asks() -> None:
    asked = visit(x_forwarded_for="192.0.2.7", x_forwarded_proto="gopher", x_amzn_trace_id="Root=1-2-3", connection="close")
    told = {name.lower(): value for name, value in forwarded(asked)}
    assert told["x-forwarded-for"] == "192.0.2.7, 127.0.0.1"
    assert (told["x-forwarded-proto"], told["x-forwarded-port"]) == ("http", "80")
    assert (told["x-amzn-trace-id"], told["host"]) == ("Root=1-2-3", "shop.example")
    assert "connection" not in told
    assert dict(forwarded(visit()))["X-Amzn-Trace-Id"].startswith("Root=1-")
