"""What only the sandbox asks of its twin: the URLs under `/_portico/`."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from moto.acm.exceptions import CertificateNotFound
from werkzeug.wrappers import Request, Response

from sandbox.aws import first, services
from sandbox.aws.acm import Certificate, certificates
from sandbox.aws.faults import FaultError, Faults
from sandbox.aws.records import absolute
from sandbox.aws.zones import zones

PREFIX = "/_portico/"
REVIEW = "token-review"


class Control:
    """Answers them."""

    def __init__(self, region: str, cluster: str, faults: Faults, review: Callable[[Any], dict[str, Any]]) -> None:
        self._region, self._cluster = region, cluster
        self._faults = faults
        self._review = review

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
                return _json(first.facts_of(self._region, self._cluster)), False
            case "GET" | "PUT" | "DELETE", "faults" if not name:
                return self._set_faults(request), False
            case "GET", "delegation" if name:
                return _json(absolute(name) not in zones().undelegated), False
            case "PUT", "delegation" if name:
                return self._delegate(request, name)
            case "GET", "certificates" if name:
                return self._certificate(name), False
            case "POST", kind if kind == REVIEW:
                return _json(self._review(request.get_json(force=True, silent=True))), False
        return _problem(404, f"{request.method} {PREFIX}{path} is not there"), False

    def _set_faults(self, request: Request) -> Response:
        if request.method != "GET":
            orders = request.get_json(force=True, silent=True) if request.method == "PUT" else []
            try:
                self._faults.set(orders, services.NAMES)
            except FaultError as error:
                return _problem(400, str(error))
        return _json([{key: value for key, value in asdict(order).items() if value is not None} for order in self._faults.list()])

    def _delegate(self, request: Request, zone: str) -> tuple[Response, bool]:
        given = request.get_json(force=True, silent=True)
        if not isinstance(given, bool):
            return _problem(400, f"true or false is meant, given is {request.get_data(as_text=True)!r}"), False
        zones().set_delegation(zone, given)
        return _json(given), True

    def _certificate(self, arn: str) -> Response:
        try:
            found = certificates(self._region).get_certificate(arn)
        except CertificateNotFound as error:
            return _problem(404, error.message)
        if isinstance(found, Certificate) and not found.issued_at:
            return _problem(404, f"{arn} is not issued yet")
        return _json({"certificate": found.cert.decode(), "chain": found.chain.decode(), "key": found.key.decode()})


def _json(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content), status, content_type="application/json")


def _problem(status: int, message: str) -> Response:
    return _json({"message": message}, status)
