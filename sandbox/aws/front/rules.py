"""Which rule of an Application Load Balancer's listener a request meets."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from sandbox.aws.front.model import Raw
from sandbox.front.visit import Visit


def meets(rule: Raw, visit: Visit) -> bool:
    """Whether a request meets all conditions of a rule; the default rule has none."""
    return all(_CONDITIONS[condition["Field"]](condition, visit) for condition in rule["Conditions"])


def first(rules: Sequence[Raw], visit: Visit) -> Raw | None:
    """The first rule that a request meets, of rules in the order in which they are tried."""
    return next((rule for rule in rules if meets(rule, visit)), None)


def _host(condition: Raw, visit: Visit) -> bool:
    return _any_like(_values(condition, "HostHeaderConfig"), [visit.host], ignore_case=True)


def _path(condition: Raw, visit: Visit) -> bool:
    return _any_like(_values(condition, "PathPatternConfig"), [visit.path])


def _header(condition: Raw, visit: Visit) -> bool:
    settings = condition["HttpHeaderConfig"]
    return _any_like(settings["Values"], visit.header(settings["HttpHeaderName"]), ignore_case=True)


def _method(condition: Raw, visit: Visit) -> bool:
    return visit.method in _values(condition, "HttpRequestMethodConfig")


def _query(condition: Raw, visit: Visit) -> bool:
    pairs = [part.partition("=")[::2] for part in visit.query.split("&")]
    return any(
        _like(wanted["Value"], value, ignore_case=True) and ("Key" not in wanted or _like(wanted["Key"], key, ignore_case=True))
        for wanted in condition["QueryStringConfig"]["Values"]
        for key, value in pairs
    )


def _source(condition: Raw, visit: Visit) -> bool:
    source = ipaddress.ip_address(visit.source)
    return any(source in ipaddress.ip_network(cidr, strict=False) for cidr in _values(condition, "SourceIpConfig"))


_CONDITIONS: dict[str, Callable[[Raw, Visit], bool]] = {
    "host-header": _host,
    "path-pattern": _path,
    "http-header": _header,
    "http-request-method": _method,
    "query-string": _query,
    "source-ip": _source,
}


def _values(condition: Raw, settings: str) -> Sequence[str]:
    """A condition's values, in the new place or in the old one that conditions by host and path may have."""
    values: Sequence[str] = (condition.get(settings) or condition)["Values"]
    return values


def _any_like(patterns: Iterable[str], texts: Iterable[str], *, ignore_case: bool = False) -> bool:
    texts = list(texts)
    return any(_like(pattern, text, ignore_case=ignore_case) for pattern in patterns for text in texts)


def _like(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    return _pattern(pattern, ignore_case).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _pattern(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    """`*` stands for any text, `?` for one character, and a backslash takes the meaning from the next one."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
