"""What is wrong with a stack file, said so that a person can mend it without reading code."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

#: The configuration namespace of every key, as Pulumi writes it in the stack file.
NAMESPACE = "portico"

#: A value longer than this is cut in messages: enough to recognise it, not enough to flood the log.
_SHOWN = 60


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: the key as it stands in the stack file, and what to do about it."""

    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"


class SettingsError(Exception):
    """Everything that is wrong with a stack file, found before anything was created."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems), key=lambda p: (p.key, p.message)))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def report(self, source: str) -> str:
        """The whole message for a terminal; `source` names the stack file."""
        count = len(self.problems)
        width = max((len(problem.key) for problem in self.problems), default=0)
        lines = [f"{source}: {count} problem{'' if count == 1 else 's'}, nothing was created"]
        lines += [f"  {problem.key.ljust(width)}   {problem.message}" for problem in self.problems]
        return "\n".join(lines)


def key_of(path: Sequence[str | int]) -> str:
    """`("sites", "shop", "hosts", 0)` as a person would write it: `portico:sites.shop.hosts[0]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else str(part)
    return f"{NAMESPACE}:{text}"


def suggest(given: str, allowed: Iterable[str]) -> str:
    """` (did you mean "x"?)` where one of the allowed words is near, else nothing."""
    # One wrong letter of a very short word is half of it.
    near = difflib.get_close_matches(given, list(allowed), n=1, cutoff=0.6 if len(given) > 3 else 0.5)
    return f' (did you mean "{near[0]}"?)' if near else ""


def shown(value: object) -> str:
    """A value as it may appear in a message."""
    # As JSON, so that a line break in a value does not become one in the report.
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def words(allowed: Iterable[str]) -> str:
    """A list of allowed words, in one order."""
    return ", ".join(sorted(allowed))


def from_pydantic(error: ValidationError, keys: Iterable[str], fields: Iterable[str]) -> list[Problem]:
    """Pydantic's findings in this project's words. What stands below a secret top-level key or in a secret field is not shown."""
    secret_keys, secret_fields = set(keys), set(fields)
    return [_translate(details, secret_keys, secret_fields) for details in error.errors(include_url=False)]


def _translate(details: ErrorDetails, secret_keys: set[str], secret_fields: set[str]) -> Problem:
    path = [part for part in details["loc"] if part != "[key]"]
    given: Any = details.get("input")
    context: Mapping[str, Any] = details.get("ctx", {})
    secret = bool(path) and (path[0] in secret_keys or path[-1] in secret_fields)
    got = "" if secret or isinstance(given, Mapping) else f", got {shown(given)}"
    match details["type"]:
        case "missing":
            message = "is required and missing"
        case "extra_forbidden":
            message = f"unknown key{_allowed(context)}"
        case "value_error" | "assertion_error":
            # Raised by this project's own validators, whose text is already a sentence for people.
            message = str(context.get("error", details["msg"]))
            if path and path[0] in secret_keys and path[-1] not in secret_fields:
                # What is said of a secret field never repeats it; what is said of any other may.
                message = "is not valid; its value is secret, so it is not shown"
        case "literal_error" | "enum":
            expected = str(context.get("expected", ""))
            choices = [word.strip("' ") for word in expected.replace(" or ", ",").split(",")]
            near = "" if secret or not isinstance(given, str) else suggest(given, choices)
            message = f"must be one of {words(choices)}{got}{near}"
        case "string_type":
            message = f"must be text{got}"
        case "int_type" | "int_parsing" | "int_from_float":
            message = f"must be a whole number{got}"
        case "bool_type" | "bool_parsing":
            message = f"must be true or false{got}"
        case "list_type":
            message = f"must be a list (write [a, b], or one item per line behind a dash){got}"
        case "dict_type" | "model_type" | "model_attributes_type":
            message = f"must hold keys and values{got}"
        case "greater_than_equal":
            message = f"must be at least {context['ge']}{got}"
        case "less_than_equal":
            message = f"must be at most {context['le']}{got}"
        case "too_short":
            message = f"must have at least {context['min_length']}"
        case "too_long":
            message = f"must have at most {context['max_length']}, has {context['actual_length']}"
        case "string_pattern_mismatch" if str(context["pattern"]).startswith("^[a-z0-9]"):
            message = f"must be lower-case letters, digits and inner dashes{_longest(str(context['pattern']))}{got}"
        case _:
            message = details["msg"][:1].lower() + details["msg"][1:] + got
    return Problem(key_of(path), message)


def _longest(pattern: str) -> str:
    """How long a name of `KubeName` or `Key` may be, read off its pattern."""
    inner = re.search(r"\{0,(\d+)\}", pattern)
    return f", at most {int(inner[1]) + 2} of them" if inner else ""


def _allowed(context: Mapping[str, Any]) -> str:
    """The allowed keys, where the model that refused one told them (see `Base`)."""
    allowed = context.get("allowed")
    if not allowed:
        return ""
    return f"{suggest(str(context.get('given', '')), allowed)}; allowed here: {words(allowed)}"
