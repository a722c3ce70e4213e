"""Mutating calls answer with an operation, which takes time and may fail late."""

from __future__ import annotations

from typing import Any

from sandbox.gcp.provider.call import Call
from sandbox.plugin.call import duration
from sandbox.plugin.problems import ProviderError

_DEFAULT = 1200.0


def compute(call: Call, request: Any) -> None:
    """Send a request to the API `compute` and wait until it is done."""
    operation = call.execute(request)
    api, where = call.service("compute"), {"project": call.place("project"), "operation": operation["name"]}
    if operation.get("region"):
        api, where = api.regionOperations(), {**where, "region": operation["region"].rsplit("/", 1)[-1]}
    else:
        api = api.globalOperations()

    def done() -> Any:
        told = operation if operation.get("status") == "DONE" else call.execute(api.get(**where))
        return told if told.get("status") == "DONE" else None

    told = _wait(call, done)
    if errors := (told.get("error") or {}).get("errors"):
        raise ProviderError("; ".join(f"Error code {error['code']}, message: {error.get('message', '')}" for error in errors))


def long_running(call: Call, api: Any, request: Any) -> None:
    """Send a request to one of the newer APIs and wait until it is done.

    Args:
        call: the request of the engine.
        api: the collection of operations, which are got by name.
        request: to send.
    """
    operation = call.execute(request)

    def done() -> Any:
        told = operation if operation.get("done") else call.execute(api.get(name=operation["name"]))
        return told if told.get("done") else None

    if error := _wait(call, done).get("error"):
        raise ProviderError(f"Error code {error.get('code')}, message: {error.get('message', '')}")


def _wait(call: Call, done: Any) -> Any:
    seconds = call.seconds(_DEFAULT)
    return call.poll(done, seconds, lambda: f"timeout while waiting for state to become 'done' (timeout: {duration(seconds)})")
