"""Cloud DNS as Google's own client sees it."""

from __future__ import annotations

import time
from typing import Any

import pytest

HERE = {"project": "sandbox-project"}


def _zone(twin: Any, name: str, **more: Any) -> dict[str, Any]:
    body = {"name": name, "dnsName": f"{name}.example.", "description": "", **more}
    made: dict[str, Any] = twin.client("dns").managedZones().create(**HERE, body=body).execute()
    return made


def _record(name: str, kind: str, *values: str) -> dict[str, Any]:
    return {"name": name, "type": kind, "ttl": 60, "rrdatas": [*values]}


def _change(twin: Any, zone: str, **change: list[dict[str, Any]]) -> dict[str, Any]:
    sent: dict[str, Any] = twin.client("dns").changes().create(**HERE, managedZone=zone, body=change).execute()
    return sent


def _records(twin: Any, zone: str, **which: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        twin.client("dns").resourceRecordSets().list(**HERE, managedZone=zone, **which).execute()["rrsets"]
    )
    return found


def test_a_zone_begins_with_its_two_records_and_keeps_its_servers(twin: Any, refused: Any) -> None:
    made = _zone(twin, "begins")
    assert made == twin.client("dns").managedZones().get(**HERE, managedZone="begins").execute()
    assert len(set(made["nameServers"])) == 4
    assert all(server.startswith("ns-cloud-") and server.endswith(".googledomains.com.") for server in made["nameServers"])
    apex = {record["type"]: record for record in _records(twin, "begins")}
    assert set(apex) == {"NS", "SOA"}
    assert apex["NS"]["rrdatas"] == made["nameServers"]
    for kind in ("NS", "SOA"):
        with refused(400, "must stay"):
            _change(twin, "begins", deletions=[apex[kind]])
    with refused(409, "alreadyExists"):
        _zone(twin, "begins")


def test_a_change_takes_its_time(twin: Any) -> None:
    _zone(twin, "time")
    sent = _change(twin, "time", additions=[_record("www.time.example.", "A", "127.0.0.1")])
    assert sent["status"] == "pending"
    time.sleep(0.4)
    assert twin.client("dns").changes().get(**HERE, managedZone="time", changeId=sent["id"]).execute()["status"] == "done"
    assert _records(twin, "time", name="www.time.example.", type="A")[0]["rrdatas"] == ["127.0.0.1"]


def test_a_change_is_made_whole_or_not_at_all(twin: Any, refused: Any) -> None:
    _zone(twin, "whole")
    www = _record("www.whole.example.", "A", "127.0.0.1")
    _change(twin, "whole", additions=[www])
    other = _record("other.whole.example.", "A", "127.0.0.2")
    with refused(409, "alreadyExists"):
        _change(twin, "whole", additions=[other, www])
    with refused(412, "conditionNotMet"):
        _change(twin, "whole", additions=[other], deletions=[{**www, "ttl": 61}])
    with refused(412, "conditionNotMet"):
        _change(twin, "whole", additions=[other], deletions=[{**www, "rrdatas": ["127.0.0.9"]}])
    with refused(404, "notFound"):
        _change(twin, "whole", additions=[other], deletions=[_record("none.whole.example.", "A", "127.0.0.1")])
    assert len(_records(twin, "whole")) == 3
    _change(twin, "whole", deletions=[www], additions=[{**www, "rrdatas": ["127.0.0.3"]}])
    assert _records(twin, "whole", name="www.whole.example.")[0]["rrdatas"] == ["127.0.0.3"]


@pytest.mark.parametrize(
    ("record", "word"),
    [
        (_record("www.elsewhere.example.", "A", "127.0.0.1"), "name"),
        (_record("www.wrong.example.", "A", "one"), "rrdata[0]"),
        (_record("www.wrong.example.", "AAAA", "127.0.0.1"), "rrdata[0]"),
        (_record("www.wrong.example.", "CNAME", "no-dot.example"), "rrdata[0]"),
        (_record("wrong.example.", "CNAME", "target.example."), "CNAME"),
        (_record("www.wrong.example.", "A"), "required"),
    ],
)
def test_a_wrong_record_is_refused(twin: Any, refused: Any, record: dict[str, Any], word: str) -> None:
    if "wrong" not in [zone["name"] for zone in twin.client("dns").managedZones().list(**HERE).execute()["managedZones"]]:
        _zone(twin, "wrong")
    with refused(400, word):
        _change(twin, "wrong", additions=[record])


def test_a_cname_stands_alone(twin: Any, refused: Any) -> None:
    _zone(twin, "alone")
    _change(twin, "alone", additions=[_record("www.alone.example.", "A", "127.0.0.1")])
    with refused(400, "cnameResourceRecordSetConflict"):
        _change(twin, "alone", additions=[_record("www.alone.example.", "CNAME", "x.example.")])


def test_a_zone_with_records_stays(twin: Any, refused: Any) -> None:
    _zone(twin, "stays")
    sets = twin.client("dns").resourceRecordSets()
    name = {"name": "*.stays.example.", "type": "A"}
    assert sets.create(**HERE, managedZone="stays", body={**name, "ttl": 30, "rrdatas": ["127.0.0.1"]}).execute()["ttl"] == 30
    with refused(400, "containerNotEmpty"):
        twin.client("dns").managedZones().delete(**HERE, managedZone="stays").execute()
    assert (
        sets.patch(**HERE, managedZone="stays", **name, body={**name, "ttl": 90, "rrdatas": ["127.0.0.1"]}).execute()["ttl"] == 90
    )
    sets.delete(**HERE, managedZone="stays", **name).execute()
    twin.client("dns").managedZones().delete(**HERE, managedZone="stays").execute()
    with refused(404, "notFound"):
        twin.client("dns").managedZones().get(**HERE, managedZone="stays").execute()


def test_a_zone_can_be_signed_later(twin: Any) -> None:
    zones = twin.client("dns").managedZones()
    assert _zone(twin, "signed", dnssecConfig={"state": "off"})["dnssecConfig"]["state"] == "off"
    assert zones.patch(**HERE, managedZone="signed", body={"dnssecConfig": {"state": "on"}}).execute()["status"] == "done"
    config = zones.get(**HERE, managedZone="signed").execute()["dnssecConfig"]
    assert (config["state"], config["nonExistence"]) == ("on", "nsec3")
