"""What tests of several rooms share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running sandbox, started when the first test asks for it and gone when the last one ends."""
    world = World(tmp_path_factory.mktemp("world"))
    world.start()
    yield world
    world.stop()
