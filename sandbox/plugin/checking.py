"""Check: are the inputs right, and what are those that the program leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi.runtime.proto import provider_pb2

from sandbox.plugin.naming import DEFAULTS, choose
from sandbox.plugin.problems import ProviderError
from sandbox.plugin.schema import Field, Resource
from sandbox.plugin.wire import Properties, Unknown, plain

Failure = tuple[str, str]
"""A property, and what is wrong with it."""

_KINDS = {str: "string", int: "number", bool: "boolean", list: "list", dict: "object"}


def check(
    resource: Resource[Any], request: provider_pb2.CheckRequest, olds: Properties, news: Properties
) -> tuple[Properties, list[Failure]]:
    """The inputs with defaults, secrets as they were given, and all that is wrong with them."""
    inputs = {key: value for key, value in news.items() if value is not None and key != DEFAULTS}
    failures: list[Failure] = []
    chosen = [name for name, field in resource.fields.items() if field.default is not None and name not in inputs]
    inputs |= {name: resource.fields[name].default for name in chosen}
    rule = resource.auto_name
    if rule and rule.field not in inputs and not (rule.prefix and rule.prefix in inputs):
        try:
            if name := choose(rule, request, plain(olds)):
                inputs[rule.field] = name
                chosen.append(rule.field)
        except ProviderError as error:
            failures.append((rule.field, str(error)))
    bare = plain(inputs)
    for name, value in bare.items():
        if name in resource.fields:
            failures += ((name, reason) for reason in _wrong(name, resource.fields[name], value))
        elif not name.startswith("__"):
            near = ", ".join(sorted(resource.fields))
            failures.append((name, f"Invalid or unknown key {name!r} of {resource.type_name}; allowed are: {near}"))
    failures += (
        (name, f"Missing required argument: the argument {name!r} is required, but no definition was found")
        for name, field in resource.fields.items()
        if field.required and name not in bare
    )
    if not failures:
        failures += resource.wrong(bare)
    return {**inputs, DEFAULTS: sorted(chosen)}, failures


def _wrong(name: str, field: Field, value: object) -> Iterator[str]:
    if isinstance(value, Unknown):
        return
    if not isinstance(value, field.kind) or (field.kind is int and isinstance(value, bool)):
        yield f"expected a {_KINDS[field.kind]}, got {value!r}"
    elif field.choices and value not in field.choices:
        yield f"expected {name} to be one of {list(field.choices)}, got {value}"
    elif field.wrong and (reason := field.wrong(value)):
        yield reason
