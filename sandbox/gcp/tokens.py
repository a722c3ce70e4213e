"""Access tokens: any service account's signed request gets one, and the cluster can ask whose it is."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

from sandbox.gcp.errors import Refusal
from sandbox.gcp.store import Store

SECONDS = 3600
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def give(store: Store, form: Mapping[str, str]) -> dict[str, Any]:
    """A token, for a form as OAuth has it."""
    if form.get("grant_type") != _GRANT:
        raise Refusal(400, f"unsupported_grant_type: given is {form.get('grant_type')!r}, allowed is {_GRANT}")
    try:
        part = str(form.get("assertion", "")).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        account = str(claims["iss"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error) as error:
        raise Refusal(400, "invalid_grant: assertion is not a JWT with the claim iss") from error
    tokens = store.notes.setdefault("tokens", {})
    for old in [token for token, entry in tokens.items() if entry["until"] < time.time()]:
        del tokens[old]
    token = f"ya29.{secrets.token_urlsafe(32)}"
    tokens[token] = {"account": account, "until": time.time() + SECONDS}
    return {"access_token": token, "expires_in": SECONDS, "token_type": "Bearer"}


def review(store: Store, body: Any) -> dict[str, Any]:
    """The answer to a TokenReview of the cluster."""
    status: dict[str, Any] = {"authenticated": False, "error": "not a TokenReview: spec.token is missing"}
    if isinstance(body, dict) and isinstance(body.get("spec"), dict) and "token" in body["spec"]:
        entry = store.notes.get("tokens", {}).get(str(body["spec"]["token"]))
        if entry and entry["until"] > time.time():
            user = {"username": entry["account"], "uid": entry["account"], "groups": ["system:masters"]}
            status = {"authenticated": True, "user": user}
        else:
            status = {"authenticated": False, "error": "not a token of the twin, or it has expired"}
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}
