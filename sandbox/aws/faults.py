"""Orders to fail: which requests they hit, and what the service answers then."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from sandbox.aws.base import Refusal
from sandbox.aws.client import KINDS, Fault

_HANG = 30.0  # seconds, if none are given
_THROTTLING = {  # code and HTTP status, as the service itself answers when it is asked too often
    "acm": ("ThrottlingException", 400),
    "ec2": ("RequestLimitExceeded", 503),
    "eks": ("ThrottlingException", 429),
    "resourcegroupstaggingapi": ("ThrottledException", 400),
}
_IN_USE = {
    "acm": "ResourceInUseException",
    "ec2": "DependencyViolation",
    "eks": "ResourceInUseException",
    "elbv2": "ResourceInUse",
    "iam": "DeleteConflict",
    "route53": "HostedZoneNotEmpty",
}
_IN_USE_BY_OPERATION = {"ReleaseAddress": "InvalidIPAddress.InUse", "DeleteLoadBalancer": "OperationNotPermitted"}
_FIELDS = tuple(Fault.__dataclass_fields__)


class FaultError(ValueError):
    """An order that cannot be followed."""


class Faults:
    """The orders in force, oldest first. They are not kept on disk: a twin that starts again obeys none."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []
        self._lock = threading.Lock()

    def set(self, orders: Any, services: tuple[str, ...]) -> None:
        """Replace all orders.

        Args:
            orders: a list of them, as JSON gives it.
            services: that there are.

        Raises:
            FaultError: one of them cannot be followed; none is taken then.
        """
        if not isinstance(orders, list):
            raise FaultError(f"a list of faults is meant, given is {type(orders).__name__}")
        read = [_read(order, services) for order in orders]
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
                        left = [Fault(**{**vars(order), "count": order.count - 1})] if order.count > 1 else []
                        self._orders[index : index + 1] = left
                    return order
        return None


def seconds_of(fault: Fault) -> float:
    """How long a request hangs."""
    return _HANG if fault.seconds is None else fault.seconds


def refusal(fault: Fault, operation: str) -> tuple[Refusal, int]:
    """The error and HTTP status that a request hit by any fault but `hang` is answered with."""
    if fault.kind == "throttling":
        code, status = _THROTTLING.get(fault.service, ("Throttling", 400))
        return Refusal(code, "Rate exceeded"), status
    if fault.kind == "in-use":
        code = _IN_USE_BY_OPERATION.get(operation) or _IN_USE[fault.service]
        return Refusal(code, f"{operation} is refused: the resource is in use"), 409 if fault.service in ("iam", "eks") else 400
    return Refusal("InternalError" if fault.service == "ec2" else "InternalFailure", "An internal error has occurred"), 500


def _read(order: Any, services: tuple[str, ...]) -> Fault:
    if not isinstance(order, Mapping):
        raise FaultError(f"a fault is a mapping with {', '.join(_FIELDS)}; given is {order!r}")
    if unknown := sorted(set(order) - set(_FIELDS)):
        raise FaultError(f"unknown: {', '.join(unknown)}; allowed in a fault: {', '.join(_FIELDS)}")
    for key, allowed in (("service", services), ("kind", KINDS)):
        if order.get(key) not in allowed:
            raise FaultError(f"{key}: given is {order.get(key)!r}, allowed is one of {', '.join(allowed)}")
    count, seconds = order.get("count"), order.get("seconds")
    if count is not None and (not isinstance(count, int) or count < 1):
        raise FaultError(f"count: given is {count!r}, a whole number above 0 is meant")
    if seconds is not None and (not isinstance(seconds, int | float) or seconds < 0):
        raise FaultError(f"seconds: given is {seconds!r}, a number is meant")
    if order["kind"] == "in-use" and order["service"] not in _IN_USE:
        raise FaultError(f"in-use: nothing of {order['service']} is ever in use; allowed: {', '.join(_IN_USE)}")
    return Fault(**order)
