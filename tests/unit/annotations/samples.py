"""Keys and values to try every entry of the catalogue with."""

from __future__ import annotations

import re

from components.annotations.catalogue import Entry, catalogue

ENTRIES = list(catalogue())

_FILLED = {
    "<name>": "shop",
    "<serviceName>": "shop",
    "<servicePort>": "http",
    "<attr>": "zone",
    "<port>": "8080",
    "<Port>": "443",
    "<n>": "0",
    "<Protocol>": "TCP",
}

#: Values of texts that must have a form.
_FORMED = {
    r"\d+[bkmgBKMG]?": ["8m", "512", "1G"],
    r"\*": ["*"],
    r"\d+(\.\d+)?": ["0", "12.5"],
    r"0(\.\d+)?|1(\.0+)?": ["0", "0.25", "1", "1.0"],
    r"\d+ ?([Mm]bps)?": ["10", "100Mbps", "100 mbps"],
    r"[^/]+/[^/]+": ["shop/tls"],
    r"\d+": ["80", "80, 443"],
    r"[45]\d\d": ["404", "404,503"],
}


def filled(key: str) -> str:
    """A key with something for each placeholder."""
    return re.sub(r"<\w+>", lambda found: _FILLED[found[0]], key)


def right(entry: Entry) -> list[str]:
    """Values that the controller takes."""
    if entry.pattern:
        return _FORMED[entry.pattern]
    match entry.type:
        case "enum":
            return [*entry.values, *(word.upper() for word in entry.values if entry.fold)]
        case "bool":
            return list(entry.controller.bools)
        case "int":
            low = entry.min if entry.min is not None else -5
            return [str(low), str(entry.max if entry.max is not None else low + 9)]
        case "json":
            return [f'{{"port": "{entry.values[0]}"}}'] if entry.values else ['{"a": 1}', '[{"HTTP": 80}]']
        case "duration":
            return ["90s", "1h30m", "2160h", "1.5h", *(["300"] if entry.seconds else [])]
        case "map":
            return ["a=b", "a=b,c=d", r"a=b\,c, d=e=f", "a="]
        case "list":
            return list(entry.items) or ["one", "one, two", "a.*,b|c"][: entry.most]
        case "string":
            return ["x", "$host", "a b, {{c}}"]


def wrong(entry: Entry) -> list[str]:
    """Values that it does not take; none where anything goes."""
    if entry.pattern:
        return ["no such value"]
    match entry.type:
        case "enum":
            return ["no-such-value", *(word.swapcase() for word in entry.values if not entry.fold and word.swapcase() != word)]
        case "bool":
            return ["yes", "tru", "", "enabled"]
        case "int":
            beyond = [str(entry.min - 1)] if entry.min is not None else []
            return ["abc", "60s", "1.5", "", *beyond, *([str(entry.max + 1)] if entry.max is not None else [])]
        case "json":
            return ["{", "HTTP: 80", "443", ""]
        case "duration":
            return ["90", "30d", "soon"] if not entry.seconds else ["0", "30d", "soon", "2147483648"]
        case "map":
            return ["a", "a:b", "a=b,c", "=b"]
        case "list" if entry.items:
            return ["no such usage"]
        case _:
            return []
