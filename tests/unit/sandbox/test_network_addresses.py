"""Which address of the pool is given to whom."""

import asyncio
import ipaddress
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.imitation.addresses import Address, Pool, RefusedError

NETWORK = ipaddress.IPv4Network("127.20.7.0/29")


def choose(pool: Pool, owner: str, requested: str | None, reserved: Iterable[str] = ()) -> str:
    """What `owner` gets; it then holds it. For a refusal, its reason."""
    known = {Address(address) for address in reserved}

    async def is_reserved(address: Address) -> bool:
        return address in known

    try:
        address = asyncio.run(pool.choose(owner, requested, is_reserved))
    except RefusedError as refusal:
        return refusal.reason
    pool.release(owner)
    pool.hold(owner, address)
    return str(address)


@pytest.mark.parametrize(
    ("requested", "reserved", "expected"),
    [
        ("127.20.7.1", ["127.20.7.1"], "127.20.7.1"),
        ("127.20.7.0", ["127.20.7.0"], "127.20.7.0"),  # loopback has no network address to keep free
        ("127.20.7.1", ["127.20.7.2"], "AddressNotReserved"),
        ("127.20.7.8", ["127.20.7.8"], "AddressOutsidePool"),
        ("127.20.7", [], "AddressInvalid"),
        ("::1", [], "AddressInvalid"),
        (None, [], "127.20.7.6"),
        (None, ["127.20.7.6", "127.20.7.4"], "127.20.7.5"),
        (None, [f"127.20.7.{n}" for n in range(8)], "PoolExhausted"),
    ],
)
def test_choose(requested: str | None, reserved: list[str], expected: str) -> None:
    assert choose(Pool(NETWORK), "me", requested, reserved) == expected


def test_one_holder_at_a_time() -> None:
    pool = Pool(NETWORK)
    assert choose(pool, "first", "127.20.7.1", ["127.20.7.1"]) == "127.20.7.1"
    assert choose(pool, "first", "127.20.7.1", ["127.20.7.1"]) == "127.20.7.1"
    assert choose(pool, "second", "127.20.7.1", ["127.20.7.1"]) == "AddressInUse"
    pool.release("first")
    assert choose(pool, "second", "127.20.7.1", ["127.20.7.1"]) == "127.20.7.1"


def test_a_reservation_is_not_looked_at_for_an_address_of_others() -> None:
    pool = Pool(NETWORK)
    pool.hold("first", Address("127.20.7.1"))
    assert choose(pool, "second", "127.20.7.1") == "AddressInUse"


requests = st.one_of(st.none(), st.integers(0, 9).map(lambda n: f"127.20.7.{n}"))


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.one_of(st.just("release"), requests)), max_size=30))
def test_nobody_ever_shares_an_address(steps: list[tuple[str, str | None]]) -> None:
    pool = Pool(NETWORK)
    held: dict[str, str] = {}
    reserved = [f"127.20.7.{n}" for n in range(4)]
    for owner, step in steps:
        if step == "release":
            pool.release(owner)
            held.pop(owner, None)
            continue
        got = choose(pool, owner, step, reserved)
        if got.startswith("127."):
            held[owner] = got
            assert got == step if step else got not in reserved
        assert len(set(held.values())) == len(held)
        for name in "abcdefgh":
            assert str(pool.held_by(name) or "") == held.get(name, "")
