"""Where a thing of Compute Engine lies, and how others refer to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

LINK = "https://www.googleapis.com/compute/v1/"
_REFERENCE = re.compile(
    r"(?:https?://[^/]+/(?:compute/)?(?:v1|beta|alpha)/)?"
    r"(?:projects/)?(?:projects/(?P<project>[^/]+)/)?"
    r"(?P<scope>global|(?:zones|regions)/[a-z0-9-]+)/(?P<collection>[a-zA-Z]+)/(?P<name>[a-z0-9-]+)"
)
_NO_REFERENCES = frozenset(("selfLink", "description", "id", "kind"))
_NOT_KEPT = frozenset(("machineTypes", "diskTypes", "images", "disks", "licenses", "acceleratorTypes"))


@dataclass(frozen=True)
class Place:
    """What a path names: `scope` is `projects/P/global` and the like; a collection if there is no name."""

    scope: str
    collection: str
    name: str = ""
    verb: str = ""

    @property
    def parent(self) -> str:
        """The collection's path."""
        return f"{self.scope}/{self.collection}"

    @property
    def path(self) -> str:
        """The thing's path."""
        return f"{self.parent}/{self.name}"


def place_of(path: str) -> Place:
    """Read a path that begins with `projects/P`."""
    parts = path.split("/")
    if len(parts) == 2:
        return Place(path, "")
    if len(parts) == 3:
        return Place("/".join(parts[:2]), parts[2])
    if parts[2] in ("zones", "regions") and len(parts) == 4:
        return Place("/".join(parts[:2]), parts[2], parts[3])
    if parts[2] not in ("global", "zones", "regions") and len(parts) == 5:  # how setUrlMap of old kinds is written
        return Place("/".join((*parts[:2], "global")), *parts[2:])
    length = 4 if parts[2] in ("zones", "regions") else 3
    return Place("/".join(parts[:length]), *parts[length : length + 3])


def link(path: str) -> str:
    """The URL by which a thing refers to itself."""
    return f"{LINK}{path}"


def referred(text: str, project: str) -> str | None:
    """The path of the thing that a value refers to, in full or in part; None if it refers to none that the twin keeps."""
    found = _REFERENCE.fullmatch(text)
    if not found or found["collection"] in _NOT_KEPT:
        return None
    return f"projects/{found['project'] or project}/{found['scope']}/{found['collection']}/{found['name']}"


def replaced(value: Any, change: Callable[[str], str]) -> Any:
    """A copy with every text changed, but for those that refer to nothing."""
    if isinstance(value, dict):
        return {key: entry if key in _NO_REFERENCES else replaced(entry, change) for key, entry in value.items()}
    if isinstance(value, list):
        return [replaced(entry, change) for entry in value]
    return change(value) if isinstance(value, str) else value


def texts(value: Any) -> Iterator[str]:
    """Every text that may refer to something."""
    if isinstance(value, dict):
        for key, entry in value.items():
            if key not in _NO_REFERENCES:
                yield from texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from texts(entry)
    elif isinstance(value, str):
        yield value
