"""Google Cloud: zones in Cloud DNS, reserved addresses, certificates that Google manages, and rights for who writes records."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from components.clouds.base import Address, Target
from components.clouds.gcp_address import GcpAddress
from components.clouds.gcp_certificate import GcpCertificate, proven_domains
from components.clouds.gcp_identity import GcpIdentity
from components.clouds.gcp_zone import GcpZone
from components.settings import Settings
from components.settings.aws import LoadBalancerSettings
from components.settings.certificates import GoogleManagedCertificate
from components.settings.cloud import ZoneSettings
from components.settings.entrypoint import GceEntrypoint, LoadBalanced
from components.settings.gcp import SslPolicy
from components.settings.gcp_names import named_after, shortened
from components.settings.keeper import ServiceAccount
from components.trust.managed import ManagedCertificate
from components.trust.solvers import CloudDnsSolver, Dns01

#: cert-manager's service account, as its chart names it.
_CERT_MANAGER = "cert-manager"


class Gcp(pulumi.ComponentResource):
    """The cloud Google: creates nothing by itself, hands out what the methods say."""

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:clouds:Gcp", "cloud", None, opts)
        if settings.cloud.gcp is None:
            raise ValueError("the stack file names another cloud")
        self._settings, self._gcp = settings, settings.cloud.gcp
        self._child = pulumi.ResourceOptions(parent=self)
        self._zones: dict[str, GcpZone] = {}
        self._authorized: dict[str, gcp.certificatemanager.DnsAuthorization] = {}
        self._proofs: dict[str, pulumi.Resource] = {}
        self._map: gcp.certificatemanager.CertificateMap | None = None
        self.register_outputs({"project": self._gcp.project})

    def zone(self, wanted: ZoneSettings) -> GcpZone:
        """A public zone, made unless it exists."""
        zone = GcpZone(wanted, self._gcp, self._settings.protect, self._child)
        self._zones[wanted.name] = zone
        return zone

    def address(self, entrypoint: LoadBalanced | GceEntrypoint, part: str = "") -> Address:
        """An address of the scope that the entrypoint needs, by whom it is for: another entrypoint gets another one."""
        if isinstance(entrypoint, GceEntrypoint):
            # Each Ingress has an address of its own, and the entrypoint asks for it when it knows the Ingress.
            return self._reserve(f"gce.{part}", entrypoint).by_name() if part else Address(None)
        made = self._reserve(self._settings.front_key, entrypoint)
        return made.by_name() if self._settings.entrypoint.by_google else made.of_service()

    def _reserve(self, key: str, entrypoint: LoadBalanced | GceEntrypoint) -> GcpAddress:
        return GcpAddress(
            key,
            entrypoint.address,
            stack=self._settings.name,
            scope=self._settings.entrypoint.scope,
            cloud=self._gcp,
            protect=self._settings.protect,
            opts=self._child,
        )

    def exposed(self, key: str, load_balancer: LoadBalancerSettings, tls: Mapping[int, pulumi.Output[str]]) -> Address:
        """Settings ask for none."""
        raise NotImplementedError

    def behind(self, address: Address, made_by: pulumi.Resource) -> Target:
        """The reserved address: whatever stands before it answers there."""
        if address.target is None:
            raise ValueError("load balancers of Google Cloud have reserved addresses")
        return address.target

    def install(self) -> list[pulumi.Resource]:
        """external-dns's rights, where the stack file asks for them; GKE brings its controllers."""
        account = self._gcp.external_dns
        if account is not None:
            self._identity("external-dns", account, lists_zones=True)
        return []

    def dns01(self, namespace: str) -> Dns01:
        """cert-manager's solver for each zone, and the rights that it needs: records of these zones."""
        solvers = {name: CloudDnsSolver(self._gcp.project, zone.resource_name) for name, zone in self._zones.items()}
        identity = self._identity(_CERT_MANAGER, ServiceAccount(namespace=namespace, name=_CERT_MANAGER))
        return Dns01(solvers, identity.ready, identity.account_annotations)

    def _identity(self, name: str, account: ServiceAccount, *, lists_zones: bool = False) -> GcpIdentity:
        return GcpIdentity(
            name,
            stack=self._settings.name,
            account=account,
            settings=self._gcp,
            zones={zone.name: zone.resource_name for zone in self._zones.values()},
            lists_zones=lists_zones,
            opts=self._child,
        )

    def ssl_policy(self, own: SslPolicy) -> pulumi.Input[str]:
        """The name of the policy by which load balancers speak TLS, made unless it exists.

        One of a region takes a policy of that region (GoogleCloudPlatform/gke-gateway-api: apis/networking/v1, SslPolicy).
        """
        if own.existing is not None:
            return own.existing
        name, oldest, child = self._settings.name, f"TLS_{own.min_tls.replace('.', '_')}", self._child
        if self._settings.entrypoint.scope == "global":
            return gcp.compute.SSLPolicy("tls", name=name, profile=own.profile, min_tls_version=oldest, opts=child).name
        region = self._gcp.region
        return gcp.compute.RegionSslPolicy(
            "tls", name=name, region=region, profile=own.profile, min_tls_version=oldest, opts=child
        ).name

    def certificate(self, key: str, wanted: GoogleManagedCertificate) -> ManagedCertificate:
        """A certificate of Certificate Manager in the stack's map; names of any of the stack's zones."""
        if self._map is None:
            self._map = gcp.certificatemanager.CertificateMap(
                "certificates", name=self._settings.name, description=f"certificates of {self._settings.name}", opts=self._child
            )
        domains = proven_domains(wanted.hosts)
        zones = {zone for domain in domains if (zone := self._settings.zone_of(domain)) is not None}
        for domain in domains:
            self._authorize(domain)
        made = GcpCertificate(
            key,
            wanted,
            stack=self._settings.name,
            settings=self._gcp,
            map_name=self._map.name,
            authorize=self._authorize,
            proofs={domain: self._proofs[domain] for domain in domains},
            seen=[one for zone in sorted(zones) for one in self._zones[zone].seen],
            opts=self._child,
        )
        return ManagedCertificate(made.reference, made.entries[-1])

    def _authorize(self, domain: str) -> gcp.certificatemanager.DnsAuthorization:
        """The authorization of a domain and the record for it, made once however many certificates name it."""
        zone = self._settings.zone_of(domain)
        if domain not in self._authorized and zone is not None:
            asked = gcp.certificatemanager.DnsAuthorization(
                domain,
                name=shortened(f"{self._settings.name}-{named_after(domain)}"),
                domain=domain,
                # A record of its own, beside the one that ACME wants: one may follow the other.
                type="PER_PROJECT_RECORD",
                opts=self._child,
            )
            record = asked.dns_resource_records.apply(lambda records: records[0])
            self._authorized[domain] = asked
            self._proofs[domain] = self._zones[zone].prove(
                domain,
                record.apply(lambda one: str(one.name)),
                record.apply(lambda one: str(one.type)),
                record.apply(lambda one: str(one.data)),
            )
        return self._authorized[domain]
