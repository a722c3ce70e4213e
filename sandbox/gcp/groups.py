"""Compute Engine's groups of back ends: instance groups, network endpoint groups, and the health of who is in them."""

from __future__ import annotations

from typing import Any

from sandbox.gcp.errors import Refusal, missing
from sandbox.gcp.kinds import Kind, refers
from sandbox.gcp.places import Place, link


class InstanceGroups(Kind):
    """Their members are instances of their zone."""

    def prepare(self, place: Place, body: dict[str, Any]) -> None:
        """Complete a new one, or refuse it."""
        body["size"] = 0
        body.setdefault("namedPorts", [])

    def act(self, place: Place, thing: dict[str, Any], body: dict[str, Any]) -> bool:
        """Add or remove instances."""
        if place.verb not in ("addInstances", "removeInstances"):
            return False
        members: list[str] = thing["inside"].setdefault("members", [])
        for entry in body.get("instances", []):
            path = refers(self, entry.get("instance"))
            if path not in self.store.things:
                raise missing(path or str(entry.get("instance")))
            if (path in members) is (place.verb == "addInstances"):
                word = "already a member" if path in members else "not a member"
                raise Refusal(400, f"Invalid value for field 'resource.instances': '{path}' is {word} of '{place.path}'.")
            if path in members:
                members.remove(path)
            else:
                members.append(path)
        thing["body"]["size"] = len(members)
        return True

    def ask(self, place: Place, thing: dict[str, Any], body: dict[str, Any]) -> dict[str, Any] | None:
        """List the instances."""
        if place.verb != "listInstances":
            return None
        ports = thing["body"]["namedPorts"]
        items = [
            {"instance": link(path), "status": "RUNNING", "namedPorts": ports} for path in thing["inside"].get("members", [])
        ]
        return {"kind": "compute#instanceGroupsListInstances", "id": place.path, "items": items, "selfLink": link(place.path)}


class EndpointGroups(Kind):
    """Their members are addresses with ports."""

    def prepare(self, place: Place, body: dict[str, Any]) -> None:
        """Complete a new one, or refuse it."""
        body.setdefault("networkEndpointType", "GCE_VM_IP_PORT")
        body["size"] = 0

    def act(self, place: Place, thing: dict[str, Any], body: dict[str, Any]) -> bool:
        """Attach or detach endpoints; to attach one again is no error."""
        if place.verb not in ("attachNetworkEndpoints", "detachNetworkEndpoints"):
            return False
        members: list[dict[str, Any]] = thing["inside"].setdefault("members", [])
        for endpoint in body.get("networkEndpoints", []):
            found = next((member for member in members if _same(member, endpoint)), None)
            if place.verb == "attachNetworkEndpoints" and found is None:
                members.append(endpoint)
            elif place.verb == "detachNetworkEndpoints":
                if found is None:
                    raise Refusal(
                        400, f"Invalid value for field 'resource.networkEndpoints': {endpoint} is not attached to '{place.path}'."
                    )
                members.remove(found)
        thing["body"]["size"] = len(members)
        return True

    def ask(self, place: Place, thing: dict[str, Any], body: dict[str, Any]) -> dict[str, Any] | None:
        """List the endpoints, with their health if that is asked for."""
        if place.verb != "listNetworkEndpoints":
            return None
        items: list[dict[str, Any]] = []
        for member in thing["inside"].get("members", []):
            healths = [{"healthState": "HEALTHY"}] if body.get("healthStatus") == "SHOW" else []
            items.append({"networkEndpoint": member, "healths": healths})
        return {"kind": "compute#networkEndpointGroupsListNetworkEndpoints", "id": place.path, "items": items}


class BackendServices(Kind):
    """Who is in a back end is healthy."""

    def ask(self, place: Place, thing: dict[str, Any], body: dict[str, Any]) -> dict[str, Any] | None:
        """Tell the health of one group's members."""
        if place.verb != "getHealth":
            return None
        path = refers(self, body.get("group"))
        if path not in self.store.things:
            raise missing(path or str(body.get("group")))
        group = self.store.things[path]
        statuses: list[dict[str, Any]] = []
        for member in group["inside"].get("members", []):
            if isinstance(member, str):
                named = {port["name"]: port["port"] for port in group["body"]["namedPorts"]}
                where = {"instance": link(member), "port": named.get(thing["body"].get("portName"), 0)}
            else:
                where = {"ipAddress": member.get("ipAddress", ""), "port": member.get("port", 0)}
            statuses.append({**where, "healthState": "HEALTHY"})
        return {"kind": "compute#backendServiceGroupHealth", "healthStatus": statuses}


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in ("ipAddress", "port", "fqdn"))
