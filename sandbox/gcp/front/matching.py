"""What a URL map says of a request: Google's rules of which host, path and route rule counts.

https://cloud.google.com/load-balancing/docs/url-map-concepts, and what Compute Engine's discovery document says of urlMaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sandbox.front.visit import Visit
from sandbox.gcp.front.model import Raw

_METHOD, _AUTHORITY = ":method", ":authority"
_IMITATED = frozenset({"weightedBackendServices", "faultInjectionPolicy", "timeout", "retryPolicy", "maxStreamDuration"})


@dataclass(frozen=True)
class Route:
    """What becomes of a request.

    Attributes:
        service: the backend service's link, if it goes to one.
        redirect: where it is sent instead.
        action: weights and faults.
        prefix: what the rule matched at the beginning of the path, which a redirect may replace.
    """

    service: str | None
    redirect: Raw | None
    action: Raw
    prefix: str = ""


def find(url_map: Raw, visit: Visit) -> Route:
    """What a URL map says of a request.

    Raises:
        ValueError: it says something that is not imitated.
    """
    _check(url_map)
    name = _best_host(url_map.get("hostRules", []), visit.host)
    if name is None:
        return _default(url_map)
    matcher = next(one for one in url_map["pathMatchers"] if one["name"] == name)
    _check(matcher)
    found = _path_rule(matcher.get("pathRules", []), visit.path) or _route_rule(matcher.get("routeRules", []), visit)
    return found or _default(matcher)


def _best_host(rules: Iterable[Raw], host: str) -> str | None:
    """The path matcher for a host: its own name goes before the longest wildcard, and that before `*`."""
    best: tuple[tuple[bool, int], str] | None = None
    for rule in rules:
        for pattern in map(str.lower, rule["hosts"]):
            exact = not pattern.startswith("*")
            if host == pattern if exact else host.endswith(pattern[1:]):
                weight = exact, len(pattern)
                if best is None or weight > best[0]:
                    best = weight, rule["pathMatcher"]
    return best[1] if best else None


def _path_rule(rules: Iterable[Raw], path: str) -> Route | None:
    """The rule with the longest path. `/a/*` is for all below `/a/` and for that, but not for `/a`."""
    best: tuple[tuple[int, bool], Raw, str] | None = None
    for rule in rules:
        for pattern in rule["paths"]:
            wild = pattern.endswith("/*")
            beginning = pattern.removesuffix("*") if wild else pattern
            if path.startswith(beginning) if wild else path == beginning:
                weight = len(beginning), not wild
                if best is None or weight > best[0]:
                    best = weight, rule, beginning
    return _route(best[1], best[2]) if best else None


def _route_rule(rules: Iterable[Raw], visit: Visit) -> Route | None:
    """The first rule by priority of which one match is met."""
    for rule in sorted(rules, key=lambda rule: int(rule.get("priority", 0))):
        for match in rule.get("matchRules", []):
            if _meets(match, visit):
                return _route(rule, str(match.get("prefixMatch") or ""))
    return None


def _meets(match: Raw, visit: Visit) -> bool:
    if unknown := {"pathTemplateMatch", "metadataFilters"} & match.keys():
        raise ValueError(f"{', '.join(unknown)} is not imitated")
    fold = str.lower if match.get("ignoreCase") else str
    path = fold(visit.path)
    return (
        path.startswith(fold(match.get("prefixMatch", "")))
        and path == fold(match.get("fullPathMatch", visit.path))
        and re.fullmatch(match.get("regexMatch", ".*"), visit.path, re.DOTALL) is not None
        and all(_meets_header(one, visit) for one in match.get("headerMatches", []))
        and all(_meets_query(one, visit) for one in match.get("queryParameterMatches", []))
    )


def _meets_header(match: Raw, visit: Visit) -> bool:
    name = match["headerName"].lower()
    special = {_METHOD: visit.method, _AUTHORITY: next(iter(visit.header("host")), "")}
    values = [special[name]] if name in special else list(visit.header(name))
    return _says(match, ",".join(values) if values else None) is not bool(match.get("invertMatch"))


def _meets_query(match: Raw, visit: Visit) -> bool:
    values = [value for key, value in parse_qsl(visit.query, keep_blank_values=True) if key == match["name"]]
    return _says(match, values[0] if values else None)


def _says(match: Raw, value: str | None) -> bool:
    if "presentMatch" in match:
        return match["presentMatch"] is (value is not None)
    if value is None:
        return False
    if "rangeMatch" in match:
        first, end = (int(match["rangeMatch"][key]) for key in ("rangeStart", "rangeEnd"))
        return re.fullmatch(r"-?\d+", value) is not None and first <= int(value) < end
    tests: Mapping[str, Any] = {
        "exactMatch": value.__eq__,
        "prefixMatch": value.startswith,
        "suffixMatch": value.endswith,
        "regexMatch": lambda pattern: re.fullmatch(pattern, value, re.DOTALL) is not None,
    }
    return all(test(match[key]) for key, test in tests.items() if key in match)


def _route(rule: Raw, prefix: str = "") -> Route:
    _check(rule)
    action = rule.get("routeAction") or {}
    _check_action(action)
    return Route(rule.get("service"), rule.get("urlRedirect"), action, prefix)


def _default(holder: Raw) -> Route:
    action = holder.get("defaultRouteAction") or {}
    _check_action(action)
    return Route(holder.get("defaultService"), holder.get("defaultUrlRedirect"), action)


def _check(holder: Raw) -> None:
    if holder.get("headerAction"):
        raise ValueError("headerAction is not imitated")


def _check_action(action: Raw) -> None:
    if unknown := action.keys() - _IMITATED:
        raise ValueError(f"{', '.join(sorted(unknown))} of a route action is not imitated")
