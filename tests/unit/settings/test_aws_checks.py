"""Rules between the parts of a stack file on AWS, and what only AWS has."""

from __future__ import annotations

from typing import Any

import pytest

from components.settings.checks_cloud import MAX_CERTIFICATES
from tests.support.doors import door
from tests.support.stacks import (
    AWS_ENTRYPOINTS,
    ENTRYPOINTS,
    NLB,
    SUBNETS,
    aws_stack,
    problems_of,
    stack_file,
    with_value,
)

IN_CLUSTER = "traefik-existing-nlb"
SHOP = {"hosts": ["shop.portico.test"], "namespace": "shop", "paths": {"/": "web:80"}}


def without_services(way: str = "alb", **parts: Any) -> dict[str, Any]:
    """A stack with one site and one certificate, from which a test takes what it needs."""
    raw = aws_stack(way, services=None, sites={"shop": SHOP})
    return {**raw, "certificates": {"web": raw["certificates"]["web"]}, **parts}


# A cloud that another part needs


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        ({"zone": {"name": "portico.test", "existing": False}}, "portico:zone.existing"),
        ({"other_zones": {"portico.example": {"existing": False}}}, "portico:other_zones.portico.example.existing"),
    ],
)
def test_fails_when_a_zone_is_to_be_made_on_a_dns_server_of_ones_own(parts: dict[str, Any], key: str) -> None:
    assert problems_of(stack_file(**parts)) == {key: ["a zone on a DNS server of your own is made there, not by this stack"]}


@pytest.mark.parametrize("existing", [True, None])
def test_a_zone_on_a_dns_server_of_ones_own_exists(existing: bool | None) -> None:
    zone = {"name": "portico.test", **({} if existing is None else {"existing": existing})}
    assert problems_of(stack_file(zone=zone, other_zones={"portico.example": {"existing": existing}})) == {}


def test_fails_when_a_cluster_of_aws_is_named_without_it() -> None:
    assert problems_of(stack_file(cluster={"eks": {"name": "shop"}})) == {
        "portico:cluster.eks": ["is a cluster of AWS, and portico:cloud is rfc2136"]
    }


def test_a_cluster_on_aws_may_be_reached_otherwise() -> None:
    assert problems_of(aws_stack(cluster={"kubeconfig": {"path": "kubeconfig"}})) == {}


def test_fails_when_a_load_balancer_of_aws_is_the_entrypoint_elsewhere() -> None:
    found = problems_of(stack_file(entrypoint={"alb": {"scheme": "internal"}}))
    assert found["portico:entrypoint.alb"] == ["is a load balancer of AWS, and portico:cloud is rfc2136"]


def test_fails_when_a_network_load_balancer_is_wanted_elsewhere() -> None:
    raw = stack_file(entrypoint={"traefik": {"load_balancer": NLB}})
    raw["services"] = {"tcp": {"ports": {"tcp": 1}, "load_balancer": NLB}}
    assert problems_of(raw) == {
        key: ["is a load balancer of AWS, and portico:cloud is rfc2136"]
        for key in ("portico:entrypoint.traefik.load_balancer.nlb", "portico:services.tcp.load_balancer.nlb")
    }


def test_fails_when_a_certificate_of_aws_is_wanted_elsewhere() -> None:
    raw = with_value(stack_file(), ("certificates", "apex"), {"acm": {"hosts": ["portico.test"]}})
    assert problems_of(raw) == {"portico:certificates.apex.acm": ["is a certificate of AWS, and portico:cloud is rfc2136"]}


# The way in


def test_fails_when_an_application_load_balancer_has_one_subnet() -> None:
    key = ("entrypoint", "alb", "subnets")
    assert problems_of(with_value(aws_stack(), key, SUBNETS[:1])) == {
        "portico:entrypoint.alb.subnets": ["an Application Load Balancer needs subnets in two zones or more, has 1"]
    }
    assert problems_of(with_value(aws_stack(), key, SUBNETS)) == {}
    assert problems_of(with_value(aws_stack(), key, [])) == {}


def test_fails_when_some_sites_of_one_application_load_balancer_redirect_and_others_do_not() -> None:
    assert problems_of(with_value(aws_stack(), ("sites", "shop", "https_redirect"), False)) == {
        "portico:sites.shop.https_redirect": [
            "the sites of one Application Load Balancer redirect to https all or none: its controller reads one answer for all"
        ]
    }
    raw = with_value(aws_stack(), ("sites", "shop", "https_redirect"), False)
    assert problems_of(with_value(raw, ("sites", "apex", "https_redirect"), False)) == {}
    assert problems_of(with_value(aws_stack(IN_CLUSTER), ("sites", "shop", "https_redirect"), False)) == {}


