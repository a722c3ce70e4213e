"""The twin as one WSGI application: every request, one after the other, on state that is kept before the answer goes out."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sandbox.gcp import certificatemanager, container, first, managed, operations, records, tokens
from sandbox.gcp.addresses import Pool
from sandbox.gcp.certificatemanager import CertificateManager
from sandbox.gcp.checking import check_answer, read_body, read_query
from sandbox.gcp.client import VERSIONS
from sandbox.gcp.compute import Compute
from sandbox.gcp.control import Control
from sandbox.gcp.discovery import Directory, Method
from sandbox.gcp.dns import Dns
from sandbox.gcp.errors import Refusal
from sandbox.gcp.faults import refusal
from sandbox.gcp.policies import Policies
from sandbox.gcp.store import Store
from sandbox.twin.client import FRONT_AGENT
from sandbox.twin.control import PREFIX, as_json
from sandbox.twin.faults import Faults, seconds_of
from sandbox.twin.issuer import Issuer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

VALIDITY = timedelta(days=90)  # of the certificates that Google manages
log = logging.getLogger(__name__)


class Twin:
    """There is one lock; only who waits, for an operation or by order, waits outside of it."""

    def __init__(self, settings: first.Settings) -> None:
        """Take over what is on disk, and make what is missing of what is there from the start."""
        self._settings = settings
        self._lock = threading.RLock()
        self._directory = Directory()
        self._issuer = Issuer(settings.certificate, settings.key, VALIDITY)
        self._store = Store(settings.data / "gcp.json")
        self._faults = Faults(tuple(VERSIONS), tuple(VERSIONS))
        self._control = Control(self._store, self._faults, settings)
        self._compute = Compute(self._store, self._directory, settings.project, Pool(self._store, settings.pool))
        self._dns = Dns(self._store)
        self._certificates = CertificateManager(self._store)
        self._policies = Policies(self._store, settings.project)
        first.make(self._store, self._compute, settings)
        self._store.save()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self.answer(Request(environ))(environ, start_response)

    def answer(self, request: Request) -> Response:
        """The answer to one request; what it changed is on disk."""
        raw = str(request.environ.get("RAW_URI") or request.path).partition("?")[0]
        if raw == f"{PREFIX}health":
            return Response("ok\n")
        try:
            if raw.startswith(PREFIX):
                with self._lock:
                    self._settle()
                    response, _ = self._control.answer(request, raw.removeprefix(PREFIX))
                    self._store.save()
                return response
            if raw == "/token":
                return self._token(request)
            return self._call(request, _folded(raw.lstrip("/")))
        except Exception:
            log.exception("%s %s could not be answered", request.method, raw)
            with self._lock:
                self._store.restore()
            return as_json(Refusal(500, "the twin failed; see its log").body("compute"), 500)

    def _token(self, request: Request) -> Response:
        with self._lock:
            try:
                answer = tokens.give(self._store, request.form)
            except Refusal as error:
                word, _, rest = error.message.partition(": ")
                return as_json({"error": word, "error_description": rest}, error.status)
            self._store.save()
        return as_json(answer)

    def _call(self, request: Request, path: str) -> Response:
        found = self._directory.find(request.method, path)
        if not found:
            error = Refusal(404, f"{request.method} /{path} is no method of the twin's APIs")
            return as_json(error.body("compute"), 404)
        method, values = found
        api, operation = method.api.name, method.name.partition(".")[2]
        # The data plane is no user of Google's: it meets no faults, and is no news.
        front = FRONT_AGENT in request.user_agent.string
        fault = None if front else self._faults.strike(api, operation)
        if method.verb == "wait" and api == "compute":
            time.sleep(operations.remaining(self._store, path.removeprefix("compute/v1/").removesuffix("/wait")))
        try:
            if fault and fault.kind != "hang":
                raise refusal(fault, operation)
            with self._lock:
                response = as_json(self._answer(request, method, values, path))
        except Refusal as error:
            response = as_json(error.body(api), error.status)
        level = logging.DEBUG if front or request.method == "GET" else logging.INFO
        log.log(level, "%s /%s %d%s", method.name, path, response.status_code, f" ({fault.kind})" if fault else "")
        if fault and fault.kind == "hang":
            time.sleep(seconds_of(fault))
        return response

    def _answer(self, request: Request, method: Method, values: dict[str, str], path: str) -> dict[str, Any]:
        query = read_query(method, {key: request.args.getlist(key) for key in request.args})
        body = read_body(method, _content(request), creating=method.verb in ("insert", "create"))
        self._settle()
        try:
            answer = self._dispatch(method, values, path, query, body)
            check_answer(method, answer)
        except Refusal:
            self._store.restore()
            raise
        self._settle()  # what was proven just now counts from now
        self._store.save()
        return answer

    def _dispatch(
        self, method: Method, values: dict[str, str], path: str, query: dict[str, Any], body: dict[str, Any]
    ) -> dict[str, Any]:
        if values.get("project", self._settings.project) != self._settings.project:
            raise Refusal(404, f"The resource 'projects/{values['project']}' was not found")
        match method.api.name:
            case "compute":
                return self._compute.answer(method, path, query, body)
            case "dns":
                return self._dns.answer(method, values, query, body)
            case "certificatemanager":
                return self._certificates.answer(method, path, query, body)
            case "container":
                return container.answer(self._store, method, values)
        return self._policies.answer(method, values, query, body)

    def _settle(self) -> None:
        def find(name: str, kind: str) -> list[str]:
            return records.find(self._store, name, kind)

        managed.settle(self._store, self._issuer, self._settings.project, find)
        certificatemanager.settle(self._store, self._issuer, find)


def _folded(path: str) -> str:
    """Controllers ask for beta and alpha versions too, and one says `projects/projects/P`."""
    return re.sub(r"^compute/(?:beta|alpha)/", "compute/v1/", path).replace("projects/projects/", "projects/", 1)


def _content(request: Request) -> Any:
    if not request.get_data():
        return None
    content = request.get_json(force=True, silent=True)
    if not isinstance(content, dict):
        raise Refusal(400, "Invalid JSON payload received. Unexpected token: an object is meant.")
    return content
