"""`Activation`, as the engine drives its provider."""

from __future__ import annotations

from typing import Any

import pytest

from components.trust.google import _ActivationProvider
from components.trust.watch_google import NotActiveError
from tests.support.kube import FakeKube
from tests.unit.trust.test_watch_google import ACTIVE, CERTIFICATE, HOSTS, certificate

pytestmark = pytest.mark.usefixtures("client")  # which makes waiting quick

ACTIVATION = _ActivationProvider()


@pytest.fixture
def activation(kube: FakeKube) -> dict[str, Any]:
    return {
        "kubeconfig": kube.kubeconfig,
        "context": None,
        "namespace": "shop",
        "name": "web",
        "uid": "u",
        "domains": HOSTS,
        "timeout": 30.0,
    }


def test_it_is_done_when_the_certificate_is_active(kube: FakeKube, activation: dict[str, Any]) -> None:
    kube.put(CERTIFICATE, certificate("Provisioning", apex="Active", www="Provisioning"), ACTIVE)
    made = ACTIVATION.create(activation)
    assert (made.id, made.outs) == ("shop/web", activation)
    assert kube.asked.count(f"GET {CERTIFICATE}") == 2


def test_the_time_limit_is_the_one_of_the_stack_file(kube: FakeKube, activation: dict[str, Any]) -> None:
    kube.put(CERTIFICATE, certificate("Provisioning", apex="Provisioning", www="FailedCaaForbidden"))
    with pytest.raises(NotActiveError, match=r"(?s)certificate shop/web was not active within 0 s:.*FailedCaaForbidden"):
        ACTIVATION.create({**activation, "timeout": 0.01})


def test_a_changed_certificate_is_waited_for_anew(kube: FakeKube, activation: dict[str, Any]) -> None:
    kube.put(CERTIFICATE, certificate("Provisioning"), ACTIVE)
    assert ACTIVATION.update("shop/web", {**activation, "uid": "older"}, activation).outs == activation
    assert kube.asked.count(f"GET {CERTIFICATE}") == 2


@pytest.mark.parametrize("key", ["uid", "domains", "kubeconfig", "context"])
def test_what_makes_it_wait_anew(activation: dict[str, Any], key: str) -> None:
    found = ACTIVATION.diff("shop/web", activation, {**activation, key: "other"})
    assert (found.changes, found.replaces) == (True, [])


@pytest.mark.parametrize("key", ["namespace", "name"])
def test_another_certificate_is_another_activation(activation: dict[str, Any], key: str) -> None:
    found = ACTIVATION.diff("shop/web", activation, {**activation, key: "other"})
    assert (found.changes, found.replaces) == (True, [key])


@pytest.mark.parametrize("change", [{}, {"timeout": 60.0}], ids=["nothing", "a longer time limit"])
def test_what_waits_for_nothing(activation: dict[str, Any], change: dict[str, Any]) -> None:
    assert not ACTIVATION.diff("shop/web", activation, {**activation, **change}).changes


def test_refresh_keeps_what_is_active(kube: FakeKube, activation: dict[str, Any]) -> None:
    kube.put(CERTIFICATE, ACTIVE)
    read = ACTIVATION.read("shop/web", activation)
    assert (read.id, read.outs) == ("shop/web", activation)


@pytest.mark.parametrize(
    "seen", [404, certificate("Provisioning", apex="Active", www="FailedNotVisible")], ids=["gone", "failing"]
)
def test_refresh_sees_that_a_certificate_is_active_no_more(seen: Any, kube: FakeKube, activation: dict[str, Any]) -> None:
    kube.put(CERTIFICATE, seen)
    assert ACTIVATION.read("shop/web", activation).id is None
