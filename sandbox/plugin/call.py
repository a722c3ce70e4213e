"""One request of the engine: how long it may take, and waiting that can be cancelled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sandbox.plugin.problems import ProviderError, code

T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0


def duration(seconds: float) -> str:
    """Seconds as Go prints them, such as `1h15m0s`."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, seconds - whole // 60 * 60
    text = f"{rest:.3f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a resource needs to know of the request that it serves.

    Attributes:
        timeout: seconds that the program set for this operation, None for the resource's default.
        cancelled: set when the engine wants no more waiting.
    """

    timeout: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def ambient(self) -> Mapping[str, Any]:
        """What the provider's configuration says for inputs that are left out, such as its region."""
        return {}

    def seconds(self, default: float) -> float:
        """How long the operation may take."""
        return self.timeout or default

    def poll(self, probe: Callable[[], T | None], seconds: float, overdue: Callable[[], str]) -> T:
        """Ask until there is an answer.

        Args:
            probe: gives the answer, or None as long as there is none.
            seconds: after which it is given up.
            overdue: says then what was waited for.

        Raises:
            ProviderError: it is overdue, or the request was cancelled.
        """
        end, pause = time.monotonic() + seconds, _FIRST_PAUSE
        while (answer := probe()) is None:
            left = end - time.monotonic()
            if left <= 0:
                raise ProviderError(overdue())
            if self.cancelled.wait(min(pause, left)):
                raise ProviderError("context canceled")
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        return answer

    def insist(self, call: Callable[[], T], codes: Collection[str], seconds: float, saying: str = "") -> T:
        """Call again while the answer is one of these codes, whose message holds `saying`; then raise it."""
        last: list[Exception] = []

        def once() -> list[T] | None:
            try:
                return [call()]
            except Exception as error:
                if code(error) not in codes or saying not in str(error):
                    raise
                last[:] = [error]
                return None

        try:
            return self.poll(once, seconds, lambda: "")[0]
        except ProviderError as error:
            raise (last[0] if last and not str(error) else error) from error
