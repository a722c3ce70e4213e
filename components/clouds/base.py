"""What a cloud is to the rest of the project: an address, a zone, and the proof that the zone is ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import pulumi

from components.settings.cloud import AddressSettings, ZoneSettings
from components.trust.solvers import Dns01Solver

RecordKind = Literal["A", "AAAA"]


@dataclass(frozen=True)
class Target:
    """What a record points at. The kind is plain, because it decides which record exists."""

    kind: RecordKind
    value: pulumi.Output[str]
    #: What must have succeeded before a record points there: a known address may turn out to be somebody else's.
    reservation: pulumi.Resource


@dataclass(frozen=True)
class Address:
    """A reserved address, and how a load balancer is told to use it."""

    target: Target
    #: What must exist before anything asks for the address.
    reservation: pulumi.Resource
    #: `spec.loadBalancerIP` of a Service, where the cloud's load balancer reads that.
    load_balancer_ip: pulumi.Output[str] | None = None
    #: Annotations of a Service, where it reads those.
    service_annotations: dict[str, pulumi.Input[str]] = field(default_factory=dict)


class Zone(Protocol):
    """A DNS zone."""

    @property
    def name(self) -> str:
        """The zone's name, without a final dot."""

    @property
    def name_servers(self) -> pulumi.Output[list[str]]:
        """Where the parent zone must delegate to."""

    @property
    def dns01(self) -> Dns01Solver:
        """How cert-manager proves names of the zone."""

    def point(self, hosts: Sequence[str], at: Target) -> dict[str, pulumi.Resource]:
        """One address record per host; returns them by host."""


class Cloud(Protocol):
    """Who owns addresses, zones and identities."""

    def address(self, wanted: AddressSettings) -> Address:
        """Reserves an address."""

    def zone(self, wanted: ZoneSettings) -> Zone:
        """The zone, made or looked up."""
