"""HealthCheckPolicy, GCPBackendPolicy and GCPGatewayPolicy: which one counts for what, and what it says.

https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources, and the types in
GoogleCloudPlatform/gke-gateway-api: apis/networking/v1.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from sandbox.gcp.gateway.model import GROUP, InvalidError, Object, World, key_of_object, spec_of, text_of
from sandbox.imitation.mirror import Key

ATTACHED = "Attached"
_SETTINGS = {
    "TCP": "tcpHealthCheck",
    "HTTP": "httpHealthCheck",
    "HTTPS": "httpsHealthCheck",
    "HTTP2": "http2HealthCheck",
    "GRPC": "grpcHealthCheck",
}
_SAMPLES = 1_000_000  # what sampleRate is of
_FIELD = "key"  # says https://cloud.google.com/kubernetes-engine/docs/how-to/secure-gateway


def policy_for(policies: Mapping[Key, Object], group: str, kind: str, key: Key) -> Object:
    """What the policy says that counts for an object: of several the oldest; nothing if there is none.

    Raises:
        InvalidError: it is not valid.
    """
    found = [one for one in policies.values() if _target(one) == (group, kind, key)]
    if not found:
        return {}
    first = min(found, key=_age)
    if fault := fault_of(first):
        raise InvalidError(f'{first.get("kind", "policy")} "{text_of(key_of_object(first))}" is invalid, err: {fault}.')
    default: Object = spec_of(first).get("default") or {}
    return default


def standing(policy: Object, policies: Mapping[Key, Object], world: World) -> tuple[str, str]:
    """Reason and message of a policy's condition `Attached`, which is True with the reason of that name.

    Args:
        policy: that is looked at.
        policies: all of its kind.
        world: with what it may target.
    """
    group, kind, key = _target(policy)
    targets = {("", "Service"): world.services, (GROUP, "Gateway"): world.gateways}.get((group, kind))
    if targets is None:
        return "Invalid", f"a policy cannot target {kind} of group {group!r}"
    if fault := fault_of(policy):
        return "Invalid", fault
    if key not in targets:
        return "TargetNotFound", f"{kind} {text_of(key)} not found"
    first = min((one for one in policies.values() if _target(one) == (group, kind, key)), key=_age)
    if key_of_object(first) != key_of_object(policy):
        return "Conflicted", f"{text_of(key_of_object(first))} targets the same {kind} and is older"
    return ATTACHED, ""


def fault_of(policy: Object) -> str:
    """What makes a policy invalid, of what the API server lets through; empty if nothing."""
    default: Object = spec_of(policy).get("default") or {}
    iap: Object = default.get("iap") or {}
    if iap.get("enabled") and not (iap.get("clientID") and (iap.get("oauth2ClientSecret") or {}).get("name")):
        return "iap needs clientID and oauth2ClientSecret if it is enabled"
    if default.get("timeoutSec", 5) > default.get("checkIntervalSec", 5) and policy.get("kind") == "HealthCheckPolicy":
        return "timeoutSec must not be greater than checkIntervalSec"
    return ""


def health_check(default: Object, protocol: str) -> dict[str, Any]:
    """The body of a health check: what a policy says, and for the rest what the types say that GKE takes.

    No probe of any pod counts: without a policy pods are asked for "/" at the port of the traffic.
    """
    config: Object = default.get("config") or {}
    kind = str(config.get("type") or protocol)
    settings = dict(config.get(_SETTINGS[kind]) or {})
    if "portSpecification" not in settings:
        settings["portSpecification"] = "USE_FIXED_PORT" if settings.get("port") else "USE_SERVING_PORT"
    if kind not in ("TCP", "GRPC"):
        settings.setdefault("requestPath", "/")
    return {
        "type": kind,
        "checkIntervalSec": default.get("checkIntervalSec", 5),
        "timeoutSec": default.get("timeoutSec", 5),
        "healthyThreshold": default.get("healthyThreshold", 2),
        "unhealthyThreshold": default.get("unhealthyThreshold", 2),
        "logConfig": {"enable": bool((default.get("logConfig") or {}).get("enabled"))},
        _SETTINGS[kind]: settings,
    }


def backend(default: Object, secret: Object | None) -> dict[str, Any]:
    """Part of the body of a backend service: what a policy says.

    Args:
        default: of the policy.
        secret: that its IAP names, if there is one.
    """
    affinity: Object = default.get("sessionAffinity") or {}
    logging: Object = default.get("logging") or {}
    made: dict[str, Any] = {
        "timeoutSec": default.get("timeoutSec", 30),
        "connectionDraining": {"drainingTimeoutSec": (default.get("connectionDraining") or {}).get("drainingTimeoutSec", 0)},
        "sessionAffinity": affinity.get("type", "NONE"),
        "logConfig": {"enable": bool(logging.get("enabled"))},
    }
    if affinity.get("cookieTtlSec") is not None:
        made["affinityCookieTtlSec"] = affinity["cookieTtlSec"]
    if logging.get("sampleRate") is not None:
        made["logConfig"]["sampleRate"] = logging["sampleRate"] / _SAMPLES
    iap: Object = default.get("iap") or {}
    if iap:
        made["iap"] = {"enabled": bool(iap.get("enabled")), **_client(iap, secret)}
    return made


def _client(iap: Object, secret: Object | None) -> dict[str, str]:
    found = {"oauth2ClientId": str(iap.get("clientID") or "")}
    if secret is not None:
        found["oauth2ClientSecret"] = base64.b64decode((secret.get("data") or {}).get(_FIELD) or "").decode().strip()
    return {name: value for name, value in found.items() if value}


def _target(policy: Object) -> tuple[str, str, Key]:
    target: Object = spec_of(policy).get("targetRef") or {}
    home = key_of_object(policy)[0]
    return str(target.get("group") or ""), str(target.get("kind")), (target.get("namespace") or home, str(target.get("name")))


def _age(policy: Object) -> tuple[str, Key]:
    return str(policy["metadata"].get("creationTimestamp") or ""), key_of_object(policy)
