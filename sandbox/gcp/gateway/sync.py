"""Making Google Cloud hold what is planned: what is missing is made, what differs is changed in place, the rest goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sandbox.gcp.certificatemanager import SERVICE
from sandbox.gcp.gateway.cloud import ORDER, Cloud, CloudError
from sandbox.gcp.gateway.model import Endpoint, Plan, Resource
from sandbox.gcp.places import place_of
from sandbox.imitation.mirror import Key

_PATCHED = ("targetHttpsProxies",)  # which have no update
_REPLACED = ("forwardingRules",)  # of which next to nothing can be changed
_NEVER_CHANGED = ("addresses", "networkEndpointGroups", "sslCertificates")
_NEVER_SHOWN = ("selfManaged", "oauth2ClientSecret")
_OPTIONAL = ("sslPolicy", "certificateMap", "sslCertificates")  # of a proxy: what is not wanted is taken away

Change = tuple[str, str, dict[str, Any] | None]


def make(cloud: Cloud, plan: Plan, gateway: Key) -> tuple[str, bool]:
    """Make what is planned for a Gateway and remove what is not.

    Returns:
        The load balancer's IP, and whether anything was changed.

    Raises:
        CloudError: Google Cloud refuses something of it.
    """
    _check(cloud, plan)
    there = cloud.owned(gateway)
    changed = False
    address = ""
    for collection in ORDER:
        resources = [one for one in plan.resources if one.collection == collection]
        if collection == "forwardingRules":
            found = _at(cloud, plan.address)
            address = found["IPAddress"]
            resources = [Resource(one.collection, one.scope, {**one.body, **found}) for one in resources]
        for changes in _steps(resources, there):
            cloud.change(changes)
            changed = True
        if collection == "networkEndpointGroups":
            changed |= _fill(cloud, plan)
        if collection == "backendServices":
            changed |= _protect(cloud, plan, there)
    kept = {one.path for one in plan.resources}
    return address, remove(cloud, [path for path in there if path not in kept]) or changed


def remove(cloud: Cloud, paths: Collection[str]) -> bool:
    """Remove things, those first that refer to others; returns whether there was any."""
    gone = {collection: [path for path in paths if place_of(path).collection == collection] for collection in ORDER}
    for collection in reversed(ORDER):
        cloud.change([(path, "delete", None) for path in gone[collection]])
    return any(gone.values())


def differs(wanted: Any, actual: Any) -> bool:
    """Whether something that is wanted is not so; what is there beyond that does not count."""
    if isinstance(wanted, dict):
        if not isinstance(actual, dict):
            return True
        return any(differs(value, actual.get(key)) for key, value in wanted.items() if key not in _NEVER_SHOWN)
    if isinstance(wanted, list):
        if len(wanted) != len(actual or []):
            return True
        return any(differs(one, other) for one, other in zip(wanted, actual or [], strict=True))
    return bool(wanted != actual)


def _check(cloud: Cloud, plan: Plan) -> None:
    """Refuse what Compute Engine refuses, in its words, where the twin may not."""
    for one in plan.resources:
        named = str(one.body.get("certificateMap") or "")
        if named and not cloud.has_certificate_map(named.removeprefix(SERVICE)):
            raise CloudError(
                "error cause: gceSync: generic::invalid_argument: Insert: EXTERNAL_RESOURCE_NOT_FOUND - The resource"
                f" '{named}' of type 'CertificateMap' was not found."
            )
        if one.collection == "forwardingRules" and "/regions/" in one.scope and not cloud.has_proxy_subnet():
            raise CloudError(
                "error cause: gceSync: generic::invalid_argument: Insert: Invalid value for field 'resource.target':"
                f" '{one.body['target']}'. An active proxy-only subnetwork is required in the same region and VPC as the"
                " forwarding rule."
            )


def _at(cloud: Cloud, path: str) -> dict[str, str]:
    """What a forwarding rule says of the address that it is for; it is of the same network tier."""
    found = cloud.find(path)
    if found is None:
        raise CloudError(f"error cause: gceSync: generic::not_found: Get: The resource '{path}' was not found")
    tier = {"networkTier": str(found["networkTier"])} if found.get("addressType", "EXTERNAL") == "EXTERNAL" else {}
    return {"IPAddress": str(found["address"]), **tier}


def _steps(resources: Iterable[Resource], there: dict[str, dict[str, Any]]) -> Iterable[list[Change]]:
    """What is to be done one after the other; what is in one step can be done at once."""
    gone: list[Change] = []
    made: list[Change] = []
    for one in resources:
        old = there.get(one.path)
        if old is None:
            made.append((one.path, "insert", one.body))
        elif one.collection not in _NEVER_CHANGED and differs(one.body, old):
            if one.collection in _REPLACED:
                gone.append((one.path, "delete", None))
                made.append((one.path, "insert", one.body))
            elif one.collection in _PATCHED:
                absent = {name: None for name in _OPTIONAL if name in old and name not in one.body}
                made.append((one.path, "patch", {**absent, **one.body, "fingerprint": old["fingerprint"]}))
            else:
                stamp = {"fingerprint": old["fingerprint"]} if "fingerprint" in old else {}
                made.append((one.path, "update", {**one.body, **stamp}))
    return [step for step in (gone, made) if step]


def _fill(cloud: Cloud, plan: Plan) -> bool:
    """Have the pods in the groups that are ready, and no others."""
    changes: list[Change] = []
    for path, wanted in plan.endpoints.items():
        there = cloud.endpoints(path)
        for verb, endpoints in (("attachNetworkEndpoints", wanted - there), ("detachNetworkEndpoints", there - wanted)):
            if endpoints:
                changes.append((path, verb, {"networkEndpoints": [_sent(one) for one in sorted(endpoints)]}))
    cloud.change(changes)
    return bool(changes)


def _sent(endpoint: Endpoint) -> dict[str, Any]:
    return {"ipAddress": endpoint.address, "port": endpoint.port, **({"instance": endpoint.node} if endpoint.node else {})}


def _protect(cloud: Cloud, plan: Plan, there: dict[str, dict[str, Any]]) -> bool:
    """Set security policies, which are not part of what a backend service is sent."""
    changes: list[Change] = []
    for path, wanted in plan.security_policies.items():
        if differs(wanted, str(there.get(path, {}).get("securityPolicy") or "")):
            changes.append((path, "setSecurityPolicy", {"securityPolicy": wanted or None}))
    cloud.change(changes)
    return bool(changes)
