"""`make up` and `make down`: a stack brought up, seen to work, and taken away again."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import psutil
import yaml
from rich.table import Table

from sandbox.control import Sandbox
from sandbox.curl import Answer, UnreachableError, fetch
from sandbox.layout import PROJECT
from sandbox.locks import held
from sandbox.processes import CLOUDS
from sandbox.progress import Progress, Reminder, console
from sandbox.pulumi import Pulumi, is_pulumi, orphaned_plugins

DEV = "dev"
_PARALLEL = "--parallel=64"
_SETTLE_SECONDS = 30.0


class DeployError(Exception):
    """It did not work; the message says what to look at. `code` is the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def deploy(sandbox: Sandbox, stack: str) -> None:
    """Bring a stack up on the sandbox and ask each of its URLs.

    Raises:
        DeployError: no such stack file, the update failed, or a URL does not work.
    """
    if not (PROJECT / f"Pulumi.{stack}.yaml").is_file():
        raise DeployError(f"there is no Pulumi.{stack}.yaml; stack files here: {', '.join(_stack_files())}")
    sandbox.up(clouds_of(PROJECT / f"Pulumi.{stack}.yaml"))
    with _exclusive(sandbox, stack) as lock:
        pulumi = Pulumi(sandbox.layout)
        _prepare(pulumi, stack)
        code = pulumi.show("up", "--yes", "--skip-preview", _PARALLEL, "--stack", stack, lock=lock)
        if code:
            raise DeployError(f"`pulumi up` of {stack} ended with code {code}; its messages are above", code)
        outputs = _json(pulumi, "stack", "output", "--json", "--stack", stack)
    _report(sandbox, outputs)


def undeploy(sandbox: Sandbox, stack: str) -> None:
    """Destroy a stack and remove it; with the dev stack, or the last one, the sandbox stops too.

    Raises:
        DeployError: the destruction failed; the sandbox is left running to look at.
    """
    if sandbox.layout.pulumi.is_dir():
        with _exclusive(sandbox, stack) as lock:
            pulumi = Pulumi(sandbox.layout)
            state = _state(pulumi, stack)
            if state is not None:
                if state.get("resources"):
                    sandbox.up(clouds_of(PROJECT / f"Pulumi.{stack}.yaml"))
                    _prepare(pulumi, stack)
                    code = pulumi.show("destroy", "--yes", _PARALLEL, "--stack", stack, lock=lock)
                    if code:
                        raise DeployError(f"`pulumi destroy` of {stack} ended with code {code}", code)
                _checked(pulumi, "stack", "rm", stack, "--yes", "--preserve-config")
            others = _json(pulumi, "stack", "ls", "--json")
        if others and stack != DEV:
            return
    sandbox.down()
    console.print("sandbox stopped")


def clouds_of(stack_file: Path) -> frozenset[str]:
    """The clouds that a stack file names and the sandbox has twins of; what is wrong in the file is Portico's to say."""
    try:
        content = yaml.safe_load(stack_file.read_text())
        named = set(content["config"]["portico:cloud"])
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return frozenset()
    return frozenset(named & CLOUDS.keys())


@contextmanager
def _exclusive(sandbox: Sandbox, stack: str) -> Iterator[int]:
    """Wait for other commands on this sandbox's stacks, and for a pulumi that outlived one that was killed."""
    remind = Reminder()

    def waiting(others: list[psutil.Process]) -> None:
        orphans = orphaned_plugins(sandbox.layout)
        for orphan in orphans:
            with suppress(psutil.NoSuchProcess):
                orphan.kill()
        if not orphans:
            pids = ", ".join(str(other.pid) for other in others) or "unknown"
            remind(f"waiting for another run on {stack} to end (processes {pids})")

    with held(sandbox.layout.pulumi / "lock", waiting) as descriptor:
        yield descriptor


def _prepare(pulumi: Pulumi, stack: str) -> None:
    """Have the stack there and free of what an interrupted run left behind."""
    _break_dead_locks(pulumi, stack)
    state = _state(pulumi, stack)
    if state is None:
        _checked(pulumi, "stack", "init", stack)
    elif pending := state.get("pending_operations"):
        console.print(f"{stack}: {len(pending)} operations were cut off; reading back what is there")
        # What was being created is forgotten and created again, which finds it if it is there already.
        _checked(pulumi, "refresh", "--yes", "--skip-preview", "--clear-pending-creates", _PARALLEL, "--stack", stack)


