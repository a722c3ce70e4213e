"""Things read from the twin that are used again only while they are fresh."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_AGE = 0.25
"""Seconds for which what was read counts as what is."""

_MOST = 1000  # kept; there are fewer in any sandbox


class Fresh(Generic[K, V]):
    """Reads a thing when it is asked for and the last reading is old. Nobody asks, nothing is read."""

    def __init__(self, what: str, read: Callable[[K], V]) -> None:
        """`read` may block; it runs in a thread."""
        self._what = what
        self._read = read
        self._known: dict[K, tuple[float, V]] = {}
        self._locks: dict[K, asyncio.Lock] = {}

    async def get(self, key: K) -> V:
        """The thing as it is; as it was last, if it cannot be read now.

        Raises:
            Exception: of the reading, when it was never read before.
        """
        async with self._locks.setdefault(key, asyncio.Lock()):
            known = self._known.get(key)
            begun = time.monotonic()
            if known is not None and begun - known[0] < MAX_AGE:
                return known[1]
            try:
                value = await asyncio.to_thread(self._read, key)
            except Exception as error:
                if known is None:
                    raise
                log.warning("%s of %s cannot be read, the last one is used: %s", self._what, key, error)
                return known[1]
            if len(self._known) > _MOST:
                self._known.clear()
            self._known[key] = begun, value
            return value
