"""What goes wrong outside the stack file: it is told in the words of whoever refused, and the next `up` carries on from there."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.trust.watch import Challenge
from sandbox.pulumi import orphaned_plugins
from tests.engine.project import Project, Result
from tests.engine.small import small
from tests.engine.world import World, eventually

NAME = "trouble"
HOST = f"{NAME}.portico.test"


@pytest.fixture
def project(world: World, tmp_path: Path) -> Iterator[Project]:
    """A new stack for each test, which leaves nothing behind: neither what failed nor what then worked."""
    before = world.trace()
    with world.stack(tmp_path, NAME) as project:
        yield project
    world.is_as(before)


def works(world: World) -> None:
    def check() -> None:
        answer = world.get(world.url(HOST))
        assert (answer.status, answer.service) == (200, f"{NAME}/web")

    eventually(check)


def told(result: Result, *words: str) -> None:
    """A failure that says this, and is no crash."""
    assert not result.ok, result.output
    said = " ".join(result.output.split())
    for part in words:
        assert part in said, f"{part!r} is not in:\n{result.output}"
    assert "Traceback" not in result.output, result.output


def test_a_certificate_that_the_authority_refuses(project: Project, world: World) -> None:
    """The sandbox's authorities refuse this zone by policy: waiting any longer would not help, so nobody waits."""
    timeout = 240
    config = small(world, NAME, zone="blocked.test")
    config["portico:certificates"][NAME]["acme"]["timeout"] = timeout
    project.write(config)
    began = time.monotonic()
    result = project.try_up()
    assert time.monotonic() - began < timeout / 4
    told(result, f"certificate portico-{NAME}/{NAME}", "was refused", "rejectedIdentifier", f"{NAME}.blocked.test")

    project.write(small(world, NAME))
    project.up()
    works(world)
    assert not [record for record in world.records("blocked.test") if NAME in record]


def by_http01(world: World, selector: dict[str, str]) -> dict[str, Any]:
    """A certificate that is proven through the very door, which leads to the pods of `selector`."""
    certificate = {"acme": {"hosts": [HOST], "challenge": "http-01", "timeout": 10}}
    config = small(world, NAME, certificates={NAME: certificate})
    options = config["portico:entrypoint"]["gateway"]
    options["controller"]["existing"]["selector"] = selector
    config["portico:entrypoint"] = {"traefik": options}
    return config


def test_a_challenge_that_nobody_answers(project: Project, world: World) -> None:
    """The address is there but leads to no pod: the authority's visitor finds a closed door."""
    project.write(by_http01(world, {"app": "nobody"}))
    told(project.try_up(), "was not issued within 10 s", f"{HOST} by HTTP-01 is pending", "wrong status code '502'")

    config = by_http01(world, {"app.kubernetes.io/name": "traefik"})
    config["portico:certificates"][NAME]["acme"]["timeout"] = 60
    project.write(config)
    project.up()
    works(world)


def test_an_address_that_the_load_balancer_does_not_have(project: Project, world: World) -> None:
    """Portico's pool and the load balancer's are two lists that a person has to keep the same."""
    config = small(world, NAME)
    config["portico:cloud"]["rfc2136"]["pool"] = ["127.20.255.77"]
    config["portico:entrypoint"]["gateway"]["timeout"] = 10
    project.write(config)
    told(project.try_up(), "portico", "127.20.255.77 is not in the pool")

    project.write(small(world, NAME))
    project.up()
    works(world)
    assert not [record for record in world.records() if record.startswith("127-20-255-77.")]


def reservations(world: World) -> list[str]:
    return [record for record in world.records() if f"owner=portico-{NAME}" in record]


def test_up_that_is_killed_goes_on_where_it_was(project: Project, world: World, tmp_path: Path) -> None:
    """Killed while the authority waits for a proof: address, records, Service and Certificate are there, the rest is not."""
    project.write(small(world, NAME))
    log = tmp_path / "killed.log"
    process = project.start_up(log)
    deadline = time.monotonic() + 60
    while not world.every(Challenge, f"portico-{NAME}"):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    # Plugins run in process groups of their own and outlive their pulumi; they are no part of the next run.
    for orphan in orphaned_plugins(world.sandbox.layout):
        orphan.kill()

    told(project.try_up(), "is currently locked", "pulumi cancel")
    assert project.run("cancel", "--yes", "--stack", NAME).ok
    project.up()
    works(world)
    assert len(reservations(world)) == 1
    project.up("--expect-no-changes")


def moved(world: World, kind: str) -> dict[str, Any]:
    """The small stack on that way in, with a second site that only redirects: every kind of object that it makes."""
    config = small(world, NAME)
    config["portico:entrypoint"] = {kind: config["portico:entrypoint"]["gateway"]}
    other = {"hosts": [f"other-{HOST}"], "namespace": NAME, "redirect": {"host": HOST}}
    config["portico:sites"]["other"] = other
    config["portico:certificates"][NAME]["acme"]["hosts"].append(f"other-{HOST}")
    return config


@pytest.mark.parametrize("kind", ["gateway", "traefik"])
def test_what_a_killed_run_made_but_could_not_write_down_is_found_again(kind: str, project: Project, world: World) -> None:
    """The worst such run wrote down nothing at all."""
    project.write(moved(world, kind))
    project.up()
    works(world)
    address, made = project.outputs()["address"], world.trace()
    assert project.run("stack", "rm", "--yes", "--force", "--preserve-config", NAME).ok
    assert project.run("stack", "init", NAME).ok

    project.up()
    works(world)
    assert project.outputs()["address"] == address
    world.is_as(made)
    project.up("--expect-no-changes")
