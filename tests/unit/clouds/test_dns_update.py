"""Signed DNS updates, against a real server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dns.query
import dns.rcode
import dns.tsig
import dns.update
import pytest

from components.clouds import dns_update
from components.clouds.dns_update import DnsError, DnsServer, OccupiedError
from tests.support.stacks import TSIG_SECRET

A = "192.0.2.1"
B = "192.0.2.2"


def test_a_record_that_was_created_is_there(serving: DnsServer, name: str) -> None:
    serving.create(name, "A", 60, [A])
    assert serving.read(name, "A") == (60, [A])
    assert serving.owns(name, "A")


def test_a_name_without_records_reads_as_none(serving: DnsServer, name: str) -> None:
    assert serving.read(name, "A") is None
    assert not serving.owns(name, "A")


def test_a_name_with_records_of_another_type_only_reads_as_none(serving: DnsServer, name: str) -> None:
    serving.create(name, "TXT", 60, ['"x"'])
    assert serving.read(name, "A") is None
    assert not serving.owns(name, "A")


def test_several_values_are_one_set_in_any_order(serving: DnsServer, name: str) -> None:
    serving.create(name, "A", 60, [B, A])
    assert serving.read(name, "A") == (60, [A, B])
    serving.create(name, "A", 60, [A, B])


@pytest.mark.parametrize(("kind", "value"), [("A", A), ("AAAA", "2001:db8::1"), ("TXT", '"portico owner=x"')])
def test_creating_what_stands_already_counts_as_done(serving: DnsServer, name: str, kind: str, value: str) -> None:
    serving.create(name, kind, 60, [value])
    serving.create(name, kind, 60, [value])
    assert serving.read(name, kind) == (60, [value])


def test_creating_compares_what_is_meant_not_how_it_is_written(serving: DnsServer, name: str) -> None:
    serving.create(name, "AAAA", 60, ["2001:db8:0:0::1"])
    serving.create(name, "AAAA", 60, ["2001:DB8::1"])


def test_adopting_a_record_gives_it_the_wanted_ttl(serving: DnsServer, name: str) -> None:
    """Otherwise the state says one thing and the zone another, and the next refresh calls it drift."""
    serving.create(name, "A", 300, [A])
    serving.create(name, "A", 60, [A])
    assert serving.read(name, "A") == (60, [A])


def test_fails_when_the_name_holds_something_else_and_leaves_it_alone(serving: DnsServer, name: str) -> None:
    serving.create(name, "A", 60, [A])
    with pytest.raises(OccupiedError) as caught:
        serving.create(name, "A", 60, [B])
    assert str(caught.value) == f"{name} A already exists in zone portico.test with {A}: remove it, or choose another name"
    assert serving.read(name, "A") == (60, [A])


def test_replacing_makes_the_set_exactly_this(serving: DnsServer, name: str) -> None:
    serving.create(name, "A", 60, [A, B])
    serving.replace(name, "A", 30, ["192.0.2.3"])
    assert serving.read(name, "A") == (30, ["192.0.2.3"])


def test_replacing_makes_what_was_not_there(serving: DnsServer, name: str) -> None:
    serving.replace(name, "A", 30, [A])
    assert serving.read(name, "A") == (30, [A])


def test_deleting_removes_the_set_and_no_other(serving: DnsServer, name: str) -> None:
    serving.create(name, "A", 60, [A, B])
    serving.create(name, "TXT", 60, ['"kept"'])
    serving.delete(name, "A", [B, A])
    assert serving.read(name, "A") is None
    assert not serving.owns(name, "A")
    assert serving.read(name, "TXT") == (60, ['"kept"'])


@pytest.mark.parametrize(
    ("kind", "mine", "theirs"),
    [("A", A, B), ("AAAA", "2001:db8::1", "2001:db8::2"), ("TXT", '"portico owner=x"', '"portico owner=y"')],
)
def test_deleting_leaves_values_that_somebody_else_added(
    serving: DnsServer, name: str, kind: str, mine: str, theirs: str
) -> None:
    serving.create(name, kind, 60, [mine, theirs])
    serving.delete(name, kind, [mine])
    assert serving.read(name, kind) == (60, [theirs])


def test_deleting_compares_what_is_meant_not_how_it_is_written(serving: DnsServer, name: str) -> None:
    serving.create(name, "AAAA", 60, ["2001:db8::1"])
    serving.delete(name, "AAAA", ["2001:DB8:0:0::1"])
    assert not serving.owns(name, "AAAA")


def test_deleting_what_is_gone_is_fine(serving: DnsServer, name: str) -> None:
    serving.delete(name, "A", [A])
    assert not serving.owns(name, "A")


def test_fails_when_what_is_to_be_deleted_is_not_in_the_zone(serving: DnsServer) -> None:
    with pytest.raises(DnsError, match=r"answers NOTZONE to deleting a\.example\.org\. A: the name is not in zone portico\.test"):
        serving.delete("a.example.org.", "A", [A])


def test_a_wildcard_answers_for_a_name_that_it_does_not_own(serving: DnsServer, name: str) -> None:
    serving.create(f"*.{name}", "A", 60, [A])
    below = f"shop.{name}"
    assert serving.read(below, "A") == (60, [A])
    assert not serving.owns(below, "A")
    assert serving.owns(f"*.{name}", "A")


def test_a_name_below_a_wildcard_can_be_created(serving: DnsServer, name: str) -> None:
    serving.create(f"*.{name}", "A", 60, [A])
    serving.create(f"shop.{name}", "A", 60, [B])
    assert serving.read(f"shop.{name}", "A") == (60, [B])
    assert serving.owns(f"shop.{name}", "A")


def test_a_check_changes_nothing(serving: DnsServer) -> None:
    before = serving.read("portico.test.", "SOA")
    serving.check()
    assert serving.read("portico.test.", "SOA") == before


def test_the_name_servers_are_those_of_the_zone(serving: DnsServer) -> None:
    assert serving.name_servers() == ["ns.portico.test."]


def test_fails_when_the_key_has_another_name(serving: DnsServer) -> None:
    with pytest.raises(DnsError) as caught:
        replace(serving, key_name="somebody").check()
    assert str(caught.value) == f"{serving.server} does not know TSIG key somebody: compare its name and algorithm"


def test_fails_when_the_key_has_another_algorithm(serving: DnsServer) -> None:
    with pytest.raises(DnsError, match="does not know TSIG key portico: compare its name and algorithm"):
        replace(serving, algorithm="hmac-sha512").check()


def test_fails_when_the_key_has_another_secret(serving: DnsServer) -> None:
    with pytest.raises(DnsError) as caught:
        replace(serving, secret="YW5vdGhlciBzZWNyZXQgb2YgMzIgYnl0ZXMgbGVuZ3Ro").check()
    assert str(caught.value) == f"{serving.server} refuses the signature of TSIG key portico: the secret is another one"


def test_fails_when_the_server_does_not_serve_the_zone(serving: DnsServer) -> None:
    with pytest.raises(DnsError) as caught:
        replace(serving, zone="example.org").check()
    assert str(caught.value) == (
        f"{serving.server} answers NOTAUTH to a signed update that changes nothing: it is not primary for zone example.org,"
        " or does not accept key portico"
    )


def test_fails_when_the_name_is_not_in_the_zone(serving: DnsServer) -> None:
    with pytest.raises(DnsError, match=r"answers NOTZONE to creating a\.example\.org\. A: the name is not in zone portico\.test"):
        serving.create("a.example.org.", "A", 60, [A])


def test_fails_when_the_clocks_differ(serving: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    sign: Any = dns.tsig.sign
    mine, an_hour_ago = threading.get_ident(), int(time.time()) - 3600

    def late(wire: object, key: object, rdata: object, moment: object = None, *rest: object) -> object:
        # Only what this thread signs is late; the server's replies are signed in its own.
        return sign(wire, key, rdata, an_hour_ago if threading.get_ident() == mine else moment, *rest)

    monkeypatch.setattr(dns.tsig, "sign", late)
    with pytest.raises(DnsError, match="refuses the time of the signature: the two clocks differ too much"):
        serving.check()


@pytest.fixture
def closed_port() -> str:
    """An address that refuses connections: the port was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def silent_port() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_fails_when_nothing_listens_at_the_servers_address(closed_port: str, serving: DnsServer) -> None:
    with pytest.raises(DnsError) as caught:
        replace(serving, server=closed_port).check()
    assert str(caught.value).startswith(f"{closed_port} does not answer: ")
    assert "refused" in str(caught.value).lower()


