"""Network Load Balancers: what a Service, or a chart's, says to get one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import aws
from tests.support.doors import door
from tests.support.recorder import Recording, Secret, waiting
from tests.support.stacks import AWS_ENTRYPOINTS, SUBNETS, aws_stack, problems_of, with_value

EXISTING = [way for way in AWS_ENTRYPOINTS if "-existing-" in way]
BY_HELM = [way for way in AWS_ENTRYPOINTS if "-helm-" in way]
IN_CLUSTER = [*EXISTING, *BY_HELM]

#: Every annotation of a Service that the controller reads and this project may write
#: (aws-load-balancer-controller v3.5.0, docs/guide/service/annotations.md).
KNOWN = {
    "load-balancer-source-ranges",
    *(
        f"aws-load-balancer-{name}"
        for name in (
            *("name", "scheme", "nlb-target-type", "attributes", "additional-resource-tags", "subnets", "eip-allocations"),
            *("proxy-protocol", "ssl-cert", "ssl-ports", "ssl-negotiation-policy", "target-group-attributes"),
            *(f"healthcheck-{part}" for part in ("protocol", "path", "port", "success-codes", "interval", "timeout")),
            *("healthcheck-healthy-threshold", "healthcheck-unhealthy-threshold"),
        )
    ),
}


def with_nlb(way: str, controller: str = "existing", **nlb: Any) -> dict[str, Any]:
    """The stack file with these options added to the Network Load Balancer of its entrypoint."""
    [(kind, own)] = AWS_ENTRYPOINTS[way].items()
    balancer = {"nlb": {**own["load_balancer"]["nlb"], **nlb}}
    cloud = {"aws": {"region": "eu-central-1", "tags": {"team": "shop"}, "controller": controller}}
    raw = aws_stack(way, entrypoint={kind: {**own, "load_balancer": balancer}}, cloud=cloud)
    assert problems_of(raw) == {}
    return raw


def said(made: Recording) -> tuple[str | None, dict[str, str]]:
    """The class and the annotations of the Service before the controller: this stack's own, or the chart's."""
    [front] = [item for item in made if item.custom and item.name in ("front", "controller")]
    if front.kind == "Service":
        return front.spec.get("loadBalancerClass"), front.told
    values = front.inputs["values"]
    service = values.get("controller", values)["service"]
    annotations = {key.partition("/")[2]: value for key, value in service["annotations"].items()}
    return service.get("loadBalancerClass", service.get("spec", {}).get("loadBalancerClass")), annotations


@pytest.mark.parametrize(
    ("controller", "wanted"),
    [("existing", "service.k8s.aws/nlb"), ("helm", "service.k8s.aws/nlb"), ("auto_mode", "eks.amazonaws.com/nlb")],
)
@pytest.mark.parametrize("way", [way for way in IN_CLUSTER if way.endswith("nlb")])
def test_the_class_is_that_of_the_controller_that_is_to_make_it(way: str, controller: str, wanted: str) -> None:
    """Without one nobody makes a load balancer, or the cloud provider in the cluster makes one of the old kind."""
    assert said(door(with_nlb(way, controller)))[0] == wanted


@pytest.mark.parametrize("way", IN_CLUSTER)
def test_who_reaches_it_its_name_and_its_targets_are_always_said(way: str) -> None:
    told = said(door(with_nlb(way)))[1]
    assert told["aws-load-balancer-scheme"] == "internet-facing"
    assert told["aws-load-balancer-name"] == "portico-test"
    assert told["aws-load-balancer-nlb-target-type"] == "ip"
    assert told["aws-load-balancer-attributes"] == "load_balancing.cross_zone.enabled=true"
    assert told["aws-load-balancer-additional-resource-tags"] == "portico.dev/stack=portico-test,team=shop"


@pytest.mark.parametrize("way", [way for way in IN_CLUSTER if way.endswith("eips")])
def test_elastic_ips_stand_in_the_order_of_the_subnets(way: str) -> None:
    told = said(door(with_nlb(way)))[1]
    assert told["aws-load-balancer-subnets"] == ",".join(SUBNETS)
    allocated = [f"eipalloc-{subnet.rpartition('-')[2]}" for subnet in SUBNETS]
    assert allocated != sorted(allocated)
    assert told["aws-load-balancer-eip-allocations"] == ",".join(allocated)


@pytest.mark.parametrize("way", ["traefik-existing-nlb", "nginx-helm-nlb", "gateway-helm-nlb"])
def test_no_more_is_said_than_is_wanted(way: str) -> None:
    told = said(door(with_nlb(way)))[1]
    always = ("name", "scheme", "nlb-target-type", "attributes", "additional-resource-tags")
    assert {key.removeprefix("aws-load-balancer-") for key in told} == set(always)


HEALTH = {"path": "/ok", "port": 8081, "success": "200-299", "interval": 20, "timeout": 10, "healthy": 3, "unhealthy": 4}
OPTIONS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"scheme": "internal"}, {"scheme": "internal"}),
    ({"name": "mine"}, {"name": "mine"}),
    ({"target_type": "instance"}, {"nlb-target-type": "instance"}),
    ({"subnets": SUBNETS}, {"subnets": ",".join(SUBNETS)}),
    ({"cross_zone": False}, {"attributes": "load_balancing.cross_zone.enabled=false"}),
    ({"attributes": {"a.b": "c"}}, {"attributes": "load_balancing.cross_zone.enabled=true,a.b=c"}),
    ({"proxy_protocol": True}, {"proxy-protocol": "*"}),
    (
        {"health": HEALTH},
        {
            "healthcheck-protocol": "http",
            "healthcheck-path": "/ok",
            "healthcheck-port": "8081",
            "healthcheck-success-codes": "200-299",
            "healthcheck-interval": "20",
            "healthcheck-timeout": "10",
            "healthcheck-healthy-threshold": "3",
            "healthcheck-unhealthy-threshold": "4",
        },
    ),
]


@pytest.mark.parametrize(("own", "wanted"), OPTIONS, ids=[next(iter(option[0])) for option in OPTIONS])
@pytest.mark.parametrize("way", ["traefik-existing-nlb", "nginx-helm-nlb", "gateway-helm-nlb"])
def test_every_option_is_told(way: str, own: dict[str, Any], wanted: dict[str, str]) -> None:
    told = said(door(with_nlb(way, **own)))[1]
    # The controller reads pairs in any order.
    found = {key: sorted(told.get(f"aws-load-balancer-{key}", "").split(",")) for key in wanted if key == "attributes"}
    assert found == {key: sorted(value.split(",")) for key, value in wanted.items() if key == "attributes"}
    plain = {key: value for key, value in wanted.items() if key != "attributes"}
    assert {key: told.get(f"aws-load-balancer-{key}") for key in plain} == plain


@pytest.mark.parametrize("way", ["traefik-existing-nlb", "traefik-helm-nlb", "nginx-helm-nlb", "gateway-helm-nlb"])
def test_only_the_networks_that_are_wanted_are_let_in(way: str) -> None:
    """By the one annotation that the controller reads, or by the Service's own field: another is no protection at all."""
    made = door(with_nlb(way, source_ranges=["203.0.113.0/24", "198.51.100.7"]))
    wanted = "203.0.113.0/24,198.51.100.7/32"
    [front] = [item for item in made if item.custom and item.name in ("front", "controller")]
    fields = [front.inputs.get("spec", {}).get("loadBalancerSourceRanges")]
    assert said(made)[1].get("load-balancer-source-ranges", ",".join(fields[0] or [])) == wanted


