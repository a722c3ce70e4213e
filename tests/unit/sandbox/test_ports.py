"""Ports and ranges: free at first, remembered, chosen anew only when someone else has taken them."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from sandbox.layout import Layout
from sandbox.ports import LOOPBACK, OWNERS, PUBLIC, choose, is_free, pool_addresses


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@contextmanager
def listening(address: str, port: int) -> Iterator[None]:
    with socket.create_server((address, port)):
        yield


def layout(folder: Path) -> Layout:
    folder.mkdir(parents=True, exist_ok=True)
    return Layout(folder)


def test_every_port_is_chosen_free_and_above_1023_and_none_twice(tmp_path: Path) -> None:
    chosen = choose(layout(tmp_path / "one"))
    assert set(chosen.ports) == {*OWNERS, *PUBLIC}
    assert len(set(chosen.ports.values())) == len(chosen.ports)
    assert min(chosen.ports.values()) > 1023
    assert all(is_free(chosen[name]) for name in OWNERS)


def test_remembered(tmp_path: Path) -> None:
    one = layout(tmp_path / "one")
    assert choose(one) == choose(one)


def test_a_port_that_someone_else_took_is_chosen_anew_and_the_others_stay(tmp_path: Path) -> None:
    one = layout(tmp_path / "one")
    before = choose(one)
    with listening(LOOPBACK, before["dns"]):
        after = choose(one)
    assert after["dns"] != before["dns"]
    assert {**after.ports, "dns": 0} == {**before.ports, "dns": 0}


def test_a_port_of_an_own_running_process_is_kept(tmp_path: Path) -> None:
    one = layout(tmp_path / "one")
    before = choose(one)
    with listening(LOOPBACK, before["dns"]):
        assert choose(one, running=["dns"]) == before


@pytest.mark.parametrize("running", [[], ["network"]])
def test_a_public_port_taken_where_traefik_would_listen(tmp_path: Path, running: list[str]) -> None:
    one = layout(tmp_path / "one")
    before = choose(one)
    with listening(LOOPBACK, before["https"]):
        assert choose(one, running=running)["https"] != before["https"]


def test_a_public_port_must_be_free_on_every_address_of_the_pool(tmp_path: Path) -> None:
    one = layout(tmp_path / "one")
    before = choose(one)
    with listening(pool_addresses(before.pool)[-1], before["http"]):
        assert choose(one)["http"] != before["http"]


def test_udp_counts_for_dns(tmp_path: Path) -> None:
    one = layout(tmp_path / "one")
    before = choose(one)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, before["dns"]))
        assert choose(one)["dns"] != before["dns"]


def test_two_sandboxes_never_share_a_range(tmp_path: Path) -> None:
    chosen = [choose(layout(tmp_path / str(number))) for number in range(20)]
    for kind in ("service_cidr", "pool"):
        networks = [IPv4Network(getattr(one, kind)) for one in chosen]
        assert not any(a.overlaps(b) for a in networks for b in networks if a is not b)


def test_ranges_of_a_sandbox_that_is_gone_are_free_again(tmp_path: Path) -> None:
    one = layout(tmp_path / "one")
    before = choose(one)
    one.ports.unlink()
    choose(layout(tmp_path / "two"))
    claims = json.loads((tmp_path / "cache" / "portico" / "ranges.json").read_text())
    assert list(claims) == [str(tmp_path / "two")]
    assert choose(one).pool == before.pool


def test_a_damaged_memory_is_no_memory(tmp_path: Path) -> None:
    one = layout(tmp_path / "one")
    choose(one)
    one.ports.write_text('{"ports": {"dns": ')
    assert choose(one)["dns"] > 1023


def test_ranges_of_the_twins_are_the_sandbox_s_own(tmp_path: Path) -> None:
    one, two = choose(layout(tmp_path / "one")), choose(layout(tmp_path / "two"))
    nodes, eips = IPv4Network(one.aws_nodes), IPv4Network(one.aws_eips)
    assert {*nodes.subnets(new_prefix=32), *eips.subnets(new_prefix=32)} == set(IPv4Network(one.aws_pool).subnets(new_prefix=32))
    kinds = ("pool", "aws_nodes", "aws_eips", "gcp_addresses")
    ranges = [IPv4Network(getattr(ports, kind)) for ports in (one, two) for kind in kinds]
    assert not any(a.overlaps(b) for a in ranges for b in ranges if a is not b)
    assert len(pool_addresses(one.gcp_addresses)) == 64


@pytest.mark.parametrize(("kind", "owner"), [("aws_pool", "aws-front"), ("gcp_addresses", "gcp-front")])
def test_a_public_port_is_free_on_the_twins_addresses_too(tmp_path: Path, kind: str, owner: str) -> None:
    before = choose(layout(tmp_path))
    address = pool_addresses(getattr(before, kind))[5]
    with listening(address, before["http"]):
        assert choose(layout(tmp_path))["http"] != before["http"]
        assert choose(layout(tmp_path), [owner])["https"] == before["https"]
