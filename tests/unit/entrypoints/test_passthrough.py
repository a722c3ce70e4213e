"""Controllers in a cluster of GKE: what the Service before one says to be reached at a reserved address of the region."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import gcp
from tests.support.doors import door
from tests.support.recorder import Recording, waiting
from tests.support.stacks import GCP_ENTRYPOINTS, gcp_stack, problems_of

EVERY_CONTROLLER = [way for way in GCP_ENTRYPOINTS if way.endswith(("-existing", "-helm"))]


def made_by(way: str, **own: Any) -> Recording:
    """`own`: added to the entrypoint's options."""
    [(kind, options)] = GCP_ENTRYPOINTS[way].items()
    raw = gcp_stack(way, entrypoint={kind: {**options, **own}})
    assert problems_of(raw) == {}
    return door(raw)


def service_of(made: Recording) -> dict[str, Any]:
    """The Service before the controller, this stack's own or the chart's: its spec, and its annotations."""
    [front] = [item for item in made if item.custom and item.name.startswith(("front/", "controller/"))]
    if front.kind == "Service":
        return {"annotations": front.annotations, **front.spec}
    values = front.inputs["values"]
    service: dict[str, Any] = values.get("controller", values)["service"]
    return {**service, **service.get("spec", {})}


@pytest.mark.parametrize("tier", ["premium", "standard"])
@pytest.mark.parametrize("way", EVERY_CONTROLLER)
def test_a_service_asks_for_its_address_by_name_and_by_number(way: str, tier: str) -> None:
    made = made_by(way, address={"tier": tier}, service_annotations={"x/y": "z"})
    [address] = made.all("Address")
    found = service_of(made)["annotations"]
    assert found["cloud.google.com/l4-rbs"] == "enabled"
    assert found["networking.gke.io/load-balancer-ip-addresses"] == address.inputs["name"]
    assert found["cloud.google.com/network-tier"] == tier.capitalize()
    assert found["x/y"] == "z"
    assert service_of(made)["loadBalancerIP"] == gcp.address(address.inputs["name"])
    assert {"ipFamilies", "ipFamilyPolicy"}.isdisjoint(service_of(made))


@pytest.mark.parametrize("way", EVERY_CONTROLLER)
def test_a_service_at_an_ipv6_address_is_of_that_family(way: str) -> None:
    made = made_by(way, address={"ipv6": True, "subnetwork": "nodes"})
    [address] = made.all("Address")
    service = service_of(made)
    assert (service["ipFamilies"], service["ipFamilyPolicy"]) == (["IPv6"], "SingleStack")
    assert service["annotations"]["networking.gke.io/load-balancer-ip-addresses"] == address.inputs["name"]
    assert "loadBalancerIP" not in service  # which takes a number of IPv4 only


@pytest.mark.parametrize("way", EVERY_CONTROLLER)
def test_a_service_at_an_existing_address_names_that(way: str) -> None:
    made = made_by(way, address={"existing": "mine"})
    assert service_of(made)["annotations"]["networking.gke.io/load-balancer-ip-addresses"] == "mine"
    assert service_of(made)["loadBalancerIP"] == gcp.address("mine")


@pytest.mark.parametrize("way", [way for way in EVERY_CONTROLLER if way.endswith("-existing")])
def test_the_service_is_awaited_until_it_has_its_address(way: str) -> None:
    front = made_by(way, timeout=77).object("Service", "front/controllers.portico")
    assert front.annotations["pulumi.com/waitFor"] == waiting(front, "jsonpath={.status.loadBalancer.ingress}")
    assert dict(front.timeouts) == {"create": "77s", "update": "77s"}
    assert front.delete_before_replace  # no two can hold one address
