"""Waiting for each other: file locks that end with the process that holds them."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


@contextmanager
def held(path: Path, waiting: Callable[[list[psutil.Process]], None] | None = None) -> Iterator[int]:
    """Hold an exclusive lock on a file; yields its descriptor, which a child process may inherit.

    The kernel frees the lock when the last process that has the descriptor open ends, however it ends, so a
    child that inherited it keeps others waiting after its parent was killed.

    Args:
        path: the lock file; made if missing, never removed.
        waiting: called about once a second while someone else holds the lock, with the holders that can be seen.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(descriptor, path, waiting)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, waiting: Callable[[list[psutil.Process]], None] | None) -> None:
    next_report = time.monotonic() + 0.5
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(0.05)
        if waiting is not None and time.monotonic() >= next_report:
            waiting(holders(path))
            next_report = time.monotonic() + 1


def holders(path: Path) -> list[psutil.Process]:
    """The other processes of this user that have the lock file open (those waiting for it included)."""
    target = str(path.resolve())
    found = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            descriptors = Path(f"/proc/{process.pid}/fd")
            if any(str(entry.readlink()) == target for entry in descriptors.iterdir()):
                found.append(process)
        except OSError:
            continue
    return found
