"""Everything about certificates of a stack, in order: cert-manager, issuers, certificates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pulumi

from components.cluster import Cluster
from components.names import inside
from components.places import Places
from components.settings import Settings
from components.trust.cert_manager import CertManager
from components.trust.certificate import SWEEP_LABEL, Certificate
from components.trust.google import GoogleManaged, managed_name
from components.trust.issuer import AcmeIssuer, PrivateCaIssuer, account_secret
from components.trust.managed import ManagedCertificate
from components.trust.provided import ProvidedCertificate
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

    Staging and production have Secrets of their own, so that going back and forth asks for nothing twice. A certificate that is
    provided has its content in the name: another one is another Secret, and what shows the old one moves to it before that goes.
    """
    entry = settings.certificates[key]
    # A dot stands in no key, so that no two certificates can share a Secret.
    if entry.acme is not None:
        return f"{key}.{settings.acme.environment}-tls"
    return f"{key}.{entry.provided.digest}-tls" if entry.provided is not None else f"{key}-tls"


@dataclass(frozen=True)
class Issued:
    """Certificates that are there to be shown."""

    #: What to depend on: each is issued, or asked for with a temporary one in its place until it can be proven.
    resources: list[pulumi.Resource]
    #: The cloud's names of those that it keeps itself; others are Secrets (see `secret_name`).
    references: list[pulumi.Output[str]]


class Trust(pulumi.ComponentResource):
    """Creates cert-manager (unless it exists, or nothing needs it), the issuers in use, and on `request` each certificate.

    When one is waited for (`issue`) is the caller's decision: by HTTP-01 it needs the entrypoint, by DNS-01 it does not. A
    certificate that the cloud keeps is the cloud's to make.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        cluster: Cluster,
        cloud: CertificateKeeper,
        http01: dict[str, Any] | None,
        front: Sequence[pulumi.Resource],
        places: Places,
    ) -> None:
        super().__init__("portico:trust:Trust", "trust", None, places.shared)
        self._settings = settings
        self._cluster = cluster
        self._certificates: dict[str, list[Certificate]] = {}
        self._issued: dict[str, list[Issuance]] = {}
        self._provided: dict[str, ProvidedCertificate] = {}
        self._managed: dict[str, list[GoogleManaged]] = {}
        self._active: dict[str, list[pulumi.Resource]] = {}
        self._cloud = cloud
        self._kept: dict[str, ManagedCertificate] = {}
        self._child, self._places = inside(self, places.shared), places
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
        settings, places, entry = self._settings, self._places, self._settings.certificates[key]
        if entry.acm is not None or (entry.google_managed is not None and settings.entrypoint.gce is None):
            self._kept[key] = self._cloud.certificate(key, entry.chosen)
            return
        if entry.google_managed is not None:
            self._managed[key] = [
                GoogleManaged(
                    f"{key}/{namespace}",
                    stack=settings.name,
                    cluster=self._cluster,
                    namespace=namespace,
                    called=managed_name(settings.name, key, entry.chosen.hosts),
                    wanted=entry.google_managed,
                    opts=places.inside(self._child, namespace),
                )
                for namespace in settings.certificate_namespaces(key)
            ]
            return
        if entry.provided is not None:
            self._provided[key] = ProvidedCertificate(
                key,
                settings.name,
                entry.provided,
                secret_name=secret_name(settings, key),
                namespaces=settings.certificate_namespaces(key),
                places=places,
                opts=self._child,
            )
            return
        # A name of its own for each namespace; where there is only ever one, the certificate's is enough.
        only_one = settings.entrypoint.gateway is not None and not settings.moves_new_first
        self._certificates[key] = [
            Certificate(
                key if only_one else f"{key}/{namespace}",
                stack=settings.name,
                cluster=self._cluster,
                namespace=namespace,
                hosts=entry.chosen.hosts,
                issuer=self.issuers[entry.kind],
                challenge=entry.acme.challenge if entry.acme else None,
                secret_name=secret_name(settings, key),
                # What shows it stands before it can be proven, and takes no Secret that is missing.
                temporary=settings.by_http01(key),
                timeout=entry.chosen.timeout,
                opts=places.inside(self._after(self._ready), namespace),
            )
            for namespace in settings.certificate_namespaces(key)
        ]

    def issue(self, key: str, depends_on: Sequence[pulumi.Resource] = ()) -> None:
        """Waits until the certificate is there; `depends_on` is what its proof needs."""
        self._issued[key] = [certificate.issue(depends_on) for certificate in self._certificates.get(key, [])]
        self._active[key] = [certificate.wait(depends_on) for certificate in self._managed.get(key, [])]

    def shown(self, keys: Sequence[str]) -> Issued:
        """These certificates, for what shows them: those that were waited for, and others as far as they are asked for."""
        kept = [self._kept[key] for key in keys if key in self._kept]
        found: list[pulumi.Resource] = []
        for key in keys:
            certificates = self._certificates.get(key, [])
            found += self._issued.get(key) or [certificate.requested for certificate in certificates]
            found += self._active.get(key) or [certificate.requested for certificate in self._managed.get(key, [])]
            found += self._provided[key].secrets if key in self._provided else []
        return Issued([*found, *(each.issued for each in kept)], [each.reference for each in kept])

    @property
    def expiries(self) -> dict[str, pulumi.Input[str]]:
        """When each certificate ends (RFC 3339), or who sees to it that it does not, by its key."""
        known: dict[str, pulumi.Input[str]] = {key: made[0].not_after for key, made in self._issued.items() if made}
        known |= {key: made.not_after for key, made in self._provided.items()}
        managed = [key for key, made in self._managed.items() if made]
        return known | dict.fromkeys([*self._kept, *managed], "renewed by the cloud")

    def _after(self, resources: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=resources))
