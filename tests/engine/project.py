"""A Pulumi project in a folder of its own, driven through the real engine as a person would drive it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]

#: Seconds for one engine run; far above what any takes, so that a hang fails instead of stopping CI.
LIMIT = 300


@dataclass(frozen=True)
class Result:
    """What one run of the CLI said."""

    code: int
    output: str

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.code == 0


@dataclass
class Project:
    """The program as it stands in the checkout, with one stack whose stack file the test writes."""

    folder: Path
    env: Mapping[str, str]
    stack: str
    config: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Lays the program out by links: what is tested is what is in the checkout."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "Pulumi.yaml", self.folder)
        for name in ("components", "__main__.py", ".venv"):
            (self.folder / name).symlink_to(ROOT / name)
        self.run("stack", "init", self.stack)
        self.salt = yaml.safe_load(self._file.read_text()) if self._file.exists() else {}

    @property
    def _file(self) -> Path:
        return self.folder / f"Pulumi.{self.stack}.yaml"

    def write(self, config: Mapping[str, Any]) -> None:
        """Makes `config` (full keys) the stack file."""
        self.config = dict(config)
        self._file.write_text(yaml.safe_dump({**self.salt, "config": self.config}, sort_keys=False))

    def run(self, *args: str, given: str = "") -> Result:
        """One command of the CLI, all it says in one text; `given` is what it reads from its standard input."""
        done = subprocess.run(
            ["pulumi", *args, "--non-interactive", "--color=never"],
            cwd=self.folder,
            env=dict(self.env),
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        return Result(done.returncode, done.stdout)

    def try_up(self) -> Result:
        """`pulumi up`, however it ends."""
        return self.run("up", "--yes", "--skip-preview", "--parallel=64", "--stack", self.stack)

    def start_up(self, log: Path) -> subprocess.Popen[bytes]:
        """A `pulumi up` under way, the leader of a process group of its own; what it says goes to `log`."""
        with log.open("wb") as output:
            return subprocess.Popen(
                ["pulumi", "up", "--yes", "--skip-preview", "--parallel=64", "--stack", self.stack, "--non-interactive"],
                cwd=self.folder,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def set_secret(self, path: str, value: str) -> None:
        """One value of the stack file, encrypted, as a person sets it; lasts until the next `write`."""
        result = self.run("config", "set", "--path", "--secret", path, "--stack", self.stack, given=value)
        assert result.ok, result.output

    def up(self, *args: str) -> Result:
        """`pulumi up`, which must succeed."""
        result = self.run("up", "--yes", "--skip-preview", "--parallel=64", "--stack", self.stack, *args)
        assert result.ok, result.output
        return result

    def refresh(self, *args: str) -> Result:
        """`pulumi refresh`, which must succeed."""
        result = self.run("refresh", "--yes", "--skip-preview", "--stack", self.stack, *args)
        assert result.ok, result.output
        return result

    def destroy(self) -> Result:
        """`pulumi destroy`, which must succeed."""
        result = self.run("destroy", "--yes", "--skip-preview", "--parallel=64", "--stack", self.stack)
        assert result.ok, result.output
        return result

    def empty(self) -> None:
        """Destroys what a test left, also where it was cut off in the middle of a run."""
        if self.resources():
            self.run("cancel", "--yes", "--stack", self.stack)
            self.destroy()

    def planned(self) -> dict[str, str]:
        """What the next `up` would touch: operation by resource name, unchanged ones left out."""
        done = self._json("preview", "--stack", self.stack)
        return {"::".join(step["urn"].split("::")[2:]): step["op"] for step in done.get("steps", []) if step["op"] != "same"}

    def touched(self) -> dict[str, str]:
        """What the next `up` would touch, in short: operation by `Kind name`."""
        parts = {name.rpartition("::"): step for name, step in self.planned().items()}
        return {f"{kind.replace('/', ':').rpartition(':')[2]} {name}": step for (kind, _, name), step in parts.items()}

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        return self._json("stack", "output", "--stack", self.stack)

    def state(self) -> dict[str, Any]:
        """The stack's state as it is kept, secrets encrypted."""
        return self._json("stack", "export", "--stack", self.stack)

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the state, the stack itself left out."""
        found = self.state()["deployment"].get("resources") or []
        return [resource for resource in found if resource["type"] != "pulumi:pulumi:Stack"]

    def _json(self, *args: str) -> dict[str, Any]:
        flag = [] if args[:2] == ("stack", "export") else ["--json"]
        done = subprocess.run(
            ["pulumi", *args, *flag, "--non-interactive"],
            cwd=self.folder,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        parsed: dict[str, Any] = json.loads(done.stdout)
        return parsed
