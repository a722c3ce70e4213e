"""aws.route53.Record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sandbox.aws.provider.call import Call
from sandbox.aws.provider.resources import recordset
from sandbox.aws.provider.resources.dns import NO_ZONE, clean, find_zone, in_sync, unescape
from sandbox.aws.provider.schema import Resource
from sandbox.plugin.problems import MissingError, ProviderError, code, doing, gone_is_fine, text
from sandbox.plugin.same import bare, equal, hostname, unordered
from sandbox.plugin.schema import Field
from sandbox.plugin.wire import Properties

_SYNC = 1800.0


class Record(Resource):
    """One set of records of one name and type."""

    type_name = "aws:route53/record:Record"
    fields: ClassVar = {
        "aliases": Field(list, same=lambda old, new: equal(recordset.alias(old), recordset.alias(new))),
        "allowOverwrite": Field(bool, computed=True),
        "cidrRoutingPolicy": Field(dict),
        "failoverRoutingPolicies": Field(list),
        "geolocationRoutingPolicies": Field(list),
        "geoproximityRoutingPolicy": Field(dict),
        "healthCheckId": Field(),
        "latencyRoutingPolicies": Field(list),
        "multivalueAnswerRoutingPolicy": Field(bool),
        "name": Field(required=True, replaces=True, same=hostname),
        "records": Field(list, same=unordered),
        "setIdentifier": Field(),
        "ttl": Field(int, same=lambda old, new: old == new),
        "type": Field(required=True, choices=recordset.TYPES),
        "weightedRoutingPolicies": Field(list),
        "zoneId": Field(required=True, replaces=True, same=lambda old, new: clean(str(old)) == clean(str(new))),
    }
    computed = ("fqdn",)

    def wrong(self, inputs: Properties) -> Iterator[tuple[str, str]]:
        """Either an alias or records with a TTL; a policy has an identifier, and there is one at most."""
        if ("aliases" in inputs) == ("records" in inputs):
            yield "aliases", "Invalid combination of arguments: one of `aliases,records` must be specified"
        if "aliases" in inputs and "ttl" in inputs:
            yield "ttl", 'Conflicting configuration arguments: "ttl" conflicts with "aliases"'
        if "ttl" in inputs and "records" not in inputs:
            yield "ttl", "Missing required argument: all of `records,ttl` must be specified"
        policies = [name for name in recordset.POLICIES if inputs.get(name)]
        if len(policies) > 1:
            yield policies[0], f"Conflicting configuration arguments: {policies[0]!r} conflicts with {policies[1]!r}"
        if policies and "setIdentifier" not in inputs:
            yield policies[0], f"Missing required argument: all of `{policies[0]},setIdentifier` must be specified"

    def parse(self, id: str) -> tuple[str, Properties]:  # noqa: A002
        """ZONE_NAME_TYPE or ZONE_NAME_TYPE_IDENTIFIER; a name may hold underscores."""
        zone, _, rest = id.partition("_")
        parts = rest.split("_")
        at = next((index for index in range(1, len(parts)) if parts[index] in recordset.TYPES), None)
        if not zone or at is None:
            raise ProviderError(
                f"unexpected format of ID ({id}), expected ZONEID_RECORDNAME_TYPE or ZONEID_RECORDNAME_TYPE_SET-IDENTIFIER"
            )
        known: Properties = {"zoneId": zone, "name": bare("_".join(parts[:at])), "type": parts[at]}
        if len(parts) > at + 1:
            known["setIdentifier"] = "_".join(parts[at + 1 :])
        return id, known

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """Only where nothing stands, unless the program allows to overwrite."""
        answer = self._change(
            call, inputs, [("UPSERT" if inputs.get("allowOverwrite") else "CREATE", inputs)], "creating Route53 Record"
        )
        parts = [clean(inputs["zoneId"]), bare(inputs["name"]), inputs["type"], inputs.get("setIdentifier")]
        name = "_".join(part for part in parts if part)
        yield name
        self._settle(call, answer, name)

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """As ListResourceRecordSets tells it."""
        with doing(f"reading Route 53 Record ({id})"):
            found = self._find(call, known)
            if found is None:
                return None
            item, fqdn = found
            outputs = recordset.properties(item, known)
            return {**outputs, "allowOverwrite": bool(known.get("allowOverwrite")), "fqdn": fqdn}

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """In place; another type or identifier in one step, so that the name is never without an answer."""
        doing_what = f"updating Route53 Record ({id})"
        moved = any((state.get(key) or None) != (inputs.get(key) or None) for key in ("type", "setIdentifier"))
        changes: list[tuple[str, Properties]] = [("UPSERT", inputs)]
        if moved and self._find(call, state):
            changes = [("DELETE", state), ("UPSERT" if inputs.get("allowOverwrite") else "CREATE", inputs)]
        self._settle(call, self._change(call, inputs, changes, doing_what), id)

    def delete(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """As it stands now, whatever the program thinks that it says."""
        with doing(f"deleting Route53 Record ({id})"), gone_is_fine(NO_ZONE, "InvalidChangeBatch"):
            if found := self._find(call, state):
                batch = {"Comment": "Deleted by Pulumi", "Changes": [{"Action": "DELETE", "ResourceRecordSet": found[0]}]}
                client = call.client("route53")
                in_sync(call, client.change_resource_record_sets(HostedZoneId=clean(state["zoneId"]), ChangeBatch=batch), _SYNC)

    @staticmethod
    def _settle(call: Call, answer: Any, id_: str) -> None:
        with doing(f"waiting for Route 53 Record ({id_}) synchronize"):
            in_sync(call, answer, _SYNC)

    @staticmethod
    def _change(call: Call, inputs: Properties, changes: list[tuple[str, Properties]], what: str) -> Any:
        zone = clean(inputs["zoneId"])
        with doing(f"reading Route 53 Hosted Zone ({zone})"):
            name = find_zone(call, zone)["HostedZone"]["Name"]
        batch = {
            "Comment": "Managed by Pulumi",
            "Changes": [{"Action": action, "ResourceRecordSet": recordset.record_set(given, name)} for action, given in changes],
        }
        try:
            return call.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
        except Exception as error:
            if code(error) == "InvalidChangeBatch":
                message = getattr(error, "response", {})["Error"]["Message"]
                raise ProviderError(f"{what}: InvalidChangeBatch: {message}") from error
            raise ProviderError(f"{what}: {text(error)}") from error

    @staticmethod
    def _find(call: Call, known: Properties) -> tuple[Any, str] | None:
        """The set as Route 53 has it, and its full name."""
        zone = clean(known["zoneId"])
        try:
            full = recordset.full_name(known["name"], find_zone(call, zone)["HostedZone"]["Name"])
        except MissingError:
            return None
        request = {"HostedZoneId": zone, "StartRecordName": full, "StartRecordType": known["type"]}
        with gone_is_fine(NO_ZONE):
            for page in call.client("route53").get_paginator("list_resource_record_sets").paginate(**request):
                for item in page["ResourceRecordSets"]:
                    if not hostname(unescape(item["Name"]), full) or item["Type"] != known["type"]:
                        return None  # they come in order: there is no more of this name and type
                    if (item.get("SetIdentifier") or None) == (known.get("setIdentifier") or None):
                        return item, full
        return None
