"""Events on objects: how `kubectl describe` and Pulumi learn what an imitation refuses (sandbox only)."""

import asyncio
import logging
from datetime import UTC, datetime

import httpx2
from lightkube import AsyncClient
from lightkube.models.core_v1 import EventSource, ObjectReference
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Event

log = logging.getLogger(__name__)

_COMPONENT = "portico-sandbox-network"


class Recorder:
    """Writes events, each once: what goes on being so is not told again until it has been cleared."""

    def __init__(self, client: AsyncClient, component: str = _COMPONENT) -> None:
        """`component`: who the events are said to come from."""
        self._client = client
        self._component = component
        self._told: dict[tuple[str | None, str], str] = {}  # by uid and topic
        self._posts: set[asyncio.Task[None]] = set()

    def warn(self, about: ObjectReference, topic: str, reason: str, message: str) -> None:
        """Say, in the log and on the object, that something is not as wanted.

        `topic` is what it is about: a new message of a topic is told, the same one again is not.
        """
        if self._told.get((about.uid, topic)) == f"{reason}: {message}":
            return
        self._told[about.uid, topic] = f"{reason}: {message}"
        log.warning("%s %s/%s: %s: %s", about.kind, about.namespace, about.name, reason, message)
        self._post("Warning", about, reason, message)

    def done(self, about: ObjectReference, topic: str, reason: str, message: str) -> None:
        """Say that something has been done, and forget what has been said on the topic."""
        self.clear(about, topic)
        log.info("%s %s/%s: %s: %s", about.kind, about.namespace, about.name, reason, message)
        self._post("Normal", about, reason, message)

    def clear(self, about: ObjectReference, topic: str) -> None:
        """Forget what has been said on the topic, so that it is told again when it comes back."""
        self._told.pop((about.uid, topic), None)

    def _post(self, kind: str, about: ObjectReference, reason: str, message: str) -> None:
        # On its own: nothing waits for an event, and an API server that is away must not hold up anything.
        task = asyncio.create_task(self._create(kind, about, reason, message))
        self._posts.add(task)
        task.add_done_callback(self._posts.discard)

    async def _create(self, kind: str, about: ObjectReference, reason: str, message: str) -> None:
        now = datetime.now(UTC)
        event = Event(
            metadata=ObjectMeta(generateName=f"{about.name}.", namespace=about.namespace),
            involvedObject=about,
            type=kind,
            reason=reason,
            message=message,
            source=EventSource(component=self._component),
            firstTimestamp=now,
            lastTimestamp=now,
            count=1,
        )
        try:
            await self._client.create(event)
        except httpx2.HTTPError as error:  # the object's namespace may be gone by now
            log.info("event %s on %s/%s not written: %s", reason, about.namespace, about.name, error)
