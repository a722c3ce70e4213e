"""Reserved addresses of Google Cloud: of which scope, tier and family, and what looks one up that exists."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.clouds.gcp_address import address_name
from tests.support import gcp
from tests.support.doors import door
from tests.support.recorder import Recording, Registration
from tests.support.stacks import GCP_ENTRYPOINTS, gcp_stack

GLOBAL = ["gce", "gateway-global"]
REGIONAL = [way for way in GCP_ENTRYPOINTS if way not in GLOBAL]
WAYS = pytest.mark.parametrize("way", GCP_ENTRYPOINTS)


def made_with(way: str, **address: Any) -> Recording:
    [(kind, own)] = GCP_ENTRYPOINTS[way].items()
    return door(gcp_stack(way, entrypoint={kind: {**own, "address": address}}))


def reserved(made: Recording) -> Registration:
    [found] = [item for item in made if item.kind in ("Address", "GlobalAddress")]
    return found


def record(made: Recording) -> Registration:
    return made.one("RecordSet", "shop.portico.test")


@pytest.mark.parametrize("way", GLOBAL)
def test_a_load_balancer_of_the_whole_world_has_a_global_address(way: str) -> None:
    address = reserved(made_with(way))
    assert address.kind == "GlobalAddress"
    assert (address.inputs["addressType"], address.inputs["ipVersion"]) == ("EXTERNAL", "IPV4")
    assert "region" not in address.inputs
    assert "networkTier" not in address.inputs


@pytest.mark.parametrize("way", REGIONAL)
def test_a_load_balancer_of_a_region_has_an_address_of_that_region(way: str) -> None:
    address = reserved(made_with(way))
    assert address.kind == "Address"
    assert (address.inputs["region"], address.inputs["networkTier"]) == ("europe-west3", "PREMIUM")
    assert {"ipVersion", "ipv6EndpointType", "subnetwork"}.isdisjoint(address.inputs)
    assert reserved(made_with(way, tier="standard")).inputs["networkTier"] == "STANDARD"


NAMES = {
    "gce": "portico-test-gce-shop",
    "gateway-global": "portico-test-gateway-gke",
    "gateway-regional": "portico-test-gateway-gke-regional",
    "gateway-helm": "portico-test-gateway",
    "traefik-helm": "portico-test-traefik",
    "nginx-helm": "portico-test-nginx",
}


@WAYS
def test_an_address_is_called_after_the_stack_and_whom_it_is_for(way: str) -> None:
    assert reserved(made_with(way)).inputs["name"] == NAMES.get(way, "portico-test-controllers-portico")


@WAYS
def test_records_point_at_the_reserved_address(way: str) -> None:
    made = made_with(way)
    name = reserved(made).inputs["name"]
    assert (record(made).inputs["type"], record(made).inputs["rrdatas"]) == ("A", [gcp.address(name)])
    assert made.waits(record(made), reserved(made))


@pytest.mark.parametrize("way", GLOBAL)
def test_a_global_ipv6_address_has_records_of_its_own_type(way: str) -> None:
    made = made_with(way, ipv6=True)
    assert reserved(made).inputs["ipVersion"] == "IPV6"
    assert {item.inputs["type"] for item in made.all("RecordSet") if not item.name.startswith("proof/")} == {"AAAA"}


@pytest.mark.parametrize("way", REGIONAL)
def test_a_regional_ipv6_address_is_taken_from_the_subnet(way: str) -> None:
    made = made_with(way, ipv6=True, subnetwork="nodes")
    inputs = reserved(made).inputs
    assert (inputs["ipVersion"], inputs["ipv6EndpointType"], inputs["subnetwork"]) == ("IPV6", "NETLB", "nodes")
    assert record(made).inputs["type"] == "AAAA"


@WAYS
def test_an_address_that_exists_is_looked_up_where_it_must_be_and_not_made(way: str) -> None:
    made = made_with(way, existing="mine")
    assert [item for item in made if item.kind in ("Address", "GlobalAddress")] == []
    [question] = [each for each in made.asked if "Address:" in each.token]
    if way in GLOBAL:
        assert question.token == "gcp:compute/getGlobalAddress:getGlobalAddress"
        assert question.args == {"name": "mine", "project": "portico-sandbox"}
    else:
        assert question.token == "gcp:compute/getAddress:getAddress"
        assert question.args == {"name": "mine", "project": "portico-sandbox", "region": "europe-west3"}
    assert record(made).inputs["rrdatas"] == [gcp.address("mine")]
    outputs = made.one("FrontDoor").outputs
    assert outputs is not None
    assert outputs["address"] == gcp.address("mine")


def test_each_namespace_of_sites_has_an_address_behind_a_gce_ingress() -> None:
    raw = gcp_stack("gce", certificates={"web": {"acme": {"hosts": ["portico.test", "*.portico.test"]}}})
    raw["sites"]["apex"] = {"hosts": ["portico.test"], "namespace": "default", "paths": {"/": "blog:80"}}
    made = door(raw)
    names = {item.inputs["name"] for item in made.all("GlobalAddress")}
    assert names == {"portico-test-gce-shop", "portico-test-gce-default"}
    assert record(made).inputs["rrdatas"] == [gcp.address("portico-test-gce-shop")]
    assert made.one("RecordSet", "portico.test").inputs["rrdatas"] == [gcp.address("portico-test-gce-default")]


def test_names_of_addresses_are_such_that_google_takes() -> None:
    assert address_name("portico-a", "ns.svc") == "portico-a-ns-svc"
    long = [address_name(f"portico-{'s' * 31}", f"{'n' * 60}.{end}") for end in ("a", "b")]
    assert len(set(long)) == 2
    assert all(len(name) <= 63 for name in long)


# The provider


def test_everything_that_takes_labels_carries_the_stacks_name_and_the_stack_files_labels() -> None:
    inputs = door(gcp_stack("gce")).one("gcp").inputs
    assert (inputs["project"], inputs["region"]) == ("portico-sandbox", "europe-west3")
    assert json.loads(inputs["defaultLabels"]) == {"portico-stack": "portico-test", "team": "shop"}


# TLS


@pytest.mark.parametrize("way", ["gce", "gateway-global", "gateway-regional"])
def test_a_policy_for_tls_is_made_where_googles_load_balancer_ends_it(way: str) -> None:
    [(kind, own)] = GCP_ENTRYPOINTS[way].items()
    made = door(gcp_stack(way))
    [policy] = [item for item in made if item.kind in ("SSLPolicy", "RegionSslPolicy")]
    inputs = policy.inputs
    assert (inputs["name"], inputs["profile"], inputs["minTlsVersion"]) == ("portico-test", "MODERN", "TLS_1_2")
    strict = {kind: {**own, "ssl_policy": {"min_tls": "1.3", "profile": "RESTRICTED"}}}
    [policy] = [item for item in door(gcp_stack(way, entrypoint=strict)) if item.kind in ("SSLPolicy", "RegionSslPolicy")]
    assert (policy.inputs["profile"], policy.inputs["minTlsVersion"]) == ("RESTRICTED", "TLS_1_3")


def test_a_load_balancer_of_a_region_has_a_policy_of_that_region() -> None:
    """One of the whole world is not found from there."""
    made = door(gcp_stack("gateway-regional"))
    assert made.one("RegionSslPolicy").inputs["region"] == "europe-west3"
    assert made.all("SSLPolicy") == []
    assert door(gcp_stack("gateway-global")).all("RegionSslPolicy") == []


@pytest.mark.parametrize("way", ["gce", "gateway-global", "gateway-regional"])
def test_a_policy_that_exists_is_named_and_not_made(way: str) -> None:
    [(kind, own)] = GCP_ENTRYPOINTS[way].items()
    made = door(gcp_stack(way, entrypoint={kind: {**own, "ssl_policy": {"existing": "strict"}}}))
    assert [item for item in made if item.kind in ("SSLPolicy", "RegionSslPolicy")] == []
    told = made.one("FrontendConfig").spec if way == "gce" else made.one("GCPGatewayPolicy").spec["default"]
    assert told["sslPolicy"] == "strict"


@pytest.mark.parametrize("way", [way for way in REGIONAL if way != "gateway-regional"])
def test_no_policy_is_made_where_tls_ends_in_the_cluster(way: str) -> None:
    assert [item for item in door(gcp_stack(way)) if "ssl" in item.kind.lower()] == []
