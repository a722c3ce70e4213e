"""The rules of HTTPRoutes: what GKE supports of them, and which goes before which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.gcp.gateway.classes import GatewayClass
from sandbox.gcp.gateway.filters import Filters, read_filters
from sandbox.gcp.gateway.model import InvalidError, Object, items_of, key_of_object, spec_of, text_of
from sandbox.imitation.mirror import Key

_MOST_WEIGHT = 1000  # of a weighted backend service, says Compute Engine's discovery document


@dataclass(frozen=True)
class Match:
    """What a request must have. `exact`: the path is the whole one, and not a beginning of it.

    Attributes:
        headers: names and values.
    """

    path: str
    exact: bool
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def weight(self) -> tuple[bool, int, int]:
        """The greater goes first."""
        return self.exact, len(self.path), len(self.headers)

    def match_rules(self) -> list[dict[str, Any]]:
        """In the words of URL maps; a prefix counts by whole segments there too."""
        headers = [{"headerName": name, "exactMatch": value} for name, value in self.headers]
        rest: dict[str, Any] = {"headerMatches": headers} if headers else {}
        if self.exact:
            return [{"fullPathMatch": self.path, **rest}]
        beginning = self.path.rstrip("/")
        whole = [{"fullPathMatch": beginning, **rest}] if beginning else []
        return [*whole, {"prefixMatch": f"{beginning}/", **rest}]

    def paths(self) -> list[str]:
        """In the words of the classic load balancer."""
        beginning = self.path.rstrip("/")
        if self.exact:
            return [self.path]
        return [*([beginning] if beginning else []), f"{beginning}/*"]


@dataclass(frozen=True)
class Rule:
    """One rule of a route."""

    route: Key
    made: str
    index: int
    matches: tuple[Match, ...]
    backends: Sequence[Object]
    filters: Filters


def read_rules(route: Object, kind: GatewayClass) -> list[Rule]:
    """All rules of a route.

    Raises:
        InvalidError: GKE does not support something of them.
    """
    key, made = key_of_object(route), str(route["metadata"].get("creationTimestamp") or "")
    try:
        return [
            Rule(
                route=key,
                made=made,
                index=index,
                matches=tuple(_match(each, kind) for each in items_of(content, "matches") or [{}]),
                backends=_backends(content, kind),
                filters=read_filters(_checked(content), kind),
            )
            for index, content in enumerate(items_of(spec_of(route), "rules") or [{}])
        ]
    except ValueError as error:
        raise misconfigured(key, str(error)) from error


def misconfigured(route: Key, text: str) -> InvalidError:
    """What the controller says of a route that it does not take."""
    return InvalidError(f'Error GWCER104: HTTPRoute "{text_of(route)}" is misconfigured, err: {text}.')


def ordered(rules: Iterable[Rule]) -> list[tuple[Match, Rule]]:
    """Every match with its rule, those first that Gateway API puts first: exact, longer, more headers, older, by name."""
    pairs = [(match, rule) for rule in rules for match in rule.matches]
    pairs.sort(key=lambda pair: (pair[1].made, pair[1].route, pair[1].index))
    return sorted(pairs, key=lambda pair: pair[0].weight, reverse=True)


def _checked(content: Object) -> Sequence[Object]:
    if content.get("timeouts"):
        raise ValueError("Timeouts are not supported")
    if content.get("sessionPersistence") or content.get("retry"):
        raise ValueError("sessionPersistence and retry are not supported")
    return items_of(content, "filters")


def _match(content: Object, kind: GatewayClass) -> Match:
    path: Object = content.get("path") or {}
    value = str(path.get("value") or "/")
    if not value.startswith("/"):
        raise ValueError("Paths must start with '/'")
    if path.get("type", "PathPrefix") not in ("PathPrefix", "Exact"):
        raise ValueError(f"path match type {path['type']} is not supported")
    for name, words in (("queryParams", "query parameter"), ("method", "method")):
        if content.get(name):
            raise ValueError(f"{words} matches are not supported")
    headers = items_of(content, "headers")
    if headers and not kind.filters:
        raise ValueError(f"classic GXLB (GatewayClass {kind.name}) does not support header matches")
    if any(each.get("type", "Exact") != "Exact" for each in headers):
        raise ValueError("header match type RegularExpression is not supported")
    return Match(value, path.get("type") == "Exact", tuple((each["name"], each["value"]) for each in headers))


def _backends(content: Object, kind: GatewayClass) -> Sequence[Object]:
    backends = items_of(content, "backendRefs")
    for each in backends:
        if each.get("filters"):
            raise ValueError("filters of a backend are not supported")
        if each.get("weight", 1) > _MOST_WEIGHT:
            raise ValueError(f"weight {each['weight']} is too much, {_MOST_WEIGHT} is the most")
    if len(backends) > 1 and not kind.filters:
        raise ValueError(f"classic GXLB (GatewayClass {kind.name}) does not support more than one backend in a rule")
    return backends
