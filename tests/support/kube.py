"""A small Kubernetes API over real HTTP: enough of it to be asked for objects, have their status patched and delete Secrets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_STATUS = {404: "NotFound", 403: "Forbidden", 500: "InternalError", 503: "ServiceUnavailable"}


class FakeKube:
    """Objects by path (`/api/v1/namespaces/a/secrets/b`), and what was asked.

    A path holds a list of states, one for each time that it is read (the last one stays); a number is a status code to fail with.
    `failing` maps a path to the status code with which it is answered.
    """

    def __init__(self) -> None:
        self.objects: dict[str, list[Any]] = {}
        self.failing: dict[str, int] = {}
        self.patches: list[tuple[str, dict[str, Any]]] = []
        self.deleted: list[str] = []
        self.asked: list[str] = []
        self.server = ""

    @property
    def kubeconfig(self) -> str:
        """How to reach it."""
        return json.dumps(
            {
                "clusters": [{"name": "fake", "cluster": {"server": self.server}}],
                "users": [{"name": "me", "user": {"token": "token-of-the-test"}}],
                "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "me"}}],
                "current-context": "fake",
            }
        )

    def put(self, path: str, *states: Any) -> None:
        """The states of an object, in the order in which a reader sees them."""
        self.objects[path] = list(states)

    def _current(self, path: str) -> Any:
        states = self.objects[path]
        return states.pop(0) if len(states) > 1 else states[0]

    def get(self, path: str, selector: str | None) -> Any:
        """One object, or the list of those below a collection; None if there is no such object."""
        if path in self.objects:
            return self._current(path)
        if "/" in path.rpartition("/v1/")[2] and path.count("/") > 5 and not self._is_collection(path):
            return None
        items = [self._current(key) for key in sorted(self.objects) if self._below(key, path)]
        if selector:
            name, _, value = selector.partition("=")
            items = [item for item in items if item["metadata"].get("labels", {}).get(name) == value]
        return {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}

    @staticmethod
    def _is_collection(path: str) -> bool:
        return path.rsplit("/", 1)[1] in {"secrets", "certificates", "certificaterequests", "orders", "challenges", "namespaces"}

    @staticmethod
    def _below(key: str, path: str) -> bool:
        front, _, kind = path.rpartition("/")
        if key.startswith(f"{path}/"):
            return True
        return "/namespaces/" not in front and key.startswith(f"{front}/namespaces/") and key.split("/")[-2] == kind


class _Handler(BaseHTTPRequestHandler):
    kube: FakeKube

    def log_message(self, *_: Any) -> None:
        """Silence: a test says itself what it saw."""

    def _answer(self, code: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _failed(self, code: int, path: str) -> None:
        reason = _STATUS.get(code, "Unknown")
        body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": f"{path}: {reason}"}
        self._answer(code, body)

    def _handle(self, act: Callable[[str, dict[str, list[str]]], Any]) -> None:
        parts = urlsplit(self.path)
        self.kube.asked.append(f"{self.command} {parts.path}")
        if parts.path in self.kube.failing:
            self._failed(self.kube.failing[parts.path], parts.path)
            return
        found = act(parts.path, parse_qs(parts.query))
        if found is None or isinstance(found, int):
            self._failed(found or 404, parts.path)
        else:
            self._answer(200, found)

    def do_GET(self) -> None:
        self._handle(lambda path, query: self.kube.get(path, query.get("labelSelector", [None])[0]))

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))

        def patch(path: str, _: object) -> Any:
            self.kube.patches.append((path, body))
            return self.kube.get(path.removesuffix("/status"), None)

        self._handle(patch)

    def do_DELETE(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def delete(path: str, _: object) -> Any:
            if self.kube.objects.pop(path, None) is None:
                return None
            self.kube.deleted.append(path)
            return {"kind": "Status", "status": "Success"}

        self._handle(delete)


@contextmanager
def fake_kube() -> Iterator[FakeKube]:
    """The API on a free port of the loopback interface."""
    kube = FakeKube()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"kube": kube, "protocol_version": "HTTP/1.0"}))
    kube.server = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    try:
        yield kube
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
