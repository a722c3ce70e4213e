"""The Application Load Balancer: what the Ingresses of all sites tell its controller."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support import aws
from tests.support.doors import door
from tests.support.recorder import Recording, Registration, waiting
from tests.support.stacks import aws_stack, problems_of, with_value

SUBNETS = ["subnet-0000000000000000a", "subnet-0000000000000000b"]
WAF = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop/1"


def made_by(*, scheme: str = "internet-facing", own: dict[str, Any] | None = None, **parts: Any) -> Recording:
    """`own`: added to the entrypoint's options."""
    certificates = {"web": aws_stack()["certificates"]["web"]}
    common = {"services": None, "certificates": certificates, "entrypoint": {"alb": {"scheme": scheme, **(own or {})}}}
    raw = aws_stack(**{**common, **parts})
    assert problems_of(raw) == {}
    return door(raw)


def site(**parts: Any) -> dict[str, Any]:
    return {"hosts": ["shop.portico.test"], "namespace": "shop", "paths": {"/": "web:80"}, **parts}


def ingress(made: Recording, name: str = "shop") -> Registration:
    return made.one("Ingress", name)


def pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(","))


# What is always said


@pytest.mark.parametrize("scheme", ["internal", "internet-facing"])
def test_who_reaches_it_is_always_said(scheme: str) -> None:
    """The controller's own default is internal, which nobody expects of a front door."""
    made = made_by(scheme=scheme)
    assert [item.told["scheme"] for item in made.all("Ingress")] == [scheme] * 2


def test_the_ingresses_of_all_sites_share_one_load_balancer_that_is_called_like_the_stack() -> None:
    for item in made_by().all("Ingress"):
        assert (item.told["group.name"], item.told["load-balancer-name"]) == ("portico-test", "portico-test")
        assert item.spec["ingressClassName"] == "alb"


def test_its_name_may_be_said() -> None:
    made = made_by(own={"name": "front", "class": "mine"})
    assert {item.told["load-balancer-name"] for item in made.all("Ingress")} == {"front"}
    assert {item.spec["ingressClassName"] for item in made.all("Ingress")} == {"mine"}
    assert [question.args["name"] for question in made.asked] == ["front"] * 2


@pytest.mark.parametrize("name", ["s" * 63, "Shop/EU_1"])
def test_the_group_and_the_load_balancer_have_names_that_the_controller_takes(name: str) -> None:
    told = ingress(door(aws_stack(), stack=name)).told
    assert len(told["load-balancer-name"]) <= 32
    assert len(told["group.name"]) <= 63
    assert told["group.name"].replace("-", "").isalnum()
    assert told["group.name"].islower()


@pytest.mark.parametrize("ports", [{"http": 80, "https": 443}, {"http": 8080, "https": 8443}])
def test_it_listens_on_both_ports_and_redirects_to_the_one_with_tls(ports: dict[str, int]) -> None:
    told = ingress(made_by(own={"ports": ports})).told
    assert json.loads(told["listen-ports"]) == [{"HTTP": ports["http"]}, {"HTTPS": ports["https"]}]
    assert told["ssl-redirect"] == str(ports["https"])


def test_without_a_redirect_plain_http_is_served() -> None:
    told = ingress(made_by(sites={"shop": site(https_redirect=False)})).told
    assert "ssl-redirect" not in told
    assert json.loads(told["listen-ports"]) == [{"HTTP": 80}, {"HTTPS": 443}]


