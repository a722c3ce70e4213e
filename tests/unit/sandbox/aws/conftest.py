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

from sandbox.aws import client as aws
from sandbox.pki import Authority

PROJECT = Path(__file__).parents[4]


class Twin:
    """The server as a process; it may be killed and started again on the same data."""

    def __init__(self, folder: Path, pool: str = "127.30.0.32/27") -> None:
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

    def start(self) -> float:
        """Start and wait until it is healthy; returns the seconds that took."""
        certificate, began = str(self.authority.certificate), time.monotonic()
        command = [sys.executable, "-m", "sandbox.aws.server", "--listen", self.host, "--data", str(self.folder / "data")]
        command += ["--ca", certificate, "--ca-key", str(self.authority.key), "--region", aws.REGION, "--cluster", aws.CLUSTER]
        command += ["--cluster-endpoint", self.cluster_endpoint, "--cluster-ca", certificate, "--pool", self._pool]
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

    def client(self, service: str, **config: Any) -> Any:
        """A boto3 client that fails at once, so that a test sees the error itself."""
        if config or service not in self._clients:
            made = aws.client(self.endpoint, service, **{"retries": {"max_attempts": 0}, **config})
            return made if config else self._clients.setdefault(service, made)
        return self._clients[service]


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """One for all tests; each uses names of its own."""
    running = Twin(tmp_path_factory.mktemp("twin"))
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
    """`with refused("Code") as error:` - the error as boto3 raises it, by its code."""
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    @contextlib.contextmanager
    def expect(code: str) -> Iterator[Any]:
        with pytest.raises(ClientError) as caught:
            yield caught
        assert caught.value.response["Error"]["Code"] == code

    return expect


@pytest.fixture(scope="session")
def zone(twin: Twin) -> Callable[[str], str]:
    """Makes a public zone; returns its id."""

    def make(name: str) -> str:
        made = twin.client("route53").create_hosted_zone(Name=name, CallerReference=f"{name}-{time.monotonic_ns()}")
        return str(made["HostedZone"]["Id"]).removeprefix("/hostedzone/")

    return make


@pytest.fixture(scope="session")
def change(twin: Twin) -> Callable[..., Any]:
    """`change(zone, (action, name, type, value...), ...)`: one batch of plain records with a TTL of 60."""

    def send(zone: str, *changes: tuple[str, ...]) -> Any:
        batch = [
            {
                "Action": action,
                "ResourceRecordSet": {
                    "Name": name,
                    "Type": kind,
                    "TTL": 60,
                    "ResourceRecords": [{"Value": value} for value in values],
                },
            }
            for action, name, kind, *values in changes
        ]
        return twin.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})

    return send


@pytest.fixture(scope="session")
def issued(twin: Twin, zone: Callable[[str], str], change: Callable[..., Any]) -> Callable[[str], str]:
    """Makes a zone and an issued certificate for it; returns the ARN."""

    def make(name: str) -> str:
        acm = twin.client("acm")
        arn = acm.request_certificate(DomainName=name, ValidationMethod="DNS", KeyAlgorithm="EC_prime256v1")["CertificateArn"]
        record = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0]["ResourceRecord"]
        change(zone(name), ("CREATE", record["Name"], "CNAME", record["Value"]))
        deadline = time.monotonic() + 5
        while acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] != "ISSUED":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return str(arn)

    return make
