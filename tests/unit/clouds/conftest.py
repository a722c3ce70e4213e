"""The DNS server that these tests write to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from components.clouds.dns_update import DnsServer
from tests.support.dns import dns_server

_NAMES = count(1)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DnsServer]:
    """A server for all tests of a module: it starts in no time, but its thread need not start a hundred times."""
    with dns_server(tmp_path_factory.mktemp("dns")) as server:
        yield server


@pytest.fixture
def name() -> str:
    """A name in the zone that no other test uses."""
    return f"t{next(_NAMES)}.portico.test."
