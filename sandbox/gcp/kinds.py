"""What is true of one kind of thing in Compute Engine, beyond what is true of all."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

from sandbox.gcp.errors import Refusal
from sandbox.gcp.places import Place, referred
from sandbox.gcp.store import Store


class Kind:
    """A kind about which there is nothing special but its defaults."""

    def __init__(self, store: Store, project: str, defaults: dict[str, Any] | None = None) -> None:
        self.store, self.project = store, project
        self._defaults = defaults or {}

    def prepare(self, place: Place, body: dict[str, Any]) -> None:
        """Complete what is about to be made, or refuse it."""
        for key, value in self._defaults.items():
            body.setdefault(key, copy.deepcopy(value))

    def hide(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take out of what is about to be made what the API never shows; returns what only the twin knows of it."""
        return {}

    def change(self, place: Place, thing: dict[str, Any]) -> None:
        """Look at what was changed, or refuse it."""

    def show(self, path: str, thing: dict[str, Any]) -> dict[str, Any]:
        """What the API answers."""
        return dict(thing["body"])

    def act(self, place: Place, thing: dict[str, Any], body: dict[str, Any]) -> bool:
        """Follow a verb that only this kind has; False if it does not know it."""
        return False

    def ask(self, place: Place, thing: dict[str, Any], body: dict[str, Any]) -> dict[str, Any] | None:
        """Answer a question that only this kind is asked; None if it does not know it."""
        return None

    def users(self, path: str) -> list[str]:
        """Who needs it, beyond those that refer to it."""
        return []


DEFAULTS: dict[str, dict[str, Any]] = {
    "backendServices": {
        "protocol": "HTTP",
        "timeoutSec": 30,
        "port": 80,
        "portName": "http",
        "sessionAffinity": "NONE",
        "loadBalancingScheme": "EXTERNAL",
        "affinityCookieTtlSec": 0,
        "connectionDraining": {"drainingTimeoutSec": 0},
        "enableCDN": False,
    },
    "healthChecks": {"checkIntervalSec": 5, "timeoutSec": 5, "healthyThreshold": 2, "unhealthyThreshold": 2},
    "firewalls": {"direction": "INGRESS", "priority": 1000, "disabled": False},
    "targetHttpsProxies": {"quicOverride": "NONE"},
    "networks": {"routingConfig": {"routingMode": "REGIONAL"}},
}


class SslPolicies(Kind):
    """The features of a profile are shown; those of one's own make are for CUSTOM only."""

    _MODERN: ClassVar = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
    _ECDHE: ClassVar = tuple(
        f"TLS_ECDHE_{signer}_WITH_{cipher}"
        for signer in ("ECDSA", "RSA")
        for cipher in ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256")
    )
    _CBC: ClassVar = ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA")
    _OLD: ClassVar = ("TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA")
    PROFILES: ClassVar[dict[str, tuple[str, ...]]] = {
        "COMPATIBLE": (*_MODERN, *_ECDHE, *_CBC, *_OLD),
        "MODERN": (*_MODERN, *_ECDHE, *_CBC),
        "RESTRICTED": (*_MODERN, *_ECDHE),
    }

    def prepare(self, place: Place, body: dict[str, Any]) -> None:
        """Complete a new one, or refuse it."""
        body.setdefault("profile", "COMPATIBLE")
        body.setdefault("minTlsVersion", "TLS_1_0")
        self._complete(body)

    def change(self, place: Place, thing: dict[str, Any]) -> None:
        """Complete it anew."""
        self._complete(thing["body"])

    def _complete(self, body: dict[str, Any]) -> None:
        own = body.get("customFeatures")
        if own and body["profile"] != "CUSTOM":
            raise Refusal(
                400, f"Invalid value for field 'resource.customFeatures': '{own}'. Custom features need the profile CUSTOM."
            )
        body["enabledFeatures"] = sorted(self.PROFILES.get(body["profile"], own or ()))


class SecurityPolicies(Kind):
    """There is always a rule for what no other rule meets."""

    def prepare(self, place: Place, body: dict[str, Any]) -> None:
        """Complete a new one, or refuse it."""
        body.setdefault("type", "CLOUD_ARMOR")
        rules = body.setdefault("rules", [])
        if not any(rule.get("priority") == 2147483647 for rule in rules):
            matcher = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}
            rules.append({"priority": 2147483647, "action": "allow", "match": matcher, "description": "default rule"})
        for rule in rules:
            rule.setdefault("kind", "compute#securityPolicyRule")
            rule.setdefault("preview", False)


def refers(kind: Kind, text: Any) -> str:
    """The path that a text refers to; empty if none."""
    return referred(str(text or ""), kind.project) or ""