def _break_dead_locks(pulumi: Pulumi, stack: str) -> None:
    """Remove the file backend's locks of processes that no longer run; wait for those that do."""
    backend = urlparse(pulumi.backend)
    if backend.scheme != "file":
        return
    folder = Path(backend.path) / ".pulumi" / "locks" / "organization"
    remind = Reminder()
    while locks := list(folder.glob(f"*/{stack}/*.json")):
        alive = [pid for lock in locks if (pid := _holder(lock)) is not None]
        if not alive:
            console.print(f"{stack}: the last run was cut off; its lock is removed")
            _checked(pulumi, "cancel", "--yes", "--stack", stack)
            return
        remind(f"waiting for pulumi to end what it does with {stack} (process {alive[0]})")
        time.sleep(0.2)


def _holder(lock: Path) -> int | None:
    """The process that holds a lock of the file backend; None when it is gone."""
    try:
        holder = json.loads(lock.read_text())
        pid = int(holder["pid"])
        alive = holder["hostname"] != socket.gethostname() or is_pulumi(pid)
    except (OSError, ValueError, KeyError):
        return None  # just gone, or cut off while it was written
    return pid if alive else None


def _state(pulumi: Pulumi, stack: str) -> dict[str, Any] | None:
    """The stack's deployment as kept; None when there is no such stack."""
    done = pulumi.capture("stack", "export", "--stack", stack)
    if done.returncode:
        if "no stack named" in done.stderr:
            return None
        raise DeployError(f"the state of {stack} cannot be read:\n{done.stderr.strip()}")
    return json.loads(done.stdout).get("deployment") or {}


def _checked(pulumi: Pulumi, *arguments: str) -> str:
    done = pulumi.capture(*arguments)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-3000:]
        raise DeployError(f"`pulumi {' '.join(arguments)}` failed:\n{said}")
    return done.stdout


def _json(pulumi: Pulumi, *arguments: str) -> Any:
    return json.loads(_checked(pulumi, *arguments))


def _stack_files() -> list[str]:
    return sorted(path.name for path in PROJECT.glob("Pulumi.*.yaml")) or ["none"]


def _report(sandbox: Sandbox, outputs: dict[str, Any]) -> None:
    """Ask every URL and show the answers.

    Raises:
        DeployError: one does not work.
    """
    urls: list[str] = outputs.get("urls") or []
    with Progress("urls") as progress, ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda url: _ask(sandbox, url), urls))
        progress.note(f"{len(urls)} asked")
    table = Table("URL", "Certificate", "Status", "Answered by", title="Working URLs")
    for url, answer in zip(urls, answers, strict=True):
        if isinstance(answer, UnreachableError):
            table.add_row(url, "", "[red]no answer[/red]", str(answer))
            continue
        colour = "green" if _works(answer) else "red"
        by = answer.service or (f"redirect to {answer.header('location')}" if answer.header("location") else "")
        until = f", until {answer.expires:%Y-%m-%d}" if answer.expires else ""
        table.add_row(url, f"{answer.issuer or 'none'}{until}", f"[{colour}]{answer.status}[/{colour}]", by)
    console.print(table)
    for title in ("address", "name_servers", "issuer", "certificates", "next_steps"):
        if outputs.get(title):
            console.print(f"[bold]{title.replace('_', ' ')}[/bold]: {_plain(outputs[title])}")
    console.print("See for yourself: .venv/bin/python -m sandbox curl " + (urls[0] if urls else "URL"))
    broken = [url for url, answer in zip(urls, answers, strict=True) if not _works(answer)]
    if broken or not urls:
        raise DeployError(f"not working: {', '.join(broken)}" if broken else "the stack has no output `urls`")


def _plain(value: Any) -> str:
    """An output's value for people: a list or an object goes below its title."""
    if isinstance(value, dict):
        value = [f"{key}: {content}" for key, content in value.items()]
    return "".join(f"\n  - {item}" for item in value) if isinstance(value, list) else str(value)


def _works(answer: Answer | UnreachableError) -> bool:
    return isinstance(answer, Answer) and answer.status < 400


def _ask(sandbox: Sandbox, url: str) -> Answer | UnreachableError:
    """The URL's answer; a bad one only after controllers have had time to take notice of the last change."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        answer: Answer | UnreachableError
        try:
            answer = fetch(sandbox.layout, url, seconds=5)
        except UnreachableError as error:
            answer = error
        if _works(answer) or time.monotonic() > deadline:
            return answer
        time.sleep(0.2)
