"""Addresses of load balancers: each its own, the same one after a restart, free again when its holder is gone."""

import logging
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from sandbox.aws.front.addresses import Addresses

POOL = IPv4Network("127.20.1.0/29")
HOLDERS = [f"balancer-{number} subnet" for number in range(8)]


def test_each_holder_has_an_address_of_its_own(tmp_path: Path) -> None:
    held = Addresses(POOL, tmp_path / "state").assign(HOLDERS)
    assert sorted(held) == HOLDERS
    assert set(held.values()) == {str(address) for address in POOL}


def test_the_same_after_a_restart_whoever_else_is_there(tmp_path: Path) -> None:
    before = Addresses(POOL, tmp_path / "state").assign(HOLDERS)
    after = Addresses(POOL, tmp_path / "state").assign(HOLDERS[3:])
    assert after == {holder: before[holder] for holder in HOLDERS[3:]}


def test_what_is_given_up_can_be_had_again_and_more_than_all_cannot(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    addresses = Addresses(POOL, tmp_path / "state")
    before = addresses.assign(HOLDERS)
    with caplog.at_level(logging.ERROR):
        assert "newcomer" not in addresses.assign([*HOLDERS, "newcomer"])
    assert "no address is left of 127.20.1.0 to 127.20.1.7 for newcomer" in caplog.text
    assert addresses.assign([*HOLDERS[1:], "newcomer"])["newcomer"] == before[HOLDERS[0]]


@pytest.mark.parametrize("content", ["{", '{"balancer-0 subnet": "127.99.0.1"}', None])
def test_a_file_that_says_nothing_of_use(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "state").write_text(content)
    assert Addresses(POOL, tmp_path / "state").assign(HOLDERS[:1])[HOLDERS[0]].startswith("127.20.1.")
