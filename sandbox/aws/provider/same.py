"""When two values mean the same to AWS although they differ as texts."""

from __future__ import annotations

import json
from typing import Any


def absent(value: Any) -> bool:
    """Whether a value says nothing: Terraform's types, and so the real provider's, do not tell these apart."""
    return value is None or value is False or value in ("", [], {})


def equal(old: Any, new: Any) -> bool:
    """The same, an empty value being none."""
    return bool((absent(old) and absent(new)) or old == new)


def hostname(old: Any, new: Any) -> bool:
    """The same name in DNS."""
    return equal(bare(old or ""), bare(new or ""))


def bare(name: str) -> str:
    """A name in lower case without the root's dot."""
    return name.removesuffix(".").lower()


def unordered(old: Any, new: Any) -> bool:
    """The same members in whichever order."""
    return {_text(item) for item in old or []} == {_text(item) for item in new or []}


def document(old: Any, new: Any) -> bool:
    """The same policy: order, spaces, and lists of one say nothing."""
    if absent(old) or absent(new):
        return equal(old, new)
    try:
        return _text(_meaning(json.loads(old))) == _text(_meaning(json.loads(new)))
    except (TypeError, ValueError):
        return bool(old == new)


def _meaning(part: Any, key: str = "") -> Any:
    if key in ("Principal", "NotPrincipal") and part == "*":
        part = {"AWS": "*"}
    if isinstance(part, dict):
        return {name: _meaning(item, name) for name, item in part.items()}
    if isinstance(part, list):
        members = sorted({_text(_meaning(item)) for item in part})
        return json.loads(members[0]) if len(members) == 1 else [json.loads(member) for member in members]
    if isinstance(part, bool):
        return "true" if part else "false"
    return str(part) if isinstance(part, (int, float)) else part


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)
