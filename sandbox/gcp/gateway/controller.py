"""The controller: looks at each Gateway when something changes, has its load balancer made, says how it went."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

from lightkube import AsyncClient

from sandbox.gcp.gateway import definitions as kinds
from sandbox.gcp.gateway.classes import CLASSES
from sandbox.gcp.gateway.cloud import ORDER, Cloud, CloudError
from sandbox.gcp.gateway.model import CONTROLLER, FINALIZER, Object, Plan, World, items_of, spec_of, text_of
from sandbox.gcp.gateway.others import Others
from sandbox.gcp.gateway.status import gateway_status, route_parents
from sandbox.gcp.gateway.sync import make, remove
from sandbox.gcp.gateway.translate import Translator, Verdict
from sandbox.gcp.gateway.watching import Watching
from sandbox.gcp.gateway.writing import Writer, reference
from sandbox.imitation.events import Recorder
from sandbox.imitation.mirror import Key
from sandbox.imitation.work import Worker

log = logging.getLogger(__name__)

COMPONENT = "sc-gateway-controller"
"""Who the controller's events come from, as in GKE."""

_RETRY_DELAY = 1.0  # seconds until what failed is tried again: in Google Cloud nobody tells what has changed
_AGAIN_DELAY = 20.0  # seconds until what is done is looked at again: somebody may have changed it there


class Controller:
    """GKE's Gateway controller, imitated."""

    def __init__(self, client: AsyncClient, cloud: Cloud, translator: Translator) -> None:
        self._cloud, self._translator = cloud, translator
        self._writer, self._events = Writer(client), Recorder(client, COMPONENT)
        self._watching = Watching(client, self._changed)
        self._others = Others(self._watching, self._writer, self._events)
        self._worker = Worker("gateway", self._reconcile)
        self._known: set[Key] = set()  # Gateways that something may have been made for

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watching.run())
            await self._watching.synced()
            group.create_task(self._worker.run())
            group.create_task(self._others.run())

    def _changed(self, name: str, key: Key) -> None:
        self._others.changed(name, key)
        if name == "gateways":
            self._worker.add(key)
            return
        for gateway in {*self._watching.keys("gateways"), *self._known}:
            self._worker.add(gateway)

    async def _reconcile(self, key: Key) -> None:
        gateway = self._watching.get("gateways", key)
        going = gateway is None or "deletionTimestamp" in gateway["metadata"] or not self._is_ours(gateway)
        if gateway is None or going:
            await self._drop(key, gateway)
            return
        self._known.add(key)
        await self._writer.hold(kinds.Gateway, gateway, held=True)
        world = self._watching.world()
        failure, changed, address = "", False, ""
        plan: Plan | None = None
        try:
            plan, verdict = await asyncio.to_thread(self._translator.translate, gateway, world, self._cloud)
            if plan is not None:
                address, changed = await asyncio.to_thread(make, self._cloud, plan, key)
        except CloudError as error:
            failure = str(error)
            if plan is None:
                self._tell(gateway, failure, changed=False)
                self._worker.add_later(key, _RETRY_DELAY)
                return
        if verdict.error or failure:
            shown = items_of(gateway.get("status") or {}, "addresses")
            address = str(shown[0]["value"]) if shown else ""
        await self._write(gateway, world, verdict, address, failure)
        if plan is not None and not failure:
            await self._annotate(gateway, plan, changed)
        self._tell(
            gateway, f'failed to translate Gateway "{text_of(key)}": {verdict.error}' if verdict.error else failure, changed
        )
        self._worker.add_later(key, _RETRY_DELAY if verdict.error or failure else _AGAIN_DELAY)

    def _is_ours(self, gateway: Object) -> bool:
        """Whether its class is one of GKE's; one whose class object is gone stays so while it has a load balancer."""
        name = spec_of(gateway).get("gatewayClassName")
        found = self._watching.get("classes", ("", str(name)))
        if found is None:
            return name in CLASSES and FINALIZER in items_of(gateway["metadata"], "finalizers")
        return name in CLASSES and spec_of(found).get("controllerName") == CONTROLLER

    async def _drop(self, key: Key, gateway: Object | None) -> None:
        """Remove all that was made for a Gateway, and let it go."""
        held = gateway is not None and FINALIZER in items_of(gateway["metadata"], "finalizers")
        if key not in self._known and not held:
            return
        try:
            there = await asyncio.to_thread(self._cloud.owned, key)
            await asyncio.to_thread(remove, self._cloud, list(there))
        except CloudError as error:
            if gateway is not None:
                self._tell(gateway, str(error), changed=False)
            self._worker.add_later(key, _RETRY_DELAY)
            return
        for route in self._watching.all("routes").values():
            await self._write_parents(route, key, None, "")
        log.info("Gateway %s: its load balancer is gone", text_of(key))
        now = self._watching.get("gateways", key)
        if now is not None:
            await self._writer.hold(kinds.Gateway, now, held=False)
        self._known.discard(key)

    async def _write(self, gateway: Object, world: World, verdict: Verdict, address: str, failure: str) -> None:
        key = (gateway["metadata"]["namespace"], gateway["metadata"]["name"])
        await self._writer.status(kinds.Gateway, gateway, gateway_status(gateway, verdict, address, failure))
        for route in world.routes.values():
            await self._write_parents(route, key, verdict, failure)

    async def _write_parents(self, route: Object, key: Key, verdict: Verdict | None, failure: str) -> None:
        parents = route_parents(route, key, verdict, failure)
        if parents or items_of(route.get("status") or {}, "parents"):
            await self._writer.status(kinds.HTTPRoute, route, {"parents": parents})

    async def _annotate(self, gateway: Object, plan: Plan, changed: bool) -> None:
        """Write down what was made, as GKE does."""
        said: dict[str, Any] = {}
        for collection in ORDER:
            paths = [f"/{one.path}" for one in plan.resources if one.collection == collection]
            if collection == "addresses":
                paths = [f"/{plan.address}"]
            if collection != "networkEndpointGroups":
                said[f"networking.gke.io/{_dashed(collection)}"] = ", ".join(paths)
        if changed:
            said["networking.gke.io/last-reconcile-time"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        await self._writer.annotations(kinds.Gateway, gateway, said)

    def _tell(self, gateway: Object, failure: str, changed: bool) -> None:
        name = f"{gateway['metadata']['namespace']}/{gateway['metadata']['name']}"
        if failure:
            self._events.warn(reference(gateway), "sync", "SYNC", failure)
        elif changed:
            self._events.done(reference(gateway), "sync", "SYNC", f"SYNC on {name} was a success")


def _dashed(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)
