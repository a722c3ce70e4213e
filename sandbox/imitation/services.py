"""What answers on each Service's cluster IP: an imitation of pods and kube-proxy (sandbox only)."""

import asyncio
import itertools
from collections import defaultdict
from functools import partial
from typing import cast

from lightkube import AsyncClient
from lightkube.models.core_v1 import ServiceSpec
from lightkube.resources.core_v1 import Pod, Service
from lightkube.resources.discovery_v1 import EndpointSlice

from sandbox.imitation.claims import claim_of
from sandbox.imitation.events import Recorder
from sandbox.imitation.forward import connect, splice
from sandbox.imitation.listeners import Endpoint, Handler, Listeners
from sandbox.imitation.mirror import Key, Mirror, key_of, meta
from sandbox.imitation.pods import Behind, Echo, Process, behind, referenced_pods
from sandbox.imitation.web import Reply, Request, serve
from sandbox.imitation.work import Worker

_SERVICE_LABEL = "kubernetes.io/service-name"
_RETRY_DELAY = 2.0  # seconds until a port that could not be had is tried again


class ServicePlane:
    """Keeps a listener on ClusterIP:port for every Service port behind which a pod is ready."""

    def __init__(self, client: AsyncClient, services: Mirror[Service], listeners: Listeners, events: Recorder) -> None:
        self._services = services
        self._listeners = listeners
        self._events = events
        self._slices = Mirror(client, EndpointSlice, self._slice_changed)
        self._pods = Mirror(client, Pod, self._pod_changed)
        self._slices_of: defaultdict[Key, dict[Key, EndpointSlice]] = defaultdict(dict)
        self._services_of_pod: defaultdict[Key, set[Key]] = defaultdict(set)
        self._behind: dict[Key, dict[int, Behind]] = {}
        self._turns = itertools.count()
        self._worker = Worker("cluster IP", self._reconcile)

    def behind(self, service: Key, port: int) -> Behind | None:
        """What answers on a Service port now, if anything."""
        return self._behind.get(service, {}).get(port)

    def service_changed(self, key: Key) -> None:
        """Have a Service looked at again."""
        self._worker.add(key)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._slices.run())
            group.create_task(self._pods.run())
            # Not before all is known: half of it would look as if pods were missing.
            for mirror in (self._services, self._slices, self._pods):
                await mirror.synced.wait()
            group.create_task(self._worker.run())

    def _slice_changed(self, old: EndpointSlice | None, new: EndpointSlice | None) -> None:
        for endpoint_slice in (old, new):
            if endpoint_slice is None:
                continue
            key = key_of(endpoint_slice)
            name = (meta(endpoint_slice).labels or {}).get(_SERVICE_LABEL)
            if not name:
                continue
            service = key[0], name
            if endpoint_slice is new:
                self._slices_of[service][key] = new
                for pod in referenced_pods((new,)):
                    self._services_of_pod[key[0], pod].add(service)
            else:
                self._slices_of[service].pop(key, None)
                if not self._slices_of[service]:
                    del self._slices_of[service]
            self._worker.add(service)

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        pod = new or old
        if pod is None:
            return
        key = key_of(pod)
        # Readiness comes by the slices; the pod itself counts when it comes, goes or is annotated anew.
        if old is None or new is None or meta(old).annotations != meta(new).annotations:
            for service in self._services_of_pod.get(key, ()):
                self._worker.add(service)
        if new is None:
            self._services_of_pod.pop(key, None)

    async def _reconcile(self, key: Key) -> None:
        service = self._services.objects.get(key)
        if service is None:
            self._behind.pop(key, None)
            await self._listeners.assign(("ClusterIP", *key), {})
            return
        ports = behind(service, self._slices_of.get(key, {}).values(), self._pods.objects)
        self._behind[key] = ports
        address = cast("ServiceSpec", service.spec).clusterIP
        wanted: dict[Endpoint, Handler] = {}
        if address and address != "None":
            wanted = {(address, port): partial(self._answer, key, port) for port in ports}
        failures = await self._listeners.assign(("ClusterIP", *key), wanted)
        reference = claim_of(service).reference
        if not failures:
            self._events.clear(reference, "cluster IP")
            return
        text = "; ".join(f"{host}:{port}: {error.strerror}" for (host, port), error in failures.items())
        self._events.warn(reference, "cluster IP", "PortNotBound", f"the sandbox cannot listen on {text}")
        self._worker.add_later(key, _RETRY_DELAY)

    async def _answer(self, key: Key, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        now = self.behind(key, port)
        if isinstance(now, Process):
            await splice((reader, writer), await connect(now.address, now.port))
        else:
            await serve(reader, writer, partial(self._respond, key, port))

    def _respond(self, key: Key, port: int, request: Request) -> Reply | None:
        now = self.behind(key, port)  # asked anew, as a connection may outlive a pod
        if now is None or isinstance(now, Process):
            return None
        return now.respond(request, next(self._turns)) if isinstance(now, Echo) else now.respond(request)
