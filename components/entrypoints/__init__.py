"""Entrypoints: the one place that maps `portico:entrypoint` to a module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.clouds import Address, Cloud
from components.entrypoints.alb import AlbEntrypoint
from components.entrypoints.base import Entrypoint
from components.entrypoints.gateway import GatewayEntrypoint
from components.entrypoints.gce import GceEntrypoint
from components.entrypoints.google_backends import reached_directly
from components.entrypoints.nginx import NginxEntrypoint
from components.entrypoints.traefik import TraefikEntrypoint
from components.places import Places
from components.settings import Settings

__all__ = ["Entrypoint", "open_entrypoint", "reached_directly"]

_KINDS: dict[str, Callable[[Settings, Any, Cloud, Address, Places], Entrypoint]] = {
    "alb": AlbEntrypoint,
    "gateway": GatewayEntrypoint,
    "gce": GceEntrypoint,
    "nginx": NginxEntrypoint,
    "traefik": TraefikEntrypoint,
}


def open_entrypoint(settings: Settings, cloud: Cloud, address: Address, places: Places) -> Entrypoint:
    """The entrypoint that `portico:entrypoint` names, its load balancer made, its door not yet open."""
    return _KINDS[settings.entrypoint.kind](settings, settings.entrypoint.chosen, cloud, address, places)
