"""Whether what is sent, and what the twin answers, is as the discovery documents say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.gcp.discovery import Api, Method
from sandbox.gcp.errors import Refusal

_OUTPUT_ONLY = ("[Output Only]", "Output only.", "Output Only.")


def read_query(method: Method, query: Mapping[str, list[str]]) -> dict[str, Any]:
    """The parameters of a URL, in their types; those that may be repeated are lists."""
    known = method.parameters
    read: dict[str, Any] = {}
    for name, values in query.items():
        if name not in known:
            raise Refusal(
                400,
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
                f" Field '{name}' could not be found in request message.",
            )
        parsed = [_Reader(method, creating=False).parameter(known[name], value, name) for value in values]
        read[name] = parsed if known[name].get("repeated") else parsed[-1]
    for name, parameter in known.items():
        if parameter.get("required") and parameter.get("location") == "query" and name not in read:
            raise Refusal(400, f"Required parameter: {name}", "required")
    return read


def read_body(method: Method, body: Any, creating: bool) -> dict[str, Any]:
    """What a request sends, without what only answers hold.

    Args:
        method: that it is sent to.
        body: as JSON gives it.
        creating: whether all that a new thing needs must be there.
    """
    if method.request is None:
        return {}
    read = _Reader(method, creating).value({"$ref": method.request}, {} if body is None else body, "resource")
    return dict(read)


def check_answer(method: Method, answer: Any) -> None:
    """Refuse an answer of the twin's own that the API could not give.

    Raises:
        ValueError: it is not as the document says.
    """
    if method.response is None:
        return
    try:
        _Reader(method, creating=False, answering=True).value({"$ref": method.response}, answer, "answer")
    except Refusal as error:
        raise ValueError(f"{method.name}: {error.message}") from error


class _Reader:
    def __init__(self, method: Method, creating: bool, answering: bool = False) -> None:
        self._method, self._creating, self._answering = method, creating, answering

    @property
    def _api(self) -> Api:
        return self._method.api

    def parameter(self, schema: Mapping[str, Any], text: str, where: str) -> Any:
        kind = schema.get("type")
        if kind == "boolean" and text in ("true", "false"):
            return text == "true"
        return self.value({**schema, "enum": schema.get("enum")} if schema.get("enum") else schema, text, where)

    def value(self, schema: Mapping[str, Any], value: Any, where: str) -> Any:
        if "$ref" in schema:
            schema = self._api.schema(schema["$ref"])
        match schema.get("type"):
            case "object":
                return self._object(schema, value, where)
            case "array":
                if not isinstance(value, list):
                    raise Refusal(
                        400, f"Invalid value at '{where}', Proto field is not repeating, cannot start list: {json.dumps(value)}"
                    )
                return [self.value(schema["items"], entry, f"{where}[{index}]") for index, entry in enumerate(value)]
            case "any" | None:
                return value
            case "boolean":
                return value if isinstance(value, bool) else self._wrong("TYPE_BOOL", value, where)
            case "number":
                right = isinstance(value, int | float) and not isinstance(value, bool)
                return value if right else self._wrong("TYPE_DOUBLE", value, where)
            case "integer":
                return self._integer(schema, value, where)
        return self._string(schema, value, where)

    def _integer(self, schema: Mapping[str, Any], value: Any, where: str) -> Any:
        if isinstance(value, str) and re.fullmatch(r"-?\d+", value) and not self._answering:
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        return self._wrong(f"TYPE_{schema.get('format', 'int32').upper()}", value, where)

    def _string(self, schema: Mapping[str, Any], value: Any, where: str) -> Any:
        if schema.get("format") in ("int64", "uint64"):
            if isinstance(value, int) and not isinstance(value, bool):
                value = str(value)
            if not isinstance(value, str) or not re.fullmatch(r"-?\d+", value):
                self._wrong(f"TYPE_{schema['format'].upper()}", value, where)
        if not isinstance(value, str):
            self._wrong("TYPE_STRING", value, where)
        allowed = schema.get("enum")
        if allowed and value not in allowed:
            raise Refusal(400, f"Invalid value for field '{where}': '{value}'. Must be one of: {', '.join(allowed)}.")
        pattern = schema.get("pattern")
        if pattern and self._api.name == "compute" and not self._answering and not re.fullmatch(pattern, value):
            raise Refusal(400, f"Invalid value for field '{where}': '{value}'. Must be a match of regex '{pattern}'")
        return value

    def _object(self, schema: Mapping[str, Any], value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._wrong("an object", value, where)
        properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
        read: dict[str, Any] = {}
        for name, entry in value.items():
            if name in properties:
                field = properties[name]
                output = field.get("readOnly") or str(field.get("description", "")).startswith(_OUTPUT_ONLY)
                if output and not self._answering:
                    continue
            elif rest is None:
                raise Refusal(400, f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}': Cannot find field.")
            else:
                field = rest
            if entry is None and not self._answering:
                read[name] = None  # a patch takes the field away by it
            else:
                read[name] = self.value(field, entry, f"{where}.{name}")
        if self._creating and not self._answering:
            self._check_required(properties, read, where)
            read = {name: entry for name, entry in read.items() if entry is not None}
        return read

    def _check_required(self, properties: Mapping[str, Any], read: Mapping[str, Any], where: str) -> None:
        for name, field in properties.items():
            needed = self._method.name in field.get("annotations", {}).get("required", ())
            by_words = self._api.name != "compute" and str(field.get("description", "")).startswith("Required. ")
            if (needed or (by_words and name != "name")) and read.get(name) in (None, ""):
                raise Refusal(400, f"Required field '{where}.{name}' not specified", _required(self._api))

    def _wrong(self, kind: str, value: Any, where: str) -> Any:
        raise Refusal(400, f"Invalid value at '{where}' ({kind}), {json.dumps(value)}")


def _required(api: Api) -> str | None:
    return "required" if api.name in ("compute", "dns") else None
