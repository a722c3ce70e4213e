"""Which HTTPRoutes are attached to which listeners of a Gateway, and for which hosts, by the rules of Gateway API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.gcp.gateway.listeners import Listener
from sandbox.gcp.gateway.model import GROUP, Object, World, items_of, key_of_object, spec_of
from sandbox.imitation.mirror import Key

ANY_HOST = "*"
"""Stands for all hosts."""


@dataclass
class Attachment:
    """One reference of a route to the Gateway.

    Attributes:
        hosts: by the listener's name; none if the reference leads to no listener.
        refusal: reason and message, if so.
    """

    parent: Object
    hosts: dict[str, list[str]] = field(default_factory=dict)
    refusal: tuple[str, str] | None = None


def attachments(route: Object, gateway: Key, listeners: Sequence[Listener], world: World) -> list[Attachment]:
    """What becomes of each reference of a route to a Gateway."""
    return [
        _attach(route, gateway, parent, listeners, world.namespaces)
        for parent in items_of(spec_of(route), "parentRefs")
        if parent_of(route, parent) == gateway
    ]


def parent_of(route: Object, parent: Object) -> Key | None:
    """The Gateway that a reference means; None if it means something else."""
    if (parent.get("group", GROUP), parent.get("kind", "Gateway")) != (GROUP, "Gateway"):
        return None
    return parent.get("namespace") or key_of_object(route)[0], parent["name"]


def common(one: str, other: str) -> str | None:
    """The hosts that two patterns have in common; empty stands for all hosts, None for none."""
    if not one or not other or one == other:
        return one or other
    if one.startswith("*.") and other.endswith(one[1:]):
        return other
    if other.startswith("*.") and one.endswith(other[1:]):
        return one
    return None


def _attach(
    route: Object, gateway: Key, parent: Object, listeners: Sequence[Listener], namespaces: Mapping[Key, Object]
) -> Attachment:
    made = Attachment(parent)
    section = parent.get("sectionName")
    meant = [one for one in listeners if section in (None, one.name) and parent.get("port") in (None, one.port)]
    open_ = [one for one in meant if _lets_in(one, gateway[0], route, namespaces)]
    for one in open_:
        hosts = [common(one.hostname, str(host).lower()) for host in items_of(spec_of(route), "hostnames") or [""]]
        shared = [host or ANY_HOST for host in hosts if host is not None]
        if shared:
            made.hosts[one.name] = shared
    if not meant:
        made.refusal = "NoMatchingParent", f"the Gateway has no listener {section or parent.get('port')!r}"
    elif not open_:
        made.refusal = "NotAllowedByListeners", "no listener lets in routes of this namespace"
    elif not made.hosts:
        made.refusal = "NoMatchingListenerHostname", "no listener has a hostname in common with the route"
    return made


def _lets_in(listener: Listener, home: str, route: Object, namespaces: Mapping[Key, Object]) -> bool:
    allowed: Object = listener.content.get("allowedRoutes") or {}
    kinds = items_of(allowed, "kinds")
    if kinds and not any((kind.get("group", GROUP), kind["kind"]) == (GROUP, "HTTPRoute") for kind in kinds):
        return False
    where: Object = allowed.get("namespaces") or {}
    namespace = key_of_object(route)[0]
    match where.get("from", "Same"):
        case "All":
            return True
        case "Selector":
            metadata = (namespaces.get(("", namespace)) or {}).get("metadata") or {}
            return _selects(
                where.get("selector") or {}, {"kubernetes.io/metadata.name": namespace, **(metadata.get("labels") or {})}
            )
    return namespace == home


def _selects(selector: Object, labels: Mapping[str, str]) -> bool:
    """Whether a label selector means something with these labels."""
    if any(labels.get(name) != value for name, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_holds(each, labels) for each in items_of(selector, "matchExpressions"))


def _holds(expression: Object, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), items_of(expression, "values")
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
    return value is None
