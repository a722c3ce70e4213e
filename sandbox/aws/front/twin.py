"""Reading the twin by AWS's own API. Every call blocks."""

from __future__ import annotations

from typing import Any

from sandbox.aws.client import client
from sandbox.aws.front.model import SECURE, Balancer, Group, Listener, Raw
from sandbox.twin.client import FRONT_AGENT, Issued, certificate, delegated


class Twin:
    """The twin, as the data plane asks it; its clients may be used by several threads."""

    def __init__(self, endpoint: str, region: str) -> None:
        self.endpoint = endpoint
        settings: dict[str, Any] = {
            "retries": {"max_attempts": 1},
            "connect_timeout": 2,
            "read_timeout": 10,
            "user_agent_extra": FRONT_AGENT,
        }
        self._elb = client(endpoint, "elbv2", region, **settings)
        self._route53 = client(endpoint, "route53", region, **settings)

    def balancers(self) -> list[Balancer]:
        """Every load balancer with its listeners."""
        return [self._balancer(raw) for raw in self._all("describe_load_balancers")["LoadBalancers"]]

    def rules(self, listener: str) -> list[Raw]:
        """The rules of a listener, in the order in which they are tried: the default one comes last."""
        rules: list[Raw] = self._all("describe_rules", ListenerArn=listener)["Rules"]
        return sorted(rules, key=lambda rule: (rule["IsDefault"], 0 if rule["IsDefault"] else int(rule["Priority"])))

    def group(self, arn: str) -> Group:
        """A target group."""
        raw = self._elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
        health = self._elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        attributes = self._elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
        return Group(
            arn=arn,
            protocol=raw["Protocol"],
            targets=tuple((one["Target"]["Id"], int(one["Target"]["Port"])) for one in health),
            says_who={"Key": "proxy_protocol_v2.enabled", "Value": "true"} in attributes,
        )

    def certificate(self, arn: str) -> Issued:
        """A certificate with its key."""
        return certificate(self.endpoint, arn)

    def zones(self) -> dict[str, list[Raw]]:
        """The records of every public hosted zone that is delegated, by the zone's name."""
        found: dict[str, list[Raw]] = {}
        pages = self._route53.get_paginator("list_hosted_zones").paginate()
        for zone in (zone for page in pages for zone in page["HostedZones"]):
            name = zone["Name"].lower()
            # Of several of one name the first counts: the parent has its name servers.
            if zone.get("Config", {}).get("PrivateZone") or name in found or not delegated(self.endpoint, name):
                continue
            records = self._route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone["Id"])
            found[name] = [record for page in records for record in page["ResourceRecordSets"]]
        return found

    def _balancer(self, raw: Raw) -> Balancer:
        zones = raw["AvailabilityZones"]
        elastic = [
            (zone["SubnetId"], address["IpAddress"])
            for zone in zones
            for address in zone.get("LoadBalancerAddresses", [])
            if "AllocationId" in address
        ]
        listeners = self._all("describe_listeners", LoadBalancerArn=raw["LoadBalancerArn"])["Listeners"]
        return Balancer(
            arn=raw["LoadBalancerArn"],
            name=raw["DNSName"].lower(),
            subnets=tuple(sorted(zone["SubnetId"] for zone in zones)),
            elastic=tuple(sorted(elastic)),
            listeners=tuple(self._listener(listener) for listener in listeners),
        )

    def _listener(self, raw: Raw) -> Listener:
        arn, protocol = raw["ListenerArn"], raw["Protocol"]
        certificates: tuple[str, ...] = ()
        if protocol in SECURE:
            default = [one["CertificateArn"] for one in raw.get("Certificates", [])]
            every = [
                one["CertificateArn"] for one in self._all("describe_listener_certificates", ListenerArn=arn)["Certificates"]
            ]
            certificates = tuple(dict.fromkeys([*default, *every]))
        return Listener(arn, int(raw["Port"]), protocol, raw.get("SslPolicy") or "", certificates)

    def _all(self, operation: str, **arguments: str) -> Any:
        """The whole answer of an operation that comes in pages."""
        return self._elb.get_paginator(operation).paginate(**arguments).build_full_result()
