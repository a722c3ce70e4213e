"""What can go wrong, and how it is told: in the words of the real provider where those are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Answer:
    """A refusal of the cloud: its code, and the line that the real provider prints."""

    code: str
    line: str


Reader = Callable[[BaseException], Answer | None]
"""Knows the errors of one cloud's client; None if an error is no answer of the cloud."""

_readers: list[Reader] = []


def reads(reader: Reader) -> Reader:
    """Decorates the one function of a provider that understands its client's errors."""
    _readers.append(reader)
    return reader


def answered(error: BaseException) -> Answer | None:
    """What the cloud answered, None if it is no answer of the cloud."""
    return next((answer for reader in _readers if (answer := reader(error))), None)


def code(error: BaseException) -> str:
    """The cloud's error code, empty if it is no answer of the cloud."""
    answer = answered(error)
    return answer.code if answer else ""


def text(error: BaseException) -> str:
    """An error in one line."""
    answer = answered(error)
    return answer.line if answer else str(error) or type(error).__name__


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
