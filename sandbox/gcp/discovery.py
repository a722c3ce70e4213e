"""What can be asked of Google's APIs: the methods of their discovery documents, found by what a request looks like."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import googleapiclient.discovery_cache  # type: ignore[import-untyped]

from sandbox.gcp.client import VERSIONS

_VARIABLE = re.compile(r"\{\+?(\w+)\}")


@dataclass(frozen=True)
class Api:
    """One API: its discovery document."""

    name: str
    document: Mapping[str, Any]

    def schema(self, name: str) -> Mapping[str, Any]:
        """The schema of that name."""
        found: Mapping[str, Any] = self.document["schemas"][name]
        return found


@dataclass(frozen=True)
class Method:
    """One method of an API; `content` is what the document says of it."""

    api: Api
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As in `compute.addresses.insert`."""
        return str(self.content["id"])

    @property
    def verb(self) -> str:
        """As in `insert`."""
        return self.name.rpartition(".")[2]

    @property
    def path(self) -> str:
        """With variables, without a slash at its beginning."""
        return str(self.api.document["servicePath"]) + str(self.content.get("flatPath") or self.content["path"])

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a path looks like that is meant for it."""
        parts = _VARIABLE.split(self.path)
        return re.compile("".join(f"(?P<{part}>[^/:]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)))

    @property
    def parameters(self) -> Mapping[str, Any]:
        """All that a URL may hold, with those that every method has."""
        return {**self.api.document["parameters"], **self.content.get("parameters", {})}

    @property
    def request(self) -> str | None:
        """The schema of what is sent."""
        name: str | None = self.content.get("request", {}).get("$ref")
        return name

    @property
    def response(self) -> str | None:
        """The schema of what is answered."""
        name: str | None = self.content.get("response", {}).get("$ref")
        return name


class Directory:
    """All methods of the twin's APIs."""

    def __init__(self) -> None:
        """Read the documents."""
        folder = Path(googleapiclient.discovery_cache.__file__).parent / "documents"
        self.apis = {name: Api(name, json.loads((folder / f"{name}.{v}.json").read_text())) for name, v in VERSIONS.items()}
        self._methods: dict[tuple[str, int], list[Method]] = defaultdict(list)
        for api in self.apis.values():
            for content in _methods(api.document):
                method = Method(api, content)
                self._methods[content["httpMethod"], method.path.count("/")].append(method)

    def find(self, http: str, path: str) -> tuple[Method, dict[str, str]] | None:
        """The method that a request is meant for, and the variables of its path.

        Args:
            http: the request's method.
            path: without a slash at its beginning, still quoted.
        """
        for method in self._methods.get((http, path.count("/")), ()):
            if found := method.pattern.fullmatch(path):
                return method, {name: unquote(value) for name, value in found.groupdict().items()}
        return None


def _methods(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from content.get("methods", {}).values()
    for resource in content.get("resources", {}).values():
        yield from _methods(resource)
