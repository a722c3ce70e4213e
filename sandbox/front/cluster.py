"""The cluster as load balancers see it: pods by address, and what Services lead to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, cast

from lightkube import AsyncClient
from lightkube.models.core_v1 import ServiceSpec
from lightkube.resources.core_v1 import Pod, Service
from lightkube.resources.discovery_v1 import EndpointSlice

from sandbox.imitation.mirror import Key, Mirror, key_of, meta
from sandbox.imitation.pods import Behind, Process, behind, referenced_pods

_SERVICE_LABEL = "kubernetes.io/service-name"


class Cluster:
    """Knows the cluster's pods, and what each answers."""

    def __init__(self, client: AsyncClient, *others: Mirror[Any]) -> None:
        """`others` are kept up to date with what every load balancer needs."""
        self._by_address: dict[str, Pod] = {}
        self._pods = Mirror(client, Pod, self._pod_changed)
        self._services = Mirror(client, Service, ignore)
        self._slices = Mirror(client, EndpointSlice, ignore)
        self._mirrors: tuple[Mirror[Any], ...] = (self._pods, self._services, self._slices, *others)

    async def run(self) -> None:
        """Follow the API server until cancelled."""
        async with asyncio.TaskGroup() as group:
            for mirror in self._mirrors:
                group.create_task(mirror.run())

    async def synced(self) -> None:
        """Return once everything has been listed."""
        for mirror in self._mirrors:
            await mirror.synced.wait()

    @property
    def services(self) -> Mapping[Key, Service]:
        """All Services."""
        return self._services.objects

    def pod_at(self, address: str) -> Pod | None:
        """The pod that has an address."""
        return self._by_address.get(address)

    def behind(self, service: Key, pods: Mapping[Key, Pod] | None = None) -> dict[int, Behind]:
        """What answers on each of a Service's ports that has a ready pod; `pods`: only those count."""
        found = self._services.objects.get(service)
        if found is None:
            return {}
        return behind(found, self.slices(service), self._pods.objects if pods is None else pods)

    def behind_pod(self, pod: Pod, port: int, services: Iterable[Key] = ()) -> Behind | None:
        """What answers at a port of a pod, if it is ready: as one of these Services, or as any of its namespace's."""
        key = key_of(pod)
        # A pod knows its own Services; who names some means those.
        for service in [*services] or [one for one in self._services.objects if one[0] == key[0]]:
            for one in self.behind(service, {key: pod}).values():
                if not isinstance(one, Process) or one.port == port:
                    return one
        return None

    def pods_of(self, service: Key) -> list[Pod]:
        """The pods that a Service leads to, ready or not."""
        names = referenced_pods(self.slices(service))
        return [pod for name in sorted(names) if (pod := self._pods.objects.get((service[0], name)))]

    def node_ports(self) -> dict[int, tuple[Key, int]]:
        """The Service, and its port, that each port of every node leads to."""
        return {
            port.nodePort: (key, port.port)
            for key, service in self._services.objects.items()
            for port in cast("ServiceSpec", service.spec).ports or ()
            if port.nodePort
        }

    def slices(self, service: Key) -> list[EndpointSlice]:
        """The EndpointSlices of a Service."""
        return [
            one
            for one in self._slices.objects.values()
            if (meta(one).namespace, (meta(one).labels or {}).get(_SERVICE_LABEL)) == service
        ]

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        for pod in (old, new):
            address = pod.status.podIP if pod is not None and pod.status is not None else None
            if not address or pod is None:
                continue
            if pod is new:
                self._by_address[address] = pod
            elif self._by_address.get(address) is pod:
                del self._by_address[address]


def ignore(_old: object, _new: object) -> None:
    """For what is looked at when it is asked for."""
