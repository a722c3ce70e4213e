"""Compute Engine's operations: what a request that changes something is answered with."""

from __future__ import annotations

import time
from typing import Any

from sandbox.gcp.errors import missing
from sandbox.gcp.places import Place, link
from sandbox.gcp.store import OPERATION_SECONDS, Store, now

_PENDING_SECONDS = OPERATION_SECONDS / 3


class LateError(Exception):
    """What goes wrong only after the request was accepted; it stands in the operation."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def begin(store: Store, verb: str, target: Place, failure: LateError | None = None) -> dict[str, Any]:
    """A new operation, as its request is answered."""
    number = store.number()
    name = f"operation-{int(time.time() * 1000)}-{number[-10:]}"
    path = f"{target.scope}/operations/{name}"
    body: dict[str, Any] = {
        "kind": "compute#operation",
        "id": number,
        "name": name,
        "operationType": verb,
        "targetLink": link(target.path),
        "user": "sandbox",
        "insertTime": now(),
        "startTime": now(),
        "selfLink": link(path),
    }
    parts = target.scope.split("/")
    if parts[2] in ("zones", "regions"):
        body[parts[2][:-1]] = link(target.scope)
    thing = store.things.get(target.path)
    if thing and "id" in thing["body"]:
        body["targetId"] = thing["body"]["id"]
    if failure:
        body["error"] = {"errors": [{"code": failure.code, "message": failure.message}]}
        body |= {
            "httpErrorStatusCode": failure.status,
            "httpErrorMessage": "FORBIDDEN" if failure.status == 403 else "BAD REQUEST",
        }
    store.operations[path] = {"body": body, "due": time.time() + OPERATION_SECONDS}
    return show(store, path)


def show(store: Store, path: str) -> dict[str, Any]:
    """An operation as it is now."""
    found = store.operations.get(path)
    if found is None:
        raise missing(path)
    late = found["due"] - time.time()
    body = dict(found["body"])
    if late <= 0:
        return {**body, "status": "DONE", "progress": 100, "endTime": body["startTime"]}
    for key in ("error", "httpErrorStatusCode", "httpErrorMessage"):
        body.pop(key, None)
    return {**body, "status": "RUNNING" if late < OPERATION_SECONDS - _PENDING_SECONDS else "PENDING", "progress": 0}


def remaining(store: Store, path: str) -> float:
    """Seconds until an operation is done."""
    found = store.operations.get(path)
    return max(0.0, found["due"] - time.time()) if found else 0.0