def test_fails_when_the_server_is_silent(silent_port: str, serving: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_update, "TIMEOUT", 0.2)
    with pytest.raises(DnsError, match="does not answer: ") as caught:
        replace(serving, server=silent_port).check()
    assert len(str(caught.value)) > len(f"{silent_port} does not answer: ")


def test_no_name_servers_are_known_of_a_server_that_is_away(closed_port: str, serving: DnsServer) -> None:
    """They are for a person to read: not worth failing for."""
    assert replace(serving, server=closed_port).name_servers() == []


def test_no_message_repeats_the_secret(serving: DnsServer, closed_port: str) -> None:
    for wrong in (
        replace(serving, key_name="somebody"),
        replace(serving, zone="example.org"),
        replace(serving, server=closed_port),
    ):
        with pytest.raises(DnsError) as caught:
            wrong.check()
        assert TSIG_SECRET not in str(caught.value)


def test_an_unsigned_update_is_refused_by_the_server_used_here(serving: DnsServer, name: str) -> None:
    """The server of these tests does check signatures; else the tests above would prove nothing."""
    update = dns.update.UpdateMessage("portico.test.")
    update.add(name, 60, "A", A)
    host, _, port = serving.server.rpartition(":")
    assert dns.query.tcp(update, host, port=int(port)).rcode() == dns.rcode.REFUSED
