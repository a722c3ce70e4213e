"""Local copies of the API server's objects, kept up to date: what the imitations act on (sandbox only)."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

import httpx2
from lightkube import ALL_NS, AsyncClient
from lightkube.core.resource import GlobalResource, NamespacedResourceG
from lightkube.models.meta_v1 import ObjectMeta

log = logging.getLogger(__name__)

Key = tuple[str, str]
"""Namespace and name; the namespace is empty for what is of the whole cluster."""

Thing = NamespacedResourceG | GlobalResource
"""An object in a namespace, or one of the whole cluster."""

T = TypeVar("T", bound=Thing)

_FIRST_DELAY = 0.1
_LAST_DELAY = 2.0


def meta(thing: Thing) -> ObjectMeta:
    """The metadata of an object that came from the API server, and so has some."""
    return cast("ObjectMeta", thing.metadata)  # type: ignore[union-attr]


def key_of(thing: Thing) -> Key:
    """The namespace and name of an object that came from the API server."""
    metadata = meta(thing)
    return metadata.namespace or "", metadata.name or ""


class Mirror(Generic[T]):
    """All objects of one kind, in all namespaces.

    Survives all that the API server may do: being late, restarting, losing its data, not knowing the kind.
    After each interruption it lists anew, so that what was deleted meanwhile is noticed.
    """

    def __init__(self, client: AsyncClient, kind: type[T], changed: Callable[[T | None, T | None], None]) -> None:
        """`changed` is called with the old and the new form of each object that came, changed or went."""
        self._client = client
        self._kind: Any = kind
        self._where: dict[str, Any] = {"namespace": ALL_NS} if issubclass(kind, NamespacedResourceG) else {}
        self._changed = changed
        self._trouble = ""
        self.objects: dict[Key, T] = {}
        self.synced = asyncio.Event()  # set once the objects have been listed for the first time

    async def run(self) -> None:
        """Keep the copy up to date until cancelled."""
        delay = _FIRST_DELAY
        while True:
            try:
                version = await self._list()
                delay = _FIRST_DELAY
                await self._watch(version)
            except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
                # The same trouble is told once, however often it is met: the API server may be away for long.
                trouble = str(error).partition("\n")[0] or type(error).__name__
                if trouble != self._trouble:
                    log.info("%s: listing again after: %s", self._kind.__name__, trouble)
                self._trouble = trouble
            except Exception:
                log.exception("%s: listing again after an unexpected error", self._kind.__name__)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LAST_DELAY)

    async def _list(self) -> str:
        listing = self._client.list(self._kind, **self._where)
        fresh = {key_of(thing): thing async for thing in listing}
        for key in self.objects.keys() - fresh.keys():
            self._set(key, None)
        for key, thing in fresh.items():
            self._set(key, thing)
        if self._trouble or not self.synced.is_set():
            log.info("%s: %d listed", self._kind.__name__, len(fresh))
        self._trouble = ""
        self.synced.set()
        return str(listing.resourceVersion)

    async def _watch(self, version: str) -> None:
        async for what, thing in self._client.watch(self._kind, resource_version=version, **self._where):
            self._set(key_of(thing), None if what == "DELETED" else thing)

    def _set(self, key: Key, new: T | None) -> None:
        old = self.objects.get(key)
        if new is None:
            self.objects.pop(key, None)
        else:
            self.objects[key] = new
            if old is not None and meta(old).resourceVersion == meta(new).resourceVersion:
                return
        self._changed(old, new)
