"""How Terraform has what a cloud's API has once: as a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def one(told: Any, form: Callable[[Any], dict[str, Any]]) -> list[dict[str, Any]]:
    """A list of the one in that form, or of none."""
    return [form(told)] if told else []
