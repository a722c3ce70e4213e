"""What can go wrong, and how it is told: in the words of the real provider where those are known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class ProviderError(Exception):
    """A request that failed; its text is for the user."""


class MissingError(ProviderError):
    """What was asked for does not exist."""

    def __init__(self, text: str = "couldn't find resource") -> None:
        super().__init__(text)


class PartialError(Exception):
    """A resource that stands, but not as it was asked for.

    Attributes:
        id: of the resource.
        state: its outputs as far as they are known.
        reason: what failed.
    """

    def __init__(self, id: str, state: dict[str, Any], reason: str) -> None:  # noqa: A002 -- Pulumi's word
        super().__init__(reason)
        self.id = id
        self.state = state
        self.reason = reason


def code(error: BaseException) -> str:
    """AWS's error code, empty if it is no answer of AWS."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def text(error: BaseException) -> str:
    """An error in one line, an answer of AWS in the form of its SDK for Go, which the real provider prints."""
    if not code(error):
        return str(error) or type(error).__name__
    response: Any = getattr(error, "response", {})
    said, meta = response["Error"], response.get("ResponseMetadata", {})
    operation = getattr(error, "operation_name", "")
    return (
        f"operation error {operation}: https response error StatusCode: {meta.get('HTTPStatusCode', 0)}, "
        f"RequestID: {meta.get('RequestId', '')}, {said['Code']}: {said.get('Message', '')}"
    )


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Errors inside say what was being done, such as `creating Route 53 Record`."""
    try:
        yield
    except MissingError as error:
        raise MissingError(f"{what}: {error}") from error
    except PartialError:
        raise
    except Exception as error:
        raise ProviderError(f"{what}: {text(error)}") from error


@contextmanager
def gone_is_fine(*codes: str) -> Iterator[None]:
    """Answers with one of these codes mean that there is nothing left to do."""
    try:
        yield
    except Exception as error:
        if code(error) not in codes:
            raise
