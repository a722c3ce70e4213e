"""What is said on GatewayClasses and policies."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.gcp.gateway.classes import CLASSES
from sandbox.gcp.gateway.model import CONTROLLER, Object, World, spec_of, text_of
from sandbox.gcp.gateway.policies import ATTACHED, standing
from sandbox.gcp.gateway.status import Condition, conditions
from sandbox.gcp.gateway.watching import KINDS, Watching
from sandbox.gcp.gateway.writing import Writer, reference
from sandbox.imitation.events import Recorder
from sandbox.imitation.mirror import Key
from sandbox.imitation.work import Worker

_POLICIES = ("health_policies", "backend_policies", "gateway_policies")
_TARGETS = ("services", "gateways")


class Others:
    """Looks at them when they change, or what they target does."""

    def __init__(self, watching: Watching, writer: Writer, events: Recorder) -> None:
        self._watching, self._writer, self._events = watching, writer, events
        self._worker = Worker("class or policy", self._reconcile)

    def changed(self, name: str, key: Key) -> None:
        """Take note that an object has changed."""
        if name == "classes":
            self._worker.add((name, key))
        if name in (*_POLICIES, *_TARGETS):
            for each in _POLICIES:
                for policy in self._watching.keys(each):
                    self._worker.add((each, policy))

    async def run(self) -> None:
        """Work until cancelled."""
        await self._worker.run()

    async def _reconcile(self, what: tuple[str, Key]) -> None:
        name, key = what
        thing = self._watching.get(name, key)
        if thing is None:
            return
        if name == "classes":
            await self._class(thing)
            return
        reason, message = standing(
            thing,
            self._watching.all(name),
            World(gateways=self._watching.all("gateways"), services=self._watching.all("services")),
        )
        await self._say(name, thing, [("Attached", reason == ATTACHED, reason, message)])
        shown = f'{thing.get("kind", "policy")} "{text_of(key)}"'
        if reason == ATTACHED:
            self._events.clear(reference(thing), "attached")
        else:
            self._events.warn(reference(thing), "attached", "SYNC", f"Application of {shown} failed: {reason}: {message}")

    async def _class(self, thing: Object) -> None:
        if spec_of(thing).get("controllerName") != CONTROLLER:
            return
        name = thing["metadata"]["name"]
        if name in CLASSES:
            await self._say("classes", thing, [("Accepted", True, "Accepted", "")])
        else:
            await self._say("classes", thing, [("Accepted", False, "Unsupported", f"gateway class {name} is not implemented")])

    async def _say(self, name: str, thing: Object, said: Sequence[Condition]) -> None:
        made = conditions(thing.get("status") or {}, int(thing["metadata"].get("generation") or 0), said)
        await self._writer.status(KINDS[name], thing, {"conditions": made})
