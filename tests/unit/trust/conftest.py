"""The Kubernetes API that these tests ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lightkube import Client

from components.kube import connect
from components.trust import watch, watch_google
from tests.support.kube import FakeKube, fake_kube


@pytest.fixture
def kube() -> Iterator[FakeKube]:
    with fake_kube() as serving:
        yield serving


@pytest.fixture
def client(kube: FakeKube, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    for module in (watch, watch_google):
        monkeypatch.setattr(module, "_INTERVAL", 0.001)
    with connect(kube.kubeconfig, None) as client:
        yield client
