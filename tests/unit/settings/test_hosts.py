"""Host names, as pure functions."""

from __future__ import annotations

import string
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from components.settings.hosts import check_host, check_pattern, covering, enclosing, is_wildcard

_INNER = string.ascii_lowercase + string.digits
LABELS = st.builds(
    lambda first, middle, last: f"{first}{middle}{last}",
    st.sampled_from(_INNER),
    st.text(_INNER + "-", max_size=8),
    st.sampled_from(_INNER),
)
HOSTS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)
PATTERNS = st.one_of(HOSTS, HOSTS.map("*.{}".format))


@given(HOSTS)
def test_a_host_name_is_taken_as_it_stands(host: str) -> None:
    assert check_host(host) == host
    assert check_pattern(host) == host
    assert check_pattern(f"*.{host}") == f"*.{host}"


@given(st.text(max_size=30))
@example("a.b\n")
@example("*.a.b\n")
@example("*.")
@example("٣.b")
def test_whatever_is_taken_is_a_dns_name(text: str) -> None:
    try:
        taken = check_pattern(text)
    except ValueError:
        return
    labels = taken.removeprefix("*.").split(".")
    assert len(labels) >= 2
    assert all(set(label) <= set(_INNER + "-") and 1 <= len(label) <= 63 for label in labels)
    assert not any(label.startswith("-") or label.endswith("-") for label in labels)


@given(st.text(max_size=30), st.sampled_from([check_host, check_pattern]))
def test_a_refused_name_is_explained_in_a_sentence(text: str, check: Callable[[str], str]) -> None:
    try:
        check(text)
    except ValueError as error:
        said = str(error)
    else:
        return
    assert len(said) > 20


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("*.shop.example", '"*.shop.example" is a wildcard; a plain host name is wanted here'),
        ("Shop.example", '"Shop.example" must be lower case: write "shop.example"'),
        ("https://shop.example", "write it without scheme and path"),
        ("shop.example/cart", "write it without scheme and path"),
        ("shop.example:443", "write it without a port"),
        ("shop.example.", '"shop.example." must not end with a dot'),
        ("shop.*.example", "a wildcard stands for one whole label and only at the front (*.shop.example)"),
        ("localhost", '"localhost" must have at least two labels, such as shop.example'),
        ("", '"" must have at least two labels'),
        ("shop..example", '"" may hold 1 to 63 letters, digits and inner dashes'),
        ("-shop.example", '"-shop" may hold'),
        ("shop-.example", '"shop-" may hold'),
        ("my_shop.example", '"my_shop" may hold'),
        ("bücher.example", "write other scripts in their xn-- form"),
        (f"{'a' * 64}.example", "may hold 1 to 63 letters"),
        (".".join(["a" * 60] * 5), "is 304 characters long; a DNS name has at most 253"),
    ],
)
def test_fails_when_it_is_no_host_name(host: str, says: str) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        check_host(host)
    assert says in str(caught.value)


@pytest.mark.parametrize("pattern", ["*", "*shop.example", "*.*.example", "shop*.example", "*.", "*.example"])
def test_fails_when_a_wildcard_is_not_one_whole_label_in_front(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"wildcard stands for one whole label|at least two labels"):
        check_pattern(pattern)


def covers(pattern: str, host: str) -> bool:
    return covering([pattern], host) == pattern


def in_zone(name: str, zone: str) -> bool:
    return enclosing([zone], name) == zone


@given(PATTERNS, HOSTS)
def test_covers_is_what_a_tls_client_would_say(pattern: str, host: str) -> None:
    """RFC 6125, label by label: a wildcard stands for exactly one label."""
    wanted, given_ = pattern.split("."), host.split(".")
    same = len(wanted) == len(given_) and all(w in ("*", g) for w, g in zip(wanted, given_, strict=True))
    assert covers(pattern, host) is same


@given(HOSTS, LABELS)
def test_a_wildcard_covers_one_label_and_neither_none_nor_two(domain: str, label: str) -> None:
    assert covers(f"*.{domain}", f"{label}.{domain}")
    assert not covers(f"*.{domain}", domain)
    assert not covers(f"*.{domain}", f"{label}.{label}.{domain}")


@given(HOSTS, LABELS)
def test_a_zone_holds_itself_and_what_lies_below_whole_labels_only(zone: str, label: str) -> None:
    assert in_zone(zone, zone)
    assert in_zone(f"{label}.{zone}", zone)
    assert in_zone(f"*.{zone}", zone)
    assert in_zone(f"*.{label}.{zone}", zone)
    assert not in_zone(f"{label}{zone}", zone)
    assert not in_zone(zone, f"{label}.{zone}")


@st.composite
def hosts_with_patterns(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A host, and patterns of which some cover it."""
    host = draw(HOSTS.filter(lambda name: name.count(".") > 1))
    covering_it = draw(st.lists(st.sampled_from([host, f"*.{host.partition('.')[2]}"]), max_size=2, unique=True))
    others = draw(st.lists(PATTERNS, max_size=3, unique=True))
    return host, draw(st.permutations([*covering_it, *(each for each in others if each not in covering_it)]))


@given(hosts_with_patterns())
def test_an_exact_name_covers_before_a_wildcard(drawn: tuple[str, list[str]]) -> None:
    host, patterns = drawn
    found = covering(patterns, host)
    fitting = [pattern for pattern in patterns if covers(pattern, host)]
    assert (found is None) == (not fitting)
    assert found is None or found in fitting
    if host in patterns:
        assert found == host


@given(hosts_with_patterns())
def test_which_pattern_covers_does_not_depend_on_their_order(drawn: tuple[str, list[str]]) -> None:
    host, patterns = drawn
    assert covering(patterns, host) == covering(patterns[::-1], host)


@pytest.mark.parametrize(("pattern", "wild"), [("*.a.b", True), ("a.b", False), ("a.*.b", False)])
def test_is_wildcard_looks_at_the_front(pattern: str, wild: bool) -> None:
    assert is_wildcard(pattern) is wild
