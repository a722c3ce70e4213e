"""The built tools as the rest of the sandbox uses them: programs by name, and a PATH."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sandbox.build import build, tools_folder
from sandbox.tools import CLOUD_TOOLS, CLUSTER, KUBERNETES_PROVIDER, LANGUAGE_HOST, PULUMI, TOOLS

_OLDEST_PULUMI = (3, 238)


@dataclass(frozen=True)
class Toolset:
    """Folders of the tools by name.

    Attributes:
        folders: one per tool, with `bin` and whatever else of its module is kept.
        pulumi: the pulumi command, its language host beside it.
        own_pulumi: whether that is the machine's own and not built here.
    """

    folders: dict[str, Path]
    pulumi: Path
    own_pulumi: bool

    def program(self, tool: str, name: str) -> Path:
        """Path of one program."""
        return self.folders[tool] / "bin" / name

    def cluster(self, name: str) -> Path:
        """Path of one of the programs built together for the cluster."""
        return self.program(CLUSTER.name, name)

    @property
    def kubernetes_provider(self) -> Path:
        """Pulumi's plugin for Kubernetes."""
        return self.program(KUBERNETES_PROVIDER.name, KUBERNETES_PROVIDER.programs[0])

    def files(self, tool: str, folder: str) -> list[Path]:
        """The files of one kind that are kept beside a tool."""
        return sorted((self.folders[tool] / folder).iterdir())


def ensure(clouds: Collection[str] = ()) -> Toolset:
    """The tools, built first where the cache lacks them.

    Args:
        clouds: those whose tools are needed too; each is built once, when it is first asked for.

    Raises:
        ToolchainError: a build failed, or there is no Go and it could not be installed.
    """
    own = compatible_pulumi()
    folders = build(
        [
            *(tool for tool in TOOLS if own is None or tool not in (PULUMI, LANGUAGE_HOST)),
            *(tool for cloud in sorted(clouds) for tool in CLOUD_TOOLS[cloud]),
        ]
    )
    if own is not None:
        return Toolset(folders, own, own_pulumi=True)
    return Toolset(folders, _bundle(folders) / "pulumi", own_pulumi=False)


def _bundle(folders: Mapping[str, Path]) -> Path:
    """Pulumi and its language host, built apart, in one folder: that is where the one looks for the other."""
    parts = [folders[tool.name] for tool in (PULUMI, LANGUAGE_HOST)]
    target = tools_folder() / f"{parts[0].name}-with-{parts[1].name}"
    if not target.is_dir():
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".partial-") as work:
            bundle = Path(work) / "bundle"
            bundle.mkdir()
            for path in chain.from_iterable((part / "bin").iterdir() for part in parts):
                os.link(path, bundle / path.name)
            with suppress(OSError):  # another command has just made the same
                bundle.rename(target)
    return target


def compatible_pulumi() -> Path | None:
    """A pulumi on PATH of version 3.238 or newer (below 4) with its Python language host beside it."""
    found = shutil.which("pulumi")
    if found is None or tools_folder() in Path(found).parents:
        return None
    # The language host lies beside the real file, which a link may point to.
    command = next((c for c in (Path(found), Path(found).resolve()) if _complete(c.parent)), None)
    if command is None:
        return None
    try:
        said = subprocess.run([command, "version"], capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(r"v?(\d+)\.(\d+)\.", said.strip())
    if match is None:
        return None
    version = (int(match[1]), int(match[2]))
    return command if _OLDEST_PULUMI <= version < (4, 0) else None


def _complete(folder: Path) -> bool:
    names = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")
    return all((folder / name).is_file() for name in names)
