"""`Record` and `Reservation`, as the engine drives their providers, against a real DNS server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from pulumi.dynamic import ResourceProvider

from components.clouds.dns_update import DnsError, DnsServer, OccupiedError
from components.clouds.rfc2136_resources import _RecordProvider, _ReservationProvider

_THIRD = count(1)


def connection(serving: DnsServer) -> dict[str, Any]:
    return {
        "server": serving.server,
        "zone": serving.zone,
        "key_name": serving.key_name,
        "algorithm": serving.algorithm,
        "secret": serving.secret,
    }


# Records


@pytest.fixture
def record(serving: DnsServer, name: str) -> dict[str, Any]:
    # Numbers come over the wire as floating point.
    return {**connection(serving), "name": name, "kind": "A", "ttl": 60.0, "values": ["192.0.2.1"]}


RECORD = _RecordProvider()


def test_a_record_is_created_and_known_by_name_and_type(serving: DnsServer, record: dict[str, Any]) -> None:
    made = RECORD.create(record)
    assert made.id == f"{record['name']}/A"
    assert made.outs == record
    assert serving.read(record["name"], "A") == (60, ["192.0.2.1"])


def test_a_record_made_by_an_interrupted_run_is_taken_over(record: dict[str, Any]) -> None:
    assert RECORD.create(record).id == RECORD.create(record).id


def test_fails_when_somebody_elses_record_stands_there(serving: DnsServer, record: dict[str, Any]) -> None:
    serving.create(record["name"], "A", 60, ["203.0.113.9"])
    with pytest.raises(OccupiedError, match=r"already exists in zone portico\.test with 203\.0\.113\.9"):
        RECORD.create(record)


def refreshed(record: dict[str, Any]) -> Any:
    return RECORD.read(f"{record['name']}/A", record)


def test_refresh_finds_a_record_as_it_was_left(record: dict[str, Any]) -> None:
    RECORD.create(record)
    result = refreshed(record)
    assert result.id == f"{record['name']}/A"
    assert not RECORD.diff(result.id, result.outs, record).changes


@pytest.mark.parametrize(("ttl", "values"), [(30, ["192.0.2.1"]), (60, ["192.0.2.9"]), (60, ["192.0.2.1", "192.0.2.9"])])
def test_refresh_sees_what_was_changed_behind_its_back_and_update_mends_it(
    serving: DnsServer, record: dict[str, Any], ttl: int, values: list[str]
) -> None:
    RECORD.create(record)
    serving.replace(record["name"], "A", ttl, values)
    result = refreshed(record)
    assert (result.outs["ttl"], result.outs["values"]) == (ttl, values)
    found = RECORD.diff(result.id, result.outs, record)
    assert (found.changes, found.replaces) == (True, [])
    RECORD.update(result.id, result.outs, record)
    assert serving.read(record["name"], "A") == (60, ["192.0.2.1"])


def test_refresh_sees_that_a_record_is_gone(serving: DnsServer, record: dict[str, Any]) -> None:
    RECORD.create(record)
    serving.delete(record["name"], "A", record["values"])
    assert refreshed(record).id is None


def test_refresh_is_not_taken_in_by_a_wildcard(serving: DnsServer, record: dict[str, Any]) -> None:
    serving.create(f"*.{record['name']}", "A", 60, record["values"])
    below = {**record, "name": f"shop.{record['name']}"}
    assert refreshed(below).id is None


@pytest.mark.parametrize("key", ["zone", "name", "kind"])
def test_a_record_elsewhere_is_another_record(record: dict[str, Any], key: str) -> None:
    found = RECORD.diff("x", record, {**record, key: "other"})
    assert (found.changes, found.replaces) == (True, [key])


@pytest.mark.parametrize("key", ["ttl", "values", "server", "key_name", "algorithm", "secret"])
def test_a_record_is_changed_in_place(record: dict[str, Any], key: str) -> None:
    found = RECORD.diff("x", record, {**record, key: "other"})
    assert (found.changes, found.replaces) == (True, [])


def test_a_record_that_stays_the_same_is_not_touched(record: dict[str, Any]) -> None:
    assert not RECORD.diff("x", record, {**record}).changes


def test_a_deleted_record_is_gone_and_deleting_again_is_fine(serving: DnsServer, record: dict[str, Any]) -> None:
    RECORD.create(record)
    RECORD.delete("x", record)
    RECORD.delete("x", record)
    assert not serving.owns(record["name"], "A")


def test_deleting_a_record_leaves_what_somebody_else_added_to_its_name(serving: DnsServer, record: dict[str, Any]) -> None:
    RECORD.create(record)
    serving.replace(record["name"], "A", 60, [*record["values"], "203.0.113.9"])
    serving.create(record["name"], "TXT", 60, ['"kept"'])
    RECORD.delete("x", record)
    assert serving.read(record["name"], "A") == (60, ["203.0.113.9"])
    assert serving.read(record["name"], "TXT") == (60, ['"kept"'])


# Reservations


@pytest.fixture
def pool() -> str:
    """Eight addresses that no other test uses."""
    return f"198.51.{next(_THIRD)}.0/29"


@pytest.fixture
def wanted(serving: DnsServer, pool: str) -> dict[str, Any]:
    return {**connection(serving), "owner": "portico-a", "pool": [pool], "ip": None, "address": None}


RESERVATION = _ReservationProvider()


def first(pool: str, number: int = 0) -> str:
    return f"{pool.rpartition('.')[0]}.{number}"


def claim(serving: DnsServer, address: str) -> list[str] | None:
    found = serving.read(f"{address.replace('.', '-')}._address.portico.test.", "TXT")
    return found[1] if found else None


def test_the_first_free_address_of_the_pool_is_reserved(serving: DnsServer, wanted: dict[str, Any], pool: str) -> None:
    made = RESERVATION.create(wanted)
    assert made.id == first(pool)
    assert made.outs is not None
    assert made.outs["address"] == first(pool)
    assert claim(serving, first(pool)) == ['"portico owner=portico-a"']


def test_the_address_that_is_asked_for_is_reserved(wanted: dict[str, Any], pool: str) -> None:
    assert RESERVATION.create({**wanted, "ip": first(pool, 5)}).id == first(pool, 5)


def test_an_address_outside_any_pool_may_be_asked_for(wanted: dict[str, Any]) -> None:
    assert RESERVATION.create({**wanted, "pool": [], "ip": "203.0.113.77"}).id == "203.0.113.77"


def test_an_ipv6_address_is_reserved_by_a_name_that_dns_takes(serving: DnsServer, wanted: dict[str, Any]) -> None:
    made = RESERVATION.create({**wanted, "pool": ["2001:db8::10-2001:db8::11"]})
    assert made.id == "2001:db8::10"
    assert RESERVATION.read(made.id, {**wanted, "address": made.id}).id == made.id
    assert serving.owns("2001-db8--10._address.portico.test.", "TXT")


def test_two_owners_never_get_the_same_address(wanted: dict[str, Any], pool: str) -> None:
    mine, theirs = RESERVATION.create(wanted), RESERVATION.create({**wanted, "owner": "portico-b"})
    assert (mine.id, theirs.id) == (first(pool, 0), first(pool, 1))


def test_owners_that_ask_at_the_same_time_get_an_address_each(wanted: dict[str, Any]) -> None:
    with ThreadPoolExecutor(8) as together:
        asked = [{**wanted, "owner": f"portico-{number}"} for number in range(8)]
        got = [made.id for made in together.map(RESERVATION.create, asked)]
    assert len(set(got)) == 8


def test_an_interrupted_reservation_is_found_again(wanted: dict[str, Any], pool: str) -> None:
    RESERVATION.create({**wanted, "owner": "portico-b"})
    assert RESERVATION.create(wanted).id == RESERVATION.create(wanted).id == first(pool, 1)


def test_an_interrupted_reservation_is_found_again_though_an_address_before_it_became_free(
    serving: DnsServer, wanted: dict[str, Any], pool: str
) -> None:
    """Otherwise the stack holds two addresses, and knows of one."""
    other = RESERVATION.create({**wanted, "owner": "portico-b"})
    mine = RESERVATION.create(wanted)
    RESERVATION.delete(other.id, {**wanted, "owner": "portico-b"})
    again = RESERVATION.create(wanted)
    held = [address for address in (first(pool, 0), first(pool, 1)) if claim(serving, address)]
    assert held == [again.id]
    assert again.id == mine.id


def test_fails_when_every_address_is_reserved_by_others_and_names_some(wanted: dict[str, Any], pool: str) -> None:
    for number in range(8):
        RESERVATION.create({**wanted, "owner": f"portico-{number}"})
    with pytest.raises(DnsError) as caught:
        RESERVATION.create(wanted)
    assert f"no address is free: 8 of 8 are reserved by others ({first(pool, 0)}, " in str(caught.value)
    assert str(caught.value).endswith(" …)")


def test_fails_when_the_address_asked_for_is_somebody_elses(wanted: dict[str, Any], pool: str) -> None:
    RESERVATION.create({**wanted, "owner": "portico-b"})
    with pytest.raises(DnsError, match=f"no address is free: .*{first(pool)}"):
        RESERVATION.create({**wanted, "ip": first(pool)})


def test_fails_when_the_server_refuses_and_does_not_call_the_pool_full(wanted: dict[str, Any]) -> None:
    with pytest.raises(DnsError, match="the secret is another one"):
        RESERVATION.create({**wanted, "secret": "YW5vdGhlciBzZWNyZXQgb2YgMzIgYnl0ZXMgbGVuZ3Ro"})


def made_in(wanted: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    made = RESERVATION.create(wanted)
    assert made.outs is not None
    return str(made.id), dict(made.outs)


def test_a_pool_that_grows_keeps_the_address(wanted: dict[str, Any], pool: str) -> None:
    address, outs = made_in({**wanted, "pool": [f"{first(pool, 2)}-{first(pool, 3)}"]})
    found = RESERVATION.diff(address, outs, wanted)
    assert (found.changes, found.replaces) == (True, [])
    updated = RESERVATION.update(address, outs, wanted).outs
    assert updated is not None
    assert updated["address"] == address == first(pool, 2)


def test_a_pool_that_no_longer_holds_the_address_moves_it(wanted: dict[str, Any], pool: str) -> None:
    address, outs = made_in(wanted)
    found = RESERVATION.diff(address, outs, {**wanted, "pool": [f"{first(pool, 2)}-{first(pool, 3)}"]})
    assert (found.changes, found.replaces) == (True, ["pool"])


def test_asking_for_the_address_that_it_has_anyway_moves_nothing(wanted: dict[str, Any]) -> None:
    address, outs = made_in(wanted)
    assert RESERVATION.diff(address, outs, {**wanted, "ip": address}).replaces == []


def test_asking_for_another_address_moves_it(wanted: dict[str, Any], pool: str) -> None:
    address, outs = made_in(wanted)
    assert RESERVATION.diff(address, outs, {**wanted, "ip": first(pool, 4)}).replaces == ["ip"]


@pytest.mark.parametrize("key", ["zone", "owner"])
def test_another_owner_or_zone_is_another_reservation(wanted: dict[str, Any], key: str) -> None:
    address, outs = made_in(wanted)
    assert RESERVATION.diff(address, outs, {**wanted, key: "other.test"}).replaces == [key]


def test_nothing_changes_when_nothing_changes(wanted: dict[str, Any]) -> None:
    address, outs = made_in(wanted)
    assert not RESERVATION.diff(address, outs, wanted).changes


def test_a_new_key_changes_no_reservation(wanted: dict[str, Any]) -> None:
    address, outs = made_in(wanted)
    found = RESERVATION.diff(address, outs, {**wanted, "secret": "other"})
    assert (found.changes, found.replaces) == (True, [])


def test_refresh_finds_a_reservation(wanted: dict[str, Any]) -> None:
    address, outs = made_in(wanted)
    result = RESERVATION.read(address, outs)
    assert (result.id, result.outs) == (address, outs)


def test_refresh_sees_that_a_reservation_is_gone_or_somebody_elses(serving: DnsServer, wanted: dict[str, Any]) -> None:
    address, outs = made_in(wanted)
    name = f"{address.replace('.', '-')}._address.portico.test."
    serving.replace(name, "TXT", 60, ['"portico owner=portico-b"'])
    assert RESERVATION.read(address, outs).id is None
    serving.delete(name, "TXT", ['"portico owner=portico-b"'])
    assert not serving.owns(name, "TXT")
    assert RESERVATION.read(address, outs).id is None


def test_a_deleted_reservation_is_free_for_others(wanted: dict[str, Any]) -> None:
    address, outs = made_in(wanted)
    RESERVATION.delete(address, outs)
    RESERVATION.delete(address, outs)
    assert RESERVATION.create({**wanted, "owner": "portico-b"}).id == address


def test_deleting_leaves_a_reservation_that_is_somebody_elses_by_now(serving: DnsServer, wanted: dict[str, Any]) -> None:
    """Two stacks share a pool: what one removes must never be the other's address."""
    address, outs = made_in(wanted)
    serving.replace(f"{address.replace('.', '-')}._address.portico.test.", "TXT", 60, ['"portico owner=portico-b"'])
    RESERVATION.delete(address, outs)
    assert claim(serving, address) == ['"portico owner=portico-b"']


@pytest.mark.parametrize("provider", [RECORD, RESERVATION], ids=["record", "reservation"])
def test_the_state_file_holds_a_providers_name_and_none_of_its_code(provider: ResourceProvider) -> None:
    import base64

    from pulumi.dynamic.dynamic import serialize_provider

    stored = base64.b64decode(serialize_provider(provider))
    assert len(stored) < 200
    assert type(provider).__name__.encode() in stored
    assert not provider.serialize_as_secret_always
