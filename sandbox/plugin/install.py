"""A plugin where Pulumi's engine looks for it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from sandbox.layout import PROJECT, write_atomically


def write_launcher(program: Path, module: str) -> Path:
    """Write a script that becomes a module's program, with the Python that runs this; returns its path."""
    # Only the checkout is needed of the path; -P keeps the folder that it runs in out of it.
    command = f'exec {shlex.quote(sys.executable)} -P -m {module} "$@"'
    text = f"#!/bin/sh\nPYTHONPATH={shlex.quote(str(PROJECT))}\nexport PYTHONPATH\n{command}\n"
    if not program.is_file() or program.read_text() != text:
        write_atomically(program, text, mode=0o755)
    return program


def install(home: Path, package: str, version: str) -> Path:
    """Put the launcher into a Pulumi home, where `pulumi plugin install` would put the real one; returns its path."""
    program = home / "plugins" / f"resource-{package}-v{version}" / f"pulumi-resource-{package}"
    return write_launcher(program, f"sandbox.{package}.provider")
