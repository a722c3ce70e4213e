"""Clouds: the one place that maps `portico:cloud` to a module."""

from __future__ import annotations

import pulumi

from components.clouds.base import Address, Cloud, RecordKind, Target, Zone
from components.settings import Settings

__all__ = ["Address", "Cloud", "RecordKind", "Target", "Zone", "open_cloud"]


def open_cloud(settings: Settings, opts: pulumi.ResourceOptions) -> Cloud:
    """The cloud that `portico:cloud` names; only its own SDK is imported."""
    match settings.cloud.kind:
        case "rfc2136":
            from components.clouds.rfc2136 import Rfc2136

            return Rfc2136(settings.cloud.chosen, settings.zone, settings.name, settings.protect, opts)
    raise AssertionError(f"no module for cloud {settings.cloud.kind}")
