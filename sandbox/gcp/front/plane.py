"""Keeps listening on what the twin's forwarding rules are for."""

from __future__ import annotations

import asyncio
import logging
import ssl
from functools import partial
from typing import cast

from lightkube.models.core_v1 import ServiceSpec

from sandbox.front.certificates import Certificates
from sandbox.front.cluster import Cluster
from sandbox.front.plane import Plane
from sandbox.front.tls import Terminator, load
from sandbox.gcp.front.backends import Backends
from sandbox.gcp.front.doors import read
from sandbox.gcp.front.http import Application
from sandbox.gcp.front.model import Door, Shown
from sandbox.gcp.front.tcp import Streams
from sandbox.gcp.front.tls import CIPHERS, Offer, by_list, by_map, oldest
from sandbox.gcp.front.twin import Twin
from sandbox.imitation.listeners import Endpoint, Handler, Listeners
from sandbox.twin.client import Issued

log = logging.getLogger(__name__)


class Rules(Plane):
    """The forwarding rules' sockets."""

    def __init__(self, twin: Twin, cluster: Cluster, listeners: Listeners, ports: dict[int, int]) -> None:
        """`ports`: what the sandbox has in the place of 80 and 443."""
        super().__init__(ports)
        self._twin = twin
        self._cluster = cluster
        self._listeners = listeners
        self._web, self._streams = Application(Backends(twin, cluster), ports[443]), Streams(cluster)
        self._certificates = Certificates(twin.certificate)
        self._terminators: dict[str, Terminator] = {}
        self._in_use: dict[str, tuple[Door, list[Issued | None]]] = {}
        self._open: dict[str, tuple[Door, list[int]]] = {}
        self._trouble: dict[str, str] = {}

    async def look(self) -> None:
        """See what the twin has, and have it so."""
        doors = {door.name: door for door in await asyncio.to_thread(read, self._twin)}
        for name in self._open.keys() - doors.keys():
            await self._listeners.assign(name, {})
            log.info("%s: listens no more", name)
            for known in (self._open, self._terminators, self._in_use, self._trouble):
                cast("dict[str, object]", known).pop(name, None)
        issued = await self._certificates.of({one.name for door in doors.values() for one in door.certificates})
        for door in doors.values():
            try:
                self._end_tls(door, [issued[one.name] for one in door.certificates])
                await self._listen(door)
            except (ValueError, ssl.SSLError) as error:
                self._tell(door, str(error))

    async def _listen(self, door: Door) -> None:
        ports = [door.port] if door.scheme != "tcp" else self._service_ports(door)
        if self._open.get(door.name) == (door, ports):
            return
        wanted: dict[Endpoint, Handler] = {}
        for port in ports:
            wanted[door.address, self.port(port)] = (
                partial(self._streams.serve, door.service, port) if door.scheme == "tcp" else partial(self._web.serve, door)
            )
        contexts = dict.fromkeys(wanted, self._terminators[door.name].context) if door.secure else {}
        failures = await self._listeners.assign(door.name, wanted, contexts)
        if failures:
            self._tell(door, "; ".join(f"cannot listen on {host}:{port}: {e.strerror}" for (host, port), e in failures.items()))
            self._open[door.name] = door, []  # so that it is tried again at the next look
            return
        self._trouble.pop(door.name, None)
        self._open[door.name] = door, ports
        log.info("%s: listens on %s", door.name, ", ".join(f"{host}:{port}" for host, port in wanted) or "nothing")

    def _service_ports(self, door: Door) -> list[int]:
        """The TCP ports of a Service that its rule is for: elsewhere nothing answers."""
        service = self._cluster.services.get(door.service)
        ports = cast("ServiceSpec", service.spec).ports if service is not None else None
        numbers = [one.port for one in ports or () if (one.protocol or "TCP") == "TCP"]
        return [number for number in numbers if any(first <= number <= last for first, last in door.ports)]

    def _end_tls(self, door: Door, issued: list[Issued | None]) -> None:
        """Show these certificates from now on.

        Raises:
            ValueError: the policy asks for what is not imitated, or a certificate is none.
            ssl.SSLError: a certificate and its key do not fit.
        """
        if not door.secure or self._in_use.get(door.name) == (door, issued):
            return
        offers = [_offer(shown, one) for shown, one in zip(door.certificates, issued, strict=True) if one is not None]
        mapped = any(shown.host is not None for shown in door.certificates)
        terminator = self._terminators.setdefault(door.name, Terminator(CIPHERS))
        terminator.use(oldest(door.oldest), ssl.TLSVersion.TLSv1_3, (by_map if mapped else by_list)(offers))
        self._in_use[door.name] = door, issued

    def _tell(self, door: Door, trouble: str) -> None:
        """Say once what is wrong with a door."""
        if self._trouble.get(door.name) != trouble:
            log.error("%s: %s", door.name, trouble)
        self._trouble[door.name] = trouble


def _offer(shown: Shown, issued: Issued) -> Offer:
    return shown.host, load(issued, CIPHERS)
