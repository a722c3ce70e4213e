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
from sandbox.twin.reviews import GROUP, TokenError

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


def user(store: Store, token: str) -> dict[str, Any]:
    """Who holds a token.

    Raises:
        TokenError: it is none of the twin's, or not any more.
    """
    entry = store.notes.get("tokens", {}).get(token)
    if not entry or entry["until"] <= time.time():
        raise TokenError("not a token of the twin, or it has expired")
    return {"username": entry["account"], "uid": entry["account"], "groups": [GROUP]}
