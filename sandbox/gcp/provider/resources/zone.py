"""gcp.dns.ManagedZone."""

from __future__ import annotations

from typing import Any, ClassVar

from sandbox.gcp.provider import labels
from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.schema import LABELS, POLICY, PROJECT, Resource
from sandbox.plugin.problems import ProviderError
from sandbox.plugin.schema import Field
from sandbox.plugin.wire import Properties

_BLOCKS = ("forwardingConfig", "peeringConfig", "privateVisibilityConfig", "serviceDirectoryConfig")


def _settled(old: Any, new: Any) -> bool:
    """What the program says of DNSSEC stands; the rest is the API's."""
    return all((old or {}).get(key) == value for key, value in (new or {}).items())


def _dotted(name: Any) -> str | None:
    return None if str(name).endswith(".") else f"{name!r} is not a fully qualified name: it must end with a period"


class ManagedZone(Resource):
    """A public zone. What only private ones have is not among what this project uses."""

    type_name = "gcp:dns/managedZone:ManagedZone"
    kind, path = "ManagedZone", "projects/{project}/managedZones/{name}"
    fields: ClassVar = {
        "cloudLoggingConfig": Field(dict, computed=True, same=_settled),
        "description": Field(default="Managed by Pulumi"),
        "dnsName": Field(required=True, replaces=True, wrong=_dotted),
        "dnssecConfig": Field(dict, computed=True, same=_settled),
        "forceDestroy": Field(bool, default=False),
        "name": Field(required=True, replaces=True),
        "reverseLookup": Field(bool, replaces=True),
        "visibility": Field(default="public", replaces=True, choices=("public", "private")),
        **{name: Field(dict, wrong=lambda _: "this provider has public zones only") for name in _BLOCKS},
        **LABELS,
        **POLICY,
        **PROJECT,
    }
    computed = ("creationTime", "effectiveLabels", "managedZoneId", "nameServers", "pulumiLabels")

    def insert(self, call: Call, inputs: Properties) -> None:
        """Create it."""
        names = ("cloudLoggingConfig", "description", "dnsName", "dnssecConfig", "name", "visibility")
        body = {name: inputs[name] for name in names if inputs.get(name) is not None}
        body["labels"] = labels.wanted(call.account, inputs, {})
        call.execute(call.service("dns").managedZones().create(project=call.place("project"), body=body))

    def get(self, call: Call, id: str) -> Properties:  # noqa: A002
        """Get it."""
        return dict(call.execute(call.service("dns").managedZones().get(**_where(id))))

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """The API's fields."""
        security = {key: value for key, value in (told.get("dnssecConfig") or {}).items() if key != "kind"}
        security["defaultKeySpecs"] = [
            {key: value for key, value in spec.items() if key != "kind"} for spec in security.get("defaultKeySpecs") or ()
        ]
        return {
            **dict.fromkeys(_BLOCKS),
            "cloudLoggingConfig": {"enableLogging": bool((told.get("cloudLoggingConfig") or {}).get("enableLogging"))},
            "creationTime": told.get("creationTime"),
            "description": told.get("description", ""),
            "dnsName": told["dnsName"],
            "dnssecConfig": security if told.get("dnssecConfig") else None,
            "forceDestroy": bool(known.get("forceDestroy")),
            "managedZoneId": int(told["id"]),
            "name": told["name"],
            "nameServers": told.get("nameServers") or [],
            "project": known["project"],
            "reverseLookup": "reverseLookupConfig" in told,
            "visibility": told.get("visibility", "public"),
        }

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Patch it."""
        body = {name: inputs[name] for name in ("cloudLoggingConfig", "dnssecConfig") if inputs.get(name) is not None}
        body |= {"description": inputs.get("description"), "labels": labels.wanted(call.account, inputs, state)}
        call.execute(call.service("dns").managedZones().patch(**_where(id), body=body))

    def remove(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """One that holds records is refused by Google, unless `forceDestroy` has them deleted first."""
        api = call.service("dns")
        if state.get("forceDestroy"):
            sets = call.execute(api.resourceRecordSets().list(**_where(id)))["rrsets"]
            doomed = [one for one in sets if one["type"] not in ("NS", "SOA") or one["name"] != state["dnsName"]]
            if doomed:
                call.execute(api.changes().create(**_where(id), body={"deletions": doomed}))
        call.execute(api.managedZones().delete(**_where(id)))


def _where(id_: str) -> dict[str, str]:
    parts = id_.split("/")
    if len(parts) < 4:
        raise ProviderError(f"{id_!r} is not projects/PROJECT/managedZones/ZONE")
    return {"project": parts[1], "managedZone": parts[3]}
