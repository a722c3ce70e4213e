"""Which of a list's things a request asks for, and how many at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.gcp.errors import Refusal

_TERM = re.compile(r"""\(?\s*(?P<field>[\w.]+)\s*(?P<how>=|!=|:|\beq\b|\bne\b)\s*(?P<q>["']?)(?P<value>.*?)(?P=q)\s*\)?""")


def matches(text: str | None, body: Mapping[str, Any]) -> bool:
    """Whether a thing is what a filter asks for: terms joined by AND or set side by side in brackets."""
    if not text:
        return True
    for term in re.split(r"\s+AND\s+|(?<=\))\s*(?=\()", text.strip()):
        found = _TERM.fullmatch(term)
        if not found:
            raise Refusal(400, f"Invalid value for field 'filter': '{text}'. Invalid list filter expression.")
        value: Any = body
        for part in found["field"].split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if not _compare(found["how"], str(value) if value is not None else "", found["value"]):
            return False
    return True


def page(
    items: list[dict[str, Any]], query: Mapping[str, Any], size: str = "maxResults"
) -> tuple[list[dict[str, Any]], str | None]:
    """The part of a list that is asked for, and the token of the next part."""
    token = str(query.get("pageToken") or "0")
    if not token.isdigit():
        raise Refusal(400, f"Invalid value for field 'pageToken': '{token}'. The page token is invalid.")
    first = int(token)
    last = first + int(query.get(size) or 500)
    return items[first:last], str(last) if last < len(items) else None


def _compare(how: str, value: str, wanted: str) -> bool:
    match how:
        case "eq":
            return re.fullmatch(wanted, value) is not None
        case "ne":
            return re.fullmatch(wanted, value) is None
        case ":":
            return wanted.strip("*") in value
    pattern = re.escape(wanted).replace(r"\*", ".*")
    return (re.fullmatch(pattern, value) is not None) is (how == "=")
