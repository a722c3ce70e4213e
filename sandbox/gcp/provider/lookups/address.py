"""Addresses by name."""

from __future__ import annotations

from typing import Any

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.lookups.one import looking
from sandbox.plugin.wire import Properties

_TEXTS = ("address", "addressType", "name", "network", "networkTier", "purpose", "selfLink", "status", "subnetwork")


def get_global_address(call: Call, args: Properties) -> Properties:
    """A global one."""
    return _outputs(call, f"projects/{call.place('project')}/global", args["name"], call.service("compute").globalAddresses(), {})


def get_address(call: Call, args: Properties) -> Properties:
    """One of a region."""
    where = {"region": call.place("region")}
    scope = f"projects/{call.place('project')}/regions/{where['region']}"
    return {**_outputs(call, scope, args["name"], call.service("compute").addresses(), where), **where}


def _outputs(call: Call, scope: str, name: str, api: Any, where: dict[str, str]) -> Properties:
    id_ = f"{scope}/addresses/{name}"
    with looking(f"Address Not Found : {name}", id_):
        told = call.execute(api.get(project=call.place("project"), address=name, **where))
    return {
        **{key: told.get(key, "") for key in _TEXTS},
        "id": id_,
        "prefixLength": told.get("prefixLength", 0),
        "project": call.place("project"),
        "users": told.get("users", [""])[0],
    }
