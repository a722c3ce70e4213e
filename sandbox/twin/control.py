"""What only the sandbox asks of its twins: the URLs under `/_portico/`, which are the same for every cloud."""

from __future__ import annotations

import json
import urllib.parse
from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.twin.client import Issued
from sandbox.twin.faults import FaultError, Faults
from sandbox.twin.reviews import review

PREFIX = "/_portico/"
REVIEW = "token-review"


class Control(ABC):
    """Answers them, by what the twin of one cloud says."""

    def __init__(self, faults: Faults) -> None:
        """With the twin's orders to fail."""
        self._faults = faults

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """What there is from the start."""

    @abstractmethod
    def is_delegated(self, zone: str) -> bool:
        """Whether the parent of a zone delegates it."""

    @abstractmethod
    def delegate(self, zone: str, delegated: bool) -> None:
        """Say whether the parent of a zone delegates it."""

    @abstractmethod
    def certificate(self, name: str) -> Issued:
        """An issued certificate.

        Raises:
            LookupError: there is none of that name, or it is not issued; its argument says which.
        """

    @abstractmethod
    def user(self, token: str) -> dict[str, Any]:
        """Whose token the cluster was shown, as a TokenReview has it.

        Raises:
            TokenError: it is not accepted.
        """

    def answer(self, request: Request, path: str) -> tuple[Response, bool]:
        """The answer, and whether anything was changed that must be kept.

        Args:
            request: as it came.
            path: of the URL after the prefix, still quoted.
        """
        kind, _, name = path.partition("/")
        name = urllib.parse.unquote(name)
        match request.method, kind:
            case "GET", "facts":
                return as_json(self.facts()), False
            case "GET" | "PUT" | "DELETE", "faults" if not name:
                return self._answer_faults(request), False
            case "GET", "delegation" if name:
                return as_json(self.is_delegated(name)), False
            case "PUT", "delegation" if name:
                return self._answer_delegation(request, name)
            case "GET", "certificates" if name:
                return self._answer_certificate(name), False
            case "POST", kind if kind == REVIEW:
                return as_json(review(request.get_json(force=True, silent=True), self.user)), False
        return problem(404, f"{request.method} {PREFIX}{path} is not there"), False

    def _answer_faults(self, request: Request) -> Response:
        if request.method != "GET":
            try:
                self._faults.set(request.get_json(force=True, silent=True) if request.method == "PUT" else [])
            except FaultError as error:
                return problem(400, str(error))
        return as_json(
            [{key: value for key, value in asdict(order).items() if value is not None} for order in self._faults.list()]
        )

    def _answer_delegation(self, request: Request, zone: str) -> tuple[Response, bool]:
        given = request.get_json(force=True, silent=True)
        if not isinstance(given, bool):
            return problem(400, f"true or false is meant, given is {request.get_data(as_text=True)!r}"), False
        self.delegate(zone, given)
        return as_json(given), True

    def _answer_certificate(self, name: str) -> Response:
        try:
            return as_json(asdict(self.certificate(name)))
        except LookupError as error:
            return problem(404, str(error.args[0]))


def as_json(content: Any, status: int = 200) -> Response:
    """An answer."""
    return Response(json.dumps(content), status, content_type="application/json; charset=UTF-8")


def problem(status: int, message: str) -> Response:
    """An answer that says what is wrong."""
    return as_json({"message": message}, status)
