"""Everything about certificates of a stack, in order: cert-manager, issuers, certificates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pulumi

from components.cluster import Cluster
from components.names import inside
from components.settings import Settings
from components.trust.cert_manager import CertManager
from components.trust.certificate import SWEEP_LABEL, Certificate
from components.trust.issuer import AcmeIssuer, PrivateCaIssuer, account_secret
from components.trust.managed import ManagedCertificate
from components.trust.resources import Issuance, Sweep
from components.trust.solvers import Dns01


class CertificateKeeper(Protocol):
    """What Trust needs of a cloud."""

    def dns01(self, namespace: str) -> Dns01:
        """How cert-manager, which runs in that namespace, proves names by DNS."""

    def certificate(self, key: str, wanted: Any) -> ManagedCertificate:
        """A certificate of the cloud's own; settings ask for none where it has none."""


def secret_name(settings: Settings, key: str) -> str:
    """The Secret of a certificate, by its key in the stack file.

    Staging and production have Secrets of their own, so that going back and forth asks for nothing twice. The exception: a
    Gateway must stand before HTTP-01 can prove anything, so it has to name the Secret before there is one, and keeps that name.
    """
    acme = settings.certificates[key].acme
    if acme is None or (settings.by_http01(key) and settings.entrypoint.gateway is not None):
        return f"{key}-tls"
    # A dot stands in no key, so that no two certificates can share a Secret.
    return f"{key}.{settings.acme.environment}-tls"


@dataclass(frozen=True)
class Issued:
    """Certificates that are there to be shown."""

    #: What to depend on.
    resources: list[pulumi.Resource]
    #: The cloud's names of those that it keeps itself; others are Secrets (see `secret_name`).
    references: list[pulumi.Output[str]]


class Trust(pulumi.ComponentResource):
    """Creates cert-manager (unless it exists, or nothing needs it), the issuers in use, and on `request` each certificate.

    When one is waited for (`issue`) is the caller's decision: by HTTP-01 it needs the entrypoint, by DNS-01 it does not. A
    certificate
    that the cloud keeps is the cloud's to make.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        cluster: Cluster,
        cloud: CertificateKeeper,
        http01: dict[str, Any] | None,
        front: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:trust:Trust", "trust", None, opts)
        self._settings = settings
        self._cluster = cluster
        self._certificates: dict[str, list[Certificate]] = {}
        self._issued: dict[str, list[Issuance]] = {}
        self._cloud = cloud
        self._kept: dict[str, ManagedCertificate] = {}
        self._child = inside(self, opts)
        self._ready: list[pulumi.Resource] = []
        self.issuers: dict[str, str] = {}
        if settings.by_cert_manager:
            self._open_issuers(http01, front)
        self.register_outputs({"issuers": self.issuers})

    def _open_issuers(self, http01: dict[str, Any] | None, front: Sequence[pulumi.Resource]) -> None:
        settings, cluster = self._settings, self._cluster
        gateway = settings.entrypoint.gateway is not None
        # With Gateway API, its CRDs come first: a controller's release may bring them.
        challenges = {entry.acme.challenge for entry in settings.certificates.values() if entry.acme is not None}
        dns01 = self._cloud.dns01(settings.cert_manager.namespace) if "dns-01" in challenges else Dns01({})
        before = [*(front if gateway else []), *dns01.rights]
        manager = CertManager(
            settings.cert_manager, gateway=gateway, account_annotations=dns01.account_annotations, opts=self._after(before)
        )
        # First made, hence last deleted: cert-manager would make a Secret again as long as its Certificate stands.
        self._sweep = Sweep(
            "secrets",
            cluster=cluster,
            selector=f"{SWEEP_LABEL}={settings.name}",
            secrets=[f"{manager.namespace}/{account_secret(settings.name, each)}" for each in ("staging", "production")],
            opts=self._after(manager.ready),
        )
        issuing = self._after([*manager.ready, *dns01.rights, self._sweep])
        self._ready = [self._sweep]
        if challenges:
            by_http = http01 if "http-01" in challenges else None
            acme = AcmeIssuer(settings.name, settings.acme, manager.namespace, dns01.solvers, by_http, issuing)
            self.issuers["acme"] = acme.name
            self._ready.append(acme)
        if settings.private_ca is not None:
            ca = PrivateCaIssuer(settings.name, settings.private_ca, manager.namespace, issuing)
            self.issuers["private_ca"] = ca.name
            self._ready.append(ca)

    def request(self, key: str) -> None:
        """Asks for the certificate, in every namespace that needs it; nothing is waited for."""
        settings, entry = self._settings, self._settings.certificates[key]
        if entry.acm is not None:
            self._kept[key] = self._cloud.certificate(key, entry.acm)
            return
        by_gateway = settings.entrypoint.gateway is not None
        self._certificates[key] = [
            Certificate(
                key if by_gateway else f"{key}/{namespace}",
                stack=settings.name,
                cluster=self._cluster,
                namespace=namespace,
                hosts=entry.chosen.hosts,
                issuer=self.issuers[entry.kind],
                challenge=entry.acme.challenge if entry.acme else None,
                secret_name=secret_name(settings, key),
                # A Gateway with a listener whose Secret is missing is not accepted (Traefik), or is in part (others).
                temporary=by_gateway and settings.by_http01(key),
                timeout=entry.chosen.timeout,
                opts=self._after(self._ready),
            )
            for namespace in settings.certificate_namespaces(key)
        ]

    def requested(self, keys: Sequence[str]) -> list[pulumi.Resource]:
        """What to depend on where it is enough that these certificates are asked for."""
        return [certificate.requested for key in keys for certificate in self._certificates.get(key, [])]

    def issue(self, key: str, depends_on: Sequence[pulumi.Resource] = ()) -> None:
        """Waits until the certificate is issued; `depends_on` is what its challenge needs."""
        if key not in self._kept:
            self._issued[key] = [certificate.issue(depends_on) for certificate in self._certificates[key]]

    def issued(self, keys: Sequence[str]) -> Issued:
        """These certificates, for what shows them."""
        kept = [self._kept[key] for key in keys if key in self._kept]
        waited = [issuance for key in keys for issuance in self._issued.get(key, [])]
        return Issued([*waited, *(each.issued for each in kept)], [each.reference for each in kept])

    @property
    def expiries(self) -> dict[str, pulumi.Input[str]]:
        """When each certificate ends (RFC 3339), or who sees to it that it does not, by its key."""
        known: dict[str, pulumi.Input[str]] = {key: made[0].not_after for key, made in self._issued.items() if made}
        return known | dict.fromkeys(self._kept, "renewed by the cloud")

    def _after(self, resources: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=resources))
