"""A running twin for all tests of the room, and twins of their own for tests that stop them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sandbox.gcp import client as gcp
from tests.support import twins

PROJECT, REGION = "sandbox-project", "europe-west3"


class Twin(twins.Twin):
    """Google Cloud's."""

    def __init__(self, folder: Path, pool: str = "127.40.0.32/27") -> None:
        super().__init__(folder, "sandbox.gcp.server", pool, "--project", PROJECT, "--region", REGION)
        self.key_file = folder / "key.json"
        gcp.write_key(self.key_file, self.endpoint, PROJECT)

    def client(self, api: str) -> Any:
        """Google's client of one API, with a service account's key."""
        return self._clients.setdefault(api, gcp.client(self.endpoint, api, self.key_file))

    def done(self, request: Any) -> dict[str, Any]:
        """Send a request of Compute Engine that changes something; returns the operation when it is done."""
        operation = request.execute()
        assert operation["status"] in ("PENDING", "RUNNING")
        compute = self.client("compute")
        name = {"project": PROJECT, "operation": operation["name"]}
        if "zone" in operation:
            waiting = compute.zoneOperations().wait(zone=operation["zone"].rpartition("/")[2], **name)
        elif "region" in operation:
            waiting = compute.regionOperations().wait(region=operation["region"].rpartition("/")[2], **name)
        else:
            waiting = compute.globalOperations().wait(**name)
        done: dict[str, Any] = waiting.execute()
        assert done["status"] == "DONE"
        return done


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """One for all tests; each uses names of its own."""
    with twins.started(Twin(tmp_path_factory.mktemp("gcp"))) as running:
        yield running


@pytest.fixture
def own_twin(tmp_path: Path) -> Iterator[Callable[..., Twin]]:
    """Makes a twin, not yet started, that goes with the test."""
    with twins.several(partial(Twin, tmp_path)) as make:
        yield make


@pytest.fixture
def refused() -> Callable[..., Any]:
    """`with refused(400, "reason"):` - the error as Google's client raises it, by its status and a word of it."""
    from googleapiclient.errors import HttpError  # type: ignore[import-untyped]

    @contextlib.contextmanager
    def expect(status: int, word: str) -> Iterator[Any]:
        with pytest.raises(HttpError) as caught:
            yield caught
        assert caught.value.resp.status == status, caught.value
        assert word in caught.value.content.decode()

    return expect
