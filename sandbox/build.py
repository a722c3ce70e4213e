"""Building the tools, each once, into a cache whose folders are named by content.

A tool is complete when its folder exists: it is made elsewhere and moved into place in one step, so a build that
is killed leaves nothing half done, and Go's own cache keeps every package it had compiled.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from sandbox.layout import cache_folder
from sandbox.locks import held
from sandbox.progress import Progress, Reminder, console
from sandbox.toolchain import REQUIRED, Go, ToolchainError, find_go
from sandbox.tools import Tool

_PACKAGE_LINE = re.compile(r"^[\w.-]+(/[\w.~-]+)*$")
# Compilers and linkers are short-lived: collecting garbage less often saves a twentieth of the time.
_COLLECT_LESS = {"GOGC": "400", "GOMEMLIMIT": "1500MiB"}


@dataclass
class _Build:
    """One tool on its way, in a folder of its own."""

    tool: Tool
    go: Go
    target: Path
    lock: int
    title: str
    work: Path = field(init=False)
    listed: threading.Event = field(default_factory=threading.Event)
    compiled: threading.Event = field(default_factory=threading.Event)
    packages: int = 0
    failure: Exception | None = None

    def __post_init__(self) -> None:
        self.work = self.target.parent / f".partial-{self.target.name}-{os.getpid()}"

    def prepare(self) -> None:
        """Copy the sources and fetch the modules; runs beside the build before it."""
        try:
            shutil.rmtree(self.work, ignore_errors=True)
            shutil.copytree(self.tool.folder, self.work / "source")
            for embedded in self.tool.embedded:
                path = self._module(embedded.module) / embedded.path
                content = json.loads(path.read_text()) | dict(embedded.values)
                (self.source / path.name).write_text(json.dumps(content, separators=(",", ":")))
            if (substitute := self.tool.substitute) is not None:
                copy = self.source / "substitute"
                shutil.copytree(self._module(substitute.module), copy, copy_function=shutil.copyfile)
                for folder in (copy, *(path for path in copy.rglob("*") if path.is_dir())):
                    folder.chmod(0o755)
                shutil.copyfile(self.source / substitute.source, copy / substitute.path)
                replace = f"-replace={substitute.module}=./substitute"
                self.go.run("mod", "edit", replace, folder=self.source)
            # Loading the packages fetches exactly the modules that the build needs, and counts its steps.
            listing = self.go.run("list", *self._mod(), "-deps", *self.tool.packages, folder=self.source)
            self.packages = len(listing.split())
        except (OSError, ToolchainError) as error:
            self.failure = error
        finally:
            self.listed.set()

    @property
    def source(self) -> Path:
        return self.work / "source"

    def _mod(self) -> list[str]:
        return [flag for flag in self.tool.flags if flag.startswith("-mod")]

    def _module(self, module: str) -> Path:
        said = self.go.run("mod", "download", "-json", module, folder=self.source)
        return Path(json.loads(said)["Dir"])

    def run(self, after: threading.Event | None) -> None:
        """Compile, link, keep the files and move the result into place.

        Args:
            after: what must have happened before: the build before this one has come to linking, which leaves
                processors idle.
        """
        try:
            if after is not None:
                after.wait()
            self._run()
        finally:
            self.compiled.set()

    def _run(self) -> None:
        with Progress(self.title) as progress:
            progress.note("fetching its modules")
            self.listed.wait()
            if self.failure is not None:
                raise self.failure
            result = self.work / "result"
            (result / "bin").mkdir(parents=True)
            self._compile(result / "bin", progress)
            self._keep(result)
            result.rename(self.target)
            progress.note(f"{self.packages} packages")
        shutil.rmtree(self.work, ignore_errors=True)

    def _compile(self, output: Path, progress: Progress) -> None:
        command = [
            str(self.go.command),
            "build",
            "-v",
            *self.tool.arguments(),
            "-o",
            f"{output}/",
            *self.tool.packages,
        ]
        said: list[str] = []
        compiled = 0
        mains = {f"portico.dev/sandbox/{self.tool.name}" if p == "." else p for p in self.tool.packages}
        # The lock goes along, so that another run waits for a compiler that outlives this one.
        with subprocess.Popen(
            command,
            cwd=self.source,
            env=self.go.environment() | _COLLECT_LESS,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=(self.lock,),
        ) as process:
            try:
                for line in process.stderr or ():
                    package = line.strip()
                    if _PACKAGE_LINE.match(package):
                        compiled += 1
                        mains.discard(package)
                        if not mains:
                            self.compiled.set()
                        progress.note(f"{compiled} of at most {self.packages} packages")
                    else:
                        said.append(line)
            except BaseException:
                process.terminate()
                raise
        if process.returncode != 0:
            raise ToolchainError(f"building {self.tool.name} failed:\n{''.join(said[-25:])}")
        for package, program in zip(self.tool.packages, self.tool.programs, strict=True):
            # As go names programs: after the package, without a major version at its end.
            named = output / re.sub(r"/v\d+$", "", package).rsplit("/", 1)[-1].replace(".", self.tool.name)
            if not named.exists():
                raise ToolchainError(f"building {self.tool.name} made no {named.name}")
            named.rename(output / program)

    def _keep(self, result: Path) -> None:
        for kept in self.tool.kept:
            folder = result / kept.folder
            folder.mkdir(exist_ok=True)
            found = sorted(self._module(kept.module).glob(kept.pattern))
            if not found:
                raise ToolchainError(f"module {kept.module} has no {kept.pattern}")
            for path in found:
                shutil.copyfile(path, folder / path.name)
                if kept.executable:
                    (folder / path.name).chmod(0o755)


def tools_folder() -> Path:
    """Where built tools are kept."""
    return cache_folder() / "tools"


def build(tools: Sequence[Tool], go: Go | None = None) -> dict[str, Path]:
    """The folder of every tool by name, building those that the cache does not have.

    Raises:
        ToolchainError: no Go, or a build failed; the message carries the end of what Go said.
    """
    cache = tools_folder()
    complete = _from_cache(tools, cache)
    if complete is not None and go is None:
        return complete
    go = go or find_go()
    targets = {tool.name: cache / f"{tool.name}-{tool.key(go.minor)}" for tool in tools}
    if all(path.is_dir() for path in targets.values()):
        return targets
    remind = Reminder()

    def waiting(others: list[psutil.Process]) -> None:
        pids = ", ".join(str(other.pid) for other in others) or "unknown"
        remind(f"waiting for another build of the tools to end (processes {pids})")

    with held(cache / "lock", waiting) as lock:
        for stale in cache.glob(".partial-*"):
            shutil.rmtree(stale, ignore_errors=True)
        missing = [tool for tool in tools if not targets[tool.name].is_dir()]
        if not missing:
            return targets  # whoever was waited for has built them
        console.print(
            f"Building {len(missing)} of {len(tools)} tools with Go {'.'.join(map(str, go.version))} into {cache}."
            " This happens once; it can be interrupted and run again."
        )
        builds = [
            _Build(tool, go, targets[tool.name], lock, f"{number}/{len(missing)} {tool.name}")
            for number, tool in enumerate(missing, 1)
        ]

        def prepare_all() -> None:
            for one in builds:
                one.prepare()

        threading.Thread(target=prepare_all, daemon=True).start()
        with ThreadPoolExecutor(len(builds)) as pool:
            after: threading.Event | None = None
            running = []
            for one in builds:
                running.append(pool.submit(one.run, after))
                after = one.compiled
            for future in running:
                future.result()
    return targets


def _from_cache(tools: Sequence[Tool], cache: Path) -> dict[str, Path] | None:
    """Every tool's folder if all were built by the same Go before: no Go is needed then."""
    for minor in range(REQUIRED[1], REQUIRED[1] + 20):
        found = {tool.name: cache / f"{tool.name}-{tool.key(f'go{REQUIRED[0]}.{minor}')}" for tool in tools}
        if all(path.is_dir() for path in found.values()):
            return found
    return None
