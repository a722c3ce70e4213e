"""aws.lb.get_load_balancer."""

from __future__ import annotations

from typing import Any

from sandbox.aws.provider import tags
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.lookups.one import has
from sandbox.plugin.problems import ProviderError, code, doing
from sandbox.plugin.wire import Properties

_TEXTS = {
    "arn": "LoadBalancerArn",
    "customerOwnedIpv4Pool": "CustomerOwnedIpv4Pool",
    "dnsName": "DNSName",
    "enablePrefixForIpv6SourceNat": "EnablePrefixForIpv6SourceNat",
    "enforceSecurityGroupInboundRulesOnPrivateLinkTraffic": "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
    "id": "LoadBalancerArn",
    "ipAddressType": "IpAddressType",
    "loadBalancerType": "Type",
    "name": "LoadBalancerName",
    "vpcId": "VpcId",
    "zoneId": "CanonicalHostedZoneId",
}
_ATTRIBUTES = {
    "clientKeepAlive": ("client_keep_alive.seconds", int),
    "desyncMitigationMode": ("routing.http.desync_mitigation_mode", str),
    "dnsRecordClientRoutingPolicy": ("dns_record.client_routing_policy", str),
    "dropInvalidHeaderFields": ("routing.http.drop_invalid_header_fields.enabled", bool),
    "enableCrossZoneLoadBalancing": ("load_balancing.cross_zone.enabled", bool),
    "enableDeletionProtection": ("deletion_protection.enabled", bool),
    "enableHttp2": ("routing.http2.enabled", bool),
    "enableTlsVersionAndCipherSuiteHeaders": ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", bool),
    "enableWafFailOpen": ("waf.fail_open.enabled", bool),
    "enableXffClientPort": ("routing.http.xff_client_port.enabled", bool),
    "enableZonalShift": ("zonal_shift.config.enabled", bool),
    "idleTimeout": ("idle_timeout.timeout_seconds", int),
    "preserveHostHeader": ("routing.http.preserve_host_header.enabled", bool),
    "secondaryIpsAutoAssignedPerSubnet": ("secondary_ips.auto_assigned.per_subnet", int),
    "xffHeaderProcessingMode": ("routing.http.xff_header_processing.mode", str),
}


def get_load_balancer(call: Call, args: Properties) -> Properties:
    """By ARN or name, and tags; of the one that is left."""
    found = _find(call, args)
    if len(found) != 1:
        raise ProviderError(f"Search returned {len(found)} results, please revise so only one is returned")
    balancer, labels = found[0]
    zones = balancer.get("AvailabilityZones") or ()
    pools = balancer.get("IpamPools")
    return {
        **{name: balancer.get(key) or "" for name, key in _TEXTS.items()},
        **_attributes(call, balancer["LoadBalancerArn"]),
        "arnSuffix": balancer["LoadBalancerArn"].partition(":loadbalancer/")[2],
        "internal": balancer.get("Scheme") == "internal",
        "ipamPools": [{"ipv4IpamPoolId": pools.get("Ipv4IpamPoolId", "")}] if pools else [],
        "region": call.region,
        "securityGroups": balancer.get("SecurityGroups") or [],
        "subnetMappings": [_mapping(zone) for zone in zones],
        "subnets": [zone["SubnetId"] for zone in zones],
        "tags": labels,
    }


def _find(call: Call, args: Properties) -> list[tuple[Any, dict[str, str]]]:
    client = call.client("elbv2")
    request = {"LoadBalancerArns": [args["arn"]]} if args.get("arn") else {"Names": [args["name"]]} if args.get("name") else {}
    with doing("reading ELBv2 Load Balancers"):
        try:
            pages = list(client.get_paginator("describe_load_balancers").paginate(**request))
        except Exception as error:
            if code(error) == "LoadBalancerNotFound":
                return []
            raise
        found = []
        for balancer in (balancer for page in pages for balancer in page["LoadBalancers"]):
            told = client.describe_tags(ResourceArns=[balancer["LoadBalancerArn"]])["TagDescriptions"]
            labels = tags.as_dict(told[0].get("Tags")) if told else {}
            if has(labels, args.get("tags")):
                found.append((balancer, labels))
    return found


def _mapping(zone: Any) -> Properties:
    address: Any = next(iter(zone.get("LoadBalancerAddresses") or ()), {})
    return {
        "allocationId": address.get("AllocationId", ""),
        "ipv6Address": address.get("IPv6Address", ""),
        "outpostId": zone.get("OutpostId", ""),
        "privateIpv4Address": address.get("PrivateIPv4Address", ""),
        "subnetId": zone["SubnetId"],
    }


def _attributes(call: Call, arn: str) -> Properties:
    with doing(f"reading ELBv2 Load Balancer ({arn}) attributes"):
        answer = call.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    told = {item["Key"]: item.get("Value", "") for item in answer}

    def logs(kind: str) -> Properties:
        return {
            "bucket": told.get(f"{kind}.s3.bucket", ""),
            "enabled": told.get(f"{kind}.s3.enabled") == "true",
            "prefix": told.get(f"{kind}.s3.prefix", ""),
        }

    def value(key: str, kind: type) -> Any:
        text = told.get(key, "")
        return text == "true" if kind is bool else int(text or 0) if kind is int else text

    return {
        **{name: value(key, kind) for name, (key, kind) in _ATTRIBUTES.items()},
        "accessLogs": logs("access_logs"),
        "connectionLogs": [logs("connection_logs")],
        "healthCheckLogs": [logs("health_check_logs")],
    }
