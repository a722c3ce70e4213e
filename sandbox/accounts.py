"""After Pebble restarts: makes cert-manager register its ACME accounts anew.

A real CA never forgets an account, so cert-manager trusts the account URI in an issuer's status and does not ask again.
Pebble keeps everything in memory: to it, the account and every order under way are gone.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from lightkube import Client
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_global_resource, create_namespaced_resource
from lightkube.types import PatchType

from sandbox.bootstrap import connect
from sandbox.layout import Layout, write_atomically

#: Answers of an API server that is still reading its storage.
_NOT_YET = (404, 429, 503)
#: Seconds that it may take.
_LIMIT = 30.0

_ISSUERS = create_global_resource("cert-manager.io", "v1", "ClusterIssuer", "clusterissuers")
_ORDERS = create_namespaced_resource("acme.cert-manager.io", "v1", "Order", "orders")


def forget_accounts(layout: Layout, roots: str) -> None:
    """Clears the registration of every ACME ClusterIssuer, and removes orders under way; what is issued stays.

    Runs before cert-manager starts, which then registers, and orders again what it still needs. `roots` are the authorities'
    present roots, new at each start of Pebble: the same as last time means that nothing was forgotten.
    """
    marker = layout.data / "accounts"
    if marker.is_file() and marker.read_text() == roots:
        return
    deadline = time.monotonic() + _LIMIT
    while True:
        try:
            with closing(connect(layout)) as client:
                _forget(client)
        except ApiError as error:
            # A freshly started API server serves custom resources a moment after it says it is ready.
            if error.status.code not in _NOT_YET or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            write_atomically(marker, roots)
            return


def _forget(client: Client) -> None:
    for issuer in client.list(_ISSUERS):
        if issuer.spec is not None and "acme" in issuer.spec and issuer.metadata is not None:
            cleared: dict[str, Any] = {"status": {"acme": None, "conditions": []}}
            client.patch(_ISSUERS.Status, str(issuer.metadata.name), cleared, patch_type=PatchType.MERGE)
    orders: Iterable[Any] = client.list(_ORDERS, namespace="*")
    for order in orders:
        if (order.status or {}).get("state") == "valid":
            continue
        try:
            client.delete(_ORDERS, str(order.metadata.name), namespace=order.metadata.namespace)
        except ApiError as error:
            if error.status.code != 404:
                raise