@pytest.mark.parametrize(
    ("scheme", "own", "said"),
    [
        ("internet-facing", {}, {"0.0.0.0/0"}),
        ("internal", {}, {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"}),
        ("internet-facing", {"inbound_cidrs": ["203.0.113.0/24", "198.51.100.7"]}, {"203.0.113.0/24", "198.51.100.7/32"}),
        ("internet-facing", {"dualstack": True}, {"0.0.0.0/0", "::/0"}),
        ("internet-facing", {"dualstack": True, "inbound_cidrs": ["2001:db8::/32"]}, {"2001:db8::/32"}),
    ],
    ids=["anywhere", "private", "given", "anywhere by both families", "given by one of two"],
)
def test_who_is_let_in_is_always_said(scheme: str, own: dict[str, Any], said: set[str]) -> None:
    assert set(ingress(made_by(scheme=scheme, own=own)).told["inbound-cidrs"].split(",")) == said


def test_an_internal_one_lets_in_clients_of_both_families_where_it_has_both() -> None:
    """Otherwise the AAAA record leads to a closed door."""
    cidrs = ingress(made_by(scheme="internal", own={"dualstack": True})).told["inbound-cidrs"]
    assert ":" in cidrs


def test_no_more_is_said_than_is_wanted() -> None:
    """Each would change a load balancer that has been made."""
    told = ingress(made_by())
    unwanted = {"ip-address-type", "subnets", "security-groups", "wafv2-acl-arn", "group.order"}
    assert unwanted.isdisjoint(told.told)
    assert told.told["target-type"] == "ip"
    assert told.told["ssl-policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert pairs(told.told["load-balancer-attributes"]) == {"routing.http.drop_invalid_header_fields.enabled": "true"}
    assert pairs(told.told["tags"]) == {"portico.dev/stack": "portico-test", "team": "shop"}


OPTIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"dualstack": True}, "ip-address-type", "dualstack"),
    ({"subnets": SUBNETS}, "subnets", ",".join(SUBNETS)),
    ({"security_groups": ["sg-0a1b2c3d", "sg-0a1b2c3e"]}, "security-groups", "sg-0a1b2c3d,sg-0a1b2c3e"),
    ({"waf": WAF}, "wafv2-acl-arn", WAF),
    ({"target_type": "instance"}, "target-type", "instance"),
    ({"tls_policy": "ELBSecurityPolicy-TLS13-1-3-2021-06"}, "ssl-policy", "ELBSecurityPolicy-TLS13-1-3-2021-06"),
]


@pytest.mark.parametrize(("own", "key", "value"), OPTIONS, ids=[option[1] for option in OPTIONS])
def test_every_option_is_told_alike_by_every_ingress(own: dict[str, Any], key: str, value: str) -> None:
    """The controller refuses a group whose Ingresses contradict each other."""
    found = made_by(own=own).all("Ingress")
    assert len(found) == 2
    assert [item.told[key] for item in found] == [value] * 2


def test_security_groups_of_ones_own_still_reach_the_pods() -> None:
    """With them the controller opens the pods' own groups only where it is told to."""
    told = ingress(made_by(own={"security_groups": ["sg-0a1b2c3d"]})).told
    assert "inbound-cidrs" not in told  # the groups say it
    assert told.get("manage-backend-security-group-rules") == "true"


def test_access_logs_and_attributes_are_told_together() -> None:
    own = {"access_logs": {"bucket": "logs", "prefix": "shop"}, "attributes": {"idle_timeout.timeout_seconds": "120"}}
    found = pairs(ingress(made_by(own=own)).told["load-balancer-attributes"])
    assert found == {
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "idle_timeout.timeout_seconds": "120",
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": "logs",
        "access_logs.s3.prefix": "shop",
    }
    without = pairs(ingress(made_by(own={"access_logs": {"bucket": "logs"}})).told["load-balancer-attributes"])
    assert "access_logs.s3.prefix" not in without


def test_an_attribute_of_the_users_wins() -> None:
    own = {"attributes": {"routing.http.drop_invalid_header_fields.enabled": "false"}}
    found = pairs(ingress(made_by(own=own)).told["load-balancer-attributes"])
    assert found["routing.http.drop_invalid_header_fields.enabled"] == "false"


def test_the_users_annotations_win_and_a_sites_over_all() -> None:
    own = {"annotations": {"alb.ingress.kubernetes.io/scheme": "internal", "x/y": "a"}}
    sites = {"shop": site(annotations={"x/y": "b"}), "apex": aws_stack()["sites"]["apex"]}
    made = made_by(own=own, sites=sites)
    assert (ingress(made).told["scheme"], ingress(made).annotations["x/y"]) == ("internal", "b")
    assert ingress(made, "apex").annotations["x/y"] == "a"


