"""DNS-01 solvers of cert-manager, typed: one class per DNS service, each with the part of an issuer that it becomes.

Field names are cert-manager's own (cert-manager 1.21, pkg/apis/acme/v1/types_issuer.go).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

#: TSIG algorithms as cert-manager spells them.
_TSIG = {"hmac-sha1": "HMACSHA1", "hmac-sha256": "HMACSHA256", "hmac-sha512": "HMACSHA512"}


@dataclass(frozen=True)
class SecretValue:
    """A value that a solver reads from a Secret in cert-manager's namespace; the issuer makes that Secret."""

    key: str
    value: pulumi.Input[str]


class Dns01Solver(Protocol):
    """A DNS service that cert-manager can write challenge records to."""

    @property
    def secret(self) -> SecretValue | None:
        """What must lie in a Secret for it, if anything."""

    def spec(self, secret_name: str) -> dict[str, Any]:
        """The `dns01` part of an issuer's solver."""


@dataclass(frozen=True)
class Dns01:
    """How cert-manager proves names by DNS."""

    #: By zone; "" stands for every zone.
    solvers: Mapping[str, Dns01Solver]
    #: Its rights at the cloud: a pod that starts before them never gets them.
    rights: Sequence[pulumi.Resource] = ()
    #: What its service account must carry to use them.
    account_annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rfc2136Solver:
    """Any server that takes TSIG-signed updates (RFC 2136)."""

    server: str
    key_name: str
    algorithm: str
    key: pulumi.Input[str]

    @property
    def secret(self) -> SecretValue | None:
        """The TSIG key."""
        return SecretValue("tsig", self.key)

    def spec(self, secret_name: str) -> dict[str, Any]:
        """`dns01.rfc2136`; over TCP, since a firewall that passes updates over UDP is rare."""
        return {
            "rfc2136": {
                "nameserver": self.server,
                "protocol": "TCP",
                "tsigKeyName": self.key_name,
                "tsigAlgorithm": _TSIG[self.algorithm],
                "tsigSecretSecretRef": {"name": secret_name, "key": "tsig"},
            }
        }


@dataclass(frozen=True)
class AzureDnsSolver:
    """Azure DNS, by workload identity (recommended) or by a client secret."""

    subscription_id: pulumi.Input[str]
    resource_group: pulumi.Input[str]
    zone: str
    managed_client_id: pulumi.Input[str] | None = None
    tenant_id: pulumi.Input[str] | None = None
    client_id: pulumi.Input[str] | None = None
    client_secret: pulumi.Input[str] | None = None

    @property
    def secret(self) -> SecretValue | None:
        """The client secret, unless workload identity is used."""
        return None if self.client_secret is None else SecretValue("client-secret", self.client_secret)

    def spec(self, secret_name: str) -> dict[str, Any]:
        """`dns01.azureDNS`; cert-manager refuses a managed identity beside a client secret."""
        common = {
            "subscriptionID": self.subscription_id,
            "resourceGroupName": self.resource_group,
            "hostedZoneName": self.zone,
        }
        if self.client_secret is None:
            return {"azureDNS": {**common, "managedIdentity": {"clientID": self.managed_client_id}}}
        reference = {"name": secret_name, "key": "client-secret"}
        login = {"clientID": self.client_id, "tenantID": self.tenant_id, "clientSecretSecretRef": reference}
        return {"azureDNS": {**common, **login}}


@dataclass(frozen=True)
class CloudDnsSolver:
    """Google Cloud DNS, by workload identity."""

    project: pulumi.Input[str]
    zone: pulumi.Input[str] | None = None

    @property
    def secret(self) -> SecretValue | None:
        """None: the pod's identity is used."""
        return None

    def spec(self, secret_name: str) -> dict[str, Any]:
        """`dns01.cloudDNS`."""
        return {"cloudDNS": {"project": self.project, **({"hostedZoneName": self.zone} if self.zone else {})}}


@dataclass(frozen=True)
class Route53Solver:
    """Amazon Route 53, by IRSA or EKS Pod Identity."""

    region: pulumi.Input[str]
    hosted_zone_id: pulumi.Input[str]
    role: pulumi.Input[str] | None = None

    @property
    def secret(self) -> SecretValue | None:
        """None: the pod's identity is used."""
        return None

    def spec(self, secret_name: str) -> dict[str, Any]:
        """`dns01.route53`; with the zone's id no permission to list zones is needed."""
        return {
            "route53": {
                "region": self.region,
                "hostedZoneID": self.hosted_zone_id,
                **({"role": self.role} if self.role else {}),
            }
        }
