"""Tags: what the program sets, what the provider adds, and AWS's lists of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.aws.provider.account import Account
from sandbox.plugin.wire import UNKNOWN, Unknown


def wanted(account: Account, inputs: Mapping[str, Any]) -> dict[str, Any] | Unknown:
    """All tags that a resource is to have: its own win over the provider's."""
    own = inputs.get("tags")
    return UNKNOWN if isinstance(own, Unknown) else {**account.default_tags, **(own or {})}


def target(account: Account, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The same where nothing is unknown any more."""
    every = wanted(account, inputs)
    return {} if isinstance(every, Unknown) else every


def outputs(account: Account, actual: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    """`tags` and `tagsAll` from the tags that AWS has; a default tag is among the own ones only if it was given there too."""
    own = known.get("tags")
    every = {key: value for key, value in sorted(actual.items()) if not key.startswith("aws:")}
    kept = {key: value for key, value in every.items() if key in (own or {}) or account.default_tags.get(key) != value}
    return {"tags": kept or ({} if own is not None else None), "tagsAll": every}


def as_list(tags: Mapping[str, Any]) -> list[dict[str, str]]:
    """In the form of most services."""
    return [{"Key": key, "Value": str(value)} for key, value in tags.items()]


def as_dict(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """From the form of most services."""
    return {tag["Key"]: tag.get("Value", "") for tag in tags or ()}


def changes(actual: Mapping[str, str], target: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Tags to set, and keys to take away; AWS's own are left alone."""
    put = {key: str(value) for key, value in target.items() if actual.get(key) != str(value)}
    return put, [key for key in actual if key not in target and not key.startswith("aws:")]
