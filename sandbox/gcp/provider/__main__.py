"""The plugin's process: `python -m sandbox.gcp.provider`."""

from __future__ import annotations

from sandbox.gcp.provider.plugin import PLUGIN
from sandbox.plugin.process import serve

if __name__ == "__main__":
    serve(PLUGIN)
