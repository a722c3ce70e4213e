"""Stack files for tests, as Python values."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from components.settings import Settings, SettingsError, load

TSIG_SECRET = "c2VjcmV0LW9mLXRoZS10c2lnLWtleS0zMi1ieXRlcyE="
ZONE = "portico.test"

_EXISTING = {"existing": {"namespace": "controllers", "selector": {"app": "controller"}}}

#: Every way in: by name, the `entrypoint` of a stack file.
ENTRYPOINTS: dict[str, dict[str, Any]] = {
    "gateway": {"gateway": {"class": "cilium"}},
    "gateway-existing": {"gateway": {"controller": _EXISTING}},
    "gateway-helm": {"gateway": {"controller": {"helm": {}}}},
    "traefik-existing": {"traefik": {"controller": _EXISTING}},
    "traefik-helm": {"traefik": {"controller": {"helm": {}}}},
    "nginx-existing": {"nginx": {"controller": _EXISTING}},
    "nginx-helm": {"nginx": {"controller": {"helm": {}}}},
}


def stack_file(**parts: Any) -> dict[str, Any]:
    """The `portico:` keys of a right stack file; `parts` replace whole keys, None leaves one out."""
    whole: dict[str, Any] = {
        "cluster": {"kubeconfig": {"path": "kubeconfig"}},
        "cloud": {
            "rfc2136": {
                # Nobody listens there: what asks it is told so at once.
                "server": "127.0.0.1:1",
                "tsig": {"name": "portico", "secret": TSIG_SECRET},
                "pool": ["192.0.2.16/28"],
            }
        },
        "zone": {"name": ZONE},
        "entrypoint": copy.deepcopy(ENTRYPOINTS["gateway-existing"]),
        "certificates": {
            "wildcard": {"acme": {"hosts": [f"*.{ZONE}"], "challenge": "dns-01"}},
            "apex": {"acme": {"hosts": [ZONE], "challenge": "http-01"}},
        },
        "sites": {
            "shop": {
                "hosts": [f"shop.{ZONE}"],
                "namespace": "shop",
                "paths": {"/": "web:8080", "/api": "api:8080"},
                "demo": True,
            },
            "apex": {"hosts": [ZONE], "namespace": "shop", "redirect": {"host": f"shop.{ZONE}"}},
        },
        "namespaces": {"shop": {}},
        "cert_manager": {"existing": {}},
    }
    whole.update(copy.deepcopy(parts))
    return {key: value for key, value in whole.items() if value is not None}


def with_value(raw: Mapping[str, Any], path: Iterable[str | int], value: Any) -> dict[str, Any]:
    """A copy of the stack file with one value replaced or added; `...` takes it away."""
    *front, last = path
    whole: dict[str, Any] = copy.deepcopy(dict(raw))
    place: Any = whole
    for part in front:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return whole


def as_config(raw: Mapping[str, Any]) -> dict[str, str]:
    """As Pulumi hands it to a program: full keys, text."""
    return {f"portico:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in raw.items()}


def settings_of(raw: Mapping[str, Any], stack: str = "test", root: Path = Path()) -> Settings:
    """The settings of a stack file that is right."""
    return load(as_config(raw), stack=stack, root=root)


def problems_of(raw: Mapping[str, Any], root: Path = Path(), secret_keys: Iterable[str] = ()) -> dict[str, list[str]]:
    """Every problem of a stack file: messages by key. Empty if it is right."""
    try:
        load(as_config(raw), stack="test", root=root, secret_keys=secret_keys)
    except SettingsError as error:
        found: dict[str, list[str]] = {}
        for problem in error.problems:
            found.setdefault(problem.key, []).append(problem.message)
        return found
    return {}
