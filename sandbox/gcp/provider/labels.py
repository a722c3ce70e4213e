"""Labels: what the program sets, what the provider adds, and which of them is told as whose."""

from __future__ import annotations

from typing import Any

from sandbox.gcp.provider.account import Account
from sandbox.plugin.wire import UNKNOWN, Properties, Unknown

_MARK = "goog-pulumi-provisioned"  # set on what is created, and kept where it is


def wanted(account: Account, inputs: Properties, state: Properties) -> Any:
    """All labels that a resource is to have: its own win over the provider's."""
    own = inputs.get("labels")
    if isinstance(own, Unknown):
        return UNKNOWN
    marked = account.attributes and (not state or _MARK in (state.get("effectiveLabels") or {}))
    return {**account.default_labels, **({_MARK: "true"} if marked else {}), **(own or {})}


def outputs(account: Account, actual: dict[str, str] | None, known: Properties) -> Properties:
    """`labels`, `pulumiLabels` and `effectiveLabels` from those that stand."""
    every = dict(sorted((actual or {}).items()))
    own = known.get("labels") or {}
    ours = {*account.default_labels, *own, *((_MARK,) if account.attributes else ())}
    return {
        "effectiveLabels": every,
        "labels": {key: value for key, value in every.items() if key in own} or None,
        "pulumiLabels": {key: value for key, value in every.items() if key in ours},
    }
