"""A cluster of one's own: addresses from a pool, names on a DNS server that takes signed updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.clouds.base import Address, Balancer, RecordKind, Target
from components.clouds.dns_update import DnsServer
from components.clouds.rfc2136_resources import Record, Reservation
from components.settings.aws import LoadBalancerSettings
from components.settings.cloud import Rfc2136Cloud, ZoneSettings, pool_bounds
from components.settings.entrypoint import LoadBalanced
from components.trust.managed import ManagedCertificate
from components.trust.solvers import Dns01, Rfc2136Solver


class Rfc2136(pulumi.ComponentResource):
    """The cloud of those who have none: creates nothing by itself, hands out what the methods say."""

    def __init__(
        self,
        settings: Rfc2136Cloud,
        zone: ZoneSettings,
        owner: str,
        protect: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:clouds:Rfc2136", "cloud", None, opts)
        self._settings = settings
        self._zone = zone
        self._owner = owner
        self._keep = protect
        self.register_outputs({})

    @property
    def _tsig(self) -> dict[str, pulumi.Input[str]]:
        tsig = self._settings.tsig
        secret = pulumi.Output.secret(tsig.secret.get_secret_value())
        return {"key_name": tsig.name, "algorithm": tsig.algorithm, "secret": secret}

    def address(self, entrypoint: LoadBalanced, part: str = "") -> Address:
        """Reserves an address (see `Reservation`). Known at preview if the stack file says it, else once it is reserved."""
        wanted = entrypoint.address
        reservation = Reservation(
            "address",
            server=self._settings.server,
            zone=self._zone.name,
            tsig=self._tsig,
            owner=self._owner,
            pool=self._settings.pool,
            ip=wanted.ip,
            opts=pulumi.ResourceOptions(parent=self, protect=self._keep),
        )
        value = pulumi.Output.from_input(wanted.ip) if wanted.ip else reservation.address
        # MetalLB, kube-vip and Cilium all still read the field, deprecated as it is; their own annotations can be added by
        # `service_annotations`.
        kind = _kind(wanted.ip or self._settings.pool[0])
        target = Target(kind, value.apply(lambda address: [address]), [reservation])
        return Address(target, [reservation], load_balancer_ip=value)

    def install(self) -> list[pulumi.Resource]:
        """Nothing: the cluster's load balancer is its owner's business."""
        return []

    def dns01(self, namespace: str) -> Dns01:
        """cert-manager writes the challenges of every zone with the same key."""
        tsig = self._settings.tsig
        return Dns01({"": Rfc2136Solver(self._settings.server, tsig.name, tsig.algorithm, self._tsig["secret"])})

    def zone(self, wanted: ZoneSettings) -> Rfc2136Zone:
        """The zone. It must exist: making one is the DNS server's own business."""
        name = "zone" if wanted.name == self._zone.name else wanted.name
        return Rfc2136Zone(name, self._settings, wanted, self._tsig, pulumi.ResourceOptions(parent=self))

    def behind(self, address: Address, made_by: pulumi.Resource) -> Target:
        """The reserved address: whatever stands before it answers there."""
        if address.target is None:
            raise ValueError("a cluster of one's own has reserved addresses only")
        return address.target

    def exposed(self, key: str, load_balancer: LoadBalancerSettings, tls: Mapping[int, pulumi.Output[str]]) -> Address:
        """Settings ask for none."""
        raise NotImplementedError

    def certificate(self, key: str, wanted: object) -> ManagedCertificate:
        """Settings ask for none."""
        raise NotImplementedError

    def ssl_policy(self, own: object) -> str:
        """Settings ask for none."""
        raise NotImplementedError


class Rfc2136Zone(pulumi.ComponentResource):
    """A zone on that server, and the records of one stack in it."""

    def __init__(
        self,
        name: str,
        settings: Rfc2136Cloud,
        zone: ZoneSettings,
        tsig: dict[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:clouds:Rfc2136Zone", name, None, opts)
        self._settings = settings
        self._tsig = tsig
        self.name = zone.name
        self.register_outputs({"name": self.name})

    @property
    def name_servers(self) -> pulumi.Output[list[str]]:
        """The zone's NS records as its server says them now; empty where it does not answer."""
        tsig = self._settings.tsig
        server = DnsServer(self._settings.server, self.name, tsig.name, tsig.algorithm, tsig.secret.get_secret_value())
        return pulumi.Output.from_input(server.name_servers())

    def point(
        self, hosts: Sequence[str], at: Target | Balancer, after: Sequence[pulumi.Resource] = ()
    ) -> dict[str, pulumi.Resource]:
        """One A or AAAA record per host."""
        if not isinstance(at, Target):
            raise TypeError("a cluster of one's own has addresses only")
        return {
            host: Record(
                host,
                server=self._settings.server,
                zone=self.name,
                tsig=self._tsig,
                host=host,
                kind=at.kind,
                ttl=self._settings.ttl,
                values=at.values,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[*at.reservation, *after]),
            )
            for host in hosts
        }


def _kind(part: str) -> RecordKind:
    """The record type for an address, or for all addresses of a part of a pool: plain, so that preview knows it."""
    return "AAAA" if pool_bounds(part)[0].version == 6 else "A"
