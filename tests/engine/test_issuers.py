"""A certificate authority of one's own, and two stacks that share one cluster, one zone and one pool of addresses."""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.trust.watch import Order
from tests.engine.project import Project
from tests.engine.small import small
from tests.engine.world import Trace, World, eventually
from tests.support import pem

ROOT = pem.certificate("Example Root")
KEY = pem.key_pem("Example Root")


@pytest.fixture(scope="module")
def before(world: World) -> Trace:
    return world.trace()


@pytest.fixture(scope="module")
def one(world: World, before: Trace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with world.stack(tmp_path_factory.mktemp("one"), "one") as project:
        (project.folder / "ca.pem").write_text(ROOT)
        yield project


@pytest.fixture(scope="module")
def two(world: World, before: Trace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with world.stack(tmp_path_factory.mktemp("two"), "two") as project:
        (project.folder / "ca.pem").write_text(ROOT)
        yield project


def write(project: Project, world: World, *, service: str, ip: str | None = None) -> None:
    """The stack file as a person makes it: the certificate in a file beside it, the key as Pulumi's secret."""
    name = project.stack
    config = small(
        world,
        name,
        service=service,
        acme=None,
        certificates={name: {"private_ca": {"hosts": [f"{name}.portico.test"], "timeout": 60}}},
        private_ca={"certificate": {"from_file": "ca.pem"}},
    )
    if ip is not None:
        config["portico:entrypoint"]["gateway"]["address"] = {"ip": ip}
    project.write(config)
    project.set_secret("portico:private_ca.key", KEY)


def works(world: World, name: str, address: str) -> None:
    """The site answers at the address, with a certificate of the private authority alone."""

    def check() -> None:
        answer = world.ask(world.url(f"{name}.portico.test"), address, ROOT)
        said: dict[str, Any] = answer.json()
        assert (answer.status_code, said["namespace"], said["service"]) == (200, name, "web")
        assert world.address(f"{name}.portico.test") == address

    eventually(check)


def test_a_private_authority_signs_and_its_key_stays_secret(one: Project, world: World) -> None:
    write(one, world, service="portico")
    said = one.up("--diff").output
    works(world, "one", one.outputs()["address"])
    assert world.leaf("one.portico.test", ROOT).issuer.rfc4514_string() == "CN=Example Root"
    assert one.outputs()["issuer"] == {"private_ca": "portico-one-private-ca"}
    assert not any("staging" in step for step in one.outputs()["next_steps"])
    assert world.every(Order) == []
    written = (one.folder / "Pulumi.one.yaml").read_text()
    texts = {"up": said, "state": json.dumps(one.state()), "outputs": json.dumps(one.outputs()), "stack file": written}
    for where, text in texts.items():
        for line in KEY.splitlines()[1:-1]:
            assert line not in text, where
        assert base64.b64encode(KEY.encode()).decode()[:60] not in text, where
    one.up("--expect-no-changes")


def test_two_stacks_that_share_a_pool_take_two_addresses(one: Project, two: Project, world: World) -> None:
    write(two, world, service="second")
    two.up()
    first, second = one.outputs()["address"], two.outputs()["address"]
    pool = ipaddress.ip_network(world.fact("address-pool"))
    assert first != second
    assert {ipaddress.ip_address(first), ipaddress.ip_address(second)} <= set(pool)
    works(world, "one", first)
    works(world, "two", second)


def test_a_stack_moves_to_the_address_that_is_asked_for(two: Project, world: World) -> None:
    wanted = str(ipaddress.ip_network(world.fact("address-pool"))[9])
    write(two, world, service="second", ip=wanted)
    two.up()
    assert two.outputs()["address"] == wanted
    works(world, "two", wanted)
    reserved = [record for record in world.records() if "owner=portico-two" in record]
    assert [record.partition(".")[0] for record in reserved] == [wanted.replace(".", "-")]


def test_an_address_that_another_stack_holds_is_refused_and_nothing_moves(one: Project, two: Project, world: World) -> None:
    held, mine = one.outputs()["address"], two.outputs()["address"]
    records = world.records()
    write(two, world, service="second", ip=held)
    result = two.try_up()
    assert not result.ok
    assert held in result.output
    assert "portico-one" in result.output, result.output
    assert "Traceback" not in result.output
    assert world.records() == records
    works(world, "one", held)
    works(world, "two", mine)
    write(two, world, service="second", ip=mine)
    two.up()
    works(world, "two", mine)


def test_destroy_of_both_leaves_everything_as_it_was(one: Project, two: Project, world: World, before: Trace) -> None:
    two.destroy()
    works(world, "one", one.outputs()["address"])
    one.destroy()
    world.is_as(before)
