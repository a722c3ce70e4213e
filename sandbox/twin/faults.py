"""Orders to fail: which requests they hit. What the cloud answers then, each twin says for itself."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sandbox.twin.client import KINDS, Fault

_HANG = 30.0  # seconds, if none are given
_FIELDS = tuple(Fault.__dataclass_fields__)


class FaultError(ValueError):
    """An order that cannot be followed."""


class Faults:
    """The orders in force, oldest first. They are not kept on disk: a twin that starts again obeys none."""

    def __init__(self, services: Collection[str], in_use: Collection[str]) -> None:
        """For one cloud.

        Args:
            services: that there are.
            in_use: those of them that have things which can be in use.
        """
        self._services, self._in_use = services, in_use
        self._orders: list[Fault] = []
        self._lock = threading.Lock()

    def set(self, orders: Any) -> None:
        """Replace all orders by a list of them, as JSON gives it.

        Raises:
            FaultError: one of them cannot be followed; none is taken then.
        """
        if not isinstance(orders, list):
            raise FaultError(f"a list of faults is meant, given is {type(orders).__name__}")
        read = [self._read(order) for order in orders]
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

    def _read(self, order: Any) -> Fault:
        if not isinstance(order, Mapping):
            raise FaultError(f"a fault is a mapping with {', '.join(_FIELDS)}; given is {order!r}")
        if unknown := sorted(set(order) - set(_FIELDS)):
            raise FaultError(f"unknown: {', '.join(unknown)}; allowed in a fault: {', '.join(_FIELDS)}")
        for key, allowed in (("service", self._services), ("kind", KINDS)):
            if order.get(key) not in allowed:
                raise FaultError(f"{key}: given is {order.get(key)!r}, allowed is one of {', '.join(allowed)}")
        count, seconds = order.get("count"), order.get("seconds")
        if count is not None and (not isinstance(count, int) or count < 1):
            raise FaultError(f"count: given is {count!r}, a whole number above 0 is meant")
        if seconds is not None and (not isinstance(seconds, int | float) or seconds < 0):
            raise FaultError(f"seconds: given is {seconds!r}, a number is meant")
        if order["kind"] == "in-use" and order["service"] not in self._in_use:
            raise FaultError(f"in-use: nothing of {order['service']} is ever in use; allowed: {', '.join(self._in_use)}")
        return Fault(**order)


def seconds_of(fault: Fault) -> float:
    """How long a request hangs."""
    return _HANG if fault.seconds is None else fault.seconds
