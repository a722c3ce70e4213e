"""Everything about certificates of a stack, in order: cert-manager, issuers, certificates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.cluster import Cluster
from components.names import inside
from components.settings import Settings
from components.trust.cert_manager import CertManager
from components.trust.certificate import SWEEP_LABEL, Certificate
from components.trust.issuer import AcmeIssuer, PrivateCaIssuer, account_secret
from components.trust.resources import Issuance, Sweep
from components.trust.solvers import Dns01Solver


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


class Trust(pulumi.ComponentResource):
    """Creates cert-manager (unless it exists), the issuers in use, and on `request` each certificate.

    When one is waited for (`issue`) is the caller's decision: by HTTP-01 it needs the entrypoint, by DNS-01 it does not.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        cluster: Cluster,
        dns01: Dns01Solver,
        http01: dict[str, Any],
        front: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:trust:Trust", "trust", None, opts)
        self._settings = settings
        self._cluster = cluster
        self._certificates: dict[str, list[Certificate]] = {}
        self._issued: dict[str, list[Issuance]] = {}
        self._child = inside(self, opts)
        gateway = settings.entrypoint.gateway is not None
        # With Gateway API, its CRDs come first: a controller's release may bring them.
        manager = CertManager(settings.cert_manager, gateway=gateway, opts=self._after(front if gateway else []))
        # First made, hence last deleted: cert-manager would make a Secret again as long as its Certificate stands.
        self._sweep = Sweep(
            "secrets",
            cluster=cluster,
            selector=f"{SWEEP_LABEL}={settings.name}",
            secrets=[f"{manager.namespace}/{account_secret(settings.name, each)}" for each in ("staging", "production")],
            opts=self._after(manager.ready),
        )
        issuing = self._after([*manager.ready, self._sweep])
        self.issuers: dict[str, str] = {}
        self._ready: list[pulumi.Resource] = [self._sweep]
        challenges = [entry.acme.challenge for entry in settings.certificates.values() if entry.acme is not None]
        if challenges:
            solvers = {each: dns01 if each == "dns-01" else http01 for each in sorted(set(challenges))}
            acme = AcmeIssuer(settings.name, settings.acme, manager.namespace, solvers, issuing)
            self.issuers["acme"] = acme.name
            self._ready.append(acme)
        if settings.private_ca is not None:
            ca = PrivateCaIssuer(settings.name, settings.private_ca, manager.namespace, issuing)
            self.issuers["private_ca"] = ca.name
            self._ready.append(ca)
        self.register_outputs({"issuers": self.issuers})

    def request(self, key: str) -> None:
        """Asks for the certificate, in every namespace that needs it; nothing is waited for."""
        settings, entry = self._settings, self._settings.certificates[key]
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
        return [certificate.requested for key in keys for certificate in self._certificates[key]]

    def issue(self, key: str, depends_on: Sequence[pulumi.Resource] = ()) -> None:
        """Waits until the certificate is issued; `depends_on` is what its challenge needs."""
        self._issued[key] = [certificate.issue(depends_on) for certificate in self._certificates[key]]

    def issued(self, keys: Sequence[str]) -> list[pulumi.Resource]:
        """What to depend on where the Secrets of these certificates are used."""
        return [issuance for key in keys for issuance in self._issued[key]]

    @property
    def expiries(self) -> Mapping[str, pulumi.Output[str]]:
        """When each certificate ends (RFC 3339), by its key."""
        return {key: made[0].not_after for key, made in self._issued.items() if made}

    def _after(self, resources: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=resources))
