"""Zones in Cloud DNS, and the records of one stack in them."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from components.clouds.base import Balancer, Target
from components.clouds.delegation import Delegated
from components.clouds.gcp_lookup import zone_named
from components.settings.cloud import ZoneSettings
from components.settings.gcp import GcpCloud
from components.settings.gcp_names import named_after


class GcpZone(Delegated, pulumi.ComponentResource):
    """Creates a public zone, or nothing where it exists, and on `point` the records of hosts.

    A zone is protected like an address: its name servers stand in the parent zone, and a new one has others.
    """

    def __init__(self, zone: ZoneSettings, settings: GcpCloud, protect: bool, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:clouds:GcpZone", zone.name, None, opts)
        self.name = zone.name
        self._settings = settings
        self._child = pulumi.ResourceOptions(parent=self)
        if zone.existing:
            found = zone_named(zone.name, settings, pulumi.InvokeOutputOptions(parent=self))
            self.resource_name: pulumi.Output[str] = found.apply(lambda one: str(one.name))
            self.name_servers: pulumi.Output[list[str]] = found.apply(lambda one: list(one.name_servers))
        else:
            signed = gcp.dns.ManagedZoneDnssecConfigArgs(state="on") if zone.dnssec else None
            made = gcp.dns.ManagedZone(
                zone.name,
                name=named_after(zone.name),
                dns_name=f"{zone.name}.",
                description="made by Pulumi",
                dnssec_config=signed,
                opts=pulumi.ResourceOptions(parent=self, protect=protect),
            )
            self.resource_name, self.name_servers = made.name, made.name_servers.apply(list)
        self._await_delegation(self.name_servers, settings.delegation_timeout, self._child)
        self.register_outputs({"name": self.name})

    def point(
        self, hosts: Sequence[str], at: Target | Balancer, after: Sequence[pulumi.Resource] = ()
    ) -> dict[str, pulumi.Resource]:
        """One A or AAAA record per host."""
        if not isinstance(at, Target):
            raise TypeError("load balancers of Google Cloud have addresses")
        return {
            host: self._record(host, host, at.kind, at.values, self._settings.ttl, [*at.reservation, *after]) for host in hosts
        }

    def prove(self, domain: str, name: pulumi.Input[str], kind: pulumi.Input[str], value: pulumi.Input[str]) -> gcp.dns.RecordSet:
        """The record by which Certificate Manager sees that a domain is ours."""
        return self._record(f"proof/{domain}", name, kind, [value], 300, [])

    def _record(
        self,
        name: str,
        host: pulumi.Input[str],
        kind: pulumi.Input[str],
        values: pulumi.Input[Sequence[pulumi.Input[str]]],
        ttl: int,
        after: Sequence[pulumi.Resource],
    ) -> gcp.dns.RecordSet:
        return gcp.dns.RecordSet(
            name,
            managed_zone=self.resource_name,
            name=f"{host}." if isinstance(host, str) else host,
            type=kind,
            ttl=ttl,
            rrdatas=values,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*after]),
        )
