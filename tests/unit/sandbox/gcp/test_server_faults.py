"""The twin fails as ordered, and what it knows survives `kill -9`."""

from __future__ import annotations

import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.gcp import client as gcp
from sandbox.twin import client as twins
from sandbox.twin.client import Fault

PROJECT, REGION = "sandbox-project", "europe-west3"
HERE: dict[str, Any] = {"project": PROJECT}


@pytest.fixture(autouse=True)
def _no_faults_left(twin: Any) -> Iterator[None]:
    yield
    twins.clear_faults(twin.endpoint)


@pytest.mark.parametrize(
    ("fault", "status", "word"),
    [
        (Fault("compute", "throttling"), 403, "rateLimitExceeded"),
        (Fault("compute", "error", "globalAddresses.list"), 503, "backendError"),
        (Fault("compute", "in-use"), 400, "resourceInUseByAnotherResource"),
        (Fault("container", "throttling"), 429, "RESOURCE_EXHAUSTED"),
        (Fault("container", "error"), 503, "UNAVAILABLE"),
        (Fault("container", "in-use"), 400, "FAILED_PRECONDITION"),
    ],
)
def test_an_order_is_followed_as_often_as_it_says(twin: Any, refused: Any, fault: Fault, status: int, word: str) -> None:
    once = Fault(**{**vars(fault), "count": 1})
    twins.set_faults(twin.endpoint, [once])
    assert twins.faults(twin.endpoint) == [once]
    clusters = twin.client("container").projects().locations().clusters().list(parent=f"projects/{PROJECT}/locations/{REGION}")
    request = clusters if fault.service == "container" else twin.client("compute").globalAddresses().list(**HERE)
    with refused(status, word):
        request.execute()
    request.execute()


def test_an_order_for_two_hits_two(twin: Any, refused: Any) -> None:
    twins.set_faults(twin.endpoint, [Fault("compute", "error", count=2)])
    request = twin.client("compute").globalAddresses().list(**HERE)
    for _ in range(2):
        with refused(503, "backendError"):
            request.execute()
    request.execute()


def test_other_methods_are_not_meant(twin: Any) -> None:
    twins.set_faults(twin.endpoint, [Fault("compute", "error", "globalAddresses.get"), Fault("dns", "error")])
    twin.client("compute").globalAddresses().list(**HERE).execute()


def test_a_hanging_request_acts_at_once_and_answers_late(twin: Any) -> None:
    impatient = gcp.client(twin.endpoint, "compute", timeout=0.5).globalAddresses()
    twins.set_faults(twin.endpoint, [Fault("compute", "hang", "globalAddresses.insert", 1, 1.5)])
    with pytest.raises(TimeoutError):
        impatient.insert(**HERE, body={"name": "hanging"}).execute(num_retries=0)
    assert impatient.get(**HERE, address="hanging").execute()["name"] == "hanging"


@pytest.mark.parametrize(
    ("orders", "word"),
    [
        ({}, "a list of faults"),
        ([{"service": "s3", "kind": "error"}], "allowed is one of compute"),
        ([{"service": "dns", "kind": "slow"}], "allowed is one of throttling"),
        ([{"service": "dns", "kind": "error", "count": 0}], "above 0"),
        ([{"service": "dns", "kind": "error", "mood": "bad"}], "unknown: mood"),
        ([{"service": "dns", "kind": "hang", "seconds": "long"}], "a number is meant"),
    ],
)
def test_a_wrong_order_is_refused(twin: Any, orders: Any, word: str) -> None:
    request = urllib.request.Request(f"{twin.endpoint}/_portico/faults", data=json.dumps(orders).encode(), method="PUT")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 400
    assert word in json.load(caught.value)["message"]


def test_everything_is_there_after_kill_9(own_twin: Any) -> None:
    twin = own_twin()
    twin.start()
    twins.set_delegation(twin.endpoint, "adrift.example", False)
    addresses, zones = twin.client("compute").globalAddresses(), twin.client("dns").managedZones()
    zones.create(**HERE, body={"name": "kept", "dnsName": "kept.example.", "description": ""}).execute()
    addresses.insert(**HERE, body={"name": "kept"}).execute()
    assert twin.end(signal.SIGKILL) == -signal.SIGKILL
    twin.cluster_endpoint = "https://127.0.0.1:7443"  # the sandbox may find other ports free
    twin.start()
    assert addresses.get(**HERE, address="kept").execute()["address"] == "127.40.0.32"
    assert [zone["name"] for zone in zones.list(**HERE).execute()["managedZones"]] == ["kept"]
    assert not twins.delegated(twin.endpoint, "adrift.example.")
    time.sleep(0.4)
    twin.done(addresses.delete(**HERE, address="kept"))
    clusters = twin.client("container").projects().locations().clusters()
    assert clusters.list(parent=f"projects/{PROJECT}/locations/{REGION}").execute()["clusters"][0]["endpoint"] == "127.0.0.1:7443"
    assert twins.facts(twin.endpoint)["cluster"] == "sandbox"
    assert twin.end() == 0


def test_the_variables_are_those_of_the_real_plugin(tmp_path: Path) -> None:
    gcp.write_key(tmp_path / "key.json", "http://127.0.0.1:9", PROJECT)
    given = gcp.environment("http://127.0.0.1:9", tmp_path / "key.json")
    assert given["GOOGLE_COMPUTE_CUSTOM_ENDPOINT"] == "http://127.0.0.1:9/compute/v1/"
    assert given["GOOGLE_APPLICATION_CREDENTIALS"] == str(tmp_path / "key.json")
    assert given["GOOGLE_PROJECT"] == PROJECT
    assert (tmp_path / "key.json").stat().st_mode & 0o077 == 0
