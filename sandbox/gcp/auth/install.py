"""The credential plugin where kubeconfigs look for it: on PATH, by its name."""

from __future__ import annotations

from pathlib import Path

from sandbox.plugin.install import write_launcher


def install(folder: Path) -> Path:
    """Put it into a folder; returns its path."""
    return write_launcher(folder / "gke-gcloud-auth-plugin", "sandbox.gcp.auth")
