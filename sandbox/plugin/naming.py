"""Names that the program leaves to the provider."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from itertools import count
from typing import Any

from pulumi.runtime.proto import provider_pb2

from sandbox.plugin.problems import ProviderError
from sandbox.plugin.schema import AutoName

DEFAULTS = "__defaults"
"""The input that says which others the provider chose, as the real provider keeps it."""

_HEX = 7
_counter = count(1)


def choose(rule: AutoName, request: provider_pb2.CheckRequest, old: Mapping[str, Any]) -> str | None:
    """The name: the old one if it was chosen too, else the resource's with a dash and 7 hex digits.

    Raises:
        ProviderError: it would be too long.
    """
    kept = old.get(rule.field)
    if isinstance(kept, str) and kept and rule.field in (old.get(DEFAULTS) or ()):
        return kept
    if request.HasField("autonaming"):  # the stack's own rule, pulumi:autonaming
        if request.autonaming.mode == provider_pb2.CheckRequest.AutonamingOptions.DISABLE:
            return None
        return str(request.autonaming.proposed_name)
    prefix = f"{request.name or request.urn.rsplit('::', 1)[-1]}-"
    if len(prefix) + _HEX > rule.longest:
        raise ProviderError(f"name {prefix!r} plus {_HEX} random chars is longer than maximum length {rule.longest}")
    seed = request.randomSeed
    return prefix + (hashlib.sha256(seed).hexdigest()[:_HEX] if seed else secrets.token_hex(4)[:_HEX])


def unique(prefix: str) -> str:
    """The prefix with the time and a number, as Terraform makes unique names."""
    now = time.time()
    return f"{prefix}{time.strftime('%Y%m%d%H%M%S', time.gmtime(now))}{int(now % 1 * 10_000):04}{next(_counter):08x}"
