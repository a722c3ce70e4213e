"""The whole stack file as one value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Literal

from pydantic import Field

from components.settings.aws import balancer_name
from components.settings.base import Base, Key, KubeName, StackName
from components.settings.certificates import (
    AcmeSettings,
    CertificateSettings,
    CertManagerSettings,
    HelmCertManager,
    PrivateCa,
)
from components.settings.cloud import CloudSettings, ZoneOptions, ZoneSettings
from components.settings.cluster import ClusterSettings
from components.settings.entrypoint import EntrypointSettings
from components.settings.gcp_names import account_id
from components.settings.health import HealthCheck
from components.settings.hosts import Host, covering, enclosing
from components.settings.services import ServiceSettings
from components.settings.sites import NamespaceSettings, SiteSettings


class Settings(Base):
    """One environment's front door. Each field is the key `portico:<field>` of the stack file."""

    cluster: ClusterSettings
    cloud: CloudSettings
    zone: ZoneSettings
    other_zones: dict[Host, ZoneOptions] = Field(
        default_factory=dict, description="Further zones whose hosts sites and certificates may use."
    )
    entrypoint: EntrypointSettings
    certificates: dict[Key, CertificateSettings] = Field(min_length=1)
    sites: dict[Key, SiteSettings] = Field(min_length=1)
    services: dict[KubeName, ServiceSettings] = Field(default_factory=dict)
    acme: AcmeSettings = Field(default_factory=AcmeSettings)
    private_ca: PrivateCa | None = None
    cert_manager: CertManagerSettings = Field(default_factory=lambda: CertManagerSettings(helm=HelmCertManager()))
    namespaces: dict[KubeName, NamespaceSettings] = Field(default_factory=dict)
    allow_unknown_annotations: list[str] = Field(
        default_factory=list,
        description="Annotations that are let through although no controller is known to read them; * is any text.",
    )
    protect: bool = True
    preflight: bool = True
    stack: StackName = "portico"

    @property
    def name(self) -> str:
        """Prefix of what must be unique in the cluster, and the namespace of the stack's own objects."""
        return self.stack if self.stack == "portico" else f"portico-{self.stack}"

    @cached_property
    def hosts(self) -> list[str]:
        """Every host of every site, in the order of the stack file."""
        return [host for site in self.sites.values() for host in site.hosts]

    @property
    def pointed_hosts(self) -> list[str]:
        """Hosts that need a record: those of the sites, and those that a CA will visit to prove them."""
        proven = [host for key, entry in self.certificates.items() if self.by_http01(key) for host in entry.chosen.hosts]
        return list(dict.fromkeys([*self.hosts, *proven]))

    @cached_property
    def zones(self) -> dict[str, ZoneSettings]:
        """Every zone of the stack by its name, the main one first."""
        others = (
            ZoneSettings(name=name, existing=options.existing, dnssec=options.dnssec)
            for name, options in self.other_zones.items()
        )
        return {zone.name: zone for zone in (self.zone, *others)}

    def zone_of(self, host: str) -> str | None:
        """The zone that a host's records belong in: the most specific one; None if it is in none."""
        return enclosing(self.zones, host)

    @property
    def balancer_names(self) -> dict[tuple[str, str], str]:
        """Names of the load balancers at AWS, by the part of the stack file that asks for them."""
        chosen = self.entrypoint.chosen
        found: dict[tuple[str, str], str] = {}
        if self.entrypoint.alb is not None:
            found["entrypoint", "alb"] = chosen.name or balancer_name(self.name)
        elif self.entrypoint.gce is None and chosen.load_balancer is not None:
            found["entrypoint", self.entrypoint.kind] = chosen.load_balancer.chosen.name or balancer_name(self.name)
        for key, service in self.services.items():
            if service.load_balancer is not None:
                found["services", key] = service.load_balancer.chosen.name or balancer_name(f"{self.name}-{key}")
        return found

    @property
    def service_type(self) -> Literal["ClusterIP", "NodePort"]:
        """The type of Services that the entrypoint leads to: it may reach them by ports on the nodes."""
        return "NodePort" if self.entrypoint.alb is not None and self.entrypoint.alb.target_type == "instance" else "ClusterIP"

    @property
    def by_cert_manager(self) -> bool:
        """Whether any certificate is one that cert-manager has to get."""
        return any(entry.by_cert_manager for entry in self.certificates.values())

    @property
    def early_certificates(self) -> list[str]:
        """Certificates that can be had before the entrypoint answers."""
        return [key for key in self.certificates if not self.is_late(key)]

    @property
    def late_certificates(self) -> list[str]:
        """Certificates that are proven through the entrypoint."""
        return [key for key in self.certificates if self.is_late(key)]

    def is_late(self, key: str) -> bool:
        """Whether a certificate can only be had through an entrypoint that already answers."""
        return self.by_http01(key) or (self.entrypoint.gce is not None and self.certificates[key].google_managed is not None)

    def certificates_for(self, hosts: Iterable[str]) -> list[str]:
        """The certificates that hosts are served with."""
        return sorted({key for host in hosts if (key := self.certificate_for(host)) is not None})

    def services_of(self, site: SiteSettings) -> list[str]:
        """The Services of the stack file that a site's paths lead to."""
        wanted = dict.fromkeys(backend.service for backend in site.paths.values())
        return [name for name in wanted if name in self.services and self.services[name].namespace == site.namespace]

    def by_http01(self, key: str) -> bool:
        """Whether a CA visits a certificate's hosts to see that they are ours."""
        acme = self.certificates[key].acme
        return acme is not None and acme.challenge == "http-01"

    @property
    def urls(self) -> list[str]:
        """Where a person finds the sites: one URL per host and path."""
        port = self.entrypoint.chosen.ports.https
        suffix = "" if port == 443 else f":{port}"
        return [
            f"https://{host}{suffix}{path}"
            for site in self.sites.values()
            for host in site.hosts
            for path in (site.paths or ["/"])
        ]

    def certificate_for(self, host: str) -> str | None:
        """The key of the certificate that serves a host: one that names it before one that covers it by wildcard."""
        pattern = covering(self.certified, host)
        return None if pattern is None else self.certified[pattern]

    @cached_property
    def certified(self) -> dict[str, str]:
        """The key of its certificate by each host and wildcard that certificates name."""
        return {pattern: key for key, entry in self.certificates.items() for pattern in entry.chosen.hosts}

    @cached_property
    def shown_by(self) -> dict[str, list[str]]:
        """The sites that show a certificate, by the certificate's key."""
        found: dict[str, list[str]] = {}
        for name, site in self.sites.items():
            for key in self.certificates_for(site.hosts):
                found.setdefault(key, []).append(name)
        return found

    def serving_certificate(self, host: str) -> str:
        """The same for a host of a checked site. Raises LookupError if no certificate covers it."""
        key = self.certificate_for(host)
        if key is None:
            raise LookupError(f"no certificate covers {host}")
        return key

    def certificate_namespaces(self, key: str) -> list[str]:
        """Namespaces that need the certificate.

        An Ingress reads Secrets in its own namespace. A Gateway shows one for all sites: it lies beside the Gateway, or where an
        Ingress would have it, so that moving from one to the other asks for nothing anew (see `moves_new_first`).
        """
        used = sorted({self.sites[name].namespace for name in self.shown_by.get(key, [])})
        if self.entrypoint.gateway is None:
            return used
        return used[:1] if used and self.moves_new_first else [self.name]

    @property
    def way(self) -> str:
        """The entrypoint by its kind, GKE's own Gateways told apart."""
        own = self.entrypoint.gateway
        return "gateway of GKE" if own is not None and own.of_gke else self.entrypoint.kind

    @property
    def moves_new_first(self) -> bool:
        """Whether another entrypoint is made beside the old one, which goes when the records have left it.

        That takes an address for each, which a cloud has and a cluster of one's own may not.
        """
        return self.cloud.gcp is not None

    @property
    def mark(self) -> str:
        """Behind the names of what belongs to one entrypoint, where another may stand beside it for a while."""
        if not self.moves_new_first:
            return ""
        # A Gateway of GKE is for the whole world or for a region, and cannot become the other.
        of_gke = "-gke" if self.entrypoint.scope == "global" else "-gke-regional"
        return f".{self.way.replace(' of GKE', of_gke)}"

    def probed(self, site: SiteSettings) -> list[str]:
        """URLs of a site that have to be answered at its address before its names lead there.

        Of Google's load balancers, which answer some time after they stand. By https, unless no certificate can be there yet;
        none where this machine is not to ask (`preflight`), or where nothing could answer.
        """
        if not self.entrypoint.by_google or not self.preflight:
            return []
        gce = self.entrypoint.gce
        found: list[str] = []
        for host in site.hosts:
            key = self.certificate_for(host)
            unproven = gce is not None and key is not None and self.certificates[key].google_managed is not None
            if not unproven or (gce is not None and gce.allow_http):
                found.append(f"{'http' if unproven else 'https'}://{host}{next(iter(site.paths), '/')}")
        return found

    @property
    def front_key(self) -> str:
        """What tells the load balancer of this entrypoint apart from that of another, where each has its own address.

        An existing controller is its Service: entrypoints that go through the same one keep its address.
        """
        controller = getattr(self.entrypoint.chosen, "controller", None)
        if controller is not None and controller.existing is not None:
            return f"{controller.existing.namespace}.{controller.existing.service}"
        return self.mark.removeprefix(".")

    @property
    def shared_namespaces(self) -> set[str]:
        """Namespaces of what all sites share: the stack's own, the controller's, cert-manager's."""
        controller = getattr(self.entrypoint.chosen, "controller", None)
        controllers = controller.chosen.namespace if controller is not None else None
        return {self.name, self.cert_manager.namespace, *([controllers] if controllers else [])}

    @property
    def site_namespaces(self) -> list[str]:
        """Namespaces that sites are in."""
        return list(self.sites_by_namespace)

    @cached_property
    def sites_by_namespace(self) -> dict[str, list[SiteSettings]]:
        """The sites of each namespace."""
        found: dict[str, list[SiteSettings]] = {}
        for site in sorted(self.sites.values(), key=lambda each: each.namespace):
            found.setdefault(site.namespace, []).append(site)
        return found

    def makes_service(self, namespace: str, service: str) -> bool:
        """Whether a Service that sites lead to is one of this stack's."""
        return (namespace, service) in self._made_services

    @cached_property
    def _made_services(self) -> set[tuple[str, str]]:
        declared = {(service.namespace, name) for name, service in self.services.items()}
        return declared | {
            (site.namespace, to.service) for site in self.sites.values() if site.demo for to in site.paths.values()
        }

    @cached_property
    def health_checks(self) -> dict[tuple[str, str], dict[int, HealthCheck]]:
        """How each Service that sites lead to is asked for health where a load balancer asks: by namespace and name, then port.

        Said for every one, also where it is the default: GKE would else infer it from pods, once (kubernetes/ingress-gce:
        pkg/controller/translator), or ask for "/".
        """
        found: dict[tuple[str, str], dict[int, HealthCheck]] = {}
        for site in self.sites.values():
            for backend in site.paths.values():
                ports = found.setdefault((site.namespace, backend.service), {})
                if backend.health is not None or backend.port not in ports:
                    ports[backend.port] = backend.health or HealthCheck()
        return found

    def made_here(self, site: SiteSettings, service: str) -> bool:
        """Whether this stack makes the pods behind a Service that a site leads to."""
        if service in self.services and self.services[service].namespace == site.namespace:
            return self.services[service].demo
        return site.demo

    def next_steps(self) -> list[str]:
        """What is left for a person to do."""
        steps = [f"the parent zone must delegate {self.zone.name} to the name_servers above, if it does not yet"]
        steps += [f"{name} likewise, to its other_name_servers" for name in self.other_zones]
        proven = {entry.acme.challenge for entry in self.certificates.values() if entry.acme}
        if self.cloud.aws is not None and "dns-01" in proven and self.cert_manager.existing is not None:
            by_pod = self.cloud.aws.identity.pod_identity is not None
            how = "restart its pods" if by_pod else "annotate its service account with the role's ARN"
            steps.append(f"cert-manager was there before its role {self.name}-cert-manager: {how} once")
        by_account = self.cloud.gcp is not None and self.cloud.gcp.identity.service_account is not None
        if by_account and "dns-01" in proven and self.cert_manager.existing is not None:
            account = account_id(self.name, "cert-manager")
            steps.append(
                f"cert-manager was there before its account {account}: annotate its service account with"
                " iam.gke.io/gcp-service-account and the account's address once"
            )
        steps += [
            f"{zone.name} is signed: once it is delegated, the parent zone must hold its DS record (gcloud dns dns-keys list)"
            for zone in self.zones.values()
            if zone.dnssec
        ]
        if any(entry.acme for entry in self.certificates.values()) and self.acme.environment == "staging":
            steps.append("certificates are from staging, which browsers do not trust: set portico:acme.environment to production")
        return steps


def stack_label(stack: str) -> str:
    """A Pulumi stack's name as Kubernetes accepts it in names: lower case, dashes for all else."""
    return re.sub(r"[^a-z0-9]+", "-", stack.lower()).strip("-")[:31].rstrip("-") or "portico"
