"""aws.route53.get_zone."""

from __future__ import annotations

from typing import Any

from sandbox.aws.provider import tags
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.lookups.one import has, only
from sandbox.aws.provider.resources.dns import clean, find_zone
from sandbox.plugin.problems import ProviderError, doing
from sandbox.plugin.same import bare, hostname
from sandbox.plugin.wire import Properties

_KIND = "Route 53 Hosted Zone"


def get_zone(call: Call, args: Properties) -> Properties:
    """By id, or by name, tags, VPC; public unless asked otherwise."""
    if args.get("zoneId") and args.get("name"):
        raise ProviderError("only one of `zone_id` or `name` may be set")
    if args.get("zoneId"):
        with doing(f"reading {_KIND} ({args['zoneId']})"):
            found = find_zone(call, clean(args["zoneId"]))["HostedZone"]
    else:
        found = only([zone for zone in _zones(call) if _matches(call, zone, args)], _KIND)
    id_ = clean(found["Id"])
    answer, config, service = find_zone(call, id_), found.get("Config") or {}, found.get("LinkedService") or {}
    servers = list((answer.get("DelegationSet") or {}).get("NameServers") or ())
    return {
        "arn": f"arn:{call.account.partition(call.region)}:route53:::hostedzone/{id_}",
        "callerReference": found.get("CallerReference", ""),
        "comment": config.get("Comment", ""),
        "enableAcceleratedRecovery": bool(args.get("enableAcceleratedRecovery")),
        "id": id_,
        "linkedServiceDescription": service.get("Description", ""),
        "linkedServicePrincipal": service.get("ServicePrincipal", ""),
        "name": bare(found["Name"]),
        "nameServers": servers,
        "primaryNameServer": servers[0] if servers else "",
        "privateZone": bool(config.get("PrivateZone")),
        "resourceRecordSetCount": found.get("ResourceRecordSetCount", 0),
        "tags": _tags(call, id_),
        "vpcId": args.get("vpcId", ""),
        "zoneId": id_,
    }


def _zones(call: Call) -> list[Any]:
    with doing("reading Route 53 Hosted Zones"):
        return [
            zone for page in call.client("route53").get_paginator("list_hosted_zones").paginate() for zone in page["HostedZones"]
        ]


def _matches(call: Call, zone: Any, args: Properties) -> bool:
    private = bool(args.get("privateZone", bool(args.get("vpcId"))))
    if args.get("name") and not hostname(zone["Name"], args["name"]):
        return False
    if bool((zone.get("Config") or {}).get("PrivateZone")) != private:
        return False
    if args.get("vpcId") and all(vpc["VPCId"] != args["vpcId"] for vpc in find_zone(call, clean(zone["Id"])).get("VPCs") or ()):
        return False
    return not args.get("tags") or has(_tags(call, clean(zone["Id"])), args["tags"])


def _tags(call: Call, id_: str) -> dict[str, str]:
    answer = call.client("route53").list_tags_for_resource(ResourceType="hostedzone", ResourceId=id_)
    return tags.as_dict(answer["ResourceTagSet"].get("Tags"))
