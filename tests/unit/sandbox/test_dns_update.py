# mypy: untyped-calls-exclude="dns"
"""Dynamic updates, against RFC 2136 and against a simple model of it."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.update
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.dnsserver import update
from sandbox.dnsserver.store import Store

ORIGIN = dns.name.from_text("portico.test")
SERIAL = 100
ZONE = f"""\
@     60 IN SOA ns hostmaster {SERIAL} 60 60 86400 5
@     60 IN NS ns
ns    60 IN A 127.0.0.1
a     60 IN A 127.0.0.3
a     60 IN A 127.0.0.4
a     60 IN TXT "x"
alias 60 IN CNAME a
b.ent 60 IN A 127.0.0.5
*     60 IN A 127.0.0.6
"""


def make_store(folder: Path, zone: str = ZONE) -> Store:
    (folder / "portico.test.zone").write_text(zone)
    return Store(folder, [ORIGIN])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return make_store(tmp_path)


def message() -> dns.update.UpdateMessage:
    return dns.update.UpdateMessage(ORIGIN)


def send(store: Store, sent: dns.update.UpdateMessage) -> tuple[str, list[str]]:
    """Apply an update as it looks after a journey over the wire; the response code and what changed."""
    received = dns.message.from_wire(sent.to_wire())
    assert isinstance(received, dns.update.UpdateMessage)
    try:
        return "NOERROR", update.apply(store, received).changes
    except update.UpdateError as error:
        return dns.rcode.to_text(error.rcode), []


def content(store: Store) -> dict[str, tuple[int, set[str]]]:
    """Everything but the SOA, as `name TYPE` -> TTL and values."""
    return {
        f"{name.relativize(ORIGIN)} {dns.rdatatype.to_text(r.rdtype)}": (r.ttl, {str(rdata) for rdata in r})
        for name, node in store.zones[ORIGIN].version().items()
        for r in node
        if r.rdtype != dns.rdatatype.SOA
    }


def serial(store: Store) -> int:
    return int(store.zones[ORIGIN].soa()[0].serial)


PREREQUISITES = [
    (lambda m: m.present("a"), "NOERROR"),
    (lambda m: m.present("nope"), "NXDOMAIN"),  # the wildcard does not count
    (lambda m: m.present("ent"), "NXDOMAIN"),  # an empty non-terminal is not in use
    (lambda m: m.absent("nope"), "NOERROR"),
    (lambda m: m.absent("ent"), "NOERROR"),
    (lambda m: m.absent("a"), "YXDOMAIN"),
    (lambda m: m.present("a", "TXT"), "NOERROR"),
    (lambda m: m.present("a", "MX"), "NXRRSET"),
    (lambda m: m.present("nope", "A"), "NXRRSET"),
    (lambda m: m.absent("a", "MX"), "NOERROR"),
    (lambda m: m.absent("a", "A"), "YXRRSET"),
    (lambda m: m.present("a", "A", "127.0.0.4", "127.0.0.3"), "NOERROR"),
    (lambda m: m.present("a", "A", "127.0.0.3"), "NXRRSET"),
    (lambda m: m.present("a", "A", "127.0.0.3", "127.0.0.4", "127.0.0.5"), "NXRRSET"),
    (lambda m: m.present("a", "MX", "1 a."), "NXRRSET"),
    (lambda m: m.present("www.example.com.", "A"), "NOTZONE"),
]


@pytest.mark.parametrize(("condition", "rcode"), PREREQUISITES)
def test_prerequisites(store: Store, condition, rcode: str) -> None:  # type: ignore[no-untyped-def]
    sent = message()
    condition(sent)
    sent.add("new", 60, "A", "127.0.0.9")
    before = content(store)
    got, _ = send(store, sent)
    assert got == rcode
    assert ("new A" in content(store)) == (rcode == "NOERROR")
    if rcode != "NOERROR":
        assert (content(store), serial(store)) == (before, SERIAL)


def test_all_prerequisites_must_hold(store: Store) -> None:
    sent = message()
    sent.present("a")
    sent.present("a", "TXT", "x")
    sent.absent("alias")
    sent.add("new", 60, "A", "127.0.0.9")
    assert send(store, sent) == ("YXDOMAIN", [])


def test_add_new_and_to_a_set_and_bump_once(store: Store) -> None:
    sent = message()
    sent.add("new", 30, "A", "127.0.0.9")
    sent.add("a", 30, "A", "127.0.0.5")
    send(store, sent)
    assert content(store)["new A"] == (30, {"127.0.0.9"})
    assert content(store)["a A"] == (30, {"127.0.0.3", "127.0.0.4", "127.0.0.5"})  # a set has one TTL
    assert serial(store) == SERIAL + 1


def test_what_is_so_already_changes_nothing(store: Store) -> None:
    sent = message()
    sent.add("a", 60, "A", "127.0.0.3")
    sent.delete("nope")
    sent.delete("a", "MX")
    sent.delete("a", "A", "127.0.0.77")
    version = store.zones[ORIGIN].version().id
    assert send(store, sent) == ("NOERROR", [])
    assert (serial(store), store.zones[ORIGIN].version().id) == (SERIAL, version)


def test_delete_record_set_name(store: Store) -> None:
    sent = message()
    sent.delete("a", "A", "127.0.0.3")
    send(store, sent)
    assert content(store)["a A"] == (60, {"127.0.0.4"})
    sent = message()
    sent.delete("a", "A")
    send(store, sent)
    assert "a A" not in content(store)
    assert "a TXT" in content(store)
    sent = message()
    sent.delete("a")
    send(store, sent)
    assert "a TXT" not in content(store)
    assert serial(store) == SERIAL + 3


def test_changes_follow_each_other(store: Store) -> None:
    sent = message()
    sent.replace("a", 5, "A", "127.0.0.8")  # delete the set, then add
    sent.add("tmp", 5, "A", "127.0.0.8")
    sent.delete("tmp")
    assert send(store, sent)[0] == "NOERROR"
    assert content(store)["a A"] == (5, {"127.0.0.8"})
    assert "tmp A" not in content(store)


def test_a_zone_keeps_its_soa_and_name_servers(store: Store) -> None:
    sent = message()
    sent.delete(ORIGIN)
    sent.delete(ORIGIN, "NS")
    sent.delete(ORIGIN, "SOA")
    sent.delete(ORIGIN, "NS", "ns")
    assert send(store, sent) == ("NOERROR", [])
    sent = message()
    sent.add(ORIGIN, 60, "NS", "ns2")
    sent.delete(ORIGIN, "NS", "ns")
    sent.delete(ORIGIN, "NS", "ns2")  # by now the last
    send(store, sent)
    assert content(store)["@ NS"] == (60, {"ns2.portico.test."})


@pytest.mark.parametrize("name", ["alias", "a"])
def test_alias_and_other_data_do_not_mix(store: Store, name: str) -> None:
    sent = message()
    sent.add(name, 60, *(("A", "127.0.0.9") if name == "alias" else ("CNAME", "b")))
    assert send(store, sent) == ("NOERROR", [])


def test_alias_is_replaced(store: Store) -> None:
    sent = message()
    sent.add("alias", 60, "CNAME", "ns")
    send(store, sent)
    assert content(store)["alias CNAME"] == (60, {"ns.portico.test."})


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [("@", 200, 200), ("@", 50, SERIAL), ("@", SERIAL, SERIAL + 1), ("a", 200, SERIAL)],
)
def test_soa_by_update(store: Store, name: str, number: int, expected: int) -> None:
    sent = message()
    sent.add(name, 60, "SOA", f"ns admin {number} 60 60 86400 5")
    assert send(store, sent)[0] == "NOERROR"
    assert serial(store) == expected


@pytest.mark.parametrize("where", ["prerequisite", "update"])
def test_types_that_are_no_data(store: Store, where: str) -> None:
    sent = message()
    rdata = dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.MAILB, b"")
    sent.add("a", 60, rdata)
    if where == "prerequisite":
        sent.prerequisite.append(sent.update.pop())
    assert send(store, sent)[0] == "FORMERR"


def test_other_zone_and_other_class(store: Store) -> None:
    sent = dns.update.UpdateMessage("example.com")
    sent.add("a", 60, "A", "127.0.0.9")
    assert send(store, sent)[0] == "NOTAUTH"
    assert send(store, dns.update.UpdateMessage("sub.portico.test"))[0] == "NOTAUTH"
    assert send(store, dns.update.UpdateMessage(ORIGIN, rdclass=dns.rdataclass.CH))[0] == "NOTAUTH"


def test_nothing_is_done_when_one_part_is_wrong(store: Store) -> None:
    sent = message()
    sent.add("new", 60, "A", "127.0.0.9")
    sent.add("www.example.com.", 60, "A", "127.0.0.9")
    assert send(store, sent) == ("NOTZONE", [])
    assert "new A" not in content(store)


# The model: RFC 2136's own words on plain dictionaries, written without a look at the server.

NAMES = ("@", "a", "b", "c.b", "*")
VALUES = {
    "A": ("127.0.0.1", "127.0.0.2", "127.0.0.3"),
    "TXT": ('"x"', '"y"'),
    "CNAME": ("a.portico.test.", "z.portico.test."),
    "NS": ("ns.portico.test.", "ns2.portico.test."),
}
Change = tuple[str, str, str, str, int]  # what, name, type, value, TTL


@dataclass
class Model:
    sets: dict[tuple[str, str], tuple[int, frozenset[str]]] = field(
        default_factory=lambda: {("@", "NS"): (60, frozenset(("ns.portico.test.",)))}
    )

    def types(self, name: str) -> set[str]:
        return {kind for n, kind in self.sets if n == name} | ({"SOA"} if name == "@" else set())

    def apply(self, what: str, name: str, kind: str, value: str, ttl: int) -> None:
        here = self.types(name)
        if what == "add":
            if (kind == "CNAME" and here - {"CNAME"}) or (kind != "CNAME" and "CNAME" in here):
                return
            known = self.sets.get((name, kind), (0, frozenset()))[1] if kind != "CNAME" else frozenset()
            self.sets[name, kind] = ttl, known | {value}
        elif what == "delete name":
            for each in here - {"SOA"}:
                if (name, each) != ("@", "NS"):
                    del self.sets[name, each]
        elif what == "delete set":
            if (name, kind) != ("@", "NS"):
                self.sets.pop((name, kind), None)
        elif (name, kind) in self.sets:
            known_ttl, known = self.sets[name, kind]
            if (name, kind) == ("@", "NS") and known == {value}:
                return
            if known == {value}:
                del self.sets[name, kind]
            else:
                self.sets[name, kind] = known_ttl, known - {value}

    def holds(self, what: str, name: str, kind: str, values: frozenset[str]) -> str:
        if what == "name present":
            return "NOERROR" if self.types(name) else "NXDOMAIN"
        if what == "name absent":
            return "YXDOMAIN" if self.types(name) else "NOERROR"
        known = self.sets.get((name, kind))
        if what == "set present":
            return "NOERROR" if known else "NXRRSET"
        if what == "set absent":
            return "YXRRSET" if known else "NOERROR"
        return "NOERROR" if known and known[1] == values else "NXRRSET"


kinds = st.sampled_from(sorted(VALUES))
changes = kinds.flatmap(
    lambda kind: st.tuples(
        st.sampled_from(("add", "add", "add", "delete name", "delete set", "delete record")),
        st.sampled_from(NAMES),
        st.just(kind),
        st.sampled_from(VALUES[kind]),
        st.sampled_from((0, 30, 60)),
    )
)
conditions = kinds.flatmap(
    lambda kind: st.tuples(
        st.sampled_from(("name present", "name absent", "set present", "set absent", "set is")),
        st.sampled_from(NAMES),
        st.just(kind),
        st.frozensets(st.sampled_from(VALUES[kind]), min_size=1),
    )
)


def write_change(sent: dns.update.UpdateMessage, change: Change) -> None:
    what, name, kind, value, ttl = change
    if what == "add":
        sent.add(name, ttl, kind, value)
    else:
        sent.delete(name, *{"delete name": (), "delete set": (kind,), "delete record": (kind, value)}[what])


def write_condition(sent: dns.update.UpdateMessage, what: str, name: str, kind: str, values: frozenset[str]) -> None:
    if what == "set is":
        sent.present(name, kind, *values)
    else:
        ask = sent.present if what.endswith("present") else sent.absent
        ask(name, *((kind,) if what.startswith("set") else ()))


@given(st.lists(st.tuples(st.lists(conditions, max_size=2), st.lists(changes, max_size=5)), max_size=6))
def test_against_the_model(
    updates: list[tuple[list[tuple[str, str, str, frozenset[str]]], list[Change]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = make_store(Path(folder), f"@ 60 IN SOA ns hostmaster {SERIAL} 60 60 86400 5\n@ 60 IN NS ns\n")
        model = Model()
        for wanted, done in updates:
            sent = message()
            for condition in wanted:
                write_condition(sent, *condition)
            for change in done:
                write_change(sent, change)
            # The server compares values when it has seen all conditions, as the RFC has it.
            merged: dict[tuple[str, str], frozenset[str]] = {}
            for what, name, kind, values in wanted:
                if what == "set is":
                    merged[name, kind] = merged.get((name, kind), frozenset()) | values
            results = [model.holds(*c) for c in wanted if c[0] != "set is"]
            results += [model.holds("set is", name, kind, values) for (name, kind), values in merged.items()]
            expected = next((r for r in results if r != "NOERROR"), "NOERROR")
            before, number = dict(model.sets), serial(store)
            if expected == "NOERROR":
                for change in done:
                    model.apply(*change)
            got, changed = send(store, sent)
            assert got == expected
            shown = {f"{name} {kind}": (ttl, set(values)) for (name, kind), (ttl, values) in model.sets.items()}
            assert content(store) == shown
            assert serial(store) == number + (1 if changed else 0)
            assert changed or before == model.sets
