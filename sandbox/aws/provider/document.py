"""When two policies mean the same to AWS although they differ as texts."""

from __future__ import annotations

import json
from typing import Any

from sandbox.plugin.same import absent, equal


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
