"""A cloud's twin as a process of the tests' own: it may be killed and started again on the same data."""

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
from typing import Any, TypeVar

from sandbox.layout import PROJECT
from sandbox.pki import Authority


class Twin:
    """The server of one cloud, and what its clients need to reach it."""

    def __init__(self, folder: Path, server: str, pool: str, *arguments: str) -> None:
        self.folder = folder
        self.authority = Authority(folder, "ca").pair
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.host = f"127.0.0.1:{probe.getsockname()[1]}"
        self.endpoint = f"http://{self.host}"
        self.cluster_endpoint = "https://127.0.0.1:6443"
        certificate = str(self.authority.certificate)
        self._command = [
            *(sys.executable, "-m", server, "--listen", self.host, "--data", str(folder / "data"), "--pool", pool),
            *("--ca", certificate, "--ca-key", str(self.authority.key)),
            *("--cluster", "sandbox", "--cluster-ca", certificate),
            *arguments,
        ]
        self._clients: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start and wait until it is healthy; returns the seconds that took."""
        began = time.monotonic()
        command = [*self._command, "--cluster-endpoint", self.cluster_endpoint]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log)
        while time.monotonic() - began < 30:
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.endpoint}/_portico/health", timeout=5):
                return time.monotonic() - began
            time.sleep(0.02)
        raise TimeoutError((self.folder / "log").read_text())

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        assert self.process is not None
        os.kill(self.process.pid, number)
        return self.process.wait(10)


Kind = TypeVar("Kind", bound=Twin)


@contextlib.contextmanager
def started(twin: Kind) -> Iterator[Kind]:
    """A twin that runs as long as the block."""
    twin.start()
    yield twin
    twin.end()


@contextlib.contextmanager
def several(kind: Callable[..., Kind]) -> Iterator[Callable[..., Kind]]:
    """Makes twins, not yet started; those that run at the end of the block are killed."""
    made: list[Kind] = []

    def make(*args: Any, **options: Any) -> Kind:
        made.append(kind(*args, **options))
        return made[-1]

    yield make
    for one in made:
        if one.process is not None and one.process.poll() is None:
            one.end(signal.SIGKILL)
