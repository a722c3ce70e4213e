"""What a rule over several annotations is, and what rules are written with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from components.annotations.finding import Finding, error

#: The annotations of an object. A value that is no text is not known yet.
Annotations = Mapping[str, object]


@dataclass(frozen=True)
class Rule:
    """One rule."""

    name: str
    kinds: frozenset[str]
    #: Where the controller, or who stands behind it, says so.
    source: str
    find: Callable[[Annotations], Iterable[Finding]]


def text(annotations: Annotations, key: str, default: str = "") -> str | None:
    """A value, or what stands for it when it is not given; None while it is not known."""
    value = annotations.get(key, default)
    return value if isinstance(value, str) else None


def number(annotations: Annotations, key: str, default: int | None = None) -> int | None:
    """A whole number; None while it is not known, or is none."""
    value = text(annotations, key, "" if default is None else str(default))
    return int(value) if value is not None and value.isdecimal() else None


def either(one: str, other: str) -> Callable[[Annotations], Iterable[Finding]]:
    """Two keys of which an object may have one."""

    def find(annotations: Annotations) -> Iterable[Finding]:
        if one in annotations and other in annotations:
            yield error(other, f"excludes {one}: keep one of the two")

    return find
