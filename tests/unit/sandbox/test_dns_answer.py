"""What the DNS server answers to queries."""

from pathlib import Path

import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from sandbox.dnsserver.answer import ZONES_NAME, Answer, answer
from sandbox.dnsserver.store import Store

ZONE = """\
@        60 IN SOA ns hostmaster 7 60 60 86400 5
@        60 IN NS ns
@        60 IN A 127.0.0.2
ns       60 IN A 127.0.0.1
a        60 IN A 127.0.0.3
a        60 IN A 127.0.0.4
a        60 IN TXT "one" "two"
deep.er  60 IN A 127.0.0.5
*        60 IN A 127.0.0.6
*        60 IN TXT "wild"
*.w      60 IN CNAME a
alias    60 IN CNAME a
chain    60 IN CNAME alias
toother  60 IN CNAME x.other.test.
away     60 IN CNAME www.example.com.
dangling 60 IN CNAME missing.er
loop1    60 IN CNAME loop2
loop2    60 IN CNAME loop1
child    60 IN NS ns.child
child    60 IN NS ns
ns.child 60 IN A 127.0.0.8
"""
OTHER = """\
@ 60 IN SOA ns hostmaster 7 60 60 86400 600
@ 60 IN NS ns
ns 60 IN A 127.0.0.1
x 60 IN A 127.0.0.9
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "portico.test.zone").write_text(ZONE)
    (tmp_path / "other.test.zone").write_text(OTHER)
    (tmp_path / "sub.other.test.zone").write_text(OTHER)
    names = ("portico.test", "other.test", "sub.other.test")
    return Store(tmp_path, [dns.name.from_text(name) for name in names])


def ask(store: Store, name: str, rdtype: str = "A", rdclass: str = "IN") -> Answer:
    full = name if name.endswith(".") else f"{name}.portico.test."
    return answer(
        store.zones,
        dns.rrset.RRset(dns.name.from_text(full), dns.rdataclass.from_text(rdclass), dns.rdatatype.from_text(rdtype)),
    )


def lines(rrsets: list[dns.rrset.RRset]) -> list[str]:
    return sorted(line for rrset in rrsets for line in rrset.to_text().replace(".portico.test.", "").splitlines())


@pytest.mark.parametrize(
    ("name", "rdtype", "expected"),
    [
        ("a", "A", ["a 60 IN A 127.0.0.3", "a 60 IN A 127.0.0.4"]),
        ("A", "a", ["A 60 IN A 127.0.0.3", "A 60 IN A 127.0.0.4"]),  # as it was asked, whatever the case
        ("a", "TXT", ['a 60 IN TXT "one" "two"']),
        ("deep.er", "A", ["deep.er 60 IN A 127.0.0.5"]),
        ("anything", "A", ["anything 60 IN A 127.0.0.6"]),
        ("any.thing.else", "A", ["any.thing.else 60 IN A 127.0.0.6"]),
        ("*", "A", ["* 60 IN A 127.0.0.6"]),
        ("alias", "A", ["a 60 IN A 127.0.0.3", "a 60 IN A 127.0.0.4", "alias 60 IN CNAME a"]),
        ("alias", "CNAME", ["alias 60 IN CNAME a"]),
        ("chain", "TXT", ['a 60 IN TXT "one" "two"', "alias 60 IN CNAME a", "chain 60 IN CNAME alias"]),
        ("q.w", "TXT", ['a 60 IN TXT "one" "two"', "q.w 60 IN CNAME a"]),
        ("toother", "A", ["toother 60 IN CNAME x.other.test.", "x.other.test. 60 IN A 127.0.0.9"]),
        ("away", "A", ["away 60 IN CNAME www.example.com."]),
        ("loop1", "A", ["loop1 60 IN CNAME loop2", "loop2 60 IN CNAME loop1"]),
        ("ns", "ANY", ["ns 60 IN A 127.0.0.1"]),
    ],
)
def test_found(store: Store, name: str, rdtype: str, expected: list[str]) -> None:
    got = ask(store, name, rdtype)
    assert (got.rcode, got.authoritative, lines(got.answer)) == (dns.rcode.NOERROR, True, expected)


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode"),
    [
        ("a", "AAAA", dns.rcode.NOERROR),
        ("anything", "MX", dns.rcode.NOERROR),  # the wildcard has no such type
        ("er", "A", dns.rcode.NOERROR),  # an empty non-terminal exists, so no wildcard for it
        ("w", "A", dns.rcode.NOERROR),
        ("missing.er", "A", dns.rcode.NXDOMAIN),  # the closest encloser is "er", and it has no wildcard
        ("below.a", "A", dns.rcode.NXDOMAIN),
        ("x.y.deep.er", "A", dns.rcode.NXDOMAIN),
        ("portico.test.", "MX", dns.rcode.NOERROR),
    ],
)
def test_not_found_says_so_with_the_soa(store: Store, name: str, rdtype: str, rcode: int) -> None:
    got = ask(store, name, rdtype)
    assert got.rcode == rcode
    assert not got.answer
    assert [(r.rdtype, r.ttl) for r in got.authority] == [(dns.rdatatype.SOA, 5)]


def test_no_is_remembered_no_longer_than_the_soa_itself(store: Store) -> None:
    assert ask(store, "nope.other.test.").authority[0].ttl == 60


def test_alias_to_nothing_is_nxdomain_with_the_alias(store: Store) -> None:
    got = ask(store, "dangling")
    assert got.rcode == dns.rcode.NXDOMAIN
    assert lines(got.answer) == ["dangling 60 IN CNAME missing.er"]


@pytest.mark.parametrize("rdtype", ["SOA", "NS"])
def test_apex(store: Store, rdtype: str) -> None:
    got = ask(store, "portico.test.", rdtype)
    assert [dns.rdatatype.to_text(r.rdtype) for r in got.answer] == [rdtype]
    assert lines(got.additional) == (["ns 60 IN A 127.0.0.1"] if rdtype == "NS" else [])


@pytest.mark.parametrize("name", ["child", "x.child", "ns.child"])
def test_delegated_names_are_referred(store: Store, name: str) -> None:
    got = ask(store, name)
    assert (got.rcode, got.authoritative, got.answer) == (dns.rcode.NOERROR, False, [])
    assert lines(got.authority) == ["child 60 IN NS ns", "child 60 IN NS ns.child"]
    assert lines(got.additional) == ["ns 60 IN A 127.0.0.1", "ns.child 60 IN A 127.0.0.8"]


def test_what_the_parent_knows_about_a_child_is_answered(store: Store) -> None:
    got = ask(store, "child", "DS")
    assert (got.authoritative, got.authority[0].rdtype) == (True, dns.rdatatype.SOA)


def test_the_closest_zone_answers(store: Store) -> None:
    assert ask(store, "x.sub.other.test.").answer[0].name == dns.name.from_text("x.sub.other.test")
    assert ask(store, "nope.sub.other.test.").authority[0].name == dns.name.from_text("sub.other.test")


@pytest.mark.parametrize(
    ("name", "rdtype", "rdclass", "rcode"),
    [
        ("example.com.", "A", "IN", dns.rcode.REFUSED),
        ("test.", "SOA", "IN", dns.rcode.REFUSED),
        (".", "NS", "IN", dns.rcode.REFUSED),
        ("a", "A", "HS", dns.rcode.REFUSED),
        ("a", "A", "CH", dns.rcode.REFUSED),
        ("a", "AXFR", "IN", dns.rcode.REFUSED),
        ("a", "MAILB", "IN", dns.rcode.NOTIMP),
    ],
)
def test_what_is_not_served(store: Store, name: str, rdtype: str, rdclass: str, rcode: int) -> None:
    got = ask(store, name, rdtype, rdclass)
    assert (got.rcode, got.authoritative, got.answer) == (rcode, False, [])


def test_endless_alias_ends(tmp_path: Path) -> None:
    chain = "".join(f"c{i} 60 IN CNAME c{i + 1}\n" for i in range(40))
    (tmp_path / "portico.test.zone").write_text(OTHER + chain)
    assert ask(Store(tmp_path, [dns.name.from_text("portico.test")]), "c0").rcode == dns.rcode.SERVFAIL


def test_the_zones_served_can_be_asked(store: Store) -> None:
    got = ask(store, ZONES_NAME.to_text(), "TXT", "CH")
    assert [s.decode() for s in got.answer[0][0].strings] == ["other.test.", "sub.other.test.", "portico.test."]
