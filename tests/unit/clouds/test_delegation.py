"""The wait until the parent zone delegates: what is found, how long is waited, and what is said where it stays missing."""

from __future__ import annotations

from collections.abc import Sequence

import dns.exception
import dns.message
import dns.resolver
import dns.rrset
import pytest

from components.clouds import delegation
from components.clouds.delegation import (
    RESOLVER_VARIABLE,
    Delegation,
    _DelegationProvider,
    delegated_to,
    resolver,
    wait_until_delegated,
)
from tests.support.recorder import record

ZONE = "shop.example"
OURS = ["ns-1.awsdns.test.", "NS-2.awsdns.test"]


class FakeDns:
    """A resolver that answers what it is told to, one answer after the other; the last one stays."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []

    def resolve(self, name: str, kind: str, **_: object) -> object:
        self.asked.append((name, kind))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        found = dns.rrset.from_text(name, 60, "IN", "NS", *answer) if answer else None
        return type("Answer", (), {"rrset": found})()


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(delegation, "time", clock)
    return clock


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Sequence[str] | Exception) -> FakeDns:
    fake = FakeDns(*answers)
    monkeypatch.setattr(delegation, "resolver", lambda: fake)
    return fake


def test_a_zone_that_is_delegated_is_waited_for_no_second(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    fake = answering(monkeypatch, ["ns-1.awsdns.test.", "ns-2.awsdns.test."])
    wait_until_delegated(ZONE, OURS, 600)
    assert fake.asked == [("shop.example.", "NS")]
    assert clock.waits == []


def test_one_of_the_name_servers_is_enough_however_it_is_spelled(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """A parent may hold fewer; a resolver may have kept an answer of before a change."""
    answering(monkeypatch, ["Ns-2.AwsDns.test.", "old.example."])
    wait_until_delegated(ZONE, OURS, 600)
    assert clock.waits == []


NOBODY: list[Sequence[str] | Exception] = [
    [],
    dns.resolver.NXDOMAIN(qnames=["shop.example."], responses={}),  # type: ignore[no-untyped-call]
    dns.resolver.NoNameservers(errors=[], request=dns.message.make_query("shop.example.", "NS")),  # type: ignore[no-untyped-call]
    dns.resolver.LifetimeTimeout(timeout=10, errors=[]),  # type: ignore[no-untyped-call]
]


@pytest.mark.parametrize("answer", NOBODY, ids=["no answer", "NXDOMAIN", "no name servers", "timeout"])
def test_fails_when_the_parent_zone_does_not_know_it_and_says_what_it_must_hold(
    answer: Sequence[str] | Exception, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    answering(monkeypatch, answer)
    with pytest.raises(TimeoutError) as caught:
        wait_until_delegated(ZONE, OURS, 30)
    assert str(caught.value) == (
        "zone shop.example is not delegated after 30 s: it has no NS records in its parent zone, so nobody can see that it is"
        " ours. Its parent must hold NS records ns-1.awsdns.test, ns-2.awsdns.test; then run `pulumi up` again"
    )
    assert 30 <= clock.now <= 32


def test_fails_when_the_zone_is_delegated_elsewhere_and_says_where(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    answering(monkeypatch, ["ns.old.example."])
    with pytest.raises(TimeoutError, match=r"it leads to ns\.old\.example, so.* must hold NS records ns-1\.awsdns\.test, ns-2"):
        wait_until_delegated(ZONE, OURS, 10)


def test_a_delegation_that_comes_later_is_seen(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    fake = answering(monkeypatch, NOBODY[1], ["ns.old.example."], ["ns-1.awsdns.test."])
    wait_until_delegated(ZONE, OURS, 600)
    assert len(fake.asked) == 3
    assert len(clock.waits) == 2


def test_what_is_found_comes_in_one_order_without_final_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ["b.example.", "A.example."])
    assert delegated_to(ZONE) == ["a.example", "b.example"]


# Which resolver


@pytest.mark.parametrize(
    ("named", "server", "port"),
    [("127.0.0.1:5353", "127.0.0.1", 5353), ("[::1]:53", "::1", 53), ("192.0.2.1:53", "192.0.2.1", 53)],
)
def test_the_environment_may_name_the_resolver(named: str, server: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RESOLVER_VARIABLE, named)
    found = resolver()
    assert (list(found.nameservers), found.port) == ([server], port)


@pytest.mark.parametrize("named", ["127.0.0.1", "localhost:53", "127.0.0.1:", "127.0.0.1:dns", ":53"])
def test_fails_when_the_environment_names_no_resolver(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RESOLVER_VARIABLE, named)
    with pytest.raises(ValueError, match=RESOLVER_VARIABLE):
        resolver()


@pytest.mark.parametrize("empty", [None, ""])
def test_without_the_environment_it_is_the_machines_own(empty: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(RESOLVER_VARIABLE, raising=False)
    if empty is not None:
        monkeypatch.setenv(RESOLVER_VARIABLE, empty)
    asked: list[bool] = []
    monkeypatch.setattr(dns.resolver, "Resolver", lambda configure=True: asked.append(configure))
    resolver()
    assert asked == [True]


# The resource

STATE = {"zone": ZONE, "name_servers": OURS, "timeout": 600}


def test_what_is_awaited_is_recorded_only_when_it_was_seen(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    answering(monkeypatch, ["ns-1.awsdns.test."])
    made = _DelegationProvider().create(dict(STATE))
    assert (made.id, made.outs) == (ZONE, STATE)
    answering(monkeypatch, [])
    with pytest.raises(TimeoutError):
        _DelegationProvider().create({**STATE, "timeout": 10.0})


def test_other_name_servers_are_waited_for_again(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    fake = answering(monkeypatch, [], ["ns-9.awsdns.test."])
    news = {**STATE, "name_servers": ["ns-9.awsdns.test"]}
    assert _DelegationProvider().update(ZONE, dict(STATE), news).outs == news
    assert len(fake.asked) == 2


@pytest.mark.parametrize(
    ("news", "changes", "replaces"),
    [
        ({}, False, []),
        ({"timeout": 33}, False, []),
        ({"name_servers": OURS[::-1]}, False, []),
        ({"name_servers": ["other."]}, True, []),
        ({"zone": "blog.example"}, True, ["zone"]),
    ],
    ids=["the same", "patience", "order", "name servers", "zone"],
)
def test_only_another_zone_or_other_name_servers_are_a_change(
    news: dict[str, object], changes: bool, replaces: list[str]
) -> None:
    found = _DelegationProvider().diff(ZONE, dict(STATE), {**STATE, **news})
    assert (bool(found.changes), list(found.replaces or [])) == (changes, replaces)


def test_the_resource_says_what_it_waits_for() -> None:
    made = record(lambda: Delegation(ZONE, name_servers=OURS, timeout=30)).one("Delegation")
    assert made.type == "pulumi-python:dynamic/clouds:Delegation"
    assert {key: made.inputs[key] for key in STATE} == {**STATE, "timeout": 30}
