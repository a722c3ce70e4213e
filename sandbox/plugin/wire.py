"""Pulumi's property values on the wire and in Python.

Signatures are those of the engine: pulumi/pulumi, sdk/go/common/resource/properties.go and sdk/go/common/resource/plugin/rpc.go.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 -- marks secrets, is none
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS = {
    _UNKNOWN,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a bool
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # a list
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
}


class Unknown:
    """A value that only an update will tell."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        return True


UNKNOWN = Unknown()
"""The one unknown value."""


@dataclass(frozen=True)
class Secret:
    """A value that the engine keeps encrypted."""

    value: Any


Properties = dict[str, Any]
"""Property names to values: None, bool, int, float, str, list, dict, Secret, UNKNOWN."""


def decode(struct: struct_pb2.Struct) -> Properties:
    """Properties from the wire; secrets and unknown values are marked, references are their resource's id."""
    return {key: _decode(value) for key, value in struct.fields.items()}


def _decode(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_decode(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _decode_object(decode(value.struct_value))
    return None


def _decode_object(fields: Properties) -> Any:
    match fields.get(_SIGNATURE):
        case None:
            return fields
        case signature if signature == _SECRET:
            return Secret(plain(fields.get("value")))
        case signature if signature == _OUTPUT:
            value = fields.get("value", UNKNOWN)
            return Secret(plain(value)) if fields.get("secret") else value
        case signature if signature == _RESOURCE:
            # No id means that it has none, as a component: it is known by its URN.
            return fields["id"] if fields.get("id") not in (None, "") else fields.get("urn")
        case _:
            raise ValueError("assets and archives are not among the inputs of these resources")


def encode(properties: Mapping[str, Any], secret: Collection[str] = ()) -> struct_pb2.Struct:
    """Properties for the wire; those named in `secret` become secrets whole."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        _encode(Secret(plain(value)) if key in secret else value, struct.fields[key])
    return struct


def _encode(value: Any, into: struct_pb2.Value) -> None:
    match value:
        case None:
            into.null_value = struct_pb2.NULL_VALUE
        case bool():
            into.bool_value = value
        case int() | float():
            into.number_value = value
        case str():
            into.string_value = value
        case Unknown():
            into.string_value = _UNKNOWN
        case Secret():
            fields = into.struct_value.fields
            fields[_SIGNATURE].string_value = _SECRET
            _encode(value.value, fields["value"])
        case Mapping():
            into.struct_value.SetInParent()
            for key, item in value.items():
                _encode(item, into.struct_value.fields[key])
        case list() | tuple():
            into.list_value.SetInParent()
            for item in value:
                _encode(item, into.list_value.values.add())
        case _:
            raise TypeError(f"{type(value).__name__} has no form on the wire")


def plain(value: Any) -> Any:
    """The value without the marks of secrecy."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def secrets(properties: Mapping[str, Any]) -> set[str]:
    """Names of the properties that are secret or hold a secret."""
    return {key for key, value in properties.items() if _holds(value, Secret)}


def unknown(value: Any) -> bool:
    """Whether the value is unknown or holds something unknown."""
    return _holds(value, Unknown)


def _holds(value: Any, kind: type) -> bool:
    if isinstance(value, kind):
        return True
    if isinstance(value, Secret):
        return _holds(value.value, kind)
    if isinstance(value, dict):
        return any(_holds(item, kind) for item in value.values())
    if isinstance(value, list):
        return any(_holds(item, kind) for item in value)
    return False
