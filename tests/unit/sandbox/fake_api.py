"""A small API server in memory, as much of one as the imitations ask for: list, watch, status, events."""

import asyncio
import copy
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import httpx2
from lightkube import AsyncClient
from lightkube.config.kubeconfig import SingleConfig
from lightkube.config.models import Cluster, Context, User

Object = dict[str, Any]


class FakeApi:
    """Objects by plural and (namespace, name); every change is told to those who watch."""

    def __init__(self) -> None:
        self.known = {"services", "endpointslices", "pods", "ingresses"}
        self.objects: defaultdict[str, dict[tuple[str, str], Object]] = defaultdict(dict)
        self.events: list[tuple[str, str, str]] = []  # name of the object, reason, message
        self.away = False
        self._version = 1
        self._watches: defaultdict[str, set[asyncio.Queue[str | None]]] = defaultdict(set)

    def client(self) -> AsyncClient:
        config = SingleConfig(
            context_name="c",
            context=Context(cluster="c", user="u"),
            cluster=Cluster(server="http://api.test"),
            user=User(),
        )
        return AsyncClient(config, transport=httpx2.MockTransport(self._handle), trust_env=False)

    def put(self, plural: str, name: str, **content: Any) -> None:
        """Make or replace an object of namespace `shop`."""
        metadata = {"namespace": "shop", "name": name, "uid": f"uid-{plural}-{name}", **content.pop("metadata", {})}
        self._store(plural, {**content, "metadata": metadata})

    def delete(self, plural: str, name: str) -> None:
        gone = self.objects[plural].pop(("shop", name))
        self._version += 1
        gone["metadata"]["resourceVersion"] = str(self._version)
        self._tell(plural, "DELETED", gone)

    def get(self, plural: str, name: str) -> Object:
        return self.objects[plural]["shop", name]

    def break_watches(self) -> None:
        """End all watches, as a restart does."""
        for queues in self._watches.values():
            for queue in queues:
                queue.put_nowait(None)

    def _store(self, plural: str, thing: Object) -> None:
        thing = copy.deepcopy(thing)
        self._version += 1
        thing["metadata"]["resourceVersion"] = str(self._version)
        key = thing["metadata"]["namespace"], thing["metadata"]["name"]
        kind = "MODIFIED" if key in self.objects[plural] else "ADDED"
        self.objects[plural][key] = thing
        self._tell(plural, kind, thing)

    def _tell(self, plural: str, kind: str, thing: Object) -> None:
        for queue in self._watches[plural]:
            queue.put_nowait(json.dumps({"type": kind, "object": thing}) + "\n")

    async def _handle(self, request: httpx2.Request) -> httpx2.Response:
        if self.away:
            raise httpx2.ConnectError("away", request=request)
        parts = request.url.path.split("/")
        if request.method == "PATCH":
            return self._patch(parts, json.loads(request.content))
        if request.method == "POST" and parts[-1] == "events":
            event = json.loads(request.content)
            self.events.append((event["involvedObject"]["name"], event["reason"], event["message"]))
            return httpx2.Response(201, json=event)
        plural = parts[-1]
        if plural not in self.known:
            return httpx2.Response(404, text="404 page not found", headers={"Content-Type": "text/plain"})
        if request.url.params.get("watch"):
            return httpx2.Response(200, content=self._watch(plural))
        items = list(self.objects[plural].values())
        return httpx2.Response(200, json={"metadata": {"resourceVersion": str(self._version)}, "items": items})

    def _patch(self, parts: list[str], patch: Object) -> httpx2.Response:
        namespace, plural, name, subresource = parts[-4:]
        assert subresource == "status"
        thing = self.objects[plural].get((namespace, name))
        if thing is None:
            failure = {"kind": "Status", "code": 404, "reason": "NotFound", "message": "gone"}
            return httpx2.Response(404, json=failure)
        self._store(plural, _merged(thing, patch))
        return httpx2.Response(200, json=self.objects[plural][namespace, name])

    async def _watch(self, plural: str) -> AsyncIterator[bytes]:
        # What changes between a list and the watch after it is told by no one here: tests change things when
        # both are done, and the real API server sends from the version asked for.
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._watches[plural].add(queue)
        try:
            while (line := await queue.get()) is not None:
                yield line.encode()
        finally:
            self._watches[plural].discard(queue)

    def watched(self) -> set[str]:
        """What is being watched now."""
        return {plural for plural, queues in self._watches.items() if queues}


def _merged(thing: Object, patch: Object) -> Object:
    """RFC 7386."""
    result = dict(thing)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            old = result.get(key)
            result[key] = _merged(old if isinstance(old, dict) else {}, value)
        else:
            result[key] = value
    return result
