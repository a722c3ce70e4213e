"""Diff: what differs between what stands and what is wanted, and whether that needs a new resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pulumi.runtime.proto import provider_pb2

from sandbox.plugin.call import Call
from sandbox.plugin.naming import DEFAULTS
from sandbox.plugin.same import absent
from sandbox.plugin.schema import Change, Resource
from sandbox.plugin.wire import Properties, Unknown, unknown

_PLAIN = str.isidentifier

C = TypeVar("C", bound=Call)


def changes(resource: Resource[C], call: C, state: Properties, news: Properties) -> Iterator[Change]:
    """All that differs between outputs and new inputs."""
    meant = resource.meant(news)
    for name, field in resource.fields.items():
        old, new = state.get(name), meant.get(name)
        if field.ambient or (new is None and field.computed):
            continue
        if unknown(new) or not field.same(old, new):
            yield Change(name, old, new, field.replaces)
    yield from resource.beyond(call, state, news)
    for name in resource.ambient():
        wanted = news.get(name) or call.ambient[name]
        if state.get(name) and wanted != state[name]:
            yield Change(name, state[name], wanted, replaces=True)


def diff(resource: Resource[C], call: C, state: Properties, news: Properties) -> provider_pb2.DiffResponse:
    """The engine's answer."""
    found = list(changes(resource, call, state, news))
    replaces = [change.name for change in found if change.replaces]
    details = {path: kind for change in found for path, kind in _details(change)}
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=[change.name for change in found],
        replaces=replaces,
        deleteBeforeReplace=bool(replaces) and (resource.delete_first or _collides(resource, state, news)),
        detailedDiff=details,
        hasDetailedDiff=True,
    )


def _collides(resource: Resource[Any], state: Properties, news: Properties) -> bool:
    """Whether the new resource would have the old one's name: one that the program gave stays, one that was chosen changes."""
    rule = resource.auto_name
    if not rule or rule.field in (news.get(DEFAULTS) or ()) or rule.field not in news:
        return False
    return resource.fields[rule.field].same(state.get(rule.field), news[rule.field])


def _details(change: Change) -> Iterator[tuple[str, provider_pb2.PropertyDiff]]:
    if isinstance(change.old, Mapping) and isinstance(change.new, Mapping):
        for key in sorted({*change.old, *change.new}):
            old, new = change.old.get(key), change.new.get(key)
            if old != new:
                path = f"{change.name}.{key}" if _PLAIN(key) else f'{change.name}["{key}"]'
                yield path, _kind(old, new, change)
    else:
        yield change.name, _kind(change.old, change.new, change)


def _kind(old: Any, new: Any, change: Change) -> provider_pb2.PropertyDiff:
    """Whether it is added, taken away or another, and whether that needs a new resource."""
    word = "ADD" if absent(old) else "DELETE" if absent(new) and not isinstance(new, Unknown) else "UPDATE"
    kind = provider_pb2.PropertyDiff.Kind.Value(f"{word}_REPLACE" if change.replaces else word)
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=False)
