"""Which address a load balancer has in each of its subnets."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection
from ipaddress import IPv4Network
from pathlib import Path

from sandbox.layout import write_atomically

log = logging.getLogger(__name__)


class Addresses:
    """Addresses of a pool by holder, kept in a file: a holder has the same one after a restart."""

    def __init__(self, pool: IPv4Network, file: Path) -> None:
        self._pool = [str(address) for address in pool]
        self._file = file
        self._held = self._load()

    def assign(self, holders: Collection[str]) -> dict[str, str]:
        """An address for each holder, as long as there are any; what others held is free again."""
        held = {holder: address for holder, address in self._held.items() if holder in holders}
        for holder in sorted(set(holders) - held.keys()):
            address = self._free(holder, set(held.values()))
            if address is None:
                log.error("no address is left of %s to %s for %s", self._pool[0], self._pool[-1], holder)
                continue
            held[holder] = address
        if held != self._held:
            write_atomically(self._file, json.dumps(held, indent=2) + "\n")
            self._held = held
        return held

    def _free(self, holder: str, taken: Collection[str]) -> str | None:
        """The first free one from a place that the holder's name says: a newcomer seldom gets what has just become free."""
        start = int.from_bytes(hashlib.sha256(holder.encode()).digest()[:4])
        for step in range(len(self._pool)):
            address = self._pool[(start + step) % len(self._pool)]
            if address not in taken:
                return address
        return None

    def _load(self) -> dict[str, str]:
        try:
            content = json.loads(self._file.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return {str(holder): str(address) for holder, address in content.items() if address in self._pool}
