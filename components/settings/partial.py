"""What can be said of the rest of a stack file when some values are wrong in themselves.

Rules between the parts (see `checks`) need parts that are right. So that one typing mistake does not hide what else is wrong, the
parts that hold mistakes are left out, or stood in for by something harmless, and the rules are asked about what remains.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from components.settings.checks import check
from components.settings.entrypoint import EntrypointSettings
from components.settings.gcp import GLOBAL_CLASSES, REGIONAL_CLASSES
from components.settings.problems import Problem, key_of
from components.settings.root import Settings

#: Parts of which one entry can be left out without making another one wrong.
_ENTRIES = ("sites", "namespaces")

#: Required parts that can be stood in for. Without cloud, zone and certificates no rule means anything.
_STAND_INS = ("cluster", "entrypoint")

#: The least that each kind of entrypoint takes: what it is decides much, what it says little.
_ENTRYPOINTS: Mapping[str, Any] = {"alb": {"scheme": "internal"}}

#: Parts that may simply be missing.
_OPTIONAL = {name for name, field in Settings.model_fields.items() if not field.is_required()}


def rules_broken(given: Mapping[str, Any], error: ValidationError) -> list[Problem]:
    """Rules that the stack file breaks besides the mistakes of `error`; none where too little of it is right."""
    rest: dict[str, Any] = copy.deepcopy(dict(given))
    touched: set[str] = set()
    for details in error.errors(include_url=False):
        part, *below = details["loc"]
        if part in _ENTRIES and below and isinstance(rest.get(str(part)), dict):
            rest[str(part)].pop(below[0], None)
            continue
        touched.add(key_of([str(part)]))
        if part in _STAND_INS:
            rest[str(part)] = _stand_in(str(part), given)
        elif part in _OPTIONAL or part not in Settings.model_fields:
            rest.pop(str(part), None)
        else:
            return []
    try:
        settings = Settings.model_validate(rest)
    except ValidationError:
        return []
    # What a rule says of a part that was stood in for would be about the stand-in; so would a certificate's missing authority.
    unknown_way = key_of(["entrypoint"]) in touched and not _kind(given.get("entrypoint"))
    return [
        problem
        for problem in check(settings, whole=settings.sites.keys() == given["sites"].keys())
        if not any(problem.key.startswith(key) for key in touched)
        # What a certificate has to be depends on who shows it.
        and not (unknown_way and settings.cloud.rfc2136 is None and problem.key.startswith(key_of(["certificates"])))
        and not (key_of(["private_ca"]) in touched and problem.key.endswith(".private_ca"))
    ]


def _stand_in(part: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if part == "cluster":
        cloud = given.get("cloud")
        by_name = {"aws": "eks", "gcp": "gke"}
        named = [by_name[kind] for kind in by_name if isinstance(cloud, Mapping) and kind in cloud]
        return {named[0]: {"name": "cluster"}} if named else {"kubeconfig": {"path": "."}}
    entrypoint = given.get("entrypoint")
    kind = _kind(entrypoint) or "traefik"
    own = entrypoint.get(kind) if isinstance(entrypoint, Mapping) else None
    # Who stands behind a Gateway is said by its class.
    class_name = own.get("class") if isinstance(own, Mapping) and kind == "gateway" else None
    known = {"class": class_name} if class_name in (*GLOBAL_CLASSES, *REGIONAL_CLASSES) else {}
    return {kind: {**_ENTRYPOINTS.get(kind, {}), **known}}


def _kind(entrypoint: object) -> str | None:
    """The kind of entrypoint that is meant, if that much is right."""
    named = [entrypoint] if isinstance(entrypoint, str) else list(entrypoint) if isinstance(entrypoint, Mapping) else []
    known = [str(name) for name in named if name in EntrypointSettings.model_fields]
    return known[0] if len(known) == 1 else None
