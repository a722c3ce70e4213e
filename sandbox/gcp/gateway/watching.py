"""What the controller knows of the cluster, and who is to be looked at when something changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from lightkube import AsyncClient
from lightkube.resources.core_v1 import Namespace, Secret, Service
from lightkube.resources.discovery_v1 import EndpointSlice

from sandbox.gcp.gateway import definitions as kinds
from sandbox.gcp.gateway.model import Object, World
from sandbox.imitation.mirror import Key, Mirror

KINDS: Mapping[str, Any] = {
    "gateways": kinds.Gateway,
    "routes": kinds.HTTPRoute,
    "services": Service,
    "slices": EndpointSlice,
    "secrets": Secret,
    "namespaces": Namespace,
    "grants": kinds.ReferenceGrant,
    "health_policies": kinds.HealthCheckPolicy,
    "backend_policies": kinds.GCPBackendPolicy,
    "gateway_policies": kinds.GCPGatewayPolicy,
    "classes": kinds.GatewayClass,
}
"""All that is watched; the names are those of `World`, and one more."""


class Watching:
    """Local copies of it all."""

    def __init__(self, client: AsyncClient, changed: Callable[[str, Key], None]) -> None:
        """`changed` is called with the name of the kind and the object's key."""

        def told(name: str) -> Callable[[Any, Any], None]:
            def tell(old: Any, new: Any) -> None:
                metadata = (new or old).metadata
                changed(name, (metadata.namespace or "", metadata.name))

            return tell

        self._mirrors: dict[str, Mirror[Any]] = {name: Mirror(client, kind, told(name)) for name, kind in KINDS.items()}

    async def run(self) -> None:
        """Follow the API server until cancelled."""
        async with asyncio.TaskGroup() as group:
            for mirror in self._mirrors.values():
                group.create_task(mirror.run())

    async def synced(self) -> None:
        """Return once everything has been listed."""
        for mirror in self._mirrors.values():
            await mirror.synced.wait()

    def all(self, name: str) -> dict[Key, Object]:
        """All objects of a kind, as they are now."""
        return {key: thing.to_dict() for key, thing in self._mirrors[name].objects.items()}

    def get(self, name: str, key: Key) -> Object | None:
        """One object."""
        found = self._mirrors[name].objects.get(key)
        return None if found is None else found.to_dict()

    def keys(self, name: str) -> list[Key]:
        """The keys of all objects of a kind."""
        return list(self._mirrors[name].objects)

    def world(self) -> World:
        """Everything, as it is now."""
        return World(**{name: self.all(name) for name in KINDS if name != "classes"})
