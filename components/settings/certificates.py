"""`portico:certificates`, `portico:acme`, `portico:private_ca`, `portico:cert_manager`: who vouches for the hosts."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, SecretStr

from components.settings.base import Base, KubeName, OneOf
from components.settings.hosts import HostPattern
from components.settings.pem import check_ca_bundle, dns_names, load_certificates
from components.settings.problems import shown

Environment = Literal["staging", "production"]
Challenge = Literal["dns-01", "http-01"]

#: Seconds that a certificate is awaited. DNS-01 on a real zone takes one to three minutes; five leaves room.
DEFAULT_TIMEOUT = 300

#: Let's Encrypt's and most CAs' limit of names in one certificate (letsencrypt.org/docs/profiles, "classic").
MAX_NAMES = 100


def _check_directory(url: str) -> str:
    if not url.startswith("https://"):
        raise ValueError(f"{shown(url)}: an ACME directory is reached over https (RFC 8555, section 6.1)")
    return url


CaBundle = Annotated[str, AfterValidator(check_ca_bundle)]


class Directory(Base):
    """An ACME server."""

    url: Annotated[str, AfterValidator(_check_directory)] = Field(description="Its directory: https://…")
    ca_bundle: CaBundle | None = Field(
        None, description="CA certificates (PEM) that vouch for the server itself. Default: the system's."
    )


def _letsencrypt(name: str) -> Directory:
    return Directory(url=f"https://{name}.api.letsencrypt.org/directory")


class Directories(Base):
    """The two servers between which `environment` chooses. Default: Let's Encrypt's."""

    staging: Directory = Field(default_factory=lambda: _letsencrypt("acme-staging-v02"))
    production: Directory = Field(default_factory=lambda: _letsencrypt("acme-v02"))


class Wait(Base):
    """How long to wait instead of letting cert-manager check a challenge itself, in seconds.

    By DNS-01 only: a certificate by HTTP-01 is asked for before its route answers, and cert-manager's own check is what
    keeps the CA from looking too early.
    """

    dns_01: int | None = Field(None, alias="dns-01", ge=1, le=3600, description="Default: cert-manager checks itself.")

    def seconds(self, challenge: Challenge) -> int | None:
        """The wait for a challenge, or None where cert-manager checks by itself."""
        return self.dns_01 if challenge == "dns-01" else None


class AcmeSettings(Base):
    """The ACME account and servers that `acme` certificates come from."""

    environment: Environment = Field(
        "staging", description="staging: untrusted, for trying out. production: trusted, with weekly limits."
    )
    email: str | None = Field(None, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="Contact of the account.")
    directories: Directories = Field(default_factory=Directories)
    wait_instead_of_self_check: Wait = Field(
        default_factory=Wait,
        description="For networks where cert-manager cannot see its own challenges as the CA does.",
    )

    @property
    def directory(self) -> Directory:
        """The server that `environment` chooses."""
        return self.directories.production if self.environment == "production" else self.directories.staging


class PrivateCa(Base):
    """A certificate authority of one's own, which signs `private_ca` certificates inside the cluster."""

    certificate: str = Field(description="The CA certificate (PEM), intermediates behind it.")
    key: SecretStr = Field(description="Its private key (PEM); set it with --secret.")


class _Names(Base):
    hosts: list[HostPattern] = Field(min_length=1, max_length=MAX_NAMES, description="Names; *.zone for all of one level.")
    timeout: int = Field(DEFAULT_TIMEOUT, ge=10, le=7200, description="Seconds to wait until it is issued.")


class AcmeCertificate(_Names):
    """A certificate from an ACME server."""

    challenge: Challenge = Field("dns-01", description="How the names are proven; a wildcard needs dns-01.")


class PrivateCertificate(_Names):
    """A certificate from `portico:private_ca`."""


class AcmCertificate(_Names):
    """A certificate of AWS Certificate Manager for load balancers of AWS, proven by records in this stack's zones."""

    timeout: int = Field(900, ge=10, le=7200, description="Seconds to wait until it is issued.")
    key_algorithm: Literal["RSA_2048", "EC_prime256v1", "EC_secp384r1"] = Field(
        "EC_prime256v1", description="Its key; every client of the last decade takes P-256."
    )


class GoogleManagedCertificate(_Names):
    """A certificate that Google gets and renews for its own load balancers.

    With `gce` a ManagedCertificate, which is proven once its hosts lead to the load balancer. With `gateway` and a class of GKE's
    one of Certificate Manager, proven by records in this stack's zones, so that wildcards can be had.
    """

    timeout: int = Field(3600, ge=10, le=7200, description="Seconds to wait until it is active; Google speaks of up to an hour.")


class ProvidedCertificate(Base):
    """A certificate of one's own; its hosts are those that it names itself."""

    certificate: str = Field(description="The certificate (PEM), intermediates behind it.")
    key: SecretStr = Field(description="Its private key (PEM); set it with --secret.")

    @cached_property
    def hosts(self) -> list[str]:
        """DNS names that the certificate names; none where it cannot be read, which `checks` says."""
        try:
            return dns_names(load_certificates(self.certificate)[0])
        except ValueError:
            return []

    @property
    def not_after(self) -> str:
        """When it ends (RFC 3339)."""
        return f"{load_certificates(self.certificate)[0].not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"

    @property
    def digest(self) -> str:
        """A mark of its content, without its key."""
        return hashlib.sha256(self.certificate.encode()).hexdigest()[:8]


class CertificateSettings(OneOf):
    """One certificate: the key picks its source."""

    what: ClassVar[str] = "certificate source"
    acme: AcmeCertificate | None = None
    private_ca: PrivateCertificate | None = None
    provided: ProvidedCertificate | None = None
    acm: AcmCertificate | None = None
    google_managed: GoogleManagedCertificate | None = None

    @property
    def by_cert_manager(self) -> bool:
        """Whether cert-manager gets it."""
        return self.acme is not None or self.private_ca is not None

    @property
    def in_secret(self) -> bool:
        """Whether it lies in the cluster, its key beside it; a cloud's own stays with the cloud."""
        return self.acm is None and self.google_managed is None


class ExistingCertManager(Base):
    """A cert-manager that the cluster already has."""

    namespace: KubeName = Field(
        "cert-manager", description="Its cluster resource namespace: where it reads the Secrets of ClusterIssuers."
    )


class HelmCertManager(Base):
    """A cert-manager that this stack installs by Helm."""

    version: str = Field("v1.21.2", description="Chart version.")
    chart: str = Field("cert-manager", description="Chart name, local path or oci:// reference.")
    repository: str | None = Field(
        "https://charts.jetstack.io", description="Chart repository; null for a local path or oci:// reference."
    )
    namespace: KubeName = "cert-manager"
    values: dict[str, object] = Field(default_factory=dict, description="Chart values, merged over Portico's.")
    timeout: int = Field(600, ge=30, le=7200, description="Seconds to wait until it is ready.")


class CertManagerSettings(OneOf):
    """Whether cert-manager is installed or already there."""

    what: ClassVar[str] = "cert-manager"
    helm: HelmCertManager | None = None
    existing: ExistingCertManager | None = None

    @property
    def namespace(self) -> str:
        """Where cert-manager reads the Secrets of ClusterIssuers."""
        chosen: HelmCertManager | ExistingCertManager = self.chosen
        return chosen.namespace
