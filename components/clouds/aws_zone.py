"""Zones in Route 53, and the records of one stack in them."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.clouds.base import Balancer, Target
from components.clouds.delegation import Delegated
from components.settings.aws import AwsCloud
from components.settings.cloud import ZoneSettings


class AwsZone(Delegated, pulumi.ComponentResource):
    """Creates a public hosted zone, or nothing where it exists, and on `point` the records of hosts.

    A zone is protected like an address: its name servers stand in the parent zone, and a new one has others.
    """

    def __init__(self, zone: ZoneSettings, settings: AwsCloud, protect: bool, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:clouds:AwsZone", zone.name, None, opts)
        self.name = zone.name
        self._settings = settings
        self._child = pulumi.ResourceOptions(parent=self)
        if zone.existing:
            found = aws.route53.get_zone_output(name=zone.name, private_zone=False, opts=pulumi.InvokeOutputOptions(parent=self))
            self.id, self.arn, self.name_servers = found.zone_id, found.arn, found.name_servers
        else:
            made = aws.route53.Zone(
                zone.name,
                name=zone.name,
                comment="made by Pulumi",
                opts=pulumi.ResourceOptions(parent=self, protect=protect),
            )
            self.id, self.arn, self.name_servers = made.zone_id, made.arn, made.name_servers
        self._await_delegation(self.name_servers, settings.delegation_timeout, self._child)
        self.register_outputs({"name": self.name})

    def point(
        self, hosts: Sequence[str], at: Target | Balancer, after: Sequence[pulumi.Resource] = ()
    ) -> dict[str, pulumi.Resource]:
        """One A (or AAAA) record per host, or aliases for a load balancer: A, and AAAA where it speaks IPv6 too."""
        if isinstance(at, Target):
            return {
                host: aws.route53.Record(
                    host,
                    zone_id=self.id,
                    name=host,
                    type=at.kind,
                    ttl=self._settings.ttl,
                    records=at.values,
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[*at.reservation, *after]),
                )
                for host in hosts
            }
        made = {host: self._alias(host, host, "A", at, after) for host in hosts}
        if at.dualstack:
            for host in hosts:
                self._alias(f"{host}/AAAA", host, "AAAA", at, after)
        return dict(made)

    def _alias(self, name: str, host: str, kind: str, at: Balancer, after: Sequence[pulumi.Resource]) -> aws.route53.Record:
        alias = aws.route53.RecordAliasArgs(name=at.hostname, zone_id=at.zone_id, evaluate_target_health=False)
        opts = pulumi.ResourceOptions(parent=self, depends_on=[*after])
        return aws.route53.Record(name, zone_id=self.id, name=host, type=kind, aliases=[alias], opts=opts)

    def prove(
        self, domain: str, name: pulumi.Input[str], kind: pulumi.Input[str], value: pulumi.Input[str]
    ) -> aws.route53.Record:
        """The record by which ACM sees that a domain is ours.

        ACM asks for the same record whenever the same account wants a certificate for the same domain, so another stack may
        have made it already: then it is taken over as it is.
        """
        return aws.route53.Record(
            f"acm/{domain}",
            zone_id=self.id,
            name=name,
            type=kind,
            records=[value],
            ttl=60,
            allow_overwrite=True,
            opts=self._child,
        )
