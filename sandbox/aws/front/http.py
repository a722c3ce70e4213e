"""Application Load Balancers: HTTP/1.1 by rules."""

from __future__ import annotations

import logging
import secrets
import time

from sandbox.aws.front.actions import choose_group, fixed, last, own, redirect
from sandbox.aws.front.model import SECURE, Group, Listener, Raw
from sandbox.aws.front.rules import first
from sandbox.aws.front.targets import Targets
from sandbox.front.fresh import Fresh
from sandbox.front.visit import Visit
from sandbox.front.web import Headers, Onward, Web, Whole, with_headers

log = logging.getLogger(__name__)


class Application(Web[Listener]):
    """The data plane of Application Load Balancers."""

    def __init__(self, rules: Fresh[str, list[Raw]], groups: Fresh[str, Group], targets: Targets) -> None:
        super().__init__()
        self._rules = rules
        self._groups = groups
        self._targets = targets

    def own(self, status: int) -> Whole:
        """The page that a load balancer shows for a status."""
        return own(status)

    async def decide(self, door: Listener, visit: Visit) -> Whole | Onward:
        """What the first rule says that a request meets."""
        rule = first(await self._rules.get(door.arn), visit)
        if rule is None:
            return own(404)
        action = last(rule["Actions"])
        match action["Type"]:
            case "redirect":
                return redirect(action["RedirectConfig"], visit)
            case "fixed-response":
                return fixed(action["FixedResponseConfig"])
            case "forward":
                return await self._forward(action, visit)
            case other:
                log.warning("action %s is not imitated", other)
                return own(500)

    async def _forward(self, action: Raw, visit: Visit) -> Whole | Onward:
        arn = choose_group(action)
        group = await self._groups.get(arn) if arn else None
        healthy = self._targets.healthy(group) if group else []
        if group is None or not healthy:
            return own(503)
        return Onward(healthy, forwarded(visit), secure=group.protocol in SECURE)


def forwarded(visit: Visit) -> Headers:
    """The headers that a target gets: those that came, and who asked for what."""
    chain = ", ".join([*visit.header("x-forwarded-for"), visit.source])
    added = {"X-Forwarded-For": chain, "X-Forwarded-Proto": visit.protocol.lower(), "X-Forwarded-Port": str(visit.port)}
    if not any(visit.header("x-amzn-trace-id")):
        added["X-Amzn-Trace-Id"] = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return with_headers(visit, added)
