"""A small stack file of one site, for tests in which the door itself is not the point."""

from __future__ import annotations

from typing import Any

from tests.engine.world import World


def small(world: World, name: str, *, zone: str = "portico.test", service: str = "portico", **parts: Any) -> dict[str, Any]:
    """One host `<name>.<zone>` before one demo Service in a namespace of that name; full keys.

    The certificate is had by DNS-01 and the way in is the Gateway. `parts` replace top-level keys; None leaves one out.
    """
    dev = {key.removeprefix("portico:"): value for key, value in world.dev_config().items()}
    dev["entrypoint"]["gateway"]["controller"]["existing"]["service"] = service
    host = f"{name}.{zone}"
    whole = {
        **dev,
        "zone": {"name": zone},
        "certificates": {name: {"acme": {"hosts": [host], "challenge": "dns-01", "timeout": 60}}},
        "namespaces": {name: {}},
        "sites": {name: {"hosts": [host], "namespace": name, "paths": {"/": "web:8080"}, "demo": True}},
        **parts,
    }
    return {key if ":" in key else f"portico:{key}": value for key, value in whole.items() if value is not None}
