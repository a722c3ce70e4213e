"""The plugin where Pulumi's engine looks for it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from sandbox.gcp.provider import VERSION
from sandbox.gcp.provider.install import install


def test_the_installed_plugin_starts_anywhere(tmp_path: Path) -> None:
    (tmp_path / "grpc.py").write_text("raise RuntimeError('a file of the folder that pulumi runs in')")
    program = install(tmp_path / "home")
    assert program == tmp_path / "home" / "plugins" / f"resource-gcp-v{VERSION}" / "pulumi-resource-gcp"
    with subprocess.Popen([program], cwd=tmp_path, env={}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 1023
        process.terminate()
        assert process.wait(10) == 0
