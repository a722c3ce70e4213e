"""Keeps listening on what the twin's load balancers listen on."""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping

log = logging.getLogger(__name__)

_PERIOD = 0.3  # seconds between two looks at the twin
_REST = 3  # at least so many times as long as a look took: many load balancers must not fill the processor
_PRIVILEGED, _MOVED = 1024, 20000


class Plane(ABC):
    """The load balancers' sockets."""

    def __init__(self, ports: Mapping[int, int]) -> None:
        """`ports`: what the sandbox has in the place of 80 and 443."""
        self._ports = ports
        self.seen = asyncio.Event()  # set once the twin has been seen for the first time

    @abstractmethod
    async def look(self) -> None:
        """See what the twin has, and have it so."""

    async def run(self) -> None:
        """Follow the twin until cancelled."""
        trouble = ""
        while True:
            begun = time.monotonic()
            try:
                await self.look()
                self.seen.set()
                trouble = ""
            except Exception as error:  # noqa: BLE001 -- the twin may be away; what listens goes on
                if str(error) != trouble:
                    log.warning("load balancers cannot be read: %s", error)
                trouble = str(error)
            await asyncio.sleep(max(_PERIOD, _REST * (time.monotonic() - begun)))

    def port(self, port: int) -> int:
        """What the sandbox has in a port's place: others below 1024 would need a privilege."""
        if port in self._ports or port >= _PRIVILEGED:
            return self._ports.get(port, port)
        log.warning("port %d is %d in the sandbox", port, port + _MOVED)
        return port + _MOVED
