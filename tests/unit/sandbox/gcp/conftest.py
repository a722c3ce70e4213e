"""A running twin for all tests of the room, and twins of their own for tests that stop them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.gcp import client as gcp
from sandbox.pki import Authority

ROOT = Path(__file__).parents[4]
PROJECT, REGION = "sandbox-project", "europe-west3"


class Twin:
    """The server as a process; it may be killed and started again on the same data."""

    def __init__(self, folder: Path, pool: str = "127.40.0.32/27") -> None:
        self.folder = folder
        self.authority = Authority(folder, "ca").pair
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.host = f"127.0.0.1:{probe.getsockname()[1]}"
        self.endpoint = f"http://{self.host}"
        self.cluster_endpoint = "https://127.0.0.1:6443"
        self._pool = pool
        self._clients: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self.key_file = folder / "key.json"
        gcp.write_key(self.key_file, self.endpoint, PROJECT)

    def start(self) -> None:
        """Start and wait until it is healthy."""
        certificate, began = str(self.authority.certificate), time.monotonic()
        command = [sys.executable, "-m", "sandbox.gcp.server", "--listen", self.host, "--data", str(self.folder / "data")]
        command += ["--ca", certificate, "--ca-key", str(self.authority.key), "--project", PROJECT, "--region", REGION]
        command += ["--cluster", "sandbox", "--cluster-endpoint", self.cluster_endpoint, "--cluster-ca", certificate]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*command, "--pool", self._pool], cwd=ROOT, stdout=log, stderr=log)
        while time.monotonic() - began < 30:
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.endpoint}/_portico/health", timeout=5):
                return
            time.sleep(0.02)
        raise TimeoutError((self.folder / "log").read_text())

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        assert self.process is not None
        os.kill(self.process.pid, number)
        return self.process.wait(10)

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
    running = Twin(tmp_path_factory.mktemp("gcp"))
    running.start()
    yield running
    running.end()


@pytest.fixture
def own_twin(tmp_path: Path) -> Iterator[Callable[..., Twin]]:
    """Makes a twin, not yet started, that goes with the test."""
    made: list[Twin] = []

    def make(**options: Any) -> Twin:
        made.append(Twin(tmp_path, **options))
        return made[-1]

    yield make
    for one in made:
        if one.process is not None and one.process.poll() is None:
            one.end(signal.SIGKILL)


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
