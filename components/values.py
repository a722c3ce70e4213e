"""Merging of what Portico says with what the user adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid on `base`: mappings are merged key by key, anything else replaces (as Helm merges values files)."""
    merged = dict(base)
    for key, value in over.items():
        standing = merged.get(key)
        merged[key] = merge(standing, value) if isinstance(standing, Mapping) and isinstance(value, Mapping) else value
    return merged
