"""Certificates of the twin by their names, read again now and then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection

from sandbox.twin.client import Issued

_AGE = 5.0  # seconds until a certificate is read again: it may have been renewed under its name


class Certificates:
    """What is in use of them."""

    def __init__(self, read: Callable[[str], Issued | None]) -> None:
        """`read` may block; None: it is not issued yet, so it is read again whenever it is needed."""
        self._read = read
        self._known: dict[str, tuple[float, Issued | None]] = {}

    async def of(self, used: Collection[str]) -> dict[str, Issued | None]:
        """These, by name; others are forgotten."""
        self._known = {name: known for name, known in self._known.items() if name in used}
        for name in used:
            read_at, issued = self._known.get(name, (float("-inf"), None))
            if issued is None or time.monotonic() - read_at > _AGE:
                self._known[name] = time.monotonic(), await asyncio.to_thread(self._read, name)
        return {name: issued for name, (_, issued) in self._known.items()}
