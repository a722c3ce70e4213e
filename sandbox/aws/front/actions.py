"""What an Application Load Balancer answers by itself, and to which target group it forwards."""

from __future__ import annotations

import random
from collections.abc import Sequence
from http import HTTPStatus

from sandbox.aws.front.model import Raw
from sandbox.front.visit import Visit
from sandbox.front.web import Whole
from sandbox.imitation.web import Reply

SERVER = ("server", "awselb/2.0")
"""In every answer that is the load balancer's own, and in no target's."""


def own(status: int) -> Whole:
    """The page that a load balancer shows for a status."""
    text = f"{status} {HTTPStatus(status).phrase}"
    page = f"<html>\r\n<head><title>{text}</title></head>\r\n<body>\r\n<center><h1>{text}</h1></center>\r\n</body>\r\n</html>\r\n"
    return Whole(Reply(status, page.encode(), "text/html"), (SERVER,))


def redirect(settings: Raw, visit: Visit) -> Whole:
    """A redirect: what it does not say stays as it was asked."""
    words = {
        "protocol": visit.protocol.lower(),
        "host": visit.host,
        "port": str(visit.port),
        "path": visit.path.removeprefix("/"),
        "query": visit.query,
    }

    def filled(key: str, default: str) -> str:
        text = str(settings.get(key) or default)
        for word, value in words.items():
            text = text.replace(f"#{{{word}}}", value)
        return text

    protocol = filled("Protocol", "#{protocol}").lower()
    # The port is always said, 443 too: that is how AWS does it.
    place = f"{protocol}://{filled('Host', '#{host}')}:{filled('Port', '#{port}')}{filled('Path', '/#{path}')}"
    query = filled("Query", "#{query}")
    page = own(int(settings["StatusCode"].removeprefix("HTTP_")))
    return Whole(
        page.reply,
        (
            SERVER,
            ("location", f"{place}?{query}" if query else place),
        ),
    )


def fixed(settings: Raw) -> Whole:
    """A fixed answer."""
    body = (settings.get("MessageBody") or "").encode()
    reply = Reply(int(settings["StatusCode"]), body, settings.get("ContentType") or "text/plain; charset=utf-8")
    return Whole(reply, (SERVER,))


def last(actions: Sequence[Raw]) -> Raw:
    """The action that answers; those before it only ask who somebody is."""
    return max(actions, key=lambda action: int(action.get("Order") or 1))


def choose_group(action: Raw) -> str | None:
    """The target group of a forward, by chance as its weights say; None when no group has any weight."""
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
    if len(groups) == 1:
        return str(groups[0]["TargetGroupArn"])
    weights = [int(group.get("Weight", 1)) for group in groups]
    if not any(weights):
        return None
    return str(random.choices([group["TargetGroupArn"] for group in groups], weights)[0])  # noqa: S311 -- no secret
