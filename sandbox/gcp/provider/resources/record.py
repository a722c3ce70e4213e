"""gcp.dns.RecordSet."""

from __future__ import annotations

from typing import Any, ClassVar

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.refusals import GONE
from sandbox.gcp.provider.schema import POLICY, PROJECT, Resource, link
from sandbox.plugin.call import duration
from sandbox.plugin.problems import MissingError, code
from sandbox.plugin.same import equal
from sandbox.plugin.schema import Field
from sandbox.plugin.wire import Properties

_SYNC = 1200.0
_APEX = ("NS", "SOA")


def _dotted(name: Any) -> str | None:
    return None if str(name).endswith(".") else f"expected {name!r} to end with a period"


def _same(old: Any, new: Any) -> bool:
    """The same data in whichever order, quotes of texts not counted."""
    before, after = ([str(item).strip('"').lower() for item in data or ()] for data in (old, new))
    return sorted(before) == sorted(after)


class RecordSet(Resource):
    """The records of one name and type."""

    type_name = "gcp:dns/recordSet:RecordSet"
    kind, path = "DNS RecordSet", "projects/{project}/managedZones/{managedZone}/rrsets/{name}/{type}"
    auto_name = None
    fields: ClassVar = {
        "managedZone": Field(required=True, replaces=True, same=link),
        "name": Field(required=True, replaces=True, wrong=_dotted),
        "routingPolicy": Field(dict, wrong=lambda _: "this provider has no routing policies"),
        "rrdatas": Field(list, same=_same),
        "ttl": Field(int, same=equal),
        "type": Field(required=True),
        **POLICY,
        **PROJECT,
    }
    computed = ()

    def insert(self, call: Call, inputs: Properties) -> None:
        """Add it; the zone's own NS and SOA, which are always there, give way."""
        zone = _zone(call, inputs["managedZone"])
        stands = [_find(call, zone, inputs)] if inputs["type"] in _APEX else []
        _change(call, zone, [one for one in stands if one], [_set(inputs)])

    def get(self, call: Call, id: str) -> Properties:  # noqa: A002
        """Get it."""
        known = self.parse(id)[1]
        found = _find(call, {"project": known["project"], "managedZone": known["managedZone"]}, known)
        if found is None:
            raise _GoneError
        return found

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """As the list of its zone's records tells it."""
        try:
            return super().read(call, id, known)
        except MissingError:
            return None

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """The API's fields."""
        data = told.get("rrdatas") or []
        return {
            "managedZone": known["managedZone"].rsplit("/", 1)[-1],
            "name": told["name"],
            "project": known["project"],
            "routingPolicy": None,
            "rrdatas": known["rrdatas"] if _same(data, known.get("rrdatas")) and data else data,
            "ttl": told.get("ttl"),
            "type": told["type"],
        }

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Other records in one change."""
        zone = _zone(call, inputs["managedZone"])
        found = _find(call, zone, inputs)
        _change(call, zone, [found] if found else [], [_set(inputs)])

    def remove(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """A zone keeps its own NS and SOA."""
        zone = _zone(call, state["managedZone"])
        if state["type"] not in _APEX and (found := _find(call, zone, state)):
            _change(call, zone, [found], [])


class _GoneError(MissingError):
    """The zone stands, without these records."""


def _zone(call: Call, name: str) -> dict[str, str]:
    return {"project": call.place("project"), "managedZone": name.rsplit("/", 1)[-1]}


def _set(inputs: Properties) -> Properties:
    return {"name": inputs["name"], "type": inputs["type"], "ttl": inputs.get("ttl", 0), "rrdatas": inputs.get("rrdatas") or []}


def _find(call: Call, zone: dict[str, str], known: Properties) -> Properties | None:
    try:
        api = call.service("dns").resourceRecordSets()
        found = call.execute(api.list(**zone, name=known["name"], type=known["type"])).get("rrsets")
    except Exception as error:
        if code(error) in GONE:
            return None
        raise
    return {key: value for key, value in found[0].items() if key in ("name", "type", "ttl", "rrdatas")} if found else None


def _change(call: Call, zone: dict[str, str], deletions: list[Properties], additions: list[Properties]) -> None:
    api = call.service("dns").changes()
    body = {key: value for key, value in (("deletions", deletions), ("additions", additions)) if value}
    change = call.execute(api.create(**zone, body=body))
    seconds = call.seconds(_SYNC)

    def done() -> Any:
        return change["status"] == "done" or call.execute(api.get(**zone, changeId=change["id"]))["status"] == "done" or None

    call.poll(done, seconds, lambda: f"timeout while waiting for state to become 'done' (timeout: {duration(seconds)})")
