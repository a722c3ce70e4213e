"""Orders to fail: which requests they hit, and what the API answers then."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sandbox.aws.client import KINDS
from sandbox.gcp.client import VERSIONS, Fault
from sandbox.gcp.errors import Refusal

_HANG = 30.0  # seconds, if none are given
_ORDERS: TypeAdapter[list[dict[str, Any]]] = TypeAdapter(list[dict[str, Any]])
_ORDER: TypeAdapter[Fault] = TypeAdapter(Fault)
_FIELDS = tuple(Fault.__dataclass_fields__)


class FaultError(ValueError):
    """An order that cannot be followed."""


class Faults:
    """The orders in force, oldest first. They are not kept on disk: a twin that starts again obeys none."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []
        self._lock = threading.Lock()

    def set(self, orders: Any) -> None:
        """Replace all orders by a list of them, as JSON gives it.

        Raises:
            FaultError: one of them cannot be followed; none is taken then.
        """
        try:
            read = [_read(order) for order in _ORDERS.validate_python(orders)]
        except ValidationError as error:
            raise FaultError(f"a list of faults with {', '.join(_FIELDS)} is meant; given is {orders!r}: {error}") from error
        with self._lock:
            self._orders = read

    def list(self) -> list[Fault]:
        """Those in force, with what is left of their counts."""
        with self._lock:
            return [*self._orders]

    def strike(self, service: str, operation: str) -> Fault | None:
        """The order that this request is hit by; one with a count is used up by it."""
        with self._lock:
            for index, order in enumerate(self._orders):
                if order.service == service and order.operation in (None, operation):
                    if order.count is not None:
                        self._orders[index : index + 1] = [replace(order, count=order.count - 1)] if order.count > 1 else []
                    return order
        return None


def seconds_of(fault: Fault) -> float:
    """How long a request hangs."""
    return _HANG if fault.seconds is None else fault.seconds


def refusal(fault: Fault, operation: str) -> Refusal:
    """What a request hit by any fault but `hang` is answered with."""
    older = fault.service in ("compute", "dns")
    if fault.kind == "throttling":
        if older:
            return Refusal(403, "Rate Limit Exceeded", "rateLimitExceeded")
        return Refusal(429, f"Quota exceeded for quota metric 'Requests' of service '{fault.service}.googleapis.com'.")
    if fault.kind == "in-use":
        message = f"{operation} is refused: the resource is already being used by another resource"
        return Refusal(400, message, "resourceInUseByAnotherResource" if older else "FAILED_PRECONDITION")
    return Refusal(503, "Backend Error" if older else "The service is currently unavailable.", "backendError" if older else None)


def _read(order: dict[str, Any]) -> Fault:
    if unknown := sorted(set(order) - set(_FIELDS)):
        raise FaultError(f"unknown: {', '.join(unknown)}; allowed in a fault: {', '.join(_FIELDS)}")
    for key, allowed in (("service", tuple(VERSIONS)), ("kind", KINDS)):
        if order.get(key) not in allowed:
            raise FaultError(f"{key}: given is {order.get(key)!r}, allowed is one of {', '.join(allowed)}")
    fault = _ORDER.validate_json(json.dumps(order), strict=True)
    if fault.count is not None and fault.count < 1:
        raise FaultError(f"count: given is {fault.count}, a whole number above 0 is meant")
    if fault.seconds is not None and fault.seconds < 0:
        raise FaultError(f"seconds: given is {fault.seconds}, a number is meant")
    return fault
