"""What stands behind a target group: the pods that its targets' addresses belong to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, cast

from lightkube import AsyncClient
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.core_v1 import ServiceSpec
from lightkube.resources.core_v1 import Pod, Service
from lightkube.resources.discovery_v1 import EndpointSlice

from sandbox.aws.front.model import Group
from sandbox.imitation.mirror import Key, Mirror, key_of, meta
from sandbox.imitation.pods import Behind, Process, behind

_SERVICE_LABEL = "kubernetes.io/service-name"
_Binding = create_namespaced_resource("elbv2.k8s.aws", "v1beta1", "TargetGroupBinding", "targetgroupbindings")


class Targets:
    """Knows the cluster's pods, and what each answers."""

    def __init__(self, client: AsyncClient) -> None:
        self._by_address: dict[str, Pod] = {}
        self._pods = Mirror(client, Pod, self._pod_changed)
        self._services = Mirror(client, Service, _ignore)
        self._slices = Mirror(client, EndpointSlice, _ignore)
        self._bindings = Mirror(client, _Binding, _ignore)

    async def run(self) -> None:
        """Follow the API server until cancelled."""
        async with asyncio.TaskGroup() as group:
            for mirror in (self._pods, self._services, self._slices, self._bindings):
                group.create_task(mirror.run())

    async def synced(self) -> None:
        """Return once everything has been listed."""
        for mirror in (self._pods, self._services, self._slices, self._bindings):
            await mirror.synced.wait()

    def healthy(self, group: Group) -> list[Behind]:
        """What answers for each target that is healthy: the pod with its address is ready, or one behind the node's port."""
        found = (self._behind(group.arn, target, port) for target, port in group.targets)
        return [one for one in found if one is not None]

    def _behind(self, group: str, target: str, port: int) -> Behind | None:
        if target.startswith("i-"):
            return self._behind_node(port)
        pod = self._by_address.get(target)
        if pod is None:
            return None
        key = key_of(pod)
        for service in self._services_of(group, key):
            for one in behind(service, self._slices_of(service), {key: pod}).values():
                if not isinstance(one, Process) or one.port == port:
                    return one
        return None

    def _behind_node(self, node_port: int) -> Behind | None:
        """What a node's port leads to: any ready pod of the Service that has it."""
        for service in self._services.objects.values():
            for port in cast("ServiceSpec", service.spec).ports or ():
                if port.nodePort == node_port:
                    return behind(service, self._slices_of(service), self._pods.objects).get(port.port)
        return None

    def _services_of(self, group: str, pod: Key) -> Iterable[Service]:
        """The Service that the group is bound to; without a binding, those of the pod's namespace: a pod knows its own."""
        bound = [
            (meta(one).namespace or "", str(spec["serviceRef"]["name"]))
            for one in self._bindings.objects.values()
            if (spec := cast("Mapping[str, Any]", one).get("spec") or {}).get("targetGroupARN") == group
        ]
        others = [] if bound else [key for key in self._services.objects if key[0] == pod[0]]
        return [self._services.objects[key] for key in (bound or others) if key in self._services.objects]

    def _slices_of(self, service: Service) -> list[EndpointSlice]:
        key = key_of(service)
        return [
            one
            for one in self._slices.objects.values()
            if (meta(one).namespace, (meta(one).labels or {}).get(_SERVICE_LABEL)) == key
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


def _ignore(_old: object, _new: object) -> None:
    """Looked at when it is asked for."""
