"""Doing things in the order of what they need, everything at once that can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from graphlib import TopologicalSorter


@dataclass(frozen=True)
class Step:
    """Something to do once what it needs is done."""

    name: str
    needs: Sequence[str]
    action: Callable[[], None]


class _SkippedError(Exception):
    """Something that a step needs has failed."""


def run_steps(steps: Sequence[Step], changed: Callable[[str, bool], None] | None = None) -> None:
    """Run every step, each after those it needs; a need that is not among the steps counts as done.

    Args:
        steps: in any order.
        changed: told when a step begins (False) and when it is over (True), from several threads.

    Raises:
        ExceptionGroup: of every failure, after all has been run that could be.
    """
    by_name = {step.name: step for step in steps}
    order = TopologicalSorter({step.name: by_name.keys() & set(step.needs) for step in steps}).static_order()
    futures: dict[str, Future[None]] = {}

    def run(step: Step, needs: list[Future[None]]) -> None:
        if any(need.exception() is not None for need in needs):
            raise _SkippedError
        if changed:
            changed(step.name, False)
        try:
            step.action()
        finally:
            if changed:
                changed(step.name, True)

    # A thread for each: one that waits for its needs never keeps those from running.
    with ThreadPoolExecutor(max(1, len(steps))) as pool:
        for name in order:
            needs = [futures[need] for need in by_name[name].needs if need in futures]
            futures[name] = pool.submit(run, by_name[name], needs)
    outcomes = [future.exception() for future in futures.values()]
    failures = [error for error in outcomes if isinstance(error, Exception) and not isinstance(error, _SkippedError)]
    if failures:
        raise ExceptionGroup("not everything could be started", failures)
