"""How values become the text of an annotation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypeVar

#: A value that only the engine knows. It becomes an annotation's whole value as it is; joining such values is the caller's.
V = TypeVar("V", default=str)

Protocol = Literal["HTTP", "HTTPS"]
Scheme = Literal["internal", "internet-facing"]
TargetType = Literal["instance", "ip"]
IpAddressType = Literal["ipv4", "dualstack", "dualstack-without-public-ipv4"]


@dataclass(frozen=True)
class HealthCheck:
    """How the load balancer asks the pods whether they are well; what is None is left to the controller."""

    path: str | None = None
    #: A number, the name of a Service's port, or traffic-port.
    port: int | str | None = None
    protocol: Literal["HTTP", "HTTPS", "TCP"] | None = None
    interval: int | None = None
    timeout: int | None = None
    healthy: int | None = None
    unhealthy: int | None = None
    #: Such as 200 or 200-399.
    success_codes: str | None = None


def listed(values: str | V | Sequence[str]) -> str | V:
    """Several values with commas between them; one value, or one not known yet, as it is."""
    return ",".join(values) if isinstance(values, list | tuple) else values  # type: ignore[return-value]  # a sequence is one of the two


def mapped(pairs: Mapping[str, str]) -> str:
    r"""`key=value,key=value`, keys in order; a comma in a value is written `\,`."""
    return ",".join(f"{key}={_escaped(pairs[key])}" for key in sorted(pairs))


def ports(listeners: Iterable[tuple[Protocol, int]]) -> str:
    """Listeners as the AWS Load Balancer Controller reads them; none is no text."""
    given = [{protocol: port} for protocol, port in listeners]
    return json.dumps(given, separators=(",", ":")) if given else ""


def given(prefix: str, values: Mapping[str, str | int | bool | V | None]) -> dict[str, str | V]:
    """The annotations of a prefix, without those that nothing is said for."""
    return {f"{prefix}{name}": _text(value) for name, value in values.items() if value is not None and not _empty(value)}


def _empty(value: object) -> bool:
    # By its type first: a value not known yet may refuse to be compared.
    return isinstance(value, str | list | tuple) and not value


def _text(value: str | int | bool | V) -> str | V:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(",", "\\,")
