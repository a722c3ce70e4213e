"""What is read of the cluster, and what is to be made of it in Google Cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.gcp.places import link
from sandbox.imitation.mirror import Key

Object = Mapping[str, Any]
"""An object of the cluster, as the API server gives it."""

CONTROLLER = "networking.gke.io/gateway"
"""The controller's name, in GatewayClasses and in the status of routes."""

FINALIZER = "gateway.finalizer.networking.gke.io"
"""On a Gateway until its load balancer is gone."""

GROUP = "gateway.networking.k8s.io"


@dataclass(frozen=True)
class World:
    """The cluster's objects at one moment, by namespace and name; Namespaces by ("", name)."""

    gateways: Mapping[Key, Object] = field(default_factory=dict)
    routes: Mapping[Key, Object] = field(default_factory=dict)
    services: Mapping[Key, Object] = field(default_factory=dict)
    slices: Mapping[Key, Object] = field(default_factory=dict)
    secrets: Mapping[Key, Object] = field(default_factory=dict)
    namespaces: Mapping[Key, Object] = field(default_factory=dict)
    grants: Mapping[Key, Object] = field(default_factory=dict)
    health_policies: Mapping[Key, Object] = field(default_factory=dict)
    backend_policies: Mapping[Key, Object] = field(default_factory=dict)
    gateway_policies: Mapping[Key, Object] = field(default_factory=dict)


class Lookup(Protocol):
    """What must be asked of Google Cloud before it is known what to make."""

    def address(self, scope: str, name: str) -> Object | None:
        """A reserved address; the scope is `global` or `regions/NAME`."""


@dataclass(frozen=True)
class Resource:
    """One thing of Compute Engine.

    Attributes:
        collection: such as `urlMaps`.
        scope: `projects/P/global` and the like.
        body: all that is to be so, with the name.
    """

    collection: str
    scope: str
    body: dict[str, Any]

    @property
    def path(self) -> str:
        """As in `projects/P/global/urlMaps/NAME`."""
        return f"{self.scope}/{self.collection}/{self.body['name']}"

    @property
    def link(self) -> str:
        """The URL by which others refer to it."""
        return link(self.path)


@dataclass(frozen=True, order=True)
class Endpoint:
    """A pod's port."""

    address: str
    port: int
    node: str


@dataclass
class Plan:
    """A load balancer.

    Attributes:
        address: path of the address that it has.
        resources: in the order in which they can be made.
        endpoints: of each network endpoint group, by its path.
        security_policies: of each backend service, by its path; none is an empty text.
    """

    address: str
    resources: list[Resource] = field(default_factory=list)
    endpoints: dict[str, frozenset[Endpoint]] = field(default_factory=dict)
    security_policies: dict[str, str] = field(default_factory=dict)

    def add(self, resource: Resource) -> Resource:
        """Add one unless it is there already."""
        if resource.path not in {one.path for one in self.resources}:
            self.resources.append(resource)
        return resource


class InvalidError(Exception):
    """The controller takes no Gateway with this; the message begins with the number of the error."""


class UnresolvedError(InvalidError):
    """A reference leads nowhere, or where it may not; `reason` is what Gateway API calls it."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def spec_of(thing: Object) -> Object:
    """What is asked for."""
    spec: Object = thing.get("spec") or {}
    return spec


def items_of(holder: Object, name: str) -> Sequence[Any]:
    """A list that may be missing."""
    found: Sequence[Any] = holder.get(name) or ()
    return found


def text_of(key: Key) -> str:
    """As in `namespace/name`."""
    return "/".join(key)


def key_of_object(thing: Object) -> Key:
    """Namespace and name."""
    metadata = thing["metadata"]
    return metadata.get("namespace") or "", metadata["name"]
