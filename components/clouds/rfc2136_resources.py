"""Pulumi resources on a DNS server that takes signed updates: `Record` and `Reservation`.

They are dynamic resources, so that a program which imports the components needs no plugin. The provider classes below hold no
state and are stored by name: the state file carries no code, and a new release of Portico changes nothing in it.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

from components.clouds.dns_update import DnsError, DnsServer, OccupiedError
from components.dynamic import gone
from components.settings.cloud import pool_bounds

#: What every resource here needs to reach the server; a change of any of it changes no record.
_CONNECTION = ("server", "key_name", "algorithm", "secret")

#: Seconds that a reservation's TXT record may be kept by resolvers; nobody but Portico and load balancers reads it.
_RESERVATION_TTL = 60

#: How much of a pool is searched for a claim of an interrupted run; more than a front door's pool ever holds.
_SEARCHED = 1024


def _server(props: dict[str, Any]) -> DnsServer:
    return DnsServer(zone=props["zone"], **{key: props[key] for key in _CONNECTION})


def _connection(server: pulumi.Input[str], zone: str, tsig: dict[str, pulumi.Input[str]]) -> dict[str, Any]:
    return {"server": server, "zone": zone, **tsig}


def _changed(olds: dict[str, Any], news: dict[str, Any], keys: Sequence[str]) -> list[str]:
    return [key for key in keys if olds.get(key) != news.get(key)]


class _RecordProvider(ResourceProvider):
    # The pickled provider is the name of this class: nothing in it is secret.
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        _server(props).create(props["name"], props["kind"], int(props["ttl"]), props["values"])
        return CreateResult(f"{props['name']}/{props['kind']}", {**props})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        server = _server(props)
        standing = server.read(props["name"], props["kind"]) if server.owns(props["name"], props["kind"]) else None
        if standing is None:
            return gone()
        ttl, values = standing
        current = {**props, "ttl": ttl, "values": values}
        return ReadResult(id_, current, current)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        replaces = _changed(olds, news, ("zone", "name", "kind"))
        changes = replaces or _changed(olds, news, ("ttl", "values", *_CONNECTION))
        return DiffResult(changes=bool(changes), replaces=replaces)

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        _server(news).replace(news["name"], news["kind"], int(news["ttl"]), news["values"])
        return UpdateResult({**news})

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        _server(props).delete(props["name"], props["kind"], props["values"])


class Record(Resource, module="rfc2136", name="Record"):
    """One record set in a zone. A change behind its back is seen by `pulumi refresh` and mended by the next `pulumi up`.

    Creating fails if the name already holds other content of that type: what somebody else made is never overwritten.
    """

    def __init__(
        self,
        name: str,
        *,
        server: str,
        zone: str,
        tsig: dict[str, pulumi.Input[str]],
        host: str,
        kind: str,
        ttl: int,
        values: pulumi.Input[Sequence[pulumi.Input[str]]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {**_connection(server, zone, tsig), "name": f"{host}.", "kind": kind, "ttl": ttl, "values": values}
        super().__init__(_RecordProvider(), name, props, _with_secret(opts))


class _ReservationProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        server = _server(props)
        # An interrupted run may have claimed an address already, behind one that has become free since.
        if (claimed := _claimed(server, props)) is not None:
            return CreateResult(claimed, {**props, "address": claimed})
        taken: list[str] = []
        for address in _Candidates(props):
            try:
                server.create(_name(address, props["zone"]), "TXT", _RESERVATION_TTL, [_claim(props["owner"])])
            except OccupiedError as error:
                if props.get("ip"):
                    # Whose it is stands in the record; a person has to talk to them.
                    raise DnsError(f"no address is free: {address} is reserved by others: {error}") from None
                taken.append(address)
                continue
            return CreateResult(address, {**props, "address": address})
        shown = ", ".join(taken[:5]) + (" …" if len(taken) > 5 else "")
        raise DnsError(f"no address is free: {len(taken)} of {len(taken)} are reserved by others ({shown})")

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        server, name = _server(props), _name(id_, props["zone"])
        standing = server.read(name, "TXT") if server.owns(name, "TXT") else None
        if standing is None or standing[1] != [_claim(props["owner"])]:
            return gone()
        return ReadResult(id_, props, {key: value for key, value in props.items() if key != "address"})

    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        replaces = _changed(olds, news, ("zone", "owner"))
        # An address that still fits stays: a pool that grows must not move the front door.
        if id_ not in _Candidates(news):
            replaces.append("ip" if news.get("ip") else "pool")
        changes = replaces or _changed(olds, news, ("ip", "pool", *_CONNECTION))
        return DiffResult(changes=bool(changes), replaces=replaces)

    def update(self, id_: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult({**news, "address": id_})

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        _server(props).delete(_name(id_, props["zone"]), "TXT", [_claim(props["owner"])])


def _claimed(server: DnsServer, props: dict[str, Any]) -> str | None:
    """The address of the pool that this owner holds already, if any."""
    claim = [_claim(props["owner"])]

    def mine(address: str) -> bool:
        standing = server.read(_name(address, props["zone"]), "TXT")
        return standing is not None and standing[1] == claim

    candidates = list(itertools.islice(_Candidates(props), _SEARCHED))
    with ThreadPoolExecutor(max_workers=16) as pool:
        return next((address for address, found in zip(candidates, pool.map(mine, candidates), strict=True) if found), None)


class Reservation(Resource, module="rfc2136", name="Reservation"):
    """One address, kept for one owner.

    A data centre has no API that hands out addresses, but it has a DNS server whose updates are atomic: the reservation is a TXT
    record `192-0-2-10._address.<zone>`, added only where none stands. Two stacks that share a pool can never take the same
    address, and a load balancer (or a person) can look up whose it is.
    """

    address: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        server: str,
        zone: str,
        tsig: dict[str, pulumi.Input[str]],
        owner: str,
        pool: Sequence[str],
        ip: str | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {**_connection(server, zone, tsig), "owner": owner, "pool": list(pool), "ip": ip, "address": None}
        super().__init__(_ReservationProvider(), name, props, _with_secret(opts))


def _with_secret(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """The key stays encrypted in the outputs too, which a dynamic provider hands back as plain values."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=["secret"]))


class _Candidates:
    """The addresses that a reservation may take: the one asked for, or any of the pool."""

    def __init__(self, props: dict[str, Any]) -> None:
        parts = [props["ip"]] if props.get("ip") else list(props["pool"])
        self._bounds = [pool_bounds(part) for part in parts]

    def __iter__(self) -> Iterator[str]:
        for low, high in self._bounds:
            for number in range(int(low), int(high) + 1):
                yield str(type(low)(number))

    def __contains__(self, address: str) -> bool:
        wanted = ipaddress.ip_address(address)
        return any(low.version == wanted.version and int(low) <= int(wanted) <= int(high) for low, high in self._bounds)


def _name(address: str, zone: str) -> str:
    return f"{address.replace('.', '-').replace(':', '-')}._address.{zone}."


def _claim(owner: str) -> str:
    return f'"portico owner={owner}"'
