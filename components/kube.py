"""A plain Kubernetes client from a kubeconfig, for what the provider cannot do: probing a cluster, watching a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import yaml
from lightkube import Client, KubeConfig
from lightkube.core import decoders
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace, Pod, Secret, Service


def _learn() -> None:
    """Meets every type once that kubeconfigs and answers are decoded into.

    msgspec, which lightkube decodes with, works a type out when it first meets it, and crashes the process when two threads do so
    at the same time (seen with 0.22.0). The engine asks for many resources at once, each in a thread of its own; but only one
    thread runs this, because it imports this module.
    """
    for kind in (Namespace, Pod, Secret, Service):
        decoders.decode_object(b"{}", kind)
        decoders.decode_list(b'{"items": []}', kind)
    decoders.decode_status(b"{}")
    decoders.decode_watch_event(b'{"type": "ADDED", "object": {}}')
    # What objects without a class of their own, such as cert-manager's, have in common.
    ObjectMeta.from_dict({})
    parts: dict[str, dict[str, str]] = {"cluster": {}, "user": {}, "context": {"cluster": "any"}}
    KubeConfig.from_dict({f"{part}s": [{"name": "any", part: content}] for part, content in parts.items()})


_learn()


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
