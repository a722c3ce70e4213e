"""What is wrong with one annotation, or worth knowing about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing to say about the annotations of an object."""

    severity: Severity
    key: str
    message: str
    #: Real keys that may have been meant, the nearest first.
    suggestions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"


def error(key: str, message: str, suggestions: tuple[str, ...] = ()) -> Finding:
    """Something that must be mended."""
    return Finding("error", key, message, suggestions)


def warning(key: str, message: str, suggestions: tuple[str, ...] = ()) -> Finding:
    """Something that works, but not for long or not as it looks."""
    return Finding("warning", key, message, suggestions)


def shown(value: object) -> str:
    """A value as messages of the settings show it."""
    # Only now, when there is something to say: the settings import this room, and a check that finds nothing stays quick.
    from components.settings.problems import shown as show

    return show(value)


def keys(found: Iterable[str]) -> str:
    """Keys in quotes, whole however long they are."""
    return " or ".join(f'"{key}"' for key in found)


def near(given: str, allowed: Iterable[str]) -> str:
    """` (did you mean "x"?)` as messages of the settings say it."""
    from components.settings.problems import suggest  # late, as above

    return suggest(given, allowed)
