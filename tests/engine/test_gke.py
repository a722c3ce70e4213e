"""The committed GKE stack's life on the real engine, the sandbox's Google Cloud and the real GKE ingress controller.

In order: each test begins where the one before ended.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.twin.client import Fault
from tests.engine.gcp import Gcp, config_of, gcp_stack
from tests.engine.project import Project
from tests.engine.world import Trace, World, eventually

STACK = "gke"
NAME = f"portico-{STACK}"
ZONE = "store.example"
ZONE_NAME = "store-example"
HOSTS = [ZONE, f"www.{ZONE}"]
SERVED = {"/": "store/web", "/elsewhere": "store/web", "/api": "store/api", "/api/below": "store/api"}


@pytest.fixture(scope="module")
def project(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with gcp_stack(world, tmp_path_factory.mktemp("gke"), STACK) as project:
        project.write(config_of(world, "gke"))
        yield project


@pytest.fixture(scope="module")
def gcp(world: World, project: Project) -> Gcp:
    return Gcp(world)


@pytest.fixture(scope="module")
def before(world: World, gcp: Gcp) -> tuple[Trace, dict[str, list[str]]]:
    """Cluster, zones and project before this module."""
    return world.trace(), gcp.everything()


def change(world: World, project: Project, **parts: Any) -> None:
    """The stack file with other values for whole top-level keys."""
    project.write({**config_of(world, "gke"), **{f"portico:{key}": value for key, value in parts.items()}})


def front_door_works(world: World, hosts: list[str], served: dict[str, str]) -> None:
    def check() -> None:
        for host in hosts:
            for path, service in served.items():
                answer = world.get(f"https://{host}{path}")
                assert (answer.status, answer.service) == (200, service), (host, path, answer)
                plain = world.get(f"http://{host}{path}")
                assert (plain.status, plain.header("location")) == (301, f"https://{host}{path}")

    eventually(check, 40)


def test_preview_from_nothing_only_creates_and_touches_nothing(
    project: Project, world: World, gcp: Gcp, before: tuple[Trace, dict[str, list[str]]]
) -> None:
    assert set(project.planned().values()) == {"create"}
    assert (world.trace(), gcp.everything()) == before


def test_up_brings_every_path_to_its_service(project: Project, world: World) -> None:
    project.up()
    front_door_works(world, HOSTS, SERVED)


def test_the_load_balancer_is_the_real_controllers_and_stands_at_the_reserved_address(project: Project, gcp: Gcp) -> None:
    address = gcp.address(f"{NAME}-gce-store")
    assert address["status"] == "IN_USE"
    assert project.outputs()["address"] == address["address"]
    rules = {one["portRange"]: one for one in gcp.listed("forwardingRules")}
    assert {ports: one["IPAddress"] for ports, one in rules.items()} == dict.fromkeys(("80-80", "443-443"), address["address"])
    [policy] = [one["sslPolicy"] for one in gcp.listed("targetHttpsProxies")]
    assert policy.endswith(f"/sslPolicies/{NAME}")


def test_each_service_is_asked_for_health_as_the_stack_file_says(gcp: Gcp) -> None:
    """By checks that are said, not by what was inferred from pods once."""
    asked = {one["httpHealthCheck"]["requestPath"] for one in gcp.listed("healthChecks") if "httpHealthCheck" in one}
    assert {"/", "/ready"} <= asked
    services = {json.loads(one["description"])["service-name"] for one in gcp.listed("networkEndpointGroups")}
    assert {"web", "api"} <= services


def test_a_stranger_gets_no_sites_content(world: World, project: Project) -> None:
    address = project.outputs()["address"]
    answer = world.ask(f"http://stranger.{ZONE}:{world.fact('http-port')}/", address)
    assert answer.status_code in (301, 404)
    assert "store/web" not in answer.text


def test_the_outputs_say_all_that_a_person_needs(project: Project, gcp: Gcp) -> None:
    said = project.outputs()
    assert said["urls"] == [f"https://{host}{path}" for host in HOSTS for path in ("/", "/api")]
    [zone] = [one for one in gcp.zones() if one["dnsName"] == f"{ZONE}."]
    assert sorted(said["name_servers"]) == sorted(zone["nameServers"])
    assert said["certificates"] == {"store": "renewed by the cloud"}
    assert any(f"delegate {ZONE}" in step for step in said["next_steps"])


def test_up_again_changes_nothing(project: Project) -> None:
    project.up("--expect-no-changes")


def test_refresh_sees_no_drift(project: Project) -> None:
    project.refresh("--expect-no-changes")


def test_drift_of_a_record_is_seen_and_mended(project: Project, world: World, gcp: Gcp) -> None:
    gcp.forget(ZONE_NAME, f"www.{ZONE}")
    project.refresh()
    assert project.touched() == {f"RecordSet www.{ZONE}": "create"}
    project.up()
    front_door_works(world, HOSTS, SERVED)


def test_one_path_added_touches_the_ingress_and_what_it_asks_only(project: Project, world: World) -> None:
    sites = copy.deepcopy(config_of(world, "gke")["portico:sites"])
    sites["store"]["paths"]["/again"] = "web:8080"
    change(world, project, sites=sites)
    assert project.touched() == {"Ingress store": "update"}
    project.up()
    front_door_works(world, HOSTS, {**SERVED, "/again": "store/web"})
    project.up("--expect-no-changes")


def test_a_bad_day_of_google_is_outlasted(project: Project, world: World, gcp: Gcp) -> None:
    """Throttled and failing now and then, as a busy project is."""
    sites = copy.deepcopy(config_of(world, "gke")["portico:sites"])
    sites["store"]["hosts"].append(f"m.{ZONE}")
    certificates = {"store": {"google_managed": {"hosts": sites["store"]["hosts"]}}}
    change(world, project, sites=sites, certificates=certificates)
    with gcp.faults(Fault("dns", "throttling", count=2), Fault("compute", "error", count=3)):
        project.up()
    front_door_works(world, [*HOSTS, f"m.{ZONE}"], SERVED)
    project.write(config_of(world, "gke"))
    project.up()
    front_door_works(world, HOSTS, SERVED)


def test_secrets_stand_nowhere_in_plain(project: Project) -> None:
    kept = json.dumps(project.state())
    for word in ("client-key-data", "BEGIN PRIVATE KEY", "ya29."):
        assert word not in kept


def test_destroy_leaves_nothing(project: Project, world: World, gcp: Gcp, before: tuple[Trace, dict[str, list[str]]]) -> None:
    project.destroy()
    assert project.resources() == []
    world.is_as(before[0])

    def check() -> None:
        assert gcp.everything() == before[1]

    eventually(check, 60)
