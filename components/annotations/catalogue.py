"""The catalogue of annotations, read once when it is first asked for.

`catalogue.json` is edited by hand. For a new release of a controller, read the place that its `source` names, and change
`version` and the lines under `annotations`: one line for a key and the kinds of object (`on`) that it is read on alike.
Then run `python -m docs.generate_annotations` and the tests in `tests/unit/annotations`, which try every line. Its fields:

- `type`: string, int, bool, enum, json, duration, list (comma separated) or map (`key=value`, comma separated);
- `values` of an enum or within JSON, `fold` if upper and lower case are one; `min` and `max` of a number, `longest` of a text,
  `most` items of a list, `items` that a list may hold, `pattern` of the text or of each item and `form`, its description;
  `seconds` if a duration may be a bare number of seconds;
- `deprecated` and `use`, what to write instead; `alias_of`; `written` by the controller itself; `warn`, what to know before use.

Beside the controllers: `placeholders` are what may stand for `<name>` in a key, `like` are kinds read like another one, and
`others` are keys that belong to nobody here although their prefix is near or equal to one that is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

DATA = Path(__file__).with_name("catalogue.json")

Type = Literal["string", "int", "bool", "enum", "json", "duration", "list", "map"]


@dataclass(frozen=True)
class Controller:
    """Who reads annotations."""

    name: str
    title: str
    version: str
    source: str
    #: How true and false may be written; controllers differ in what they take for true.
    bools: tuple[str, ...]
    #: Whether the part of a key behind its prefix is read in any case.
    ignore_case: bool = False
    #: Since when nobody mends it.
    retired: str = ""


@dataclass(frozen=True)
class Entry:
    """One annotation of one controller on one kind of object."""

    controller: Controller
    kind: str
    key: str
    type: Type
    values: tuple[str, ...] = ()
    fold: bool = False
    min: int | None = None
    max: int | None = None
    longest: int | None = None
    most: int | None = None
    items: tuple[str, ...] = ()
    pattern: str = ""
    form: str = ""
    seconds: bool = False
    deprecated: bool = False
    use: str = ""
    alias_of: str = ""
    written: bool = False
    warn: str = ""


@dataclass(frozen=True)
class Catalogue:
    """All that is known."""

    controllers: Mapping[str, Controller]
    #: By key, placeholders as they are written; a key may be read by several controllers, on several kinds.
    entries: Mapping[str, tuple[Entry, ...]]
    placeholders: Mapping[str, str]
    like: Mapping[str, str]
    others: tuple[str, ...]

    def __iter__(self) -> Iterator[Entry]:
        for entries in self.entries.values():
            yield from entries


@cache
def catalogue() -> Catalogue:
    """The whole catalogue."""
    data = json.loads(DATA.read_text())
    controllers: dict[str, Controller] = {}
    entries: dict[str, list[Entry]] = {}
    for name, told in data["controllers"].items():
        lines = told.pop("annotations")
        controllers[name] = Controller(name=name, **_frozen(told))
        for line in lines:
            for kind in line.pop("on"):
                entries.setdefault(line["key"], []).append(Entry(controllers[name], kind, **_frozen(line)))
    found = {key: tuple(same) for key, same in entries.items()}
    return Catalogue(controllers, found, data["placeholders"], data["like"], tuple(data["others"]))


def _frozen(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
