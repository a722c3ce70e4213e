"""`make up` and `make down` in a checkout of their own, as a person runs them, and cut off as no person would want it."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from sandbox.control import Sandbox
from sandbox.processes import ZONES
from sandbox.pulumi import is_pulumi
from tests.engine.project import ROOT, Result
from tests.engine.world import World

#: Seconds for one command; far above what any takes with built tools.
LIMIT = 300

#: How often `make up` is killed; PORTICO_KILLS=10 for a longer look.
KILLS = int(os.environ.get("PORTICO_KILLS", "4"))

URLS = [
    ("portico.test", "/", "redirect to https://shop.portico.test"),
    ("blog.portico.test", "/", "blog/pages"),
    ("blog.portico.test", "/feed", "blog/feed"),
    ("shop.portico.test", "/", "shop/web"),
    ("shop.portico.test", "/api", "shop/api"),
]


@dataclass
class Checkout:
    """A copy of the checkout with a sandbox of its own, and how long a first `make up` took in it."""

    folder: Path
    first: float = 0.0

    @property
    def env(self) -> dict[str, str]:
        """A person's environment: nothing of the tests' own sandbox."""
        ambient = {name: value for name, value in os.environ.items() if not name.startswith(("PORTICO_", "PULUMI_", "MAKE"))}
        return {**ambient, "COLUMNS": "200"}

    def run(self, *command: str) -> Result:
        """One command to its end."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        return Result(done.returncode, done.stdout)

    def sandbox(self, *args: str) -> Result:
        """One of the sandbox's commands."""
        return self.run(".venv/bin/python", "-m", "sandbox", *args)

    def pids(self) -> dict[str, int | None]:
        """The sandbox's processes, as `status` says them."""
        return {one["name"]: one["pid"] for one in json.loads(self.sandbox("status", "--json").output)}

    def processes(self) -> list[psutil.Process]:
        """Whatever runs on the machine for this checkout: by arguments, folder or environment."""
        found = []
        for process in psutil.process_iter():
            try:
                traces = [*process.cmdline(), process.cwd(), *process.environ().values()]
            except psutil.Error:
                continue
            if any(trace.startswith(str(self.folder)) for trace in traces):
                found.append(process)
        return found


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """What git has, and the installed packages by a link, so that nothing is installed again; built tools are shared."""
    folder = tmp_path_factory.mktemp("clone") / "portico"
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    checkout = Checkout(folder)
    yield checkout
    checkout.sandbox("down", "--purge")


def shows_every_url(result: Result) -> None:
    """It succeeded, and its table says who answered each URL."""
    assert result.ok, result.output
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.output.splitlines() if line.startswith("│")]
    assert len(rows) == len(URLS), result.output
    for (url, certificate, status, by), (host, path, expected) in zip(rows, URLS, strict=True):
        assert re.fullmatch(rf"https://{re.escape(host)}:\d+{path}", url)
        assert re.match(r"Pebble Intermediate CA \w+, until \d{4}-", certificate)
        assert status == ("301" if "redirect" in expected else "200")
        assert by.startswith(expected)


def test_make_up_ends_with_working_urls(checkout: Checkout) -> None:
    began = time.monotonic()
    result = checkout.run("make", "up")
    checkout.first = time.monotonic() - began
    shows_every_url(result)
    # `make test` installs before it tests; a changed requirement makes this `make up` install again, through the link.
    assert "Installing" not in result.output
    assert checkout.sandbox("status").ok
    for host, path, _ in URLS:
        assert checkout.sandbox("curl", "--fail", f"https://{host}{path}").ok


def test_make_up_again_takes_seconds_and_changes_nothing(checkout: Checkout) -> None:
    before = checkout.pids()
    began = time.monotonic()
    result = checkout.run("make", "up")
    assert time.monotonic() - began < 30
    shows_every_url(result)
    assert re.search(r"Resources:\s+\d+ unchanged\n\n", result.output), result.output
    assert checkout.pids() == before


def test_a_dead_process_is_named_and_brought_back(checkout: Checkout) -> None:
    pids = checkout.pids()
    victim = pids["traefik"]
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(victim)] if psutil.pid_exists(victim) else [], timeout=10)
    told = checkout.sandbox("status")
    assert told.code == 1
    assert "traefik has died" in told.output
    assert "Last lines of" in told.output
    shows_every_url(checkout.run("make", "up"))
    assert checkout.sandbox("status").ok
    # The others were left alone.
    assert {name: pid for name, pid in checkout.pids().items() if name != "traefik"} == {
        name: pid for name, pid in pids.items() if name != "traefik"
    }


def test_a_stack_without_a_file_is_told(checkout: Checkout) -> None:
    result = checkout.run("make", "up", "STACK=nope")
    assert not result.ok
    assert "there is no Pulumi.nope.yaml; stack files here: Pulumi.dev.yaml" in result.output
    assert "Traceback" not in result.output


def kill(process: subprocess.Popen[bytes], *, spare_pulumi: bool) -> None:
    """kill -9: of everything that the terminal would reach, or of all but pulumi, which then ends what it is doing."""
    if not spare_pulumi:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        main = psutil.Process(process.pid)
        group = [main, *main.children(recursive=True)]
        for each in group:
            try:
                if os.getpgid(each.pid) == process.pid and not is_pulumi(each.pid):
                    each.kill()
            except (psutil.NoSuchProcess, ProcessLookupError):
                continue
    process.wait()


@pytest.mark.parametrize("number", range(KILLS))
def test_make_up_works_after_it_was_killed(number: int, checkout: Checkout, tmp_path: Path) -> None:
    """From a stopped and emptied sandbox, at a moment drawn anew for each number but the same in each run of the tests."""
    assert checkout.first, "the first `make up` has to have been timed"
    assert checkout.sandbox("down", "--purge").ok
    moment = random.Random(number).uniform(0, checkout.first)
    with (tmp_path / "killed.log").open("wb") as log:
        process = subprocess.Popen(
            ["make", "up"],
            cwd=checkout.folder,
            env=checkout.env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        kill(process, spare_pulumi=number % 2 == 1)
    result = checkout.run("make", "up")
    print(f"killed after {moment:.1f} s, pulumi {'spared' if number % 2 else 'too'}")  # noqa: T201
    shows_every_url(result)
    assert "Traceback" not in result.output
    assert checkout.sandbox("status").ok
    # Once each, and nothing of the run that was killed.
    known = set(checkout.pids().values())
    assert [process for process in checkout.processes() if process.pid not in known] == []
    again = checkout.run("make", "up")
    assert re.search(r"Resources:\s+\d+ unchanged\n\n", again.output), again.output


def test_make_down_leaves_nothing(checkout: Checkout, tmp_path: Path) -> None:
    result = checkout.run("make", "down")
    assert result.ok, result.output
    assert checkout.processes() == []
    assert not (checkout.folder / ".sandbox/pulumi/state/.pulumi/stacks/portico/dev.json").exists()
    # The cluster's and the zones' data are kept; they hold nothing of the stack.
    assert checkout.sandbox("up").ok
    world = World(tmp_path, Sandbox(checkout.folder / ".sandbox"))
    left = [item for item in world.objects() if re.search(r" (shop|blog|portico-dev)/|/(shop|blog|portico(-dev.*)?)$", item)]
    assert left == []
    for zone in ZONES:
        assert {record.partition(" ")[0] for record in world.records(zone)} == {f"{zone}.", f"ns.{zone}."}
    assert checkout.sandbox("down").ok
    assert checkout.processes() == []
