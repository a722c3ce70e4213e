"""Why a twin does not start."""

from __future__ import annotations


class TwinError(RuntimeError):
    """What keeps it from starting, for people."""
