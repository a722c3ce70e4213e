"""From a Gateway and its routes to a load balancer, and to what is to be said of each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.gcp.gateway.attachment import Attachment, attachments
from sandbox.gcp.gateway.backends import Backends
from sandbox.gcp.gateway.classes import CLASSES
from sandbox.gcp.gateway.frontend import front
from sandbox.gcp.gateway.listeners import Listener, read_listeners
from sandbox.gcp.gateway.maps import Maps
from sandbox.gcp.gateway.model import (
    InvalidError,
    Lookup,
    Object,
    Plan,
    UnresolvedError,
    World,
    items_of,
    key_of_object,
    spec_of,
    text_of,
)
from sandbox.gcp.gateway.names import Namer
from sandbox.gcp.gateway.place import Place
from sandbox.gcp.gateway.routes import Rule, read_rules
from sandbox.imitation.mirror import Key


@dataclass
class Verdict:
    """What is to be said.

    Attributes:
        error: why nothing can be made; what was made before stays as it is.
        address_error: whether that is because of the address.
        parents: what becomes of each route's references to the Gateway.
        invalid: routes that cannot be taken.
        unresolved: the first reference of each route that leads nowhere.
    """

    listeners: list[Listener] = field(default_factory=list)
    error: InvalidError | None = None
    address_error: bool = False
    parents: dict[Key, list[Attachment]] = field(default_factory=dict)
    invalid: dict[Key, InvalidError] = field(default_factory=dict)
    unresolved: dict[Key, UnresolvedError] = field(default_factory=dict)

    def attached(self, listener: str) -> int:
        """How many routes a listener has."""
        return sum(any(listener in one.hosts for one in parents) for parents in self.parents.values())

    def note(self, route: Key, error: UnresolvedError) -> None:
        """Take note of a reference that leads nowhere."""
        self.unresolved.setdefault(route, error)

    def refuse(self, error: InvalidError | None) -> None:
        """Take note of why nothing can be made; the first reason is told."""
        self.error = self.error or error


@dataclass(frozen=True)
class Translator:
    """Translates the Gateways of one cluster."""

    project: str
    region: str
    zones: tuple[str, ...]
    namer: Namer

    def translate(self, gateway: Object, world: World, lookup: Lookup) -> tuple[Plan | None, Verdict]:
        """The load balancer, if there can be one, and what is to be said. The Gateway's class is one of GKE's."""
        key, kind = key_of_object(gateway), CLASSES[spec_of(gateway)["gatewayClassName"]]
        place = Place(self.project, self.region, self.zones, kind, key, self.namer, Plan(""))
        verdict = Verdict(read_listeners(gateway, world, kind))
        try:
            place.plan.address = _address(gateway, place, lookup)
        except InvalidError as error:
            verdict.refuse(error)
            verdict.address_error = True
        for listener in verdict.listeners:
            verdict.refuse(listener.error)
        rules = _rules(key, place, world, verdict)
        if verdict.error is None:
            try:
                maps = Maps(Backends(world, place), kind.filters, verdict.note)
                front(gateway, place, world, verdict.listeners, lambda name, port: maps.make(name, rules.get(port, {})))
            except InvalidError as error:
                verdict.refuse(error)
        return (None if verdict.error else place.plan), verdict


def _rules(gateway: Key, place: Place, world: World, verdict: Verdict) -> Mapping[int, Mapping[str, list[Rule]]]:
    """The rules of all routes that are attached, by port and host."""
    ports = {listener.name: listener.port for listener in verdict.listeners}
    found: dict[int, dict[str, list[Rule]]] = defaultdict(lambda: defaultdict(list))
    for key, route in sorted(world.routes.items()):
        parents = attachments(route, gateway, verdict.listeners, world)
        if not parents:
            continue
        verdict.parents[key] = parents
        if not any(one.hosts for one in parents):
            continue
        try:
            rules = read_rules(route, place.kind)
        except InvalidError as error:
            verdict.invalid[key] = error
            verdict.refuse(error)
            continue
        places = {(ports[name], host) for one in parents for name, hosts in one.hosts.items() for host in hosts}
        for port, host in sorted(places):
            found[port][host].extend(rules)
    return found


def _address(gateway: Object, place: Place, lookup: Lookup) -> str:
    """The path of the address that a Gateway names, or of one of its own.

    Raises:
        InvalidError: it names what is not there, or cannot be used.
    """
    key = key_of_object(gateway)

    def invalid(text: str) -> InvalidError:
        return InvalidError(f'Error GWCER106: Gateway "{text_of(key)}" is invalid, err: {text}.')

    asked = items_of(spec_of(gateway), "addresses")
    if not asked:
        return place.add("addresses", _own_address(place, key)).path
    if len(asked) > 1:
        raise invalid(f"{len(asked)} addresses are specified, 1 is supported")
    kind, name = asked[0].get("type", "IPAddress"), str(asked[0].get("value") or "")
    if kind != "NamedAddress":
        raise invalid(f'unsupported address type "{kind}", only "NamedAddress" is supported')
    found = lookup.address(place.scope_name, name)
    if found is None:
        raise invalid(f'address "{name}" does not exist')
    wanted = "INTERNAL" if place.kind.internal else "EXTERNAL"
    if found.get("addressType", "EXTERNAL") != wanted:
        raise invalid(
            f'address "{name}" is {found["addressType"]}, and GatewayClass {place.kind.name} needs one that is {wanted}'
        )
    return f"{place.scope}/addresses/{name}"


def _own_address(place: Place, key: Key) -> dict[str, Any]:
    body = {"name": place.name(*key, of="address")}
    if place.kind.internal:
        return {**body, "addressType": "INTERNAL", "purpose": "SHARED_LOADBALANCER_VIP"}
    return {**body, "addressType": "EXTERNAL"}
