"""Reserved addresses of Google Cloud, and what a Service says to be reached at one."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.annotations.gke import passthrough
from components.clouds.base import Address, RecordKind, Target
from components.settings.cloud import AddressSettings
from components.settings.gcp import GcpCloud, Scope
from components.settings.gcp_names import shortened


def address_name(stack: str, key: str) -> str:
    """An address's name at Google Cloud, one for each load balancer of a stack."""
    return shortened(f"{stack}-{key}")


class GcpAddress(pulumi.ComponentResource):
    """Reserves an address, or looks up one that exists: of the whole world for Google's own load balancers, else of the region.

    Records point at it, and load balancers ask for it by its name.
    """

    def __init__(
        self,
        key: str,
        own: AddressSettings,
        *,
        stack: str,
        scope: Scope,
        cloud: GcpCloud,
        protect: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:clouds:GcpAddress", key, None, opts)
        self._key, self._own, self._cloud, self._scope = key, own, cloud, scope
        #: Its name at Google Cloud, known beforehand.
        self.name = own.existing or address_name(stack, key)
        self.reserved: list[pulumi.Resource] = []
        self.value: pulumi.Output[str] = self._look() if own.existing else self._reserve(protect)
        self.register_outputs({"address": self.value})

    @property
    def kind(self) -> RecordKind:
        """The type of records that point at it."""
        return "AAAA" if self._own.ipv6 else "A"

    @property
    def target(self) -> Target:
        """Where records point."""
        return Target(self.kind, self.value.apply(lambda address: [address]), self.reserved)

    def of_service(self) -> Address:
        """What the Service of a controller in the cluster says to be reached here.

        By name and by number: a cluster that does not know the one yet knows the other (ingress-gce: pkg/l4/address/to_use.go).
        """
        said = passthrough(address_names=[self.name], network_tier="Standard" if self._own.tier == "standard" else "Premium")
        return Address(
            self.target,
            self.reserved,
            load_balancer_ip=None if self._own.ipv6 else self.value,
            service_annotations=said,
            name=self.name,
            part=f"/{self._key}",
            ipv6=self._own.ipv6,
        )

    def by_name(self) -> Address:
        """The same where a Gateway or an Ingress names it."""
        return Address(self.target, self.reserved, name=self.name, part=f"/{self._key}", named=True)

    def _look(self) -> pulumi.Output[str]:
        opts = pulumi.InvokeOutputOptions(parent=self)
        project = self._cloud.project
        if self._scope == "global":
            return gcp.compute.get_global_address_output(name=self.name, project=project, opts=opts).address
        region = self._cloud.region
        return gcp.compute.get_address_output(name=self.name, project=project, region=region, opts=opts).address

    def _reserve(self, protect: bool) -> pulumi.Output[str]:
        own, opts = self._own, pulumi.ResourceOptions(parent=self, protect=protect)
        made: gcp.compute.GlobalAddress | gcp.compute.Address
        if self._scope == "global":
            version = "IPV6" if own.ipv6 else "IPV4"
            made = gcp.compute.GlobalAddress(self._key, name=self.name, address_type="EXTERNAL", ip_version=version, opts=opts)
        else:
            made = gcp.compute.Address(
                self._key,
                name=self.name,
                region=self._cloud.region,
                address_type="EXTERNAL",
                network_tier=own.tier.upper(),
                # An IPv6 address of a region is part of a subnet (compute v1, Address.ipv6EndpointType).
                ip_version="IPV6" if own.ipv6 else None,
                ipv6_endpoint_type="NETLB" if own.ipv6 else None,
                subnetwork=own.subnetwork,
                opts=opts,
            )
        self.reserved = [made]
        return made.address
