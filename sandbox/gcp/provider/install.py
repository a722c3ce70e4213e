"""The plugin where Pulumi's engine looks for it."""

from __future__ import annotations

from pathlib import Path

from sandbox.gcp.provider import VERSION
from sandbox.plugin.install import install as install_plugin


def install(home: Path) -> Path:
    """Put the launcher into a Pulumi home; returns its path."""
    return install_plugin(home, "gcp", VERSION)
