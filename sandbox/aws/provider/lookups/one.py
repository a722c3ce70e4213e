"""Lookups that must find one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sandbox.plugin.problems import ProviderError

T = TypeVar("T")


def only(found: Sequence[T], kind: str) -> T:
    """The one that was found.

    Raises:
        ProviderError: none was, or several were.
    """
    if not found:
        raise ProviderError(f"no matching {kind} found")
    if len(found) > 1:
        raise ProviderError(f"multiple {kind}s matched; use additional constraints to reduce matches to a single {kind}")
    return found[0]


def has(actual: Mapping[str, str], wanted: Mapping[str, Any] | None) -> bool:
    """Whether all these tags are there."""
    return all(actual.get(key) == value for key, value in (wanted or {}).items())