def test_an_ingress_is_awaited_until_its_load_balancer_has_a_name() -> None:
    for item in made_by(own={"timeout": 77}).all("Ingress"):
        assert item.annotations["pulumi.com/waitFor"] == waiting(item, "jsonpath={.status.loadBalancer.ingress}")
        assert dict(item.timeouts) == {"create": "77s", "update": "77s"}


# Certificates


def test_a_site_names_the_certificates_of_its_own_hosts_only() -> None:
    certificates = {
        "apex": {"acm": {"hosts": ["portico.test"]}},
        "blog": {"acm": {"hosts": ["blog.portico.test"]}},
        "wild": {"acm": {"hosts": ["*.portico.test"]}},
    }
    sites = {
        "shop": site(hosts=["shop.portico.test", "a.portico.test"]),
        "both": site(hosts=["portico.test", "b.portico.test"]),
        "blog": site(hosts=["blog.portico.test"]),
    }
    made = made_by(certificates=certificates, sites=sites)
    shown = {key: ingress(made, key).told["certificate-arn"].split(",") for key in sites}
    assert shown == {
        "shop": [aws.certificate_arn("wild")],
        "both": [aws.certificate_arn("apex"), aws.certificate_arn("wild")],
        "blog": [aws.certificate_arn("blog")],
    }


def test_no_secret_is_named_and_cert_manager_is_not_needed() -> None:
    made = made_by()
    assert all("tls" not in item.spec for item in made.all("Ingress"))
    assert made.all("ClusterIssuer") == made.all("Sweep") == made.all("Issuance") == []


# Sites


def rules(item: Registration) -> list[tuple[str, str, str, Any]]:
    return [
        (rule["host"], path["path"], path["backend"]["service"]["name"], *path["backend"]["service"]["port"].values())
        for rule in item.spec["rules"]
        for path in rule["http"]["paths"]
    ]


def test_paths_lead_to_services_by_their_own_ports() -> None:
    made = made_by(sites={"shop": site(hosts=["shop.portico.test", "a.portico.test"], paths={"/": "web:80", "/api": "api:8080"})})
    [item] = made.all("Ingress")
    assert rules(item) == [
        ("shop.portico.test", "/", "web", 80),
        ("shop.portico.test", "/api", "api", 8080),
        ("a.portico.test", "/", "web", 80),
        ("a.portico.test", "/api", "api", 8080),
    ]
    assert {path["pathType"] for rule in item.spec["rules"] for path in rule["http"]["paths"]} == {"Prefix"}


@pytest.mark.parametrize("status", [301, 302])
def test_a_site_may_redirect_to_another_host_by_an_action(status: int) -> None:
    apex = {"hosts": ["portico.test"], "redirect": {"host": "shop.portico.test", "status": status}}
    item = ingress(made_by(own={"ports": {"https": 8443}}, sites={"apex": apex}), "apex")
    [(host, path, action, port)] = rules(item)
    assert (host, path, port) == ("portico.test", "/", "use-annotation")
    assert json.loads(item.told[f"actions.{action}"]) == {
        "Type": "redirect",
        "RedirectConfig": {"Protocol": "HTTPS", "Host": "shop.portico.test", "Port": "8443", "StatusCode": f"HTTP_{status}"},
    }


def test_an_ingress_comes_after_the_services_that_it_names() -> None:
    made = door(aws_stack(sites={"shop": site(paths={"/": "inside:80", "/a": "web:80"}, demo=True)}))
    item = ingress(made)
    for name in ("shop/web", "inside"):
        assert made.waits(item, made.object("Service", name))
    for name in ("shop/web", "shop/inside"):
        assert made.waits(item, made.one("Deployment", name))


def test_by_auto_mode_the_class_is_made_for_its_own_controller() -> None:
    own = {"aws": {"region": "eu-central-1", "controller": "auto_mode"}}
    made = made_by(cloud=own, own={"class": "mine"})
    [made_class] = made.all("IngressClass")
    assert (made_class.metadata["name"], made_class.spec["controller"]) == ("mine", "eks.amazonaws.com/alb")
    assert all(made.waits(item, made_class) for item in made.all("Ingress"))
    # Its controller reads group and scheme from the class's parameters, not from an Ingress.
    parameters = made.one("IngressClassParams")
    assert made_class.spec["parameters"]["name"] == parameters.metadata["name"] == "mine"
    assert parameters.spec == {"group": {"name": "portico-test"}, "scheme": "internet-facing"}
    assert made.waits(made_class, parameters)
    assert not any("group.name" in item.told for item in made.all("Ingress"))
    assert made_by().all("IngressClass") == []


