"""Refusals in the words and the two forms that Google's APIs have."""

from __future__ import annotations

from typing import Any

_STATUS = {  # of google.rpc.Code
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}
_REASON = {400: "invalid", 404: "notFound", 409: "alreadyExists", 412: "conditionNotMet", 501: "notImplemented"}
_OLDER = ("compute", "dns")


class Refusal(Exception):  # noqa: N818 -- what the API says, not a failure of the twin
    """An error that an API answers with."""

    def __init__(self, status: int, message: str, reason: str | None = None) -> None:
        """As it is worded.

        Args:
            status: of HTTP.
            message: for people.
            reason: in the older APIs the word of `errors`, in the newer ones `status`; what is usual for the HTTP status if None.
        """
        super().__init__(message)
        self.status, self.message, self.reason = status, message, reason

    def body(self, api: str) -> dict[str, Any]:
        """The answer's content, in the form of that API."""
        error: dict[str, Any] = {"code": self.status, "message": self.message}
        if api in _OLDER:
            reason = self.reason or _REASON.get(self.status, "backendError")
            error["errors"] = [{"message": self.message, "domain": "global", "reason": reason}]
        else:
            error["status"] = self.reason or _STATUS.get(self.status, "UNKNOWN")
        return {"error": error}


def missing(name: str) -> Refusal:
    """There is no such thing."""
    return Refusal(404, f"The resource '{name}' was not found")


def taken(name: str) -> Refusal:
    """There is one of that name."""
    return Refusal(409, f"The resource '{name}' already exists")
