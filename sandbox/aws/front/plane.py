"""Keeps listening on what the twin's load balancers listen on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from ssl import SSLContext

from sandbox.aws.front.addresses import Addresses
from sandbox.aws.front.http import Application
from sandbox.aws.front.model import Balancer, Listener
from sandbox.aws.front.targets import Targets
from sandbox.aws.front.tcp import Streams
from sandbox.aws.front.tls import by_name, versions
from sandbox.aws.front.twin import Twin
from sandbox.front.certificates import Certificates
from sandbox.front.fresh import Fresh
from sandbox.front.plane import Plane
from sandbox.front.tls import Terminator, load
from sandbox.imitation.listeners import Endpoint, Handler, Listeners
from sandbox.twin.client import Issued

log = logging.getLogger(__name__)


class Balancers(Plane):
    """The load balancers' sockets."""

    def __init__(self, twin: Twin, addresses: Addresses, targets: Targets, listeners: Listeners, ports: dict[int, int]) -> None:
        """`ports`: what the sandbox has in the place of 80 and 443."""
        super().__init__(ports)
        self._twin = twin
        self._addresses = addresses
        self._listeners = listeners
        rules, groups = Fresh("rules", twin.rules), Fresh("targets", twin.group)
        self._web, self._streams = Application(rules, groups, targets), Streams(rules, groups, targets)
        self._balancers: list[Balancer] | None = None
        self._where: dict[str, list[str]] = {}
        self._terminators: dict[str, Terminator] = {}
        self._in_use: dict[str, tuple[str, tuple[Issued, ...]]] = {}
        self._certificates = Certificates(twin.certificate)

    def where(self) -> dict[str, list[str]]:
        """The addresses of each load balancer by its DNS name."""
        return self._where

    async def look(self) -> None:
        """See what the twin has, and have it so."""
        balancers = await asyncio.to_thread(self._twin.balancers)
        await self._load_certificates([listener for balancer in balancers for listener in balancer.listeners])
        if balancers == self._balancers:
            return
        gone = {balancer.arn for balancer in self._balancers or ()} - {balancer.arn for balancer in balancers}
        for arn in gone:
            await self._listeners.assign(arn, {})
        held = self._addresses.assign(
            [_holder(one, subnet) for one in balancers for subnet in one.subnets if subnet not in dict(one.elastic)]
        )
        self._where = {balancer.name: _nodes(balancer, held) for balancer in balancers}
        complete = [await self._open(balancer) for balancer in balancers]
        self._balancers = balancers if all(complete) else None  # else tried again at the next look

    async def _open(self, balancer: Balancer) -> bool:
        wanted: dict[Endpoint, Handler] = {}
        tls: dict[Endpoint, SSLContext] = {}
        for listener in balancer.listeners:
            handler = self._handler(listener)
            if handler is None:
                continue
            for address in self._where[balancer.name]:
                endpoint = address, self.port(listener.port)
                wanted[endpoint] = handler
                if listener.secure:
                    tls[endpoint] = self._terminators[listener.arn].context
        failures = await self._listeners.assign(balancer.arn, wanted, tls)
        for (host, port), error in failures.items():
            log.error("%s: cannot listen on %s:%d: %s", balancer.name, host, port, error.strerror)
        served = ", ".join(f"{host}:{port}" for host, port in wanted if (host, port) not in failures)
        log.info("%s: listens on %s", balancer.name, served or "nothing")
        return not failures

    def _handler(self, listener: Listener) -> Handler | None:
        if listener.protocol in ("HTTP", "HTTPS"):
            return partial(self._web.serve, listener)
        if listener.protocol in ("TCP", "TLS"):
            return partial(self._streams.serve, listener)
        log.warning("%s: protocol %s is not imitated", listener.arn, listener.protocol)
        return None

    async def _load_certificates(self, listeners: Sequence[Listener]) -> None:
        secure = [listener for listener in listeners if listener.secure]
        known = await self._certificates.of({arn for listener in secure for arn in listener.certificates})
        for gone in self._terminators.keys() - {listener.arn for listener in secure}:
            del self._terminators[gone]
            self._in_use.pop(gone, None)
        for listener in secure:
            issued = tuple(one for arn in listener.certificates if (one := known[arn]))
            terminator = self._terminators.setdefault(listener.arn, Terminator())
            if self._in_use.get(listener.arn) != (listener.policy, issued):
                terminator.use(*versions(listener.policy), by_name([load(one) for one in issued]))
                self._in_use[listener.arn] = listener.policy, issued


def _holder(balancer: Balancer, subnet: str) -> str:
    return f"{balancer.arn} {subnet}"


def _nodes(balancer: Balancer, held: dict[str, str]) -> list[str]:
    """The address in each subnet: its own, or one that it was given."""
    elastic = dict(balancer.elastic)
    found = (elastic.get(subnet) or held.get(_holder(balancer, subnet)) for subnet in balancer.subnets)
    return [address for address in found if address]
