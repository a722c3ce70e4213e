"""A plain Kubernetes client from a kubeconfig, for what the provider cannot do: probing a cluster, watching a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import yaml
from lightkube import Client, KubeConfig


@contextmanager
def connect(kubeconfig: str, context: str | None) -> Iterator[Client]:
    """A client for the context (default: the kubeconfig's current one), its connections closed at the end.

    A request that is not answered within ten seconds fails (lightkube's default).
    """
    config = KubeConfig.from_dict(yaml.safe_load(kubeconfig)).get(context)
    client = Client(config=config, field_manager="portico")
    try:
        yield client
    finally:
        client.close()
