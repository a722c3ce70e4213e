"""What the resources of IAM have in common."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from sandbox.aws.provider import tags
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.document import document
from sandbox.plugin.problems import code

NO_ENTITY = "NoSuchEntity"
PROPAGATION = 120.0
"""Seconds until everything in AWS knows of a new role."""


def find(call: Call, operation: str, **request: Any) -> Any:
    """The answer of an IAM operation, None if there is no such thing."""
    try:
        return getattr(call.client("iam"), operation)(**request)
    except Exception as error:
        if code(error) == NO_ENTITY:
            return None
        raise


def pages(call: Call, operation: str, key: str, **request: Any) -> list[Any]:
    """All items of a listing."""
    found: list[Any] = []
    for page in call.client("iam").get_paginator(operation).paginate(**request):
        found += page[key]
    return found


def policy_text(told: Any, known: Any) -> str:
    """A policy as it is known if it still means the same, else as AWS tells it."""
    text = told if isinstance(told, dict) else unquote(told or "")  # botocore has read it already, or it is escaped
    text = json.dumps(text, separators=(",", ":")) if isinstance(text, dict) else text
    return str(known) if known and document(known, text) else text


def compact(text: str) -> str:
    """A JSON text without spaces, which IAM counts."""
    return json.dumps(json.loads(text), separators=(",", ":"))


def not_json(value: Any) -> str | None:
    """What is wrong with a policy."""
    try:
        json.loads(value)
    except (TypeError, ValueError) as error:
        return f"contains an invalid JSON policy: {error}"
    return None


def prefix(name: str) -> str:
    """The prefix that a name was made from, as the real provider guesses it: 26 digits at the end."""
    return name[:-26] if len(name) > 26 and all(digit in "0123456789abcdef" for digit in name[-26:]) else ""


def retag(call: Call, kind: str, actual: dict[str, str], inputs: dict[str, Any], **request: Any) -> None:
    """Set the tags of a thing: `kind` is how the operations call it, such as `role`."""
    put, removed = tags.changes(actual, tags.target(call.account, inputs))
    if removed:
        getattr(call.client("iam"), f"untag_{kind}")(**request, TagKeys=removed)
    if put:
        getattr(call.client("iam"), f"tag_{kind}")(**request, Tags=tags.as_list(put))
