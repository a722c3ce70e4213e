"""Clouds: the one place that maps `portico:cloud` to a module."""

from __future__ import annotations

import pulumi

from components.clouds.base import Address, Balancer, Cloud, RecordKind, Target, Zone
from components.clouds.zones import Zones
from components.settings import Settings

__all__ = ["Address", "Balancer", "Cloud", "RecordKind", "Target", "Zone", "Zones", "open_cloud", "open_provider"]


def open_cloud(settings: Settings, opts: pulumi.ResourceOptions) -> Cloud:
    """The cloud that `portico:cloud` names; only its own SDK is imported."""
    match settings.cloud.kind:
        case "rfc2136":
            from components.clouds.rfc2136 import Rfc2136

            return Rfc2136(settings.cloud.chosen, settings.zone, settings.name, settings.protect, opts)
        case "aws":
            from components.clouds.aws import Aws

            return Aws(settings, opts)
        case "gcp":
            from components.clouds.gcp import Gcp

            return Gcp(settings, opts)
    raise AssertionError(f"no module for cloud {settings.cloud.kind}")


def open_provider(settings: Settings) -> pulumi.ProviderResource | None:
    """The provider of the cloud's own SDK, made from what the stack file says; None where the cloud needs none."""
    match settings.cloud.kind:
        case "aws":
            from components.clouds.aws_lookup import aws_provider

            return aws_provider(settings.cloud.chosen, settings.name)
        case "gcp":
            from components.clouds.gcp_lookup import gcp_provider

            return gcp_provider(settings.cloud.chosen, settings.name)
    return None
