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
from components.settings.problems import Problem, key_of
from components.settings.root import Settings

#: Parts of which one entry can be left out without making another one wrong.
_ENTRIES = ("sites", "namespaces")

#: Stand-ins for required parts that hardly any rule looks at. Without cloud, zone and certificates no rule means anything.
_STAND_INS: Mapping[str, Any] = {"cluster": {"kubeconfig": {"path": "."}}, "entrypoint": {"traefik": {}}}

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
            rest[str(part)] = _STAND_INS[str(part)]
        elif part in _OPTIONAL or part not in Settings.model_fields:
            rest.pop(str(part), None)
        else:
            return []
    try:
        settings = Settings.model_validate(rest)
    except ValidationError:
        return []
    # What a rule says of a part that was stood in for would be about the stand-in; so would a certificate's missing authority.
    return [
        problem
        for problem in check(settings)
        if not any(problem.key.startswith(key) for key in touched)
        and not (key_of(["private_ca"]) in touched and problem.key.endswith(".private_ca"))
    ]
