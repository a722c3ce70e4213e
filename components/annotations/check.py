"""The checks over the annotations of one object."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from components.annotations.catalogue import Entry, catalogue
from components.annotations.finding import Finding, error, keys, shown, warning
from components.annotations.keys import find, nobodys
from components.annotations.near import mistyped, nearest
from components.annotations.rules import RULES
from components.annotations.values import problem

_LET_THROUGH = "if something else reads it, add it to allow_unknown_annotations"


def check(
    kind: str,
    annotations: Mapping[str, object],
    *,
    allow: Iterable[str] = (),
    controllers: Collection[str] | None = None,
) -> list[Finding]:
    """Everything to say about the annotations of an object of this kind, in their order, then what they say together.

    `allow` lets keys through, `*` being any text. `controllers` are those in play, by their names in the catalogue: values are
    then judged by them alone, their keys are suggested first, and a key that only others read is a warning. A value that is
    no text yet (an output of the engine) is let through; its key is checked all the same.
    """
    globs = tuple(allow)
    checked = {key: value for key, value in annotations.items() if not any(nobodys(key, (glob,)) for glob in globs)}
    same = catalogue().like.get(kind, kind)
    findings = [finding for key, value in checked.items() for finding in _one(kind, same, key, value, controllers)]
    findings += _retired(checked)
    findings += [found for rule in RULES if same in rule.kinds for found in rule.find(annotations) if found.key in checked]
    return findings


def _one(kind: str, same: str, key: str, value: object, controllers: Collection[str] | None) -> Iterator[Finding]:
    entries = find(key)
    if not entries:
        yield from _unknown(same, key, controllers)
        return
    here = [entry for entry in entries if entry.kind == same]
    if not here:
        yield _elsewhere(kind, same, key, entries)
        return
    if controllers is not None:
        played = [entry for entry in here if entry.controller.name in controllers]
        if not played:
            yield warning(key, f"is read by {_readers(here)}, which this stack does not use")
        here = played or here
    ours = [entry for entry in here if not entry.written]
    if not ours:
        yield error(key, f"is written by {_readers(here)} itself; take it out")
        return
    yield from _value(key, value, ours)


def _value(key: str, value: object, entries: Sequence[Entry]) -> Iterator[Finding]:
    taken = list(entries)
    if isinstance(value, bool | int | float):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield error(key, f'must be text: write "{text}" in quotes')
    elif isinstance(value, str):
        problems = {entry: problem(entry, value) for entry in entries}
        taken = [entry for entry, wrong in problems.items() if not wrong]
        if not taken:
            yield error(key, "; ".join(dict.fromkeys(problems.values())))
            return
    if all(entry.deprecated for entry in taken):
        uses = list(dict.fromkeys(entry.use for entry in taken if entry.use))
        yield warning(key, f"is deprecated{'; use ' + ' or '.join(uses) if uses else ''}", tuple(uses))
    if all(entry.warn for entry in taken):
        yield warning(key, taken[0].warn)


def _unknown(kind: str, key: str, controllers: Collection[str] | None) -> Iterator[Finding]:
    if nobodys(key, ()):
        return
    prefix, slash, name = key.partition("/")
    meant = nearest(key, kind, None if controllers is None else frozenset(controllers))
    if not meant and not (slash and mistyped(prefix)):
        return
    if not slash:
        why = "no controller reads a key without its prefix"
    elif name.endswith("/"):
        why = "no controller reads it, for the slash at its end"
    elif not any(known.startswith(f"{prefix}/") for known in catalogue().entries):
        why = f"no controller reads the prefix {shown(prefix)}"
    else:
        why = "no controller reads it"
    hint = f" (did you mean {keys(meant)}?)" if meant else ""
    yield error(key, f"{why}{hint}; {_LET_THROUGH}", meant)


def _elsewhere(kind: str, same: str, key: str, entries: Sequence[Entry]) -> Finding:
    kinds = list(dict.fromkeys(entry.kind for entry in entries))
    meant = _counterparts(same, entries)
    hint = f"; for {kind} there is {keys(meant)}" if meant else ""
    return error(key, f"belongs on {' or '.join(kinds)} (read by {_readers(entries)}), not on {kind}{hint}", meant)


def _counterparts(kind: str, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Keys of the same controllers for this kind that one is the end of the other."""
    readers = {entry.controller for entry in entries}
    name = entries[0].key.partition("/")[2]
    found = [
        entry.key
        for entry in catalogue()
        if entry.kind == kind and entry.controller in readers and not entry.written and _ends(entry.key.partition("/")[2], name)
    ]
    return tuple(sorted(set(found), key=len))[:2]


def _ends(one: str, other: str) -> bool:
    return f"-{one}".endswith(f"-{other}") or f"-{other}".endswith(f"-{one}")


def _retired(annotations: Mapping[str, object]) -> Iterator[Finding]:
    """One warning for each controller that nobody mends, however many of its keys there are."""
    told: set[str] = set()
    for key in annotations:
        readers = {entry.controller for entry in find(key)}
        for reader in readers if all(reader.retired for reader in readers) else ():
            if reader.name not in told:
                told.add(reader.name)
                yield warning(key, f"is for {reader.title}, which is retired since {reader.retired} and gets no more fixes")


def _readers(entries: Sequence[Entry]) -> str:
    return " and ".join(dict.fromkeys(entry.controller.title for entry in entries))
