"""aws.ec2.get_subnet and get_subnets."""

from __future__ import annotations

from typing import Any

from sandbox.aws.provider import tags
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.lookups.one import only
from sandbox.plugin.problems import code, doing
from sandbox.plugin.wire import Properties

_FILTERS = {
    "availabilityZone": "availability-zone",
    "availabilityZoneId": "availability-zone-id",
    "cidrBlock": "cidr-block",
    "ipv6CidrBlock": "ipv6-cidr-block-association.ipv6-cidr-block",
    "state": "state",
    "vpcId": "vpc-id",
}
_TEXTS = {
    "arn": "SubnetArn",
    "availabilityZone": "AvailabilityZone",
    "availabilityZoneId": "AvailabilityZoneId",
    "cidrBlock": "CidrBlock",
    "customerOwnedIpv4Pool": "CustomerOwnedIpv4Pool",
    "id": "SubnetId",
    "outpostArn": "OutpostArn",
    "ownerId": "OwnerId",
    "state": "State",
    "vpcId": "VpcId",
}
_FLAGS = {
    "assignIpv6AddressOnCreation": "AssignIpv6AddressOnCreation",
    "defaultForAz": "DefaultForAz",
    "enableDns64": "EnableDns64",
    "ipv6Native": "Ipv6Native",
    "mapCustomerOwnedIpOnLaunch": "MapCustomerOwnedIpOnLaunch",
    "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
}


def _filters(args: Properties) -> list[dict[str, Any]]:
    found = [{"Name": name, "Values": [args[key]]} for key, name in _FILTERS.items() if args.get(key)]
    if args.get("defaultForAz"):
        found.append({"Name": "default-for-az", "Values": ["true"]})
    found += [{"Name": f"tag:{key}", "Values": [value]} for key, value in (args.get("tags") or {}).items()]
    return found + [{"Name": item["name"], "Values": list(item["values"])} for item in args.get("filters") or ()]


def _subnets(call: Call, **request: Any) -> list[Any]:
    pages = (
        call.client("ec2").get_paginator("describe_subnets").paginate(**{key: value for key, value in request.items() if value})
    )
    return [subnet for page in pages for subnet in page["Subnets"]]


def get_subnets(call: Call, args: Properties) -> Properties:
    """The ids of all that match; none is no error."""
    with doing("reading EC2 Subnets"):
        found = _subnets(call, Filters=_filters(args))
    return {
        "filters": args.get("filters"),
        "id": call.region,
        "ids": [subnet["SubnetId"] for subnet in found],
        "region": call.region,
        "tags": args.get("tags") or {},
    }


def get_subnet(call: Call, args: Properties) -> Properties:
    """The one that matches."""
    try:
        found = _subnets(call, Filters=_filters(args), SubnetIds=[args["id"]] if args.get("id") else None)
    except Exception as error:
        if code(error) != "InvalidSubnetID.NotFound":
            raise
        found = []
    subnet = only(found, "EC2 Subnet")
    launch = subnet.get("PrivateDnsNameOptionsOnLaunch") or {}
    block: Any = next(
        (item for item in subnet.get("Ipv6CidrBlockAssociationSet") or () if item["Ipv6CidrBlockState"]["State"] == "associated"),
        {},
    )
    return {
        **{name: subnet.get(key) or "" for name, key in _TEXTS.items()},
        **{name: bool(subnet.get(key)) for name, key in _FLAGS.items()},
        "availableIpAddressCount": subnet.get("AvailableIpAddressCount", 0),
        "enableLniAtDeviceIndex": subnet.get("EnableLniAtDeviceIndex", 0),
        "enableResourceNameDnsARecordOnLaunch": bool(launch.get("EnableResourceNameDnsARecord")),
        "enableResourceNameDnsAaaaRecordOnLaunch": bool(launch.get("EnableResourceNameDnsAAAARecord")),
        "filters": args.get("filters"),
        "ipv6CidrBlock": block.get("Ipv6CidrBlock", ""),
        "ipv6CidrBlockAssociationId": block.get("AssociationId", ""),
        "privateDnsHostnameTypeOnLaunch": launch.get("HostnameType", ""),
        "region": call.region,
        "tags": tags.as_dict(subnet.get("Tags")),
    }