@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_fails_when_a_health_check_is_said_that_nobody_makes(kind: str) -> None:
    checked = {"service": "web", "port": 80, "health": "/ok"}
    raw = with_value(stack_file(entrypoint=ENTRYPOINTS[kind]), ("sites", "shop", "paths", "/"), checked)
    word = kind.partition("-")[0]
    assert problems_of(raw) == {
        "portico:sites.shop.paths./.health": [
            f"{word} goes by the pods' own readiness probes: leave it out, or use an entrypoint that asks (alb)"
        ]
    }
    assert problems_of(with_value(aws_stack(), ("sites", "shop", "paths", "/"), checked)) == {}


def test_fails_when_nobody_says_who_stands_behind_a_gateway_on_aws() -> None:
    raw = aws_stack(IN_CLUSTER, entrypoint={"gateway": {"load_balancer": NLB}})
    assert problems_of(raw) == {
        "portico:entrypoint.gateway.controller": ["is needed on aws: which controller stands behind the class"]
    }


@pytest.mark.parametrize("kind", [kind for kind in ENTRYPOINTS if kind != "gateway"])
def test_fails_when_nobody_says_who_reaches_a_controller_on_aws(kind: str) -> None:
    word = kind.partition("-")[0]
    assert problems_of(aws_stack(IN_CLUSTER, entrypoint=ENTRYPOINTS[kind])) == {
        f"portico:entrypoint.{word}.load_balancer": [
            "is required on aws: say who reaches it, such as load_balancer: {nlb: {scheme: internet-facing}}"
        ]
    }


def test_fails_when_an_address_is_said_that_aws_would_not_hand_out() -> None:
    raw = with_value(aws_stack(IN_CLUSTER), ("entrypoint", "traefik", "address"), {"ip": "192.0.2.1"})
    assert problems_of(raw) == {
        "portico:entrypoint.traefik.address.ip": [
            "aws hands out addresses itself: use load_balancer.nlb.elastic_ips for fixed ones"
        ]
    }


# Names of load balancers


def named(way: str, entrypoint: str | None, **services: str) -> dict[str, Any]:
    raw = without_services(way)
    raw["services"] = {
        key: {"ports": {"tcp": 1}, "load_balancer": {"nlb": {"scheme": "internal", "name": name}}}
        for key, name in services.items()
    }
    if entrypoint is None:
        return raw
    [kind] = raw["entrypoint"]
    path = ("name",) if kind == "alb" else ("load_balancer", "nlb", "name")
    return with_value(raw, ("entrypoint", kind, *path), entrypoint)


def test_fails_when_two_load_balancers_have_one_name() -> None:
    told = ['"same" would be the name of two load balancers: give one of them another name']
    assert problems_of(named("alb", None, a="same", b="same", c="other")) == {
        f"portico:services.{key}.load_balancer.nlb.name": told for key in ("a", "b")
    }
    assert set(problems_of(named(IN_CLUSTER, "same", a="same"))) == {
        "portico:entrypoint.traefik.load_balancer.nlb.name",
        "portico:services.a.load_balancer.nlb.name",
    }
    assert problems_of(named("alb", "front", a="one", b="two")) == {}


def test_fails_when_a_network_and_an_application_load_balancer_have_one_name() -> None:
    """Names are one set for both kinds (elasticloadbalancing, CreateLoadBalancer: Name)."""
    assert "portico:services.a.load_balancer.nlb.name" in problems_of(named("alb", "same", a="same"))


@pytest.mark.parametrize("way", ["alb", IN_CLUSTER])
@pytest.mark.parametrize("taken", ["portico-test", "portico-test-b"])
def test_fails_when_a_name_is_that_which_another_gets_by_default(way: str, taken: str) -> None:
    raw = named(way, None, a=taken)
    raw["services"]["b"] = {"ports": {"tcp": 1}, "load_balancer": {"nlb": {"scheme": "internal"}}}
    assert "portico:services.a.load_balancer.nlb.name" in problems_of(raw)


# Certificates


