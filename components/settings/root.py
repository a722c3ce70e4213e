"""The whole stack file as one value."""

from __future__ import annotations

import re

from pydantic import Field

from components.settings.base import Base, Key, KubeName, StackName
from components.settings.certificates import (
    AcmeSettings,
    CertificateSettings,
    CertManagerSettings,
    HelmCertManager,
    PrivateCa,
)
from components.settings.cloud import CloudSettings, ZoneSettings
from components.settings.cluster import ClusterSettings
from components.settings.entrypoint import EntrypointSettings
from components.settings.hosts import covering
from components.settings.sites import NamespaceSettings, SiteSettings


class Settings(Base):
    """One environment's front door. Each field is the key `portico:<field>` of the stack file."""

    cluster: ClusterSettings
    cloud: CloudSettings
    zone: ZoneSettings
    entrypoint: EntrypointSettings
    certificates: dict[Key, CertificateSettings] = Field(min_length=1)
    sites: dict[Key, SiteSettings] = Field(min_length=1)
    acme: AcmeSettings = Field(default_factory=AcmeSettings)
    private_ca: PrivateCa | None = None
    cert_manager: CertManagerSettings = Field(default_factory=lambda: CertManagerSettings(helm=HelmCertManager()))
    namespaces: dict[KubeName, NamespaceSettings] = Field(default_factory=dict)
    protect: bool = True
    preflight: bool = True
    stack: StackName = "portico"

    @property
    def name(self) -> str:
        """Prefix of what must be unique in the cluster, and the namespace of the stack's own objects."""
        return self.stack if self.stack == "portico" else f"portico-{self.stack}"

    @property
    def hosts(self) -> list[str]:
        """Every host of every site, in the order of the stack file."""
        return [host for site in self.sites.values() for host in site.hosts]

    @property
    def pointed_hosts(self) -> list[str]:
        """Hosts that need a record: those of the sites, and those that a CA will visit to prove them."""
        proven = [host for key, entry in self.certificates.items() if self.by_http01(key) for host in entry.chosen.hosts]
        return list(dict.fromkeys([*self.hosts, *proven]))

    @property
    def early_certificates(self) -> list[str]:
        """Certificates that can be had before the entrypoint answers."""
        return [key for key in self.certificates if not self.by_http01(key)]

    @property
    def late_certificates(self) -> list[str]:
        """Certificates that are proven through the entrypoint."""
        return [key for key in self.certificates if self.by_http01(key)]

    def certificates_of(self, site: SiteSettings) -> list[str]:
        """The certificates that a site's hosts are served with."""
        return sorted({key for host in site.hosts if (key := self.certificate_for(host)) is not None})

    def by_http01(self, key: str) -> bool:
        """Whether a certificate can only be had through an entrypoint that already answers."""
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
        owner = {pattern: key for key, entry in self.certificates.items() for pattern in entry.chosen.hosts}
        pattern = covering(owner, host)
        return None if pattern is None else owner[pattern]

    def serving_certificate(self, host: str) -> str:
        """The same for a host of a checked site. Raises LookupError if no certificate covers it."""
        key = self.certificate_for(host)
        if key is None:
            raise LookupError(f"no certificate covers {host}")
        return key

    def certificate_namespaces(self, key: str) -> list[str]:
        """Namespaces that need the certificate's Secret.

        A Gateway reads Secrets beside itself, so one copy serves all sites; an Ingress reads them in its own namespace.
        """
        if self.entrypoint.gateway is not None:
            return [self.name]
        return sorted({site.namespace for site in self.sites.values() if any(self.certificate_for(h) == key for h in site.hosts)})

    def next_steps(self) -> list[str]:
        """What is left for a person to do."""
        steps = [f"the parent zone must delegate {self.zone.name} to the name_servers above, if it does not yet"]
        if any(entry.acme for entry in self.certificates.values()) and self.acme.environment == "staging":
            steps.append("certificates are from staging, which browsers do not trust: set portico:acme.environment to production")
        return steps

    def warnings(self) -> list[str]:
        """What is allowed, but better known."""
        found = []
        if self.entrypoint.nginx is not None:
            found.append(
                "portico:entrypoint.nginx: ingress-nginx was retired in March 2026 and gets no security fixes;"
                " `traefik` and `gateway` serve the same sites"
            )
        return found


def stack_label(stack: str) -> str:
    """A Pulumi stack's name as Kubernetes accepts it in names: lower case, dashes for all else."""
    return re.sub(r"[^a-z0-9]+", "-", stack.lower()).strip("-")[:31].rstrip("-") or "portico"
