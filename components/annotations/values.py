"""Whether a value is one that the controller takes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from components.annotations.catalogue import Entry, Type
from components.annotations.finding import near, shown

#: Go's time.ParseDuration.
_DURATION = re.compile(r"[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+)")

_WHOLE = re.compile(r"[-+]?\d+")

#: Seconds of a record's time to live, as DNS counts them (RFC 2181).
_TTL = (1, 2147483647)


def problem(entry: Entry, value: str) -> str:
    """What is wrong with a value, nothing if it is right."""
    check = _CHECKS.get(entry.type)
    return (check(entry, value) if check else "") or _limits(entry, value)


def pieces(value: str) -> list[str]:
    """A comma separated list as controllers split it."""
    return [piece.strip() for piece in value.split(",") if piece.strip()]


def _bool(entry: Entry, value: str) -> str:
    if value in entry.controller.bools:
        return ""
    wanted = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}
    meant = wanted.get(value.strip().lower())
    hint = f' (did you mean "{meant}"?)' if meant else near(value.strip().lower(), ("true", "false"))
    return f'must be "true" or "false", got {shown(value)}{hint}'


def _int(entry: Entry, value: str) -> str:
    if not _WHOLE.fullmatch(value):
        number = re.match(r"\s*(\d+)", value)
        hint = f' (did you mean "{number[1]}"?)' if number else ""
        return f"must be a whole number{_bounds(entry.min, entry.max)} without a unit, got {shown(value)}{hint}"
    return _between(int(value), entry.min, entry.max, value)


def _between(number: int, low: int | None, high: int | None, value: str) -> str:
    if (low is not None and number < low) or (high is not None and number > high):
        return f"must be a whole number{_bounds(low, high)}, got {shown(value)}"
    return ""


def _bounds(low: int | None, high: int | None) -> str:
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return "" if low is None else f" of at least {low}"


def _enum(entry: Entry, value: str) -> str:
    return _one_of(value, entry.values, fold=entry.fold)


def _one_of(value: str, allowed: tuple[str, ...], *, fold: bool) -> str:
    if value in allowed or (fold and value.lower() in {word.lower() for word in allowed}):
        return ""
    # The case is what people get wrong most, and what nearness by letters does not see.
    folded = next((word for word in allowed if word.lower() == value.strip().lower()), None)
    hint = f' (did you mean "{folded}"?)' if folded else near(value, allowed)
    choices = ", ".join(shown(word) for word in allowed)
    return f"must be {'one of ' if len(allowed) > 1 else ''}{choices}, got {shown(value)}{hint}"


def _json(entry: Entry, value: str) -> str:
    # The value is not shown: it may be long, and hold what is nobody's business.
    try:
        content = json.loads(value)
    except ValueError as failure:
        place = f" at line {failure.lineno}, column {failure.colno}" if isinstance(failure, json.JSONDecodeError) else ""
        return f"must be JSON, and is not{place}"
    if not isinstance(content, dict | list):
        return "must be a JSON object or list, got a single value"
    if entry.values and isinstance(content, Mapping):
        wrong = [_one_of(str(item), entry.values, fold=False) for item in content.values()]
        return next(filter(None, wrong), "")
    return ""


def _duration(entry: Entry, value: str) -> str:
    if entry.seconds and _WHOLE.fullmatch(value):
        return _between(int(value), *_TTL, value)
    if _DURATION.fullmatch(value):
        return ""
    days = re.fullmatch(r"(\d+) ?d(?:ays?)?", value)
    hint = f' (did you mean "{int(days[1]) * 24}h"?)' if days else ""
    bare = " or a number of seconds" if entry.seconds else ""
    return f"must be a duration such as 90s, 10m or 2160h{bare}, got {shown(value)}{hint}"


def _list(entry: Entry, value: str) -> str:
    items = pieces(value)
    if entry.most is not None and len(items) > entry.most:
        return f"must be a list of at most {entry.most}, got {len(items)}"
    wrong = [_one_of(item, entry.items, fold=False) for item in items] if entry.items else []
    return next(filter(None, wrong), "")


def _map(_entry: Entry, value: str) -> str:
    # An escaped comma belongs to the value.
    for pair in re.split(r"(?<!\\),", value):
        key, equals, _ = pair.partition("=")
        if pair.strip() and not (equals and key.strip()):
            return f"must be key=value pairs with commas between them, got {shown(pair.strip())}"
    return ""


def _limits(entry: Entry, value: str) -> str:
    if entry.longest is not None and len(value) > entry.longest:
        return f"must have at most {entry.longest} characters, has {len(value)}"
    if entry.pattern:
        wrong = [item for item in (pieces(value) if entry.type == "list" else [value]) if not re.fullmatch(entry.pattern, item)]
        if wrong:
            return f"must be {entry.form}, got {shown(wrong[0])}"
    return ""


_CHECKS: Mapping[Type, Callable[[Entry, str], str]] = {
    "int": _int,
    "bool": _bool,
    "enum": _enum,
    "json": _json,
    "duration": _duration,
    "list": _list,
    "map": _map,
}