@pytest.mark.parametrize("challenge", ["dns-01", "http-01"])
def test_fails_when_an_application_load_balancer_is_to_show_a_certificate_of_another_kind(challenge: str) -> None:
    certificates = {"web": {"acme": {"hosts": ["shop.portico.test"], "challenge": challenge}}}
    assert problems_of(without_services(certificates=certificates)) == {
        "portico:certificates.web.acme": ["a load balancer of AWS shows certificates of ACM only: say acm in place of acme"]
    }


def test_fails_when_a_services_load_balancer_is_to_show_a_certificate_of_another_kind() -> None:
    raw = with_value(aws_stack(IN_CLUSTER), ("certificates", "tcp"), {"acme": {"hosts": ["queue.portico.test"]}})
    assert problems_of(raw) == {
        "portico:certificates.tcp.acme": ["a load balancer of AWS shows certificates of ACM only: say acm in place of acme"]
    }


@pytest.mark.parametrize("way", [way for way in AWS_ENTRYPOINTS if way.endswith("-nlb")])
def test_fails_when_a_controller_is_to_show_a_certificate_whose_key_it_never_gets(way: str) -> None:
    raw = without_services(way, certificates={"web": {"acm": {"hosts": ["*.portico.test"]}}})
    word = way.partition("-")[0]
    assert problems_of(raw) == {
        "portico:certificates.web.acm": [
            f"TLS ends in {word}, which never gets an ACM certificate's key: say acme in place of acm"
        ]
    }


def test_fails_when_a_name_of_a_certificate_can_be_proven_in_no_zone() -> None:
    raw = with_value(aws_stack(), ("certificates", "web", "acm", "hosts"), ["portico.test", "*.portico.test", "a.example.org"])
    assert problems_of(raw) == {
        "portico:certificates.web.acm.hosts[2]": [
            '"a.example.org" is in none of the stack\'s zones (portico.test), so nothing can prove it'
        ]
    }
    assert problems_of({**raw, "other_zones": {"example.org": {}}}) == {}


def of_one_host_each(count: int) -> dict[str, Any]:
    hosts = {f"h{number}": f"h{number}.portico.test" for number in range(count)}
    return without_services(
        certificates={key: {"acm": {"hosts": [host]}} for key, host in hosts.items()},
        sites={key: {"hosts": [host], "paths": {"/": "web:80"}} for key, host in hosts.items()},
    )


def test_fails_when_a_listener_would_have_to_show_more_certificates_than_it_may() -> None:
    assert problems_of(of_one_host_each(MAX_CERTIFICATES)) == {}
    assert problems_of(of_one_host_each(MAX_CERTIFICATES + 1)) == {
        "portico:certificates": [
            "a listener of an Application Load Balancer shows at most 26 certificates, the sites need 27: put several hosts"
            " into one, or use a wildcard"
        ]
    }


def test_certificates_that_no_site_shows_do_not_count() -> None:
    raw = of_one_host_each(MAX_CERTIFICATES)
    raw["certificates"]["unused"] = {"acm": {"hosts": ["unused.portico.test"]}}
    assert problems_of(raw) == {}


@pytest.mark.parametrize("challenge", ["dns-01", "http-01"])
def test_a_certificate_that_nothing_shows_is_refused_or_breaks_nothing(challenge: str) -> None:
    raw = aws_stack()
    raw["certificates"]["extra"] = {"acme": {"hosts": ["extra.portico.test"], "challenge": challenge}}
    if problems_of(raw) == {}:
        assert door(raw).one("FrontDoor").outputs


# Rights


@pytest.mark.parametrize(
    ("own", "key"),
    [
        ({"external_dns": {"namespace": "dns", "name": "external-dns"}}, "portico:cloud.aws.external_dns"),
        ({"controller": "helm"}, "portico:cloud.aws.controller.helm"),
    ],
)
def test_fails_when_rights_are_wanted_in_a_cluster_without_a_name(own: dict[str, Any], key: str) -> None:
    cloud = {"aws": {"region": "eu-central-1", **own}}
    assert problems_of(aws_stack(cloud=cloud, cluster={"kubeconfig": {"path": "x"}})) == {
        key: ["needs the cluster's name, to give its service account rights: say portico:cluster: {eks: {name: …}}"]
    }
    assert problems_of(aws_stack(cloud=cloud)) == {}


# Zones


def test_fails_when_the_zone_is_named_among_the_others_too() -> None:
    """Otherwise what is said there would silently win."""
    problems = problems_of(aws_stack(other_zones={"portico.test": {"existing": True}}))
    assert list(problems) == ["portico:other_zones.portico.test"]


# Services of the stack file, and the backends that name them


