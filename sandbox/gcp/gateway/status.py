"""What is said on Gateways, routes, classes and policies: conditions of Gateway API, and those that only GKE has.

Which stand in which case is as people have seen them: an error of translation leaves a Gateway Accepted and not Programmed
(`Invalid`); what Google Cloud refuses makes it `Pending`; `networking.gke.io/GatewayHealthy` tells the same once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.gcp.gateway.attachment import Attachment, parent_of
from sandbox.gcp.gateway.listeners import Listener
from sandbox.gcp.gateway.model import CONTROLLER, GROUP, Object, items_of, key_of_object, text_of
from sandbox.gcp.gateway.translate import Verdict
from sandbox.imitation.mirror import Key

Condition = tuple[str, bool, str, str]
"""Type, whether it is so, reason, message."""

_HEALTHY = "networking.gke.io/GatewayHealthy"


def gateway_status(gateway: Object, verdict: Verdict, address: str, failure: str) -> dict[str, Any]:
    """The status of a Gateway.

    Args:
        gateway: as it is now.
        verdict: of the translation.
        address: the IP; empty if there is none.
        failure: what Google Cloud said; empty if all is made.
    """
    old: Object = gateway.get("status") or {}
    generation = _generation(gateway)
    text = str(verdict.error or failure)
    reason = "Invalid" if verdict.error else "Pending" if failure else "Programmed"
    said: list[Condition] = [
        ("Accepted", True, "Accepted", ""),
        ("Programmed", not text, reason, text),
        (_HEALTHY, not text, "Error" if text else "Healthy", f"Gateway: {reason} : {text}" if text else ""),
    ]
    before: dict[str, Object] = {each["name"]: each for each in items_of(old, "listeners")}
    return {
        "addresses": [{"type": "IPAddress", "value": address}] if address else [],
        "conditions": conditions(old, generation, said),
        "listeners": [_listener(one, verdict, before.get(one.name) or {}, generation, text) for one in verdict.listeners],
    }


def route_parents(route: Object, gateway: Key, verdict: Verdict | None, failure: str) -> list[dict[str, Any]]:
    """The whole `status.parents` of a route: what others say, and what is to be said of one Gateway.

    Args:
        route: as it is now.
        gateway: of this Gateway nothing that was said before stays.
        verdict: of its translation; None if it is gone or not ours.
        failure: what Google Cloud said; empty if all is made.
    """
    old = items_of(route.get("status") or {}, "parents")
    mine = [each for each in old if each.get("controllerName") == CONTROLLER and parent_of(route, each["parentRef"]) == gateway]
    found: list[dict[str, Any]] = [dict(each) for each in old if each not in mine]
    key = key_of_object(route)
    for one in verdict.parents.get(key, []) if verdict else []:
        last: Object = next((each for each in mine if each["parentRef"] == one.parent), {})
        said = _of_route(key, one, verdict, failure) if verdict else []
        made = conditions(last, _generation(route), said)
        found.append({"parentRef": dict(one.parent), "controllerName": CONTROLLER, "conditions": made})
    return found


def conditions(old: Object, generation: int, said: Sequence[Condition]) -> list[dict[str, Any]]:
    """Conditions as they are written; one that has not changed keeps its time."""
    before = {each["type"]: each for each in items_of(old, "conditions")}
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    made: list[dict[str, Any]] = []
    for name, holds, reason, message in said:
        status = "True" if holds else "False"
        last = before.get(name) or {}
        made.append(
            {
                "type": name,
                "status": status,
                "reason": reason,
                "message": message,
                "observedGeneration": generation,
                "lastTransitionTime": last["lastTransitionTime"] if last.get("status") == status else now,
            }
        )
    return made


def _listener(one: Listener, verdict: Verdict, old: Object, generation: int, text: str) -> dict[str, Any]:
    accepted: Condition = ("Accepted", True, "Accepted", "")
    if one.problem:
        accepted = ("Accepted", False, one.conflict[0] if one.conflict else "Invalid", str(one.problem))
    elif verdict.address_error:
        accepted = ("Accepted", False, "UnsupportedAddress", str(verdict.error))
    resolved: Condition = ("ResolvedRefs", True, "ResolvedRefs", "")
    if one.unresolved:
        resolved = ("ResolvedRefs", False, one.unresolved.reason, str(one.unresolved))
    conflicted: Condition = ("Conflicted", bool(one.conflict), *(one.conflict or ("NoConflicts", "")))
    programmed: Condition = ("Programmed", not text, "Invalid" if text else "Programmed", text)
    return {
        "name": one.name,
        "supportedKinds": [{"group": GROUP, "kind": "HTTPRoute"}],
        "attachedRoutes": verdict.attached(one.name),
        "conditions": conditions(old, generation, [resolved, accepted, conflicted, programmed]),
    }


def _of_route(key: Key, one: Attachment, verdict: Verdict, failure: str) -> list[Condition]:
    invalid, unresolved = verdict.invalid.get(key), verdict.unresolved.get(key)
    accepted: Condition = ("Accepted", True, "Accepted", "")
    if one.refusal:
        accepted = ("Accepted", False, *one.refusal)
    elif invalid:
        accepted = ("Accepted", False, "UnsupportedValue", str(invalid))
    resolved: Condition = ("ResolvedRefs", True, "ResolvedRefs", "")
    if unresolved:
        resolved = ("ResolvedRefs", False, unresolved.reason, _unresolved(key, one, str(unresolved)))
    text = one.refusal[1] if one.refusal else str(invalid or verdict.error or failure)
    reason = "ReconciliationFailed" if text else "ReconciliationSucceeded"
    return [accepted, resolved, ("Reconciled", not text, reason, text)]


def _unresolved(key: Key, one: Attachment, text: str) -> str:
    parent = one.parent
    shown = ", ".join(
        f"{name[0].upper()}{name[1:]}: {parent[name]!r}" for name in ("namespace", "name", "sectionName") if name in parent
    )
    return (
        f'Object reference of HTTPRoute "{text_of(key)}" bound to ParentRef {{{shown}}} failed to be resolved: error cause:'
        f' reference-not-found: Error GWCER104: HTTPRoute "{text_of(key)}" is misconfigured, err: {text}'
    )


def _generation(thing: Object) -> int:
    return int(thing["metadata"].get("generation") or 0)
