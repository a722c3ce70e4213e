"""The committed stack with many hosts on GKE: its life, from staging to production, and from one entrypoint to another.

In order: each test begins where the one before ended.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from lightkube.resources.core_v1 import Secret

from components.trust.watch import Order
from sandbox.curl import UnreachableError
from tests.engine.gcp import Gcp, config_of, gcp_stack, listeners
from tests.engine.project import Project
from tests.engine.world import Trace, World, eventually

STACK = "gke-hosts"
NAME = f"portico-{STACK}"
ZONE = "hosts.example"
SERVED = {f"blog.{ZONE}": "hosts/blog", f"docs.{ZONE}": "hosts/docs", f"shop.{ZONE}": "hosts/shop", f"www.{ZONE}": "hosts/shop"}
GKE_CLASS = "gke-l7-global-external-managed"


@pytest.fixture(scope="module")
def project(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with gcp_stack(world, tmp_path_factory.mktemp("gke-hosts"), STACK) as project:
        project.write(config_of(world, STACK))
        yield project


@pytest.fixture(scope="module")
def gcp(world: World, project: Project) -> Gcp:
    return Gcp(world)


@pytest.fixture(scope="module")
def before(world: World, gcp: Gcp) -> tuple[Trace, dict[str, list[str]]]:
    """Cluster, zones and project before this module."""
    return world.trace(), gcp.everything()


def with_hosts(world: World, count: int) -> dict[str, Any]:
    """The stack file with so many sites more, each with a certificate of its own."""
    config = config_of(world, STACK)
    for number in range(count):
        host = f"t{number}.{ZONE}"
        config["portico:certificates"][f"t{number}"] = {"acme": {"hosts": [host], "challenge": "http-01"}}
        site = {"hosts": [host], "namespace": "hosts", "paths": {"/": f"t{number}:8080"}, "demo": True}
        config["portico:sites"][f"t{number}"] = site
    return config


def works(world: World, served: dict[str, str], root: str | None = None) -> None:
    """Every host answers on https with its own Service, and on http with a redirect; by `root` alone, if that is given."""

    def check() -> None:
        for host, service in served.items():
            answer = world.get(f"https://{host}/")
            assert (answer.status, answer.service) == (200, service), (host, answer)
            plain = world.get(f"http://{host}/")
            assert plain.status in (301, 308), (host, plain)
            assert (plain.header("location") or "").startswith(f"https://{host}"), (host, plain)
            if root is not None:
                world.leaf(host, root)

    eventually(check, 40)


@contextmanager
def visited(world: World) -> Iterator[list[str]]:
    """What goes wrong for visitors of every host who come all the time, each with the name as it is then."""
    failures: list[str] = []
    over = threading.Event()

    def visit(host: str, service: str) -> None:
        while not over.is_set():
            try:
                answer = world.get(f"https://{host}/")
                if (answer.status, answer.service) != (200, service):
                    failures.append(f"{time.strftime('%X')} {host}: {answer.status} by {answer.service}")
            except (UnreachableError, OSError) as error:
                failures.append(f"{time.strftime('%X')} {host}: {error}")
            over.wait(0.2)

    visitors = [threading.Thread(target=visit, args=each) for each in SERVED.items()]
    for each in visitors:
        each.start()
    try:
        yield failures
    finally:
        over.set()
        for each in visitors:
            each.join()


def orders(world: World) -> set[str]:
    """Every order that an ACME authority was ever given and that still stands in the cluster."""
    return {str(order.metadata.uid) for order in world.every(Order)}


def test_preview_from_nothing_only_creates_and_touches_nothing(
    project: Project, world: World, gcp: Gcp, before: tuple[Trace, dict[str, list[str]]]
) -> None:
    assert set(project.planned().values()) == {"create"}
    assert (world.trace(), gcp.everything()) == before


def test_ten_hosts_stand_behind_one_regional_address(project: Project, world: World, gcp: Gcp) -> None:
    project.write(with_hosts(world, 6))
    project.up()
    works(world, {**SERVED, "t5.hosts.example": "hosts/t5"}, world.root("staging"))
    [address] = gcp.listed("addresses")
    assert address["region"].endswith("/europe-west3")
    assert address["status"] == "IN_USE"
    assert project.outputs()["address"] == address["address"]
    assert {world.address(host) for host in SERVED} == {address["address"]}
    assert {order.status["state"] for order in world.every(Order)} == {"valid"}


def test_up_again_changes_nothing_and_refresh_sees_no_drift(project: Project) -> None:
    project.up("--expect-no-changes")
    project.refresh("--expect-no-changes")


def test_an_eleventh_host_touches_its_own_objects_only(project: Project, world: World) -> None:
    project.write(with_hosts(world, 7))
    planned = project.planned()
    assert set(planned.values()) == {"create"}
    assert all("t6" in name for name in planned), planned
    project.up()
    works(world, {"t6.hosts.example": "hosts/t6"})


def test_a_host_taken_away_takes_its_own_objects_only(project: Project, world: World) -> None:
    project.write(with_hosts(world, 6))
    planned = project.planned()
    assert set(planned.values()) == {"delete"}
    assert all("t6" in name for name in planned), planned
    project.write(config_of(world, STACK))
    project.up()
    works(world, SERVED)


def test_production_is_one_word_away(project: Project, world: World) -> None:
    config = config_of(world, STACK)
    config["portico:acme"]["environment"] = "production"
    project.write(config)
    project.up()
    works(world, SERVED, world.root("production"))
    project.up("--expect-no-changes")


def test_going_back_to_staging_asks_for_nothing_new(project: Project, world: World) -> None:
    """Nor does production after that: both kept their accounts and their certificates."""
    known = orders(world)
    secrets = {str(secret.metadata.name) for secret in world.every(Secret, "hosts")}
    assert {"shop.staging-tls", "shop.production-tls"} <= secrets
    for environment in ("staging", "production"):
        config = config_of(world, STACK)
        config["portico:acme"]["environment"] = environment
        project.write(config)
        with visited(world) as failures:
            project.up()
        works(world, SERVED, world.root(environment))
        assert failures == []
    assert orders(world) <= known


_WAYS: dict[str, dict[str, Any]] = {
    "nginx": {"nginx": {}},
    "gateway": {"gateway": {"class": "traefik"}},
    "gce": {"gce": {}},
    "gateway of GKE": {"gateway": {"class": GKE_CLASS}},
    "traefik": {"traefik": {}},
}


@pytest.mark.parametrize("way", _WAYS)
def test_another_entrypoint_takes_over_before_the_old_one_goes(way: str, project: Project, world: World, gcp: Gcp) -> None:
    """From the one of the case before; visitors come all the while. Nothing is asked of the CA: the certificates stay."""
    config = config_of(world, STACK)
    config["portico:acme"]["environment"] = "production"
    own = copy.deepcopy(_WAYS[way])
    if way in ("nginx", "gateway", "traefik"):
        own[way]["controller"] = config["portico:entrypoint"]["traefik"]["controller"]
    if way == "gateway":
        own[way]["listeners"] = listeners(world)
    config["portico:entrypoint"] = own
    project.write(config)
    known = orders(world)
    with visited(world) as failures:
        project.up()
    works(world, SERVED, world.root("production"))
    assert failures == []
    assert orders(world) <= known
    project.up("--expect-no-changes", "--refresh")
    scope = "global" if way in ("gce", "gateway of GKE") else "regional"
    [address] = gcp.listed("addresses")
    assert ("region" in address) is (scope == "regional")
    assert project.outputs()["address"] == address["address"]


def test_destroy_leaves_nothing(project: Project, world: World, gcp: Gcp, before: tuple[Trace, dict[str, list[str]]]) -> None:
    project.destroy()
    assert project.resources() == []
    world.is_as(before[0])

    def check() -> None:
        assert gcp.everything() == before[1]

    eventually(check, 60)
