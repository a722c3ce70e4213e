"""A running twin for all tests of the room, and twins of their own for tests that stop them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws import client as aws
from tests.support import twins


class Twin(twins.Twin):
    """AWS's."""

    def __init__(self, folder: Path, pool: str = "127.30.0.32/27") -> None:
        super().__init__(folder, "sandbox.aws.server", pool, "--region", aws.REGION)

    def client(self, service: str, **config: Any) -> Any:
        """A boto3 client that fails at once, so that a test sees the error itself."""
        if config or service not in self._clients:
            made = aws.client(self.endpoint, service, **{"retries": {"max_attempts": 0}, **config})
            return made if config else self._clients.setdefault(service, made)
        return self._clients[service]


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """One for all tests; each uses names of its own."""
    with twins.started(Twin(tmp_path_factory.mktemp("twin"))) as running:
        yield running


@pytest.fixture
def own_twin(tmp_path: Path) -> Iterator[Callable[..., Twin]]:
    """Makes a twin, not yet started, that goes with the test."""
    with twins.several(partial(Twin, tmp_path)) as make:
        yield make


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