# Health


def health(path: str, **more: Any) -> dict[str, Any]:
    return {"path": path, **more}


def test_one_health_check_for_all_paths_is_told_by_one_ingress() -> None:
    check = health("/ok", port=8081, success="200-299", interval=20, timeout=10, healthy=3, unhealthy=4)
    paths = {"/": {"service": "web", "port": 80, "health": check}, "/a": {"service": "api", "port": 80, "health": check}}
    [item] = made_by(sites={"shop": site(paths=paths)}).all("Ingress")
    told = {key: value for key, value in item.told.items() if "health" in key or key == "success-codes"}
    assert told.pop("healthcheck-protocol", "HTTP") == "HTTP"
    assert told == {
        "healthcheck-path": "/ok",
        "healthcheck-port": "8081",
        "success-codes": "200-299",
        "healthcheck-interval-seconds": "20",
        "healthcheck-timeout-seconds": "10",
        "healthy-threshold-count": "3",
        "unhealthy-threshold-count": "4",
    }


def by_path(made: Recording) -> dict[str, Registration]:
    found: dict[str, Registration] = {}
    for item in made.all("Ingress"):
        [(_, path, *_)] = rules(item)
        found[path] = item
    return found


def test_health_checks_that_differ_are_told_by_an_ingress_per_path_the_longest_first() -> None:
    """The controller reads one health check per Ingress, and asks rules in the order of the group."""
    paths = {
        "/": "web:80",
        "/api": {"service": "api", "port": 80, "health": "/api/ok"},
        "/api/v2": {"service": "api", "port": 80, "health": "/v2/ok"},
    }
    made = made_by(sites={"shop": site(paths=paths)})
    found = by_path(made)
    assert {path: item.told["healthcheck-path"] for path, item in found.items()} == {
        "/": "/",
        "/api": "/api/ok",
        "/api/v2": "/v2/ok",
    }
    order = {path: int(item.told["group.order"]) for path, item in found.items()}
    assert 1 <= order["/api/v2"] < order["/api"] < order["/"] <= 1000
    record = made.one("Record", "shop.portico.test")
    assert any(made.waits(record, item) for item in found.values())


AWKWARD = ["/", "/a_b", "/a-b", "/A-B", "/a~b", "/a/b", "/a.b", "/a.", "/b-", "/.well-known", "/_x", "/~x", f"/{'l' * 120}"]


def test_an_ingress_per_path_has_a_name_that_kubernetes_takes_and_that_is_its_own() -> None:
    paths = {path: {"service": "web", "port": 80, "health": f"/ok{number}"} for number, path in enumerate(AWKWARD)}
    made = made_by(sites={"shop": site(paths=paths)})
    names = [item.metadata["name"] for item in made.all("Ingress")]
    assert len(set(names)) == len(names) == len(AWKWARD)
    label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    assert [name for name in names if not re.fullmatch(rf"{label}(\.{label})*", name) or len(name) > 253] == []


def test_another_path_with_a_health_check_of_its_own_leaves_the_other_paths_objects_as_they_were() -> None:
    def paths(*names: str) -> dict[str, Any]:
        return {name: {"service": "web", "port": 80, "health": f"{name}/ok"} for name in names}

    before, after = (made_by(sites={"shop": site(paths=paths(*names))}) for names in (("/a", "/b"), ("/a", "/b", "/c")))
    for path, item in by_path(before).items():
        assert by_path(after)[path].state() == item.state()


def test_one_more_site_leaves_the_others_ingress_as_it_was() -> None:
    raw = aws_stack()
    more = with_value(raw, ("sites", "new"), site(hosts=["new.portico.test"]))
    assert ingress(door(more)).state() == ingress(door(raw)).state()
