"""A queue of things to look at again: how the imitations react to changes (sandbox only)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)

_RETRY_DELAY = 1.0


class Worker(Generic[K]):
    """Calls `reconcile` for each key added, one at a time, in the order they came.

    A key added again while it waits is looked at once: what counts is how things are, not what happened.
    """

    def __init__(self, name: str, reconcile: Callable[[K], Awaitable[None]]) -> None:
        self._name = name
        self._reconcile = reconcile
        self._waiting: dict[K, None] = {}  # a dict, as it keeps the order and holds each key once
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._wake = asyncio.Event()

    def add(self, key: K) -> None:
        """Have `key` looked at soon."""
        self._waiting[key] = None
        self._wake.set()

    def add_later(self, key: K, delay: float) -> None:
        """Have `key` looked at in `delay` seconds; each key has but one such time, the last one said."""
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        self._timers[key] = asyncio.get_running_loop().call_later(delay, self._due, key)

    def _due(self, key: K) -> None:
        del self._timers[key]
        self.add(key)

    async def run(self) -> None:
        """Work until cancelled; a key that fails is tried again after a second."""
        while True:
            await self._wake.wait()
            while self._waiting:
                key = next(iter(self._waiting))
                del self._waiting[key]
                try:
                    await self._reconcile(key)
                except Exception:
                    log.exception("%s: %s: trying again", self._name, key)
                    self.add_later(key, _RETRY_DELAY)
            self._wake.clear()
