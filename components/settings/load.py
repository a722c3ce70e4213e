"""From the text of a stack file to `Settings`, or to every problem at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from components.settings.base import secret_fields
from components.settings.checks import check
from components.settings.partial import rules_broken
from components.settings.problems import NAMESPACE, SettingsError, from_pydantic
from components.settings.root import Settings, stack_label
from components.settings.sources import resolve


def load(config: Mapping[str, Any], *, stack: str, root: Path, secret_keys: Iterable[str] = ()) -> Settings:
    """Reads the `portico:` keys of a stack file.

    `config` is what Pulumi hands a program: full keys with their values, objects as JSON text. `root` is the folder that
    relative file names start from. A value of `secret_keys` that has the wrong form is never repeated in messages.
    Raises SettingsError with every problem.
    """
    prefix = f"{NAMESPACE}:"
    raw = {key.removeprefix(prefix): _parsed(value) for key, value in config.items() if key.startswith(prefix)}
    # Pulumi.yaml's default for a key that was left out is empty.
    given = {key: value for key, value in raw.items() if value not in ({}, "") or key not in Settings.model_fields}
    resolved, problems = resolve(given, root)
    # The stack's name is the environment's, not the file's: two environments from one file never collide.
    resolved.setdefault("stack", stack_label(stack))
    hidden = {key.removeprefix(prefix) for key in secret_keys}
    try:
        settings = Settings.model_validate(resolved)
    except ValidationError as error:
        # What a missing file left empty is said once, by the file.
        told = {problem.key for problem in problems}
        found = [*from_pydantic(error, hidden, secret_fields(Settings)), *rules_broken(resolved, error)]
        raise SettingsError([*problems, *(problem for problem in found if problem.key not in told)]) from None
    problems += check(settings)
    if problems:
        raise SettingsError(problems)
    return settings


def _parsed(value: Any) -> Any:
    """Objects and lists arrive as JSON text; anything else is kept, for pydantic to judge."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value
