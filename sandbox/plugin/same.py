"""When two values mean the same to a cloud although they differ as texts."""

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


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)
