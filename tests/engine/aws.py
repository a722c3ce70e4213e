"""What stands at the sandbox's AWS, seen from outside by listing everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from sandbox.aws import client
from tests.engine.project import ROOT, Project
from tests.engine.twin import Twin
from tests.engine.world import World

REGION = "eu-central-1"

#: The committed stack file's zone.
ZONE = "shop.example"


class Aws(Twin):
    """One account, as its owner's console would show it."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "aws-endpoint")

    def api(self, service: str) -> Any:
        """AWS's own client of one service."""
        return client.client(self.endpoint, service, REGION)

    def everything(self) -> dict[str, list[str]]:
        """All that a stack or a controller could have made, by kind."""
        elb, acm, iam = self.api("elbv2"), self.api("acm"), self.api("iam")
        zones = {zone["Id"]: zone["Name"] for zone in self.api("route53").list_hosted_zones()["HostedZones"]}
        return {
            "zones": sorted(zones.values()),
            "records": sorted(record for zone in zones for record in self._records(zone)),
            "certificates": sorted(one["CertificateArn"] for one in self.certificates()),
            "addresses": sorted(one["PublicIp"] for one in self.api("ec2").describe_addresses()["Addresses"]),
            "load balancers": sorted(one["LoadBalancerName"] for one in self.load_balancers()),
            "target groups": sorted(one["TargetGroupName"] for one in elb.describe_target_groups()["TargetGroups"]),
            "security groups": sorted(
                one["GroupName"]
                for one in self.api("ec2").describe_security_groups()["SecurityGroups"]
                if one["GroupName"] != "default"
            ),
            "roles": sorted(one["RoleName"] for one in iam.list_roles()["Roles"]),
            "policies": sorted(one["PolicyName"] for one in iam.list_policies(Scope="Local")["Policies"]),
            "imported": sorted(one["CertificateArn"] for one in acm.list_certificates()["CertificateSummaryList"]),
        }

    def _records(self, zone: str) -> list[str]:
        sets = self.api("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        return [f"{one['Name']} {one['Type']}" for one in sets]

    def certificates(self) -> list[dict[str, Any]]:
        """Every certificate in full."""
        acm = self.api("acm")
        arns = [
            one["CertificateArn"]
            for page in acm.get_paginator("list_certificates").paginate()
            for one in page["CertificateSummaryList"]
        ]
        return [acm.describe_certificate(CertificateArn=arn)["Certificate"] for arn in arns]

    def load_balancers(self) -> list[dict[str, Any]]:
        """Every load balancer."""
        found: list[dict[str, Any]] = self.api("elbv2").describe_load_balancers()["LoadBalancers"]
        return found

    def load_balancer(self, name: str) -> dict[str, Any]:
        """The load balancer of that name."""
        return next(one for one in self.load_balancers() if one["LoadBalancerName"] == name)

    def listeners(self, name: str) -> dict[int, dict[str, Any]]:
        """A load balancer's listeners by port."""
        arn = self.load_balancer(name)["LoadBalancerArn"]
        return {one["Port"]: one for one in self.api("elbv2").describe_listeners(LoadBalancerArn=arn)["Listeners"]}

    def zone_id(self, name: str = ZONE) -> str:
        """The id of a zone."""
        zones = self.api("route53").list_hosted_zones()["HostedZones"]
        return next(str(zone["Id"]) for zone in zones if zone["Name"] == f"{name}.")


def eks_config() -> dict[str, Any]:
    """The committed stack file's configuration."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.eks.yaml").read_text())["config"]
    return config


@contextmanager
def eks_stack(world: World, folder: Path, stack: str) -> Iterator[Project]:
    """A checkout of the program with a stack of its own on the sandbox's AWS, destroyed at the end."""
    world.sandbox.up(clouds=frozenset({"aws"}))
    world.__dict__.pop("env", None)
    with world.stack(folder, stack) as project:
        yield project
