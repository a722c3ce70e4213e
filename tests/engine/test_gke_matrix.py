"""Every entrypoint on GKE with every certificate source, cell by cell: those that are offered live and leave nothing behind.

The same table stands in docs/certificates.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from components.settings.offers import SOURCES, refusal
from tests.engine.gcp import Gcp, config_of, gcp_stack, listeners
from tests.engine.project import Project
from tests.engine.world import World, eventually
from tests.support import pem

ZONE = "cells.example"
HOST = f"www.{ZONE}"

#: The words of the table, each as a stack file says it.
WAYS: dict[str, dict[str, Any]] = {
    "gce": {"gce": {}},
    "gateway of GKE": {"gateway": {"class": "gke-l7-global-external-managed"}},
    "gateway": {"gateway": {"class": "traefik"}},
    "traefik": {"traefik": {}},
    "nginx": {"nginx": {}},
}

#: Signs what is provided, and inside the cluster what `private_ca` asks for.
_AUTHORITY = {"certificate": pem.certificate(), "key": pem.key_pem()}

#: How a certificate of each source is asked for.
CERTIFICATES: dict[str, list[dict[str, Any]]] = {
    "acme": [
        {"acme": {"hosts": [HOST], "challenge": "http-01"}},
        {"acme": {"hosts": [f"*.{ZONE}"], "challenge": "dns-01"}},
    ],
    "private_ca": [{"private_ca": {"hosts": [f"*.{ZONE}"]}}],
    "provided": [{"provided": pem.provided(f"*.{ZONE}")}],
    "google_managed": [{"google_managed": {"hosts": [HOST]}}],
    "acm": [{"acm": {"hosts": [HOST]}}],
}

#: The class of one region, which has an address, a policy for TLS and everything else there.
REGIONAL = "gke-l7-regional-external-managed"

_CELLS = [
    pytest.param(way, source, certificate, id=" ".join([way, source, certificate.get("acme", {}).get("challenge", "")]).rstrip())
    for way in WAYS
    for source in SOURCES
    for certificate in CERTIFICATES[source]
]
OFFERED = [cell for cell in _CELLS if refusal("gcp", str(cell.values[0]), str(cell.values[1])) is None]
REFUSED = [cell for cell in _CELLS if cell not in OFFERED]


@pytest.fixture(scope="module")
def stack(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with gcp_stack(world, tmp_path_factory.mktemp("cells"), "cells") as project:
        yield project


@pytest.fixture
def project(stack: Project) -> Iterator[Project]:
    """The same stack for every cell, empty however the cell before went."""
    yield stack
    stack.empty()


def config(world: World, way: str, certificate: dict[str, Any]) -> dict[str, Any]:
    """A stack file with one site, one entrypoint and one certificate."""
    base = config_of(world, "gke-hosts")
    own = WAYS[way]
    [(kind, said)] = own.items()
    if way in ("gateway", "traefik", "nginx"):
        controller = base["portico:entrypoint"]["traefik"]["controller"]
        own = {kind: {**said, "controller": controller, **({"listeners": listeners(world)} if kind == "gateway" else {})}}
    return {
        **base,
        "portico:zone": {"name": ZONE},
        "portico:certificates": {"only": certificate},
        "portico:private_ca": _AUTHORITY if "private_ca" in certificate else {},
        "portico:acme": {**base["portico:acme"], "wait_instead_of_self_check": {"dns-01": 1}},
        "portico:entrypoint": own,
        "portico:namespaces": {"cells": {}},
        "portico:sites": {"site": {"hosts": [HOST], "namespace": "cells", "paths": {"/": "web:8080"}, "demo": True}},
    }


def answers(world: World, source: str) -> None:
    """The site answers at the address that its name has, by a certificate that its own authority vouches for."""
    root = _AUTHORITY["certificate"] if source in ("private_ca", "provided") else None
    answer = world.ask(world.url(HOST), world.address(HOST), root)
    assert answer.status_code == 200, answer.text
    assert answer.json()["service"] == "web"


def empty(gcp: Gcp, before: dict[str, list[str]]) -> None:
    """The project is as it was."""
    assert gcp.everything() == before


@pytest.mark.parametrize(("way", "source", "certificate"), OFFERED)
def test_a_cell_that_is_offered_works_and_leaves_nothing(
    way: str, source: str, certificate: dict[str, Any], project: Project, world: World
) -> None:
    gcp = Gcp(world)
    trace, everything = world.trace(), gcp.everything()
    project.write(config(world, way, certificate))
    project.up()
    eventually(lambda: answers(world, source), 40)
    project.up("--expect-no-changes", "--refresh")
    project.destroy()
    assert project.resources() == []
    world.is_as(trace)

    eventually(lambda: empty(gcp, everything), 60)


@pytest.mark.parametrize(("way", "source", "certificate"), REFUSED)
def test_a_cell_that_is_not_offered_says_why_and_makes_nothing(
    way: str, source: str, certificate: dict[str, Any], project: Project, world: World
) -> None:
    trace = world.trace()
    project.write(config(world, way, certificate))
    result = project.try_up()
    assert not result.ok
    assert str(refusal("gcp", way, source)) in " ".join(result.output.split())
    assert "nothing was created" in result.output
    assert "Traceback" not in result.output
    assert project.resources() == []
    world.is_as(trace)


def test_the_gateway_of_one_region_works_and_leaves_nothing(project: Project, world: World) -> None:
    gcp = Gcp(world)
    trace, everything = world.trace(), gcp.everything()
    own = config(world, "gateway of GKE", CERTIFICATES["provided"][0])
    project.write({**own, "portico:entrypoint": {"gateway": {"class": REGIONAL}}})
    project.up()
    eventually(lambda: answers(world, "provided"), 40)
    [rule, _] = gcp.listed("forwardingRules")
    assert "/regions/" in rule["region"]
    project.up("--expect-no-changes", "--refresh")
    project.destroy()
    world.is_as(trace)
    eventually(lambda: empty(gcp, everything), 60)
