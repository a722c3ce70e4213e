"""What a change does to what Compute Engine shows of a thing, and the fingerprints that guard it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.gcp.discovery import Method
from sandbox.gcp.errors import Refusal
from sandbox.gcp.store import fingerprint

_FINGERPRINTS = ("fingerprint", "labelFingerprint")
_NEEDS = "412 conditionNotMet"  # in what is said of a fingerprint without which no change is made


def stamp(schema: Mapping[str, Any], body: dict[str, Any]) -> None:
    """Give a thing the fingerprints that its schema has."""
    if "labelFingerprint" in schema:
        body["labelFingerprint"] = fingerprint(body.get("labels", {}))
    if "fingerprint" in schema:
        body["fingerprint"] = fingerprint({key: value for key, value in body.items() if key not in _FINGERPRINTS})


def check_fingerprint(method: Method, schema: Mapping[str, Any], old: Mapping[str, Any], body: dict[str, Any]) -> None:
    """Take the fingerprints out of a request; refuse one that is not the current one.

    Args:
        method: that is asked for.
        schema: of the thing.
        old: the thing.
        body: of the request.
    """
    for key in _FINGERPRINTS:
        said = " ".join(schema.get(key, {}).get("description", "").split())
        needed = key == "fingerprint" and method.verb in ("patch", "update") and _NEEDS in said
        given = body.pop(key, None)
        if (needed or given) and key in schema and given != old.get(key):
            what = "Labels" if key == "labelFingerprint" else "Supplied"
            raise Refusal(412, f"{what} fingerprint '{given or ''}' does not match current one of the resource.")


def is_fixed(schema: Mapping[str, Any], name: str) -> bool:
    """Whether an update leaves a field as it is."""
    return name in ("kind", "name") or str(schema.get("description", "")).startswith("[Output Only]")


def merged(old: Mapping[str, Any], new: Mapping[str, Any], deep: bool) -> dict[str, Any]:
    """What a patch leaves; None takes a field away."""
    result = dict(old)
    for key, value in new.items():
        if value is None:
            result.pop(key, None)
        elif deep and isinstance(value, dict) and isinstance(old.get(key), dict) and key != "labels":
            result[key] = merged(old[key], value, deep)
        else:
            result[key] = value
    return result
