"""Address pools."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings.cloud import Rfc2136Cloud, pool_bounds
from tests.support.stacks import stack_file

IPS = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
SAME_FAMILY = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.ip_addresses(v=4)), st.tuples(st.ip_addresses(v=6), st.ip_addresses(v=6))
)


def cloud(*pool: str) -> Rfc2136Cloud:
    return Rfc2136Cloud.model_validate({**stack_file()["cloud"]["rfc2136"], "pool": list(pool)})


@given(IPS)
def test_an_address_is_a_pool_of_one(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert pool_bounds(str(ip)) == (ip, ip)


@given(IPS, st.integers(0, 128))
def test_a_network_is_all_its_addresses(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int) -> None:
    network = ipaddress.ip_network(f"{ip}/{min(length, ip.max_prefixlen)}", strict=False)
    assert pool_bounds(str(network)) == (network[0], network[-1])


@given(SAME_FAMILY, st.sampled_from(["-", " - ", "- "]))
def test_a_range_runs_from_its_first_to_its_last_address(
    pair: tuple[ipaddress.IPv4Address, ipaddress.IPv4Address], dash: str
) -> None:
    low, high = sorted(pair)
    assert pool_bounds(f"{low}{dash}{high}") == (low, high)


@given(SAME_FAMILY)
def test_fails_when_a_range_runs_downwards(pair: tuple[ipaddress.IPv4Address, ipaddress.IPv4Address]) -> None:
    low, high = sorted(pair)
    if low != high:
        with pytest.raises(ValueError, match="must run upwards within one address family"):
            pool_bounds(f"{high}-{low}")


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("10.0.0.300", '"10.0.0.300" is not an address, a network (192.0.2.16/28) or a range (192.0.2.10-192.0.2.20)'),
        ("192.0.2.1/28", "has host bits set"),
        ("192.0.2.0/33", "is not an address, a network"),
        ("192.0.2.1-", "is not an address, a network"),
        ("", "is not an address, a network"),
        ("192.0.2.1-2001:db8::1", "must run upwards within one address family"),
    ],
)
def test_fails_when_a_part_is_no_part_of_a_pool(part: str, says: str) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        pool_bounds(part)
    assert says in str(caught.value)


@given(st.lists(SAME_FAMILY.map(sorted), max_size=4), IPS)
def test_in_pool_is_membership_in_any_part(
    ranges: list[list[ipaddress.IPv4Address]], ip: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> None:
    inside = any(low.version == ip.version and low <= ip <= high for low, high in ranges)
    assert cloud(*(f"{low}-{high}" for low, high in ranges)).in_pool(str(ip)) is inside


@given(SAME_FAMILY.map(sorted))
def test_both_ends_of_a_range_are_in_the_pool(ends: list[ipaddress.IPv4Address]) -> None:
    low, high = ends
    pool = cloud(f"{low}-{high}")
    assert pool.in_pool(str(low))
    assert pool.in_pool(str(high))


def test_an_empty_pool_holds_no_address() -> None:
    assert not cloud().in_pool("192.0.2.1")
