"""Application Load Balancers: HTTP/1.1 by URL maps."""

from __future__ import annotations

import secrets

from sandbox.front.visit import Visit
from sandbox.front.web import Headers, Onward, Web, Whole, with_headers
from sandbox.gcp.front.answers import NO_SUCH_BACKEND, VIA, choose_service, fault, own, redirect
from sandbox.gcp.front.backends import Backends
from sandbox.gcp.front.doors import service_of
from sandbox.gcp.front.matching import find
from sandbox.gcp.front.model import Door

_DEFAULT_BACKEND = ("kube-system", "default-http-backend")  # of every GKE cluster; the sandbox has no pod for it


class Application(Web[Door]):
    """The data plane of Application Load Balancers."""

    def __init__(self, backends: Backends, secure_port: int) -> None:
        """`secure_port`: what the sandbox has in the place of 443."""
        super().__init__()
        self._backends = backends
        self._secure_port = secure_port

    def own(self, status: int) -> Whole:
        """The page that a load balancer shows for a status."""
        return own(status)

    async def decide(self, door: Door, visit: Visit) -> Whole | Onward:
        """What the URL map says."""
        route = find(await self._backends.thing(door.url_map), visit)
        failure = fault(route.action)
        if failure is not None:
            return failure
        if route.redirect is not None:
            return redirect(route.redirect, visit, route.prefix, secure_port=self._secure_port)
        link = choose_service(route)
        if link is None:
            return own(502)
        if "/backendServices/" not in link:
            raise ValueError(f"{link} is not imitated")
        service = await self._backends.thing(link)
        healthy = await self._backends.healthy(service)
        if not healthy:
            return NO_SUCH_BACKEND if service_of(service) == _DEFAULT_BACKEND else own(502)
        return Onward(healthy, forwarded(visit, door.address), secure=service.get("protocol") == "HTTPS", added=(VIA,))


def forwarded(visit: Visit, address: str) -> Headers:
    """The headers that a back end gets: those that came, and who asked which address for what.

    https://cloud.google.com/load-balancing/docs/https#target-proxies
    """
    name, value = VIA
    added = {
        name: ", ".join([*visit.header(name), value]),
        "X-Forwarded-For": ",".join([*visit.header("x-forwarded-for"), visit.source, address]),
        "X-Forwarded-Proto": visit.protocol.lower(),
    }
    if not any(visit.header("x-cloud-trace-context")):
        added["X-Cloud-Trace-Context"] = f"{secrets.token_hex(16)}/{secrets.randbits(64)}"
    return with_headers(visit, added)
