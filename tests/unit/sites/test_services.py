"""Services that the stack file declares."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.doors import door
from tests.support.recorder import Recording, Registration, waiting
from tests.support.stacks import aws_stack, problems_of, stack_file, with_value


def service(made: Recording, key: str) -> Registration:
    return made.object("Service", key)


def made_of(**own: Any) -> Recording:
    """A stack of one's own cluster with one Service `tcp`."""
    raw = stack_file(services={"tcp": {"namespace": "shop", "ports": {"http": 80}, **own}})
    assert problems_of(raw) == {}
    return door(raw)


def test_a_service_without_a_load_balancer_is_reached_in_the_cluster_only() -> None:
    made = made_of(ports={"http": {"port": 80, "target": 9376}, "named": {"port": 81, "target": "web"}, "same": 82})
    found = service(made, "tcp")
    assert (found.metadata["namespace"], found.metadata["name"]) == ("shop", "tcp")
    assert found.spec.get("type", "ClusterIP") == "ClusterIP"
    assert [(port["name"], port["port"], port["targetPort"]) for port in found.spec["ports"]] == [
        ("http", 80, 9376),
        ("named", 81, "web"),
        ("same", 82, 82),
    ]
    assert len(found.annotations["portico.dev/not-awaited"]) > 15
    assert made.all("Deployment") == [item for item in made.all("Deployment") if item.name in ("shop/web", "shop/api")]


def test_a_service_picks_pods_by_its_own_name_or_by_what_is_said() -> None:
    assert service(made_of(), "tcp").spec["selector"] == {"app.kubernetes.io/name": "tcp"}
    assert service(made_of(selector={"app": "x"}), "tcp").spec["selector"] == {"app": "x"}


def test_a_demo_answers_on_every_target_port_and_is_picked_by_its_service() -> None:
    ports = {"http": {"port": 80, "target": 9376}, "twin": {"port": 81, "target": 9376}, "named": {"port": 82, "target": "web"}}
    made = made_of(ports=ports, demo=True, selector={"app": "x"})
    deployment = made.one("Deployment", "shop/tcp")
    template = deployment.spec["template"]
    assert service(made, "tcp").spec["selector"].items() <= template["metadata"]["labels"].items()
    assert deployment.spec["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    offered = [port for container in template["spec"]["containers"] for port in container["ports"]]
    assert 9376 in [port["containerPort"] for port in offered]
    assert "web" in [port["name"] for port in offered]
    numbers = [port["containerPort"] for port in offered]
    assert len(set(numbers)) == len(numbers) == 2
    for container in template["spec"]["containers"]:
        [port] = container["ports"]
        assert f"--port={port['containerPort']}" in container["args"]
    names = [container["name"] for container in template["spec"]["containers"]]
    assert len(set(names)) == len(names)


def test_a_demos_named_and_numbered_ports_never_meet() -> None:
    """Two servers of one pod cannot listen on the same."""
    ports = {"a": {"port": 80, "target": "web"}, "b": {"port": 81, "target": 8080}, "c": {"port": 82, "target": 8081}}
    made = made_of(ports=ports, demo=True)
    containers = made.one("Deployment", "shop/tcp").spec["template"]["spec"]["containers"]
    numbers = [port["containerPort"] for container in containers for port in container["ports"]]
    assert len(set(numbers)) == len(numbers) == 3


@pytest.mark.parametrize("port", [9376, 65535, "p" * 15])
def test_a_demos_port_names_are_taken_by_kubernetes(port: int | str) -> None:
    """At most 15 characters (RFC 6335)."""
    made = made_of(ports={"a": {"port": 80, "target": port}}, demo=True)
    [container] = made.one("Deployment", "shop/tcp").spec["template"]["spec"]["containers"]
    assert len(container["ports"][0]["name"]) <= 15


def test_what_is_added_to_a_service_wins() -> None:
    assert service(made_of(annotations={"x/y": "z"}), "tcp").annotations["x/y"] == "z"
    key = "service.beta.kubernetes.io/aws-load-balancer-scheme"
    raw = with_value(aws_stack(), ("services", "orders", "annotations"), {key: "internet-facing"})
    assert service(door(raw), "orders").annotations[key] == "internet-facing"


def test_a_load_balancers_service_is_awaited_until_it_has_an_address() -> None:
    found = service(door(with_value(aws_stack(), ("services", "orders", "timeout"), 77)), "orders")
    assert found.spec["type"] == "LoadBalancer"
    assert found.annotations["pulumi.com/waitFor"] == waiting(found, "jsonpath={.status.loadBalancer.ingress}")
    assert dict(found.timeouts) == {"create": "77s", "update": "77s"}
    assert "pulumi.com/skipAwait" not in found.annotations


@pytest.mark.parametrize(("target_type", "opened"), [("ip", False), ("instance", True)])
def test_ports_of_the_nodes_are_opened_only_where_the_load_balancer_goes_by_them(target_type: str, opened: bool) -> None:
    raw = with_value(aws_stack(), ("services", "orders", "load_balancer", "nlb", "target_type"), target_type)
    assert service(door(raw), "orders").spec["allocateLoadBalancerNodePorts"] is opened


def test_another_class_takes_the_service_away_first() -> None:
    """A Service's class can never change, and its name is taken."""
    assert service(door(aws_stack()), "orders").delete_before_replace


def test_a_load_balancer_comes_after_the_pods_behind_it() -> None:
    made = door(aws_stack())
    assert made.waits(service(made, "orders"), made.one("Deployment", "shop/orders"))


def test_a_site_may_lead_to_a_declared_service_which_is_made_once_and_first() -> None:
    raw = with_value(
        stack_file(), ("services",), {"web": {"namespace": "shop", "ports": {"http": {"port": 8080, "target": 9376}}}}
    )
    made = door(raw)
    [found] = [item for item in made.all("Service") if item.custom and item.metadata["name"] == "web"]
    assert found.name == "web"
    assert made.waits(made.one("HTTPRoute", "shop"), found)
    assert [item.name for item in made.all("Deployment")] == ["shop/api"]


def test_a_service_of_the_same_name_in_another_namespace_is_another() -> None:
    raw = with_value(stack_file(), ("services",), {"web": {"namespace": "default", "ports": {"http": 80}}})
    made = door(raw)
    assert sorted(
        item.metadata["namespace"] for item in made.all("Service") if item.custom and item.metadata["name"] == "web"
    ) == [
        "default",
        "shop",
    ]


def test_one_more_service_leaves_the_others_as_they_were() -> None:
    raw = aws_stack()
    more = with_value(raw, ("services", "new"), {"ports": {"tcp": 7}, "load_balancer": {"nlb": {"scheme": "internal"}}})
    before, after = door(raw), door(more).by_urn()
    assert [item.urn for item in before if after[item.urn].state() != item.state()] == []
