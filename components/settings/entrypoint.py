"""`portico:entrypoint`: how traffic enters."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from components.settings.aws import (
    TLS_POLICY,
    AccessLogs,
    Attributes,
    BalancerName,
    Cidr,
    LoadBalancerSettings,
    Scheme,
    SecurityGroup,
    Subnet,
    TlsPolicy,
    WebAcl,
)
from components.settings.base import Base, KubeName, OneOf, Port
from components.settings.cloud import AddressSettings
from components.settings.gcp import GLOBAL_CLASSES, REGIONAL_CLASSES, LoadBalancing, Scope, SslPolicy


class Ports(Base):
    """The two ports of a front door."""

    http: Port = 80
    https: Port = 443

    @model_validator(mode="after")
    def _different(self) -> Ports:
        if self.http == self.https:
            raise ValueError(f"http and https must be different ports, both are {self.http}")
        return self


class TargetPorts(Base):
    """The ports of the controller's pods, by number or name."""

    http: Port | KubeName = "web"
    https: Port | KubeName = "websecure"


class HelmController(Base):
    """A controller that this stack installs by Helm."""

    version: str | None = Field(None, description="Chart version. Default: the one this release was made with.")
    chart: str | None = Field(None, description="Chart name, local path or oci:// reference. Default: upstream's.")
    repository: str | None = Field(None, description="Chart repository. Default: upstream's, or none with `chart`.")
    namespace: KubeName | None = Field(None, description="Namespace, created by this stack. Default: the stack's own.")
    values: dict[str, object] = Field(default_factory=dict, description="Chart values, merged over Portico's.")
    timeout: int = Field(600, ge=30, le=7200, description="Seconds to wait until it is ready.")


class ExistingController(Base):
    """A controller that the cluster already has; this stack puts a load balancer Service of its own before its pods."""

    namespace: KubeName = Field(description="Where the controller's pods run; the Service must stand beside them.")
    selector: dict[str, str] = Field(min_length=1, description="Labels that pick the controller's pods.")
    service: KubeName = Field(
        "portico", description="Name of the Service that this stack makes: the controller publishes its address."
    )
    target_ports: TargetPorts = Field(default_factory=TargetPorts)


class ControllerSettings(OneOf):
    """Whether the controller is installed or already there."""

    what: ClassVar[str] = "controller"
    helm: HelmController | None = None
    existing: ExistingController | None = None


class Entered(Base):
    """What every entrypoint has: two ports, and a time within which it must stand."""

    ports: Ports = Field(default_factory=Ports, description="Ports that clients use.")
    timeout: int = Field(600, ge=10, le=7200, description="Seconds to wait for the address.")


class LoadBalanced(Entered):
    """An entrypoint in the cluster, behind a load balancer."""

    address: AddressSettings = Field(default_factory=AddressSettings)
    load_balancer: LoadBalancerSettings | None = Field(
        None, description="The load balancer before the controller, where the cloud leaves a choice (aws: nlb)."
    )
    service_annotations: dict[str, str] = Field(
        default_factory=dict, description="Added to the load balancer Service, for the cluster's load balancer."
    )


def _helm() -> ControllerSettings:
    return ControllerSettings(helm=HelmController())


class TraefikEntrypoint(LoadBalanced):
    """Ingress objects served by Traefik."""

    class_name: Annotated[KubeName, Field(alias="class")] = "traefik"
    controller: ControllerSettings = Field(default_factory=_helm)


class NginxEntrypoint(LoadBalanced):
    """Ingress objects served by ingress-nginx (retired upstream in March 2026: no more security fixes)."""

    class_name: Annotated[KubeName, Field(alias="class")] = "nginx"
    controller: ControllerSettings = Field(default_factory=_helm)


