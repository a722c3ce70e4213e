"""gcp.dns.get_managed_zone."""

from __future__ import annotations

from sandbox.gcp.provider.call import Call
from sandbox.plugin.problems import doing
from sandbox.plugin.wire import Properties


def get_managed_zone(call: Call, args: Properties) -> Properties:
    """By name."""
    project, name = call.place("project"), args["name"]
    with doing(f"Error when reading or editing dataSourceDnsManagedZone {name!r}"):
        told = call.execute(call.service("dns").managedZones().get(project=project, managedZone=name))
    return {
        "description": told.get("description", ""),
        "dnsName": told["dnsName"],
        "id": f"projects/{project}/managedZones/{name}",
        "managedZoneId": int(told["id"]),
        "name": told["name"],
        "nameServers": told.get("nameServers") or [],
        "project": project,
        "visibility": told.get("visibility", "public"),
    }
