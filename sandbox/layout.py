"""Where the sandbox keeps things: the one place that knows its paths."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
"""The project's root folder: the one with Pulumi.yaml."""

DIRECTORY_VARIABLE = "PORTICO_SANDBOX_DIR"
"""Environment variable that moves the sandbox elsewhere than `.sandbox` in the project's root."""


def cache_folder() -> Path:
    """What outlives a checkout: ${XDG_CACHE_HOME:-~/.cache}/portico."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "portico"


def write_atomically(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    """Write a whole file or nothing, however the process ends; readers never see half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_unless_same(path: Path, content: str) -> None:
    """Write a file that says something else; one that does not is left alone, and so is what restarts when it changes."""
    if not path.is_file() or path.read_text() != content:
        write_atomically(path, content)


@dataclass(frozen=True)
class Layout:
    """Paths below one sandbox directory."""

    home: Path

    @classmethod
    def default(cls) -> Layout:
        """The directory named by PORTICO_SANDBOX_DIR (relative to the project), else `.sandbox`."""
        return cls.at(os.environ.get(DIRECTORY_VARIABLE) or ".sandbox")

    @classmethod
    def at(cls, directory: str | Path) -> Layout:
        """A directory of one's own choice; a relative one lies below the project's root."""
        return cls((PROJECT / directory).resolve())

    @property
    def facts(self) -> Path:
        """One value per file, for stack files to read."""
        return self.home / "facts"

    @property
    def kubeconfig(self) -> Path:
        """Cluster-admin access, context `sandbox`, certificates embedded."""
        return self.home / "kubeconfig"

    @property
    def roots(self) -> Path:
        """Every root that site certificates of this sandbox chain to, earlier runs included (PEM)."""
        return self.home / "ca.pem"

    @property
    def ports(self) -> Path:
        """The ports and address ranges once chosen."""
        return self.home / "ports.json"

    @property
    def logs(self) -> Path:
        """One log per process."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """One record per running process."""
        return self.home / "run"

    @property
    def data(self) -> Path:
        """What the processes keep: etcd's store, zone files."""
        return self.home / "data"

    @property
    def pki(self) -> Path:
        """Keys and certificates of the sandbox's own authorities."""
        return self.home / "pki"

    @property
    def config(self) -> Path:
        """Configuration files written for the processes."""
        return self.home / "config"

    @property
    def pulumi(self) -> Path:
        """Pulumi's home, state and passphrase."""
        return self.home / "pulumi"

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.logs / f"{name}.log"

    def fact(self, name: str) -> str:
        """One fact's value, without the line's end.

        Raises:
            FileNotFoundError: the sandbox was never up, or the fact has no such name.
        """
        return (self.facts / name).read_text().strip()

    def write_fact(self, name: str, value: str) -> None:
        """Set one fact; an unchanged one is left alone."""
        path = self.facts / name
        line = value if value.endswith("\n") else value + "\n"
        if not path.is_file() or path.read_text() != line:
            write_atomically(path, line, mode=0o600)

    def create(self) -> None:
        """Make the folders; other users of the machine cannot look inside."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        for folder in (self.facts, self.logs, self.run, self.data, self.pki, self.config, self.pulumi):
            folder.mkdir(parents=True, exist_ok=True)
