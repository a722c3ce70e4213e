"""`Issuance` and `Sweep`, as the engine drives their providers."""

from __future__ import annotations

from typing import Any

import pytest
from lightkube import ApiError, Client

from components.trust.resources import _IssuanceProvider, _SweepProvider
from components.trust.watch import NotIssuedError
from tests.support.cert_manager import CERTIFICATE, NOT_AFTER, failed, issuing, ready
from tests.support.kube import FakeKube

pytestmark = pytest.mark.usefixtures("client")  # which makes waiting quick

ISSUANCE, SWEEP = _IssuanceProvider(), _SweepProvider()


@pytest.fixture
def issuance(kube: FakeKube) -> dict[str, Any]:
    spec = {"dnsNames": ["a.portico.test"]}
    return {
        "kubeconfig": kube.kubeconfig,
        "context": None,
        "namespace": "shop",
        "name": "web",
        "uid": "u",
        "spec": spec,
        "timeout": 30.0,
        "not_after": None,
    }


def test_an_issuance_is_done_when_the_certificate_is_issued(kube: FakeKube, issuance: dict[str, Any]) -> None:
    kube.put(CERTIFICATE, issuing(), ready())
    made = ISSUANCE.create(issuance)
    assert made.id == "shop/web"
    assert made.outs == {**issuance, "not_after": NOT_AFTER}


def test_fails_when_the_certificate_is_refused(kube: FakeKube, issuance: dict[str, Any]) -> None:
    kube.put(CERTIFICATE, issuing(), failed())
    with pytest.raises(NotIssuedError, match="certificate shop/web was refused"):
        ISSUANCE.create(issuance)


def test_the_time_limit_is_the_one_of_the_stack_file(kube: FakeKube, issuance: dict[str, Any]) -> None:
    kube.put(CERTIFICATE, issuing())
    with pytest.raises(NotIssuedError, match="was not issued within 0 s"):
        ISSUANCE.create({**issuance, "timeout": 0.01})


def test_a_changed_certificate_is_waited_for_anew(kube: FakeKube, issuance: dict[str, Any]) -> None:
    kube.put(CERTIFICATE, issuing(), ready(not_after="2031-01-01T00:00:00Z"))
    outs = ISSUANCE.update("shop/web", {**issuance, "not_after": NOT_AFTER}, issuance).outs
    assert outs is not None
    assert outs["not_after"] == "2031-01-01T00:00:00Z"


@pytest.mark.parametrize("key", ["uid", "spec", "kubeconfig", "context"])
def test_what_makes_it_wait_anew(issuance: dict[str, Any], key: str) -> None:
    found = ISSUANCE.diff("shop/web", {**issuance, "not_after": NOT_AFTER}, {**issuance, key: "other"})
    assert (found.changes, found.replaces) == (True, [])


@pytest.mark.parametrize("key", ["namespace", "name"])
def test_another_certificate_is_another_issuance(issuance: dict[str, Any], key: str) -> None:
    found = ISSUANCE.diff("shop/web", {**issuance, "not_after": NOT_AFTER}, {**issuance, key: "other"})
    assert (found.changes, found.replaces) == (True, [key])


def test_a_second_run_changes_nothing(issuance: dict[str, Any]) -> None:
    assert not ISSUANCE.diff("shop/web", {**issuance, "not_after": NOT_AFTER}, issuance).changes


def test_a_longer_time_limit_alone_waits_for_nothing(issuance: dict[str, Any]) -> None:
    assert not ISSUANCE.diff("shop/web", {**issuance, "not_after": NOT_AFTER}, {**issuance, "timeout": 60.0}).changes


def test_a_renewal_is_seen_by_refresh_and_is_no_drift(kube: FakeKube, issuance: dict[str, Any]) -> None:
    kube.put(CERTIFICATE, ready(not_after="2031-01-01T00:00:00Z"))
    read = ISSUANCE.read("shop/web", {**issuance, "not_after": NOT_AFTER})
    assert read.outs is not None
    assert read.outs["not_after"] == "2031-01-01T00:00:00Z"
    assert not ISSUANCE.diff("shop/web", read.outs, issuance).changes


def test_refresh_sees_that_a_certificate_is_gone(issuance: dict[str, Any]) -> None:
    assert ISSUANCE.read("shop/web", issuance).id is None


# Sweep

LABEL = "portico.dev/sweep"


def secret(namespace: str, name: str, stack: str | None = None) -> tuple[str, dict[str, Any]]:
    labels = {LABEL: stack} if stack else {}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace, "labels": labels}}
    return f"/api/v1/namespaces/{namespace}/secrets/{name}", body


@pytest.fixture
def sweep(kube: FakeKube) -> dict[str, Any]:
    return {
        "kubeconfig": kube.kubeconfig,
        "context": None,
        "selector": f"{LABEL}=portico-test",
        "secrets": ["cert-manager/account-a", "cert-manager/account-b"],
    }


def test_a_sweep_does_nothing_while_the_stack_lives(kube: FakeKube, sweep: dict[str, Any]) -> None:
    made = SWEEP.create(sweep)
    SWEEP.update(str(made.id), sweep, sweep)
    assert kube.asked == []


def test_destroying_deletes_labelled_and_named_secrets_and_no_other(kube: FakeKube, sweep: dict[str, Any]) -> None:
    mine = [secret("shop", "web-tls", "portico-test"), secret("blog", "web-tls", "portico-test")]
    named = [secret("cert-manager", "account-a"), secret("cert-manager", "account-b")]
    others = [secret("shop", "other-tls", "portico-prod"), secret("shop", "theirs"), secret("shop", "account-a")]
    for path, body in [*mine, *named, *others]:
        kube.put(path, body)
    SWEEP.delete("x", sweep)
    assert sorted(kube.deleted) == sorted(path for path, _ in [*mine, *named])
    assert sorted(kube.objects) == sorted(path for path, _ in others)


def test_destroying_tolerates_secrets_that_are_gone(kube: FakeKube, sweep: dict[str, Any]) -> None:
    path, body = secret("cert-manager", "account-b")
    kube.put(path, body)
    SWEEP.delete("x", sweep)
    assert kube.deleted == [path]


def test_destroying_tolerates_a_secret_that_goes_between_being_found_and_being_deleted(
    kube: FakeKube, sweep: dict[str, Any]
) -> None:
    path, body = secret("shop", "web-tls", "portico-test")
    kube.put(path, body)
    kube.failing[path] = 404
    SWEEP.delete("x", sweep)
    assert kube.deleted == []


def test_fails_when_a_secret_may_not_be_deleted(kube: FakeKube, sweep: dict[str, Any]) -> None:
    path, body = secret("shop", "web-tls", "portico-test")
    kube.put(path, body)
    kube.failing[path] = 403
    with pytest.raises(ApiError):
        SWEEP.delete("x", sweep)


@pytest.mark.parametrize(("key", "replaces"), [("selector", ["selector"]), ("kubeconfig", []), ("context", []), ("secrets", [])])
def test_what_changes_a_sweep(sweep: dict[str, Any], key: str, replaces: list[str]) -> None:
    found = SWEEP.diff("x", sweep, {**sweep, key: "other"})
    assert (found.changes, found.replaces) == (True, replaces)
    assert not SWEEP.diff("x", sweep, {**sweep}).changes


def test_a_client_that_is_made_of_a_kubeconfig_uses_its_context(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, ready())
    assert str(client.config.cluster.server) == kube.server