def leading(backend: str, ports: dict[str, Any], namespace: str = "shop") -> dict[str, Any]:
    services = {"hello": {"namespace": namespace, "ports": ports}}
    return stack_file(services=services, sites={"shop": {**SHOP, "paths": {"/": backend}}})


def test_fails_when_a_backend_names_the_pods_port_instead_of_the_services_and_says_both() -> None:
    """Kubernetes accepts it without a word, and the load balancer finds no target."""
    assert problems_of(leading("hello:9376", {"http": {"port": 80, "target": 9376}})) == {
        "portico:sites.shop.paths./": ["service hello has no port 9376; it has 80 (9376 is its targetPort: say hello:80)"]
    }


def test_fails_when_a_backend_names_a_port_that_is_none() -> None:
    assert problems_of(leading("hello:81", {"http": 80, "https": {"port": 443, "target": 9376}})) == {
        "portico:sites.shop.paths./": ["service hello has no port 81; it has 443, 80"]
    }


def test_a_backend_may_name_each_port_of_its_service_and_any_of_one_that_is_not_declared() -> None:
    ports = {"http": {"port": 80, "target": 9376}, "pods": {"port": 9376, "target": 80}}
    for backend in ("hello:80", "hello:9376", "other:1"):
        assert problems_of(leading(backend, ports)) == {}
    assert problems_of(leading("hello:81", {"http": 80}, namespace="elsewhere")) == {}


def test_fails_when_a_service_wants_a_host_of_a_site_or_of_another_service() -> None:
    raw = with_value(aws_stack(), ("services", "orders", "hosts"), ["shop.portico.test", "orders.portico.test"])
    raw = with_value(raw, ("services", "queue", "hosts"), ["queue.portico.test", "orders.portico.test"])
    raw["certificates"]["tcp"]["acm"]["hosts"].append("orders.portico.test")
    assert problems_of(raw) == {
        "portico:services.orders.hosts[0]": ['"shop.portico.test" belongs to site shop'],
        "portico:services.queue.hosts[1]": ['"orders.portico.test" belongs to service orders'],
    }


def test_fails_when_a_services_host_lies_in_no_zone() -> None:
    raw = with_value(aws_stack(), ("services", "orders", "hosts"), ["orders.example.org"])
    assert problems_of(raw) == {
        "portico:services.orders.hosts[0]": ['"orders.example.org" is in none of the stack\'s zones: portico.test']
    }
    assert problems_of({**raw, "other_zones": {"example.org": {}}}) == {}


def test_fails_when_no_certificate_covers_a_host_on_which_tls_is_to_end() -> None:
    raw = with_value(aws_stack(), ("services", "queue", "hosts"), ["a.b.portico.test"])
    assert problems_of(raw) == {
        "portico:services.queue.hosts[0]": ['no certificate covers "a.b.portico.test", on which the load balancer is to end TLS']
    }
    # Passed through, TLS is the pods' own business.
    assert problems_of(with_value(aws_stack(), ("services", "orders", "hosts"), ["a.b.portico.test"])) == {}


def test_fails_when_a_port_would_have_to_show_two_certificates() -> None:
    raw = with_value(aws_stack(), ("services", "queue", "hosts"), ["queue.portico.test", "other.portico.test"])
    assert problems_of(raw) == {
        "portico:services.queue.hosts": [
            "are covered by several certificates (tcp, web); a port shows one: name them in the same"
        ]
    }


def test_fails_when_the_load_balancer_goes_by_ports_of_nodes_that_a_service_does_not_open() -> None:
    """A Service of this stack has a cluster IP only: the controller would refuse it, and the site would be waited for in vain."""
    by_nodes = with_value(aws_stack(), ("entrypoint", "alb", "target_type"), "instance")
    raw = with_value(by_nodes, ("sites", "shop"), {**SHOP, "paths": {"/": "inside:80"}})
    if problems_of(raw) == {}:
        assert door(raw).object("Service", "inside").spec.get("type") == "NodePort"


def test_many_mistakes_are_told_together() -> None:
    raw = with_value(aws_stack(), ("entrypoint", "alb", "subnets"), SUBNETS[:1])
    raw = with_value(raw, ("services", "orders", "hosts"), ["shop.portico.test"])
    raw = with_value(raw, ("sites", "shop", "paths", "/inside"), "inside:9376")
    raw = with_value(raw, ("sites", "shop", "https_redirect"), False)
    assert len(problems_of(raw)) == 4
