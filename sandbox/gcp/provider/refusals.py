"""Answers of Google Cloud that say no."""

from __future__ import annotations

import json
from typing import Any

from sandbox.plugin.problems import Answer, reads

GONE = ("notFound", "NOT_FOUND")
"""Codes that say that there is no such thing: of the older and of the newer APIs."""


@reads
def read(error: BaseException) -> Answer | None:
    """An answer in the form of Google's client for Go, which the real provider prints."""
    status, content = getattr(error, "status_code", None), getattr(error, "content", None)
    if status is None or not isinstance(content, bytes):
        return None
    try:
        told: dict[str, Any] = json.loads(content)["error"]
    except (ValueError, KeyError, TypeError):
        return Answer(str(status), f"googleapi: got HTTP response code {status} with body: {content.decode(errors='replace')}")
    message = told.get("message", "")
    if errors := told.get("errors"):
        reason = str(errors[0].get("reason", ""))
        return Answer(reason, f"googleapi: Error {status}: {message}, {reason}")
    return Answer(str(told.get("status", status)), f"googleapi: Error {status}: {message}")
