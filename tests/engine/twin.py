"""What tests do to a cloud of the sandbox's behind everybody's back, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.twin import client
from tests.engine.world import World


class Twin:
    """One of the sandbox's clouds, at its endpoint."""

    def __init__(self, world: World, fact: str) -> None:
        self.world = world
        self.endpoint = world.fact(fact)

    @contextmanager
    def faults(self, *rules: client.Fault) -> Iterator[None]:
        """The cloud as it is on a bad day, for as long as the block lasts."""
        client.set_faults(self.endpoint, rules)
        try:
            yield
        finally:
            client.clear_faults(self.endpoint)

    @contextmanager
    def undelegated(self, zone: str) -> Iterator[None]:
        """A zone whose parent does not know of it, for as long as the block lasts."""
        client.set_delegation(self.endpoint, zone, delegated=False)
        try:
            yield
        finally:
            client.set_delegation(self.endpoint, zone, delegated=True)
