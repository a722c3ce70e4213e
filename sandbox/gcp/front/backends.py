"""What stands behind a backend service: the pods of its network endpoint groups and instance groups."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.front.cluster import Cluster
from sandbox.front.fresh import Fresh
from sandbox.gcp.front.doors import service_of
from sandbox.gcp.front.health import Health, Member
from sandbox.gcp.front.model import Raw
from sandbox.gcp.front.twin import Twin
from sandbox.imitation.mirror import Key
from sandbox.imitation.pods import Behind


class Backends:
    """Knows who is in a back end, and who of them is healthy."""

    def __init__(self, twin: Twin, cluster: Cluster) -> None:
        self._cluster = cluster
        self._things = Fresh[str, Raw]("thing", twin.thing)
        self._endpoints = Fresh[str, list[Raw]]("endpoints", twin.endpoints)
        self._health = Health()

    async def thing(self, link: str) -> Raw:
        """A thing of Compute Engine as it is now."""
        return await self._things.get(link)

    async def healthy(self, service: Raw) -> list[Behind]:
        """What answers for each member of a backend service that passes all its health checks."""
        checks = [await self.thing(link) for link in service.get("healthChecks", [])]
        found: list[Behind] = []
        for backend in service.get("backends", []):
            members = await self._members(service, str(backend["group"]))
            found += [member.behind for member in members if await self._passes(member, checks)]
        return found

    async def _passes(self, member: Member, checks: Iterable[Raw]) -> bool:
        return all([await self._health.passes(member, check) for check in checks])

    async def _members(self, service: Raw, group: str) -> list[Member]:
        if "/networkEndpointGroups/" in group:
            return list(self._pods(await self._endpoints.get(group), service_of(service)))
        content = await self.thing(group)
        ports = [int(one["port"]) for one in content.get("namedPorts", []) if one["name"] == service.get("portName")]
        return [member for port in ports[:1] if content.get("size") and (member := self._node(port))]

    def _pods(self, endpoints: Iterable[Raw], service: Key | None) -> Iterable[Member]:
        """Of the endpoints those that are pods which are ready."""
        for endpoint in endpoints:
            pod, port = self._cluster.pod_at(str(endpoint.get("ipAddress"))), int(endpoint.get("port") or 0)
            # Who made the backend service may have written down what Service it is for.
            services = [service] if service in self._cluster.services else []
            behind = self._cluster.behind_pod(pod, port, [one for one in services if one]) if pod else None
            if pod is not None and behind is not None:
                yield Member(behind, (pod,), port)

    def _node(self, port: int) -> Member | None:
        """What a node's port leads to: any ready pod of the Service that has it."""
        led = {node_port: (key, number) for node_port, (key, number) in self._cluster.node_ports().items()}
        others = {node_port: one for node_port, (key, number) in led.items() if (one := self._cluster.behind(key).get(number))}
        if port not in others:
            return None
        return Member(others[port], tuple(self._cluster.pods_of(led[port][0])), port, others)
