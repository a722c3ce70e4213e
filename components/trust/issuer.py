"""ClusterIssuers: who signs the certificates of a stack."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.names import inside, metadata
from components.settings.certificates import AcmeSettings, Challenge, PrivateCa
from components.trust.solvers import Dns01Solver

#: Label by which an issuer's solvers tell apart which challenge a certificate wants (selector.matchLabels of a solver).
CHALLENGE_LABEL = "portico.dev/challenge"


def account_secret(stack: str, environment: str) -> str:
    """Name of the Secret with an ACME account's key: one per environment, so that switching keeps both accounts."""
    return f"{stack}-acme-{environment}-account"


class AcmeIssuer(pulumi.ComponentResource):
    """Creates a ClusterIssuer for the chosen ACME server, and the Secret of its DNS-01 solver if that has one.

    Only the chosen environment's: production is not even registered with before it is asked for. The issuer is not awaited: the
    certificates that need it are, and they report its reasons.
    """

    def __init__(
        self,
        stack: str,
        settings: AcmeSettings,
        namespace: str,
        dns01: Mapping[str, Dns01Solver],
        http01: Mapping[str, Any] | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:trust:AcmeIssuer", "acme", None, opts)
        self.name = f"{stack}-acme-{settings.environment}"
        child = inside(self, opts)
        secrets: list[pulumi.Resource] = []
        specs: list[dict[str, Any]] = []
        for zone, solver in dns01.items():
            # One solver for every zone needs no name of its own; one for each says whose it is.
            own = f"{stack}-dns-01-{zone}" if zone else f"{stack}-dns-01"
            within = {"dnsZones": [zone]} if zone else {}
            specs.append(_solver("dns-01", {"dns01": solver.spec(own)}, settings, within))
            secrets += _solver_secret(stack, own, namespace, solver, child)
        if http01 is not None:
            specs.append(_solver("http-01", {"http01": http01}, settings, {}))
        bundle = settings.directory.ca_bundle
        acme = {
            "server": settings.directory.url,
            "privateKeySecretRef": {"name": account_secret(stack, settings.environment)},
            "solvers": specs,
            **({"email": settings.email} if settings.email else {}),
            **({"caBundle": base64.b64encode(bundle.encode()).decode()} if bundle else {}),
        }
        k8s.apiextensions.CustomResource(
            f"acme-{settings.environment}",
            api_version="cert-manager.io/v1",
            kind="ClusterIssuer",
            metadata=metadata(stack, self.name),
            spec={"acme": acme},
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=secrets)),
        )
        self.register_outputs({"name": self.name})


def _solver(challenge: Challenge, part: dict[str, Any], settings: AcmeSettings, within: dict[str, Any]) -> dict[str, Any]:
    seconds = settings.wait_instead_of_self_check.seconds(challenge)
    wait = {"waitInsteadOfSelfCheck": f"{seconds}s"} if seconds else {}
    return {**part, **wait, "selector": {"matchLabels": {CHALLENGE_LABEL: challenge}, **within}}


class PrivateCaIssuer(pulumi.ComponentResource):
    """Creates a ClusterIssuer that signs with the CA of `portico:private_ca`, and the Secret that holds it."""

    def __init__(self, stack: str, settings: PrivateCa, namespace: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:trust:PrivateCaIssuer", "private-ca", None, opts)
        self.name = f"{stack}-private-ca"
        child = inside(self, opts)
        secret = k8s.core.v1.Secret(
            "private-ca",
            metadata=metadata(stack, self.name, namespace),
            type="kubernetes.io/tls",
            string_data={
                "tls.crt": settings.certificate,
                "tls.key": pulumi.Output.secret(settings.key.get_secret_value()),
            },
            opts=child,
        )
        k8s.apiextensions.CustomResource(
            "private-ca",
            api_version="cert-manager.io/v1",
            kind="ClusterIssuer",
            metadata=metadata(stack, self.name),
            spec={"ca": {"secretName": self.name}},
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[secret])),
        )
        self.register_outputs({"name": self.name})


def _solver_secret(
    stack: str, name: str, namespace: str, solver: Dns01Solver, child: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    value = solver.secret
    if value is None:
        return []
    return [
        k8s.core.v1.Secret(
            name.removeprefix(f"{stack}-"),
            metadata=metadata(stack, name, namespace),
            string_data={value.key: value.value},
            opts=child,
        )
    ]
