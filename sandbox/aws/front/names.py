"""DNS of the twin: its hosted zones and its load balancers' names, as they are at the moment of the question."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.aws.front.model import Raw
from sandbox.aws.front.twin import Twin
from sandbox.aws.front.zones import Addresses, served
from sandbox.front.fresh import Fresh
from sandbox.front.zones import Names

Seen = tuple[dict[str, list[Raw]], Addresses]
"""Records by zone, and where load balancers are."""


def names(twin: Twin, balancers: Callable[[], Addresses]) -> Names[Seen]:
    """What answers; `balancers` says where load balancers are."""
    zones = Fresh[str, dict[str, list[Raw]]]("zones", lambda _endpoint: twin.zones())

    async def read() -> Seen:
        return await zones.get(twin.endpoint), balancers()

    return Names(read, lambda seen: served(*seen))
