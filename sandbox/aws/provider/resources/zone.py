"""aws.route53.Zone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any, ClassVar

from sandbox.aws.provider import tags
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.resources.dns import NO_ZONE, clean, find_zone, in_sync
from sandbox.aws.provider.schema import TAGS, Resource
from sandbox.plugin.problems import MissingError, doing, gone_is_fine
from sandbox.plugin.same import bare, hostname, unordered
from sandbox.plugin.schema import AutoName, Field
from sandbox.plugin.wire import Properties

_SYNC = 1800.0
_BATCH = 100  # changes per request, far below Route 53's 1000


class Zone(Resource):
    """A hosted zone, private if it has VPCs."""

    type_name = "aws:route53/zone:Zone"
    fields: ClassVar = {
        "comment": Field(default="Managed by Pulumi"),
        "delegationSetId": Field(replaces=True),
        "enableAcceleratedRecovery": Field(bool, computed=True),
        "forceDestroy": Field(bool, default=False),
        "name": Field(required=True, replaces=True, same=hostname),
        "vpcs": Field(list, same=lambda old, new: unordered(_ids(old), _ids(new))),
        **TAGS,
    }
    computed = ("arn", "nameServers", "primaryNameServer", "zoneId")
    auto_name = AutoName(255)

    def wrong(self, inputs: Properties) -> Iterator[tuple[str, str]]:
        """A private zone has no delegation set."""
        if inputs.get("vpcs") and inputs.get("delegationSetId"):
            yield "vpcs", '"vpcs": conflicts with delegationSetId'

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """The zone, then its tags and further VPCs."""
        vpcs = [_vpc(call, vpc) for vpc in inputs.get("vpcs") or ()]
        request: dict[str, Any] = {"Name": inputs["name"], "CallerReference": secrets.token_hex(16)}
        request["HostedZoneConfig"] = {"Comment": inputs.get("comment") or "", "PrivateZone": bool(vpcs)}
        if inputs.get("delegationSetId"):
            request["DelegationSetId"] = inputs["delegationSetId"]
        if vpcs:
            request["VPC"] = vpcs[0]
        with doing("creating Route 53 Hosted Zone"):
            answer = call.client("route53").create_hosted_zone(**request)
        zone = clean(answer["HostedZone"]["Id"])
        yield zone
        with doing(f"waiting for Route 53 Hosted Zone ({zone}) create"):
            in_sync(call, answer, _SYNC)
        self._tag(call, zone, inputs)
        for vpc in vpcs[1:]:
            with doing(f"associating Route 53 Hosted Zone ({zone}) to EC2 VPC ({vpc['VPCId']})"):
                in_sync(call, call.client("route53").associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=vpc), _SYNC)

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """As GetHostedZone tells it."""
        with doing(f"reading Route 53 Hosted Zone ({id})"):
            try:
                answer = find_zone(call, id)
            except MissingError:
                return None
            zone, config = answer["HostedZone"], answer["HostedZone"].get("Config", {})
            servers = list(answer.get("DelegationSet", {}).get("NameServers") or self._servers(call, id, zone["Name"]))
            vpcs = [{"vpcId": vpc["VPCId"], "vpcRegion": vpc.get("VPCRegion", "")} for vpc in answer.get("VPCs") or ()]
            return {
                "arn": f"arn:{call.account.partition(call.region)}:route53:::hostedzone/{id}",
                "comment": config.get("Comment", ""),
                "delegationSetId": clean(answer.get("DelegationSet", {}).get("Id") or "") or None,
                "enableAcceleratedRecovery": bool(known.get("enableAcceleratedRecovery")),
                "forceDestroy": bool(known.get("forceDestroy")),
                "name": bare(zone["Name"]),
                "nameServers": sorted(servers),
                "primaryNameServer": servers[0] if servers else "",
                "vpcs": sorted(vpcs, key=lambda vpc: vpc["vpcId"]) or None,
                "zoneId": id,
                **tags.outputs(call.account, self._tags(call, id), known),
            }

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Another comment, other tags, other VPCs."""
        client = call.client("route53")
        if (inputs.get("comment") or "") != state.get("comment"):
            with doing(f"updating Route 53 Hosted Zone ({id}) comment"):
                client.update_hosted_zone_comment(Id=id, Comment=inputs.get("comment") or "")
        self._tag(call, id, inputs)
        old, new = _ids(state.get("vpcs")), _ids(inputs.get("vpcs"))
        with doing(f"updating Route 53 Hosted Zone ({id}) VPCs"):
            for vpc in (vpc for vpc in inputs.get("vpcs") or () if vpc["vpcId"] not in old):
                in_sync(call, client.associate_vpc_with_hosted_zone(HostedZoneId=id, VPC=_vpc(call, vpc)), _SYNC)
            for vpc in (vpc for vpc in state.get("vpcs") or () if vpc["vpcId"] not in new):
                in_sync(call, client.disassociate_vpc_from_hosted_zone(HostedZoneId=id, VPC=_vpc(call, vpc)), _SYNC)

    def delete(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """One that holds records is refused by AWS, unless `forceDestroy` has them deleted first."""
        with gone_is_fine(NO_ZONE):
            if state.get("forceDestroy"):
                with doing(f"while force deleting Route 53 Hosted Zone ({id}), deleting records"):
                    self._empty(call, id, state.get("name", ""))
        with doing(f"deleting Route 53 Hosted Zone ({id})"), gone_is_fine(NO_ZONE):
            in_sync(call, call.client("route53").delete_hosted_zone(Id=id), _SYNC)

    @staticmethod
    def _records(call: Call, zone: str) -> Iterator[Any]:
        for page in call.client("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone):
            yield from page["ResourceRecordSets"]

    def _servers(self, call: Call, zone: str, name: str) -> list[str]:
        """A private zone's name servers stand only in its own NS record."""
        sets = (item for item in self._records(call, zone) if item["Type"] == "NS" and hostname(item["Name"], name))
        return [record["Value"].removesuffix(".") for item in sets for record in item["ResourceRecords"]]

    def _empty(self, call: Call, zone: str, name: str) -> None:
        with gone_is_fine(NO_ZONE):
            doomed = [
                item
                for item in self._records(call, zone)
                if item["Type"] not in ("NS", "SOA") or not hostname(item["Name"], name)
            ]
            for start in range(0, len(doomed), _BATCH):
                changes = [{"Action": "DELETE", "ResourceRecordSet": item} for item in doomed[start : start + _BATCH]]
                request = {"HostedZoneId": zone, "ChangeBatch": {"Comment": "Deleted by Pulumi", "Changes": changes}}
                in_sync(call, call.client("route53").change_resource_record_sets(**request), _SYNC)

    @staticmethod
    def _tags(call: Call, zone: str) -> dict[str, str]:
        answer = call.client("route53").list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone)
        return tags.as_dict(answer["ResourceTagSet"].get("Tags"))

    def _tag(self, call: Call, zone: str, inputs: Properties) -> None:
        with doing(f"updating Route 53 Zone ({zone}) tags"):
            wanted = tags.target(call.account, inputs)
            put, removed = tags.changes(self._tags(call, zone), wanted)
            change = {"AddTags": tags.as_list(put), "RemoveTagKeys": removed}
            if put or removed:
                parts = {key: value for key, value in change.items() if value}
                call.client("route53").change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, **parts)


def _ids(vpcs: Any) -> list[Any]:
    return [vpc.get("vpcId") if isinstance(vpc, dict) else vpc for vpc in vpcs or ()]


def _vpc(call: Call, vpc: Properties) -> dict[str, str]:
    return {"VPCId": vpc["vpcId"], "VPCRegion": vpc.get("vpcRegion") or call.region}
