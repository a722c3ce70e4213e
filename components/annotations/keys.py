"""Which entries of the catalogue a key stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache

from components.annotations.catalogue import Entry, catalogue

_PLACEHOLDER = re.compile(r"<\w+>")


def find(key: str) -> tuple[Entry, ...]:
    """Every entry with this key, on whatever kind of object; none if nobody reads it."""
    known = catalogue().entries
    if key in known:
        return known[key]
    prefix, _, name = key.partition("/")
    if prefix in _case_blind():
        lowered = f"{prefix}/{name.lower()}"
        if lowered in known:
            return known[lowered]
        key = lowered
    return next((known[template] for template, pattern in templates().items() if pattern.fullmatch(key)), ())


@cache
def templates() -> dict[str, re.Pattern[str]]:
    """The keys with placeholders, as patterns."""
    return {key: re.compile(_expression(key)) for key in catalogue().entries if _PLACEHOLDER.search(key)}


def literal(template: str) -> str:
    """What a key with placeholders begins with."""
    return _PLACEHOLDER.split(template)[0]


def parts(template: str) -> list[str | None]:
    """A key letter by letter, None for each placeholder."""
    letters: list[str | None] = []
    for piece in re.split(r"(<\w+>)", template):
        letters += [None] if piece.startswith("<") else list(piece)
    return letters


@cache
def prefixes() -> frozenset[str]:
    """Every known prefix, without its slash."""
    return frozenset(key.partition("/")[0] for key in catalogue().entries)


def nobodys(key: str, allow: Iterable[str]) -> bool:
    """Whether the user lets this key through, or it is known to belong to somebody else."""
    return any(fnmatchcase(key, glob) for glob in (*allow, *catalogue().others))


@cache
def _case_blind() -> frozenset[str]:
    return frozenset(entry.key.partition("/")[0] for entry in catalogue() if entry.controller.ignore_case) - {"kubernetes.io"}


def _expression(template: str) -> str:
    pieces = re.split(r"(<\w+>)", template)
    return "".join(catalogue().placeholders[piece] if piece.startswith("<") else re.escape(piece) for piece in pieces)
