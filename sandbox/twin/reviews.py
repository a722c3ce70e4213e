"""TokenReviews: the cluster asks a cloud whose token it was shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: May do everything in the cluster, as who makes a cluster in a cloud may.
GROUP = "system:masters"


class TokenError(ValueError):
    """Why a token is not accepted."""


def review(content: Any, whose: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """The answer to a TokenReview.

    Args:
        content: the TokenReview.
        whose: gives the user of a token, as the answer has it; raises TokenError.
    """
    try:
        token = str(content["spec"]["token"])
    except (KeyError, TypeError):
        return refused("not a TokenReview: spec.token is missing")
    try:
        return _answer({"authenticated": True, "user": whose(token)})
    except TokenError as error:
        return refused(str(error))


def refused(why: str) -> dict[str, Any]:
    """The answer that it is nobody's token."""
    return _answer({"authenticated": False, "error": why})


def _answer(status: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}
