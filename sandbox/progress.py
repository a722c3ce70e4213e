"""Saying how long steps get on: moving lines on a terminal, a plain line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import ClassVar, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)
"""Where the sandbox's commands write for people."""

_PLAIN_INTERVAL = 10.0


def elapsed(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 5 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class Reminder:
    """Says something at once and then again every ten seconds, however often it is asked to."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, text: str) -> None:
        """Say it, if it is time."""
        if time.monotonic() >= self._next:
            console.print(text)
            self._next = time.monotonic() + _PLAIN_INTERVAL


class Progress:
    """A step under way. `note` says how far it is; leaving the context writes its last line.

    Steps may overlap: a terminal shows a line for each.
    """

    _lock: ClassVar = threading.RLock()
    _under_way: ClassVar[list[Progress]] = []
    _live: ClassVar[Live | None] = None
    _beat: ClassVar[threading.Event | None] = None

    def __init__(self, title: str) -> None:
        self.title = title
        self._note = ""
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the step began."""
        return time.monotonic() - self._started

    def note(self, text: str) -> None:
        """How far the step is; shown with the next line."""
        self._note = text

    def line(self) -> str:
        """Title, note and time as they stand."""
        note = f": {self._note}" if self._note else ""
        return f"{self.title}{note} ({elapsed(self.seconds)})"

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        with self._lock:
            self._under_way.append(self)
            if len(self._under_way) == 1:
                self._begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        mark = "[green]done[/green]  " if error is None else "[red]failed[/red]"
        with self._lock:
            self._under_way.remove(self)
            if not self._under_way:
                self._end()
            console.print(mark, Text(self.line()))

    @classmethod
    def _begin(cls) -> None:
        if console.is_terminal:
            cls._live = Live(get_renderable=cls._lines, console=console, refresh_per_second=5, transient=True)
            cls._live.start()
        else:
            cls._beat = threading.Event()
            threading.Thread(target=cls._tell, args=(cls._beat,), daemon=True).start()

    @classmethod
    def _end(cls) -> None:
        if cls._live is not None:
            cls._live.stop()
            cls._live = None
        if cls._beat is not None:
            cls._beat.set()
            cls._beat = None

    @classmethod
    def _lines(cls) -> Text:
        return Text("\n".join(f"...    {step.line()}" for step in list(cls._under_way)), style="dim")

    @classmethod
    def _tell(cls, stop: threading.Event) -> None:
        while not stop.wait(_PLAIN_INTERVAL):
            with cls._lock:
                for step in cls._under_way:
                    console.print("...   ", Text(step.line()))
