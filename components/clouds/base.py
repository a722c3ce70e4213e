"""What a cloud is to the rest of the project: zones, an address, certificates of its own, and the proof that a zone is ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import pulumi

from components.settings.aws import LoadBalancerSettings
from components.settings.cloud import ZoneSettings
from components.trust.managed import ManagedCertificate
from components.trust.solvers import Dns01

RecordKind = Literal["A", "AAAA"]


@dataclass(frozen=True)
class Target:
    """Addresses that records point at. The kind is plain, because it decides which record exists."""

    kind: RecordKind
    values: pulumi.Output[list[str]]
    #: What must have succeeded before a record points there: a known address may turn out to be somebody else's.
    reservation: Sequence[pulumi.Resource]

    @property
    def text(self) -> pulumi.Output[str]:
        """For people."""
        return self.values.apply(", ".join)


@dataclass(frozen=True)
class Balancer:
    """A load balancer with a name of its own and addresses that change: records are aliases for it."""

    hostname: pulumi.Output[str]
    #: The hosted zone of the name, which an alias has to say.
    zone_id: pulumi.Output[str]
    dualstack: bool

    @property
    def text(self) -> pulumi.Output[str]:
        """For people."""
        return self.hostname


@dataclass(frozen=True)
class Address:
    """What a load balancer's Service must say to be the front door, and where records then point."""

    #: None where nobody knows before the load balancer stands: see `Cloud.behind`.
    target: Target | None
    #: What must exist before anything asks for the address.
    reservation: Sequence[pulumi.Resource] = ()
    #: `spec.loadBalancerIP`, where the cloud's load balancer reads that.
    load_balancer_ip: pulumi.Output[str] | None = None
    #: `spec.loadBalancerClass`, where the cluster has several controllers.
    load_balancer_class: str | None = None
    #: Annotations, where it reads those.
    service_annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    #: Whether the load balancer sends to pods directly, and not by way of ports on the nodes.
    to_pods: bool = False
    #: The load balancer's name at the cloud, by which it is found again.
    name: str = ""
    #: Whether it speaks IPv6 as well.
    dualstack: bool = False
    #: Annotations whose change means another load balancer: the object that asks for it is then made anew.
    fixed: Sequence[str] = ()
    #: Behind the names of what asks for it, where another entrypoint may stand beside it with an address of its own.
    part: str = ""
    #: Whether a Gateway says the address's name, and not its number.
    named: bool = False
    #: Whether it is one of IPv6.
    ipv6: bool = False

    @property
    def replacing(self) -> list[str]:
        """The same as paths of the object, and its class, for `replace_on_changes`."""
        return ["spec.loadBalancerClass", *(f'metadata.annotations["{key}"]' for key in self.fixed)]


class Zone(Protocol):
    """A DNS zone."""

    @property
    def name(self) -> str:
        """The zone's name, without a final dot."""

    @property
    def name_servers(self) -> pulumi.Output[list[str]]:
        """Where the parent zone must delegate to."""

    def point(
        self, hosts: Sequence[str], at: Target | Balancer, after: Sequence[pulumi.Resource] = ()
    ) -> dict[str, pulumi.Resource]:
        """One record per host (two where both families are wanted), once `after` stands; returns the first of each by host."""


class Cloud(Protocol):
    """Who owns addresses, zones and identities."""

    def zone(self, wanted: ZoneSettings) -> Zone:
        """The zone, made or looked up."""

    def address(self, entrypoint: Any, part: str = "") -> Address:
        """What an entrypoint's load balancer is told; reserves an address where there is one to reserve.

        `part` says which of several load balancers of the entrypoint it is for.
        """

    def exposed(self, key: str, load_balancer: LoadBalancerSettings, tls: Mapping[int, pulumi.Output[str]]) -> Address:
        """The same for a Service of its own; `tls` are the certificates of the ports on which the load balancer ends TLS."""

    def behind(self, address: Address, made_by: pulumi.Resource) -> Target | Balancer:
        """Where records point for a load balancer that `made_by` has brought about."""

    def install(self) -> list[pulumi.Resource]:
        """Controllers and rights that the stack file asks for, once the zones are there; returns what load balancers need."""

    def dns01(self, namespace: str) -> Dns01:
        """How cert-manager, which runs in that namespace, proves names by DNS."""

    def certificate(self, key: str, wanted: Any) -> ManagedCertificate:
        """A certificate of the cloud's own; settings ask for none where it has none."""

    def ssl_policy(self, own: Any) -> pulumi.Input[str]:
        """The name of a policy for TLS at the cloud's load balancers; settings ask for none where it has none."""
