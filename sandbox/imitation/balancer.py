"""An imitated cloud load balancer: gives addresses, writes them into status, carries traffic (sandbox only).

What it refuses, a real cloud refuses too: an address by name that nobody reserved before.
Ingresses and Gateways of class `sandbox-lb` get an address as well, but no traffic is carried for them.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import dns.exception
import httpx2
from lightkube import AsyncClient
from lightkube.core.resource import NamespacedResourceG
from lightkube.resources.core_v1 import Service, ServiceStatus
from lightkube.resources.networking_v1 import Ingress, IngressStatus
from lightkube.types import PatchType

from sandbox.imitation.addresses import Address, Pool, RefusedError
from sandbox.imitation.claims import Claim, Gateway, Owner, claim_of, status_patch
from sandbox.imitation.events import Recorder
from sandbox.imitation.forward import connect, splice
from sandbox.imitation.listeners import Endpoint, Handler, Listeners
from sandbox.imitation.mirror import Key, Mirror, meta
from sandbox.imitation.names import Names
from sandbox.imitation.pods import Process
from sandbox.imitation.services import ServicePlane
from sandbox.imitation.work import Worker

_RETRY_DELAY = 0.25  # seconds until something that was refused is tried again: it may have been reserved
_STATUS: dict[str, Any] = {"Service": ServiceStatus, "Ingress": IngressStatus, "Gateway": Gateway.Status}


class LoadBalancer:
    """The controller and the data plane of the imitated load balancer."""

    def __init__(
        self,
        client: AsyncClient,
        services: Mirror[Service],
        plane: ServicePlane,
        pool: Pool,
        names: Names,
        listeners: Listeners,
        events: Recorder,
    ) -> None:
        self._client = client
        self._plane = plane
        self._pool = pool
        self._names = names
        self._listeners = listeners
        self._events = events
        self._ingresses = Mirror(client, Ingress, self.changed)
        self._gateways = Mirror(client, Gateway, self.changed)
        self._services = services
        self._objects: dict[str, Mapping[Key, NamespacedResourceG]] = {
            "Service": services.objects,
            "Ingress": self._ingresses.objects,
            "Gateway": self._gateways.objects,
        }
        self._refused: set[Owner] = set()
        self._worker = Worker("load balancer", self._reconcile)

    def changed(self, old: NamespacedResourceG | None, new: NamespacedResourceG | None) -> None:
        """Take note that a Service, Ingress or Gateway came, changed or went."""
        thing = new or old
        if thing is None:
            return
        claim = claim_of(thing)
        if claim.wanted or claim.shown or self._pool.held_by(claim.owner) or claim.owner in self._refused:
            self._worker.add(claim.owner)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ingresses.run())
            group.create_task(self._gateways.run())
            await self._services.synced.wait()
            await self._ingresses.synced.wait()
            # Gateways may come late or never, as their definitions are not part of Kubernetes.
            for things in self._objects.values():
                for thing in things.values():
                    self._adopt(claim_of(thing))
            group.create_task(self._worker.run())

    def _adopt(self, claim: Claim) -> None:
        """What had an address before this process started keeps it, before anything else can get it."""
        if claim.wanted and claim.requested in (None, claim.shown) and not self._pool.held_by(claim.owner):
            address = self._of_pool(claim.shown)
            if address is not None and self._pool.holder(address) is None:
                self._pool.hold(claim.owner, address)

    def _of_pool(self, text: str | None) -> Address | None:
        """The address, if it is one of the pool's."""
        try:
            address = Address(text or "")
        except ValueError:
            return None
        return address if address in self._pool else None

    async def _reconcile(self, owner: Owner) -> None:
        thing = self._objects[owner.kind].get(owner.key)
        if thing is None:
            await self._drop(owner)
            return
        claim = claim_of(thing)
        if not claim.wanted:
            # What it shows is to go if it is from here; other controllers show addresses of the pool as well.
            held = self._pool.held_by(owner)
            await self._drop(owner)
            shown = self._of_pool(claim.shown)
            if shown is not None and (shown == held or not claim.others):
                await self._tell(thing, claim, None)
            return
        if claim.requested is None:
            self._adopt(claim)
        try:
            address = await self._address(claim)
        except RefusedError as refusal:
            await self._drop(owner)
            self._events.warn(claim.reference, "address", refusal.reason, str(refusal))
            self._refused.add(owner)
            self._worker.add_later(owner, _RETRY_DELAY)
            await self._tell(thing, claim, None, str(refusal))
            return
        except (dns.exception.DNSException, OSError) as error:
            text = f"whether an address is reserved cannot be seen: the sandbox's DNS does not answer: {error}"
            self._events.warn(claim.reference, "address", "ReservationUnknown", text)
            self._worker.add_later(owner, _RETRY_DELAY)
            return
        await self._listen(claim, address)
        await self._tell(thing, claim, str(address))

    async def _address(self, claim: Claim) -> Address:
        held = self._pool.held_by(claim.owner)
        if held is not None and claim.requested in (None, str(held)):
            return held
        address = await self._pool.choose(claim.owner, claim.requested, self._names.reserved)
        self._pool.release(claim.owner)
        self._pool.hold(claim.owner, address)
        self._refused.discard(claim.owner)
        self._events.done(claim.reference, "address", "AddressAssigned", f"served at {address}")
        return address

    async def _drop(self, owner: Owner) -> None:
        self._pool.release(owner)
        self._refused.discard(owner)
        await self._listeners.assign(owner, {})

    async def _listen(self, claim: Claim, address: Address) -> None:
        wanted: dict[Endpoint, Handler] = {(str(address), port): partial(self._carry, claim.owner, port) for port in claim.ports}
        failures = await self._listeners.assign(claim.owner, wanted)
        if not failures:
            self._events.clear(claim.reference, "ports")
            return
        text = "; ".join(f"{host}:{port}: {error.strerror}" for (host, port), error in failures.items())
        self._events.warn(claim.reference, "ports", "PortNotBound", f"the sandbox cannot listen on {text}")
        self._worker.add_later(claim.owner, 2.0)

    async def _carry(self, owner: Owner, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass a connection on to what stands behind the Service now; without a ready pod it is closed."""
        now = self._plane.behind(owner.key, port)
        service = self._services.objects.get(owner.key)
        if now is None or service is None:
            return
        cluster_ip = claim_of(service).cluster_ip or ""
        host, port = (now.address, now.port) if isinstance(now, Process) else (cluster_ip, port)
        await splice((reader, writer), await connect(host, port))

    async def _tell(self, thing: NamespacedResourceG, claim: Claim, address: str | None, refusal: str = "") -> None:
        """Write the status, unless it says so already."""
        if claim.shown == address and (claim.owner.kind != "Gateway" or (claim.refusal or "") == refusal):
            return
        patch = status_patch(claim, meta(thing).generation or 0, address, refusal)
        try:
            await self._client.patch(
                _STATUS[claim.owner.kind],
                claim.owner.name,
                patch,
                namespace=claim.owner.namespace,
                patch_type=PatchType.MERGE,
            )
        except httpx2.HTTPStatusError as error:
            if error.response.status_code != httpx2.codes.NOT_FOUND:  # gone meanwhile: nobody left to be told
                raise
