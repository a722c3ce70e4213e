"""gcp.dns.RecordSet, with the rules of terraform-provider-google: google/services/dns/resource_dns_record_set.go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.schema import POLICY, PROJECT, Resource, link
from sandbox.plugin.call import duration
from sandbox.plugin.problems import MissingError, doing
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
    """The records of one name and type. Those that are there already give way to it, whoever made them."""

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

    def wrong(self, inputs: Properties) -> Iterator[tuple[str, str]]:
        """Without a routing policy there must be data."""
        if "rrdatas" not in inputs:
            yield "rrdatas", "Invalid combination of arguments: one of `routingPolicy,rrdatas` must be specified"

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """In its zone, which may be given by its id."""
        return super().create(call, {**inputs, "managedZone": inputs["managedZone"].rsplit("/", 1)[-1]})

    def insert(self, call: Call, inputs: Properties) -> None:
        """Put it in the place of what is there."""
        zone = _zone(call, inputs)
        found = _find(call, zone, inputs)
        _change(call, zone, [found] if found else [], [_set(inputs)])

    def get(self, call: Call, id: str) -> Properties:  # noqa: A002
        """Get it."""
        known = self.parse(id)[1]
        found = _find(call, _zone(call, known), known)
        if found is None:
            raise _GoneError
        return found

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """As the list of its zone's records tells it. Its type may have become another than its id says."""
        zone, said = _zone(call, known), {"name": known["name"], "type": known["type"]}
        try:
            return super().read(call, self.path.format(**zone, **said), known)
        except MissingError:
            return None

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """The API's fields."""
        return {
            "managedZone": known["managedZone"].rsplit("/", 1)[-1],
            "name": told["name"],
            "project": known["project"],
            "routingPolicy": None,
            "rrdatas": told.get("rrdatas") or [],
            "ttl": told.get("ttl"),
            "type": told["type"],
        }

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Other records, of another type too, in the place of those known: refused if somebody has changed them since."""
        with doing("Error changing DNS RecordSet"):
            _change(call, _zone(call, inputs), [_set(state)], [_set(inputs)])

    def remove(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """Take it away as it is known; only a zone keeps its own NS and SOA."""
        zone = _zone(call, state)
        if state["type"] in _APEX:
            told = call.execute(call.service("dns").managedZones().get(**zone))
            if told["dnsName"] == state["name"]:
                return
        _change(call, zone, [_set(state)], [])


class _GoneError(MissingError):
    """The zone stands, without these records."""


def _zone(call: Call, known: Properties) -> dict[str, str]:
    return {
        "project": str(known.get("project") or call.place("project")),
        "managedZone": str(known["managedZone"]).rsplit("/", 1)[-1],
    }


def _set(known: Properties) -> Properties:
    return {"name": known["name"], "type": known["type"], "ttl": known.get("ttl") or 0, "rrdatas": known.get("rrdatas") or []}


def _find(call: Call, zone: dict[str, str], known: Properties) -> Properties | None:
    found = call.execute(call.service("dns").resourceRecordSets().list(**zone, name=known["name"], type=known["type"])).get(
        "rrsets"
    )
    return {key: value for key, value in found[0].items() if key in ("name", "type", "ttl", "rrdatas")} if found else None


def _change(call: Call, zone: dict[str, str], deletions: list[Properties], additions: list[Properties]) -> None:
    api = call.service("dns").changes()
    body = {key: value for key, value in (("deletions", deletions), ("additions", additions)) if value}
    change = call.execute(api.create(**zone, body=body))
    seconds = call.seconds(_SYNC)

    def done() -> Any:
        return change["status"] == "done" or call.execute(api.get(**zone, changeId=change["id"]))["status"] == "done" or None

    call.poll(done, seconds, lambda: f"timeout while waiting for state to become 'done' (timeout: {duration(seconds)})")
