"""Starting, watching and stopping the sandbox's processes.

Processes are detached and outlive the command that started them. Each is known by its id and creation time, kept in
a record, and carries a mark in its environment, so that it is found even when the record was lost or never written.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psutil
from pydantic import BaseModel

from sandbox.layout import Layout, write_atomically

MARK = "PORTICO_SANDBOX_PROCESS"
"""Environment variable of every supervised process: its record's path."""

_POLL = 0.02
_TERM_SECONDS = 5.0
_LOG_LIMIT = 20 * 1024 * 1024

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Processes that this command started, kept for their exit codes while they run on detached."""

Health = Callable[[], str | None]
"""A health check: None when healthy, else what is missing. Takes a second at most."""


@dataclass(frozen=True)
class Process:
    """What is to run.

    Attributes:
        name: of its record and log.
        argv: program and arguments.
        needs: processes or steps that must be healthy before it starts.
        follows: processes it does not survive: when one of them is started anew, so is this.
        environment: added to the caller's.
        files: configuration it reads at start; changed content restarts it.
        health: says when it is ready.
        seconds: how long it may take to become ready.
    """

    name: str
    argv: Sequence[str]
    health: Health
    needs: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    seconds: float = 60.0

    def digest(self) -> str:
        """Changes whenever the running process would no longer be what is asked for."""
        digest = hashlib.sha256(json.dumps([list(self.argv), dict(self.environment)], sort_keys=True).encode())
        for path in self.files:
            digest.update(path.read_bytes())
        return digest.hexdigest()


class Record(BaseModel):
    """What is known of a started process."""

    name: str
    pid: int
    created: float
    digest: str
    argv: list[str]


class ProcessFailedError(Exception):
    """A process ended or did not become ready; the message names it and carries the end of its log."""


@dataclass(frozen=True)
class Status:
    """One process as it is now."""

    name: str
    state: Literal["running", "dead", "stopped"]
    pid: int | None = None
    started: datetime | None = None
    memory: int = 0


class Supervisor:
    """The processes of one sandbox directory."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def running(self, name: str) -> psutil.Process | None:
        """The live process of that name, if there is one."""
        record = self.record(name)
        return None if record is None else _alive(record)

    def record(self, name: str) -> Record | None:
        """What was written when it was started; None when it never was or was stopped."""
        try:
            return Record.model_validate_json(self._record_path(name).read_text())
        except (FileNotFoundError, ValueError):
            return None

    def status(self, name: str) -> Status:
        """One process as it is now."""
        record = self.record(name)
        if record is None:
            return Status(name, "stopped")
        process = _alive(record)
        if process is None:
            return Status(name, "dead", record.pid)
        try:
            memory = process.memory_full_info().pss
        except (psutil.Error, AttributeError):
            memory = 0
        return Status(name, "running", record.pid, datetime.fromtimestamp(record.created, UTC), memory)

    def up_to_date(self, process: Process) -> bool:
        """Whether it runs, and as it is asked for now."""
        record = self.record(process.name)
        return record is not None and record.digest == process.digest() and _alive(record) is not None

    def responsive(self, process: Process, seconds: float = 3.0) -> bool:
        """Whether a running process answers its health check, given a moment."""
        deadline = time.monotonic() + seconds
        while process.health() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    def start(self, process: Process) -> None:
        """Start it and wait until it is ready.

        Raises:
            ProcessFailedError: it ended, or was not ready in time.
        """
        path = self._record_path(process.name)
        log = self.layout.log(process.name)
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.is_file() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            output.write(f"--- {datetime.now(UTC):%Y-%m-%d %H:%M:%S} start: {' '.join(process.argv)}\n".encode())
            output.flush()
            try:
                child = subprocess.Popen(
                    list(process.argv),
                    cwd=self.layout.home,
                    env={**os.environ, **process.environment, MARK: str(path)},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise ProcessFailedError(f"{process.name} could not be started: {error}") from error
        _children[child.pid] = child
        record = Record(
            name=process.name,
            pid=child.pid,
            created=psutil.Process(child.pid).create_time(),
            digest=process.digest(),
            argv=list(process.argv),
        )
        write_atomically(path, record.model_dump_json(indent=2) + "\n", mode=0o600)
        self.wait_healthy(process)

    def wait_healthy(self, process: Process) -> None:
        """Wait until a started process is ready.

        Raises:
            ProcessFailedError: it ended, or was not ready in time.
        """
        deadline = time.monotonic() + process.seconds
        while True:
            missing = process.health()
            if self.running(process.name) is None:
                raise ProcessFailedError(f"{process.name} ended{self._code(process.name)}.\n{self.end_of_log(process.name)}")
            if missing is None:
                return
            if time.monotonic() > deadline:
                raise ProcessFailedError(
                    f"{process.name} was not ready after {process.seconds:.0f} s: {missing}.\n{self.end_of_log(process.name)}"
                )
            time.sleep(_POLL)

    def stop(self, names: Iterable[str]) -> None:
        """End processes, all at once, and return when they are gone; unknown and dead ones are fine."""
        found = {name: process for name in names if (process := self.running(name)) is not None}
        self._end(found.values())
        for name in names:
            self._record_path(name).unlink(missing_ok=True)

    def strays(self) -> list[psutil.Process]:
        """Processes of this sandbox that no record knows."""
        known = {record.pid for path in self.layout.run.glob("*.json") if (record := self.record(path.stem))}
        found = []
        for process in psutil.process_iter():
            try:
                mark = process.environ().get(MARK, "")
            except psutil.Error:
                continue
            if mark and Path(mark).parent == self.layout.run and process.pid not in known:
                found.append(process)
        return found

    def stop_strays(self) -> None:
        """End what no record knows: a start was cut off, or the folder was removed under a running sandbox."""
        self._end(self.strays())

    def end_of_log(self, name: str, lines: int = 12) -> str:
        """The last lines of a process's log, under a heading that names the file."""
        path = self.layout.log(name)
        try:
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - 64 * 1024))
                end = file.read().decode(errors="replace").splitlines()[-lines:]
        except FileNotFoundError:
            end = ["(no log)"]
        return "\n".join([f"Last lines of {path}:", *(f"  {line[:400]}" for line in end)])

    def _record_path(self, name: str) -> Path:
        return self.layout.run / f"{name}.json"

    def _code(self, name: str) -> str:
        record = self.record(name)
        child = _children.get(record.pid) if record else None
        code = child.poll() if child else None
        return "" if code is None else f" with code {code}"

    def _end(self, processes: Iterable[psutil.Process]) -> None:
        waiting = list(processes)
        for end in (psutil.Process.terminate, psutil.Process.kill):
            for process in waiting:
                with suppress(psutil.NoSuchProcess):
                    end(process)
            deadline = time.monotonic() + _TERM_SECONDS
            while waiting := [process for process in waiting if _lives(process)]:
                if time.monotonic() > deadline:
                    break
                time.sleep(_POLL)
        for pid in [pid for pid, child in _children.items() if child.poll() is not None]:
            del _children[pid]
        if waiting:
            pids = ", ".join(str(process.pid) for process in waiting)
            raise ProcessFailedError(f"processes {pids} cannot be ended")


def _lives(process: psutil.Process) -> bool:
    """Whether it runs still: neither gone nor only waiting for its parent to take notice."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _alive(record: Record) -> psutil.Process | None:
    """The process of a record, unless it ended or its id went to another."""
    try:
        process = psutil.Process(record.pid)
    except psutil.NoSuchProcess:
        return None
    return process if abs(process.create_time() - record.created) < 0.1 and _lives(process) else None