@pytest.mark.parametrize("way", ["traefik-existing-eips", "nginx-helm-eips"])
def test_nothing_is_told_that_the_controller_does_not_read(way: str) -> None:
    raw = with_nlb(way, source_ranges=["203.0.113.0/24"], health=HEALTH, proxy_protocol=True)
    assert set(said(door(raw))[1]) <= KNOWN


@pytest.mark.parametrize("way", ["traefik-existing-nlb", "traefik-helm-nlb", "nginx-helm-nlb"])
def test_the_users_annotations_win(way: str) -> None:
    raw = with_nlb(way)
    [kind] = raw["entrypoint"]
    mine = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}
    told = said(door(with_value(raw, ("entrypoint", kind, "service_annotations"), mine)))[1]
    assert told["aws-load-balancer-scheme"] == "internal"


@pytest.mark.parametrize("way", EXISTING)
def test_the_service_before_an_existing_controller_asks_for_no_address_that_no_one_reads(way: str) -> None:
    front = door(with_nlb(way)).object("Service", "front")
    assert "loadBalancerIP" not in front.spec
    assert front.annotations["pulumi.com/waitFor"] == waiting(front, "jsonpath={.status.loadBalancer.ingress}")


# Services of their own


def service(made: Recording, key: str) -> Any:
    return made.object("Service", key)


@pytest.mark.parametrize("way", ["alb", "traefik-existing-nlb", "gateway-helm-eips"])
def test_a_services_load_balancer_has_a_name_and_a_scheme_of_its_own(way: str) -> None:
    made = door(aws_stack(way))
    for key, scheme in (("orders", "internal"), ("queue", "internet-facing")):
        told = service(made, key).told
        assert told["aws-load-balancer-name"] == f"portico-test-{key}"
        assert told["aws-load-balancer-scheme"] == scheme
        assert service(made, key).spec["loadBalancerClass"] == "service.k8s.aws/nlb"
        assert set(told) <= KNOWN


def test_tls_ends_at_the_ports_that_say_so_and_others_are_passed_through() -> None:
    raw = aws_stack()
    raw["services"]["queue"]["ports"]["more"] = {"port": 443, "target": 1884, "tls": True}
    made = door(raw)
    told = service(made, "queue").told
    assert told["aws-load-balancer-ssl-ports"] == "443,8883"
    assert told["aws-load-balancer-ssl-cert"] == aws.certificate_arn("tcp")
    assert told["aws-load-balancer-ssl-negotiation-policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert not any("ssl" in key for key in service(made, "orders").told)
    assert not isinstance(told["aws-load-balancer-ssl-cert"], Secret)


def test_two_ports_share_no_listener() -> None:
    ports = {port["name"]: (port["port"], port["targetPort"]) for port in service(door(aws_stack()), "queue").spec["ports"]}
    assert ports == {"mqtts": (8883, 1883), "mqtt": (1883, 1883)}
