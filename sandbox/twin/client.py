"""For who orders a twin about, from the sandbox's own code or from tests: the same for every cloud."""

from __future__ import annotations

import json
import os
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Kind = Literal["throttling", "error", "hang", "in-use"]
KINDS: tuple[str, ...] = get_args(Kind)
#: In every request of a data plane, which is no user of the cloud: faults are not meant for it.
FRONT_AGENT = "portico-front"
_direct = urllib.request.build_opener(
    urllib.request.ProxyHandler({})
)  # the twin is on the loopback interface, whatever proxy is set


@dataclass(frozen=True)
class Fault:
    """One order to fail, for requests that it matches.

    Attributes:
        service: as the cloud's clients call it, such as `route53` or `compute`.
        kind: `throttling` and `error` answer as that service does, `hang` acts at once and answers late, `in-use` refuses as for
            a thing in use.
        operation: as in the cloud's reference, such as `AllocateAddress` or `globalAddresses.insert`; None matches every one of
            the service's.
        count: how many requests it hits; None: every one until it is taken away.
        seconds: of a `hang`.
    """

    service: str
    kind: Kind
    operation: str | None = None
    count: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Issued:
    """An issued certificate, as PEM."""

    certificate: str
    chain: str
    key: str


def no_proxy(endpoint: str) -> str:
    """What no proxy is asked for: what the user says, and the twin."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    return ",".join(filter(None, [given, "127.0.0.0/8", urllib.parse.urlsplit(endpoint).hostname]))


def set_faults(endpoint: str, faults: Sequence[Fault]) -> None:
    """Make the twin fail as ordered; this replaces all earlier orders."""
    _control(endpoint, "PUT", "faults", [{k: v for k, v in asdict(fault).items() if v is not None} for fault in faults])


def faults(endpoint: str) -> list[Fault]:
    """The orders still in force; `count` is what is left of it."""
    return [Fault(**fault) for fault in _control(endpoint, "GET", "faults")]


def clear_faults(endpoint: str) -> None:
    """Make the twin fail no more."""
    _control(endpoint, "DELETE", "faults")


def set_delegation(endpoint: str, zone: str, delegated: bool) -> None:
    """Say whether the parent of a zone delegates it; every zone is delegated until this is said."""
    _control(endpoint, "PUT", f"delegation/{urllib.parse.quote(zone, safe='')}", delegated)


def delegated(endpoint: str, zone: str) -> bool:
    """Whether the parent of a zone delegates it."""
    return bool(_control(endpoint, "GET", f"delegation/{urllib.parse.quote(zone, safe='')}"))


def certificate(endpoint: str, name: str) -> Issued:
    """An issued certificate with its chain and its key, by its name in the cloud: an ARN, a path.

    Raises:
        urllib.error.HTTPError: 404 if there is none of that name, or it is not issued.
    """
    return Issued(**_control(endpoint, "GET", f"certificates/{urllib.parse.quote(name, safe='')}"))


def facts(endpoint: str) -> dict[str, Any]:
    """What the twin has from the start."""
    return dict(_control(endpoint, "GET", "facts"))


def _control(endpoint: str, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 -- the endpoint is the sandbox's own
        f"{endpoint}/_portico/{path}", data=data, method=method, headers={"Content-Type": "application/json"}
    )
    with _direct.open(request, timeout=30) as response:
        text = response.read()
    return json.loads(text) if text else None