class GatewayEntrypoint(LoadBalanced):
    """Gateway API: one Gateway, one route per site."""

    class_name: Annotated[KubeName, Field(alias="class", description="GatewayClass.")] = "traefik"
    controller: ControllerSettings | None = Field(
        None,
        description="The controller behind the class: installed (Traefik), or existing and in need of a load balancer"
        " Service. Default: the class's controller makes its own load balancer and takes the Gateway's address.",
    )
    listeners: Ports | None = Field(
        None, description="Ports that the Gateway names. Default: `ports`; 8000 and 8443 for Traefik by Helm."
    )
    ssl_policy: SslPolicy = Field(default_factory=SslPolicy, description="Of a class of GKE's.")
    load_balancing: LoadBalancing = Field(default_factory=LoadBalancing, description="Of a class of GKE's.")

    @property
    def of_gke(self) -> bool:
        """Whether GKE's own controller stands behind the class."""
        return self.class_name in (*GLOBAL_CLASSES, *REGIONAL_CLASSES)


class GceEntrypoint(Entered):
    """GKE: Google's global load balancer, made by GKE's own controller from one Ingress per namespace of sites."""

    address: AddressSettings = Field(default_factory=AddressSettings, description="One for each namespace of sites.")
    allow_http: bool = Field(
        True, description="Answer on port 80: with a redirect to https, or as `https_redirect` of the sites says."
    )
    ssl_policy: SslPolicy = Field(default_factory=SslPolicy)
    load_balancing: LoadBalancing = Field(default_factory=LoadBalancing)
    annotations: dict[str, str] = Field(default_factory=dict, description="Added to every Ingress.")


class AlbEntrypoint(Entered):
    """AWS: an Application Load Balancer that ends TLS with ACM certificates and sends requests to pods, one for all sites."""

    scheme: Scheme = Field(description="Who reaches it.")
    class_name: Annotated[KubeName, Field(alias="class")] = "alb"
    name: BalancerName | None = Field(None, description="Its name in the region. Default: the stack's.")
    target_type: Literal["ip", "instance"] = Field("ip", description="ip: pods directly. instance: by NodePorts.")
    subnets: list[Subnet] = Field(default_factory=list, description="Two or more. Default: found by their tags, one per zone.")
    security_groups: list[SecurityGroup] = Field(default_factory=list, description="Default: one of its own.")
    inbound_cidrs: list[Cidr] = Field(
        default_factory=list, description="Networks that are let in. Default: anywhere for internet-facing, else private ones."
    )
    tls_policy: TlsPolicy = Field(TLS_POLICY, description="TLS versions and ciphers.")
    dualstack: bool = Field(False, description="IPv6 as well, in subnets that have it; every host gets an AAAA record too.")
    waf: WebAcl | None = Field(None, description="WAFv2 web ACL (ARN) before it. Default: none.")
    access_logs: AccessLogs | None = Field(None, description="Default: none are kept.")
    attributes: Attributes = Field(default_factory=dict, description="Further load balancer attributes.")
    annotations: dict[str, str] = Field(default_factory=dict, description="Added to the Ingress of every site.")

    @model_validator(mode="after")
    def _let_in_once(self) -> AlbEntrypoint:
        if self.security_groups and self.inbound_cidrs:
            raise ValueError(
                "security_groups of your own say who is let in: leave inbound_cidrs out, or let the controller make a group"
            )
        return self


class EntrypointSettings(OneOf):
    """How traffic enters; changing the key moves every site."""

    what: ClassVar[str] = "entrypoint"
    gateway: GatewayEntrypoint | None = None
    traefik: TraefikEntrypoint | None = None
    nginx: NginxEntrypoint | None = None
    alb: AlbEntrypoint | None = None
    gce: GceEntrypoint | None = None

    @property
    def by_google(self) -> bool:
        """Whether a load balancer of Google's own ends TLS and sends requests to pods."""
        return self.gce is not None or (self.gateway is not None and self.gateway.of_gke)

    @property
    def scope(self) -> Scope:
        """Where Google's networks must reach the address: what stands behind it leaves no choice."""
        if self.gce is not None or (self.gateway is not None and self.gateway.class_name in GLOBAL_CLASSES):
            return "global"
        return "regional"
