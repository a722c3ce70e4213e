"""Host names: what is one, what a certificate covers, what lies in a zone. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Annotated

from pydantic import AfterValidator

from components.settings.problems import shown

_LABEL = re.compile(r"^(?!-)[a-z0-9-]{1,63}(?<!-)$")


def check_host(host: str) -> str:
    """A lower-case DNS name without a wildcard. Raises ValueError that says what is wrong."""
    if host.startswith("*"):
        raise ValueError(f"{shown(host)} is a wildcard; a plain host name is wanted here")
    return _checked(host)


def check_pattern(host: str) -> str:
    """A host name, or a wildcard for one label at the front (`*.shop.example`)."""
    if host.startswith("*."):
        return f"*.{_checked(host[2:])}"
    return _checked(host)


def _checked(host: str) -> str:
    if host != host.lower():
        raise ValueError(f"{shown(host)} must be lower case: write {shown(host.lower())}")
    if "://" in host or "/" in host:
        raise ValueError(f"{shown(host)} is not a host name: write it without scheme and path")
    if ":" in host:
        raise ValueError(f"{shown(host)} is not a host name: write it without a port")
    if host.endswith("."):
        raise ValueError(f"{shown(host)} must not end with a dot")
    if "*" in host:
        raise ValueError(f"{shown(host)}: a wildcard stands for one whole label and only at the front (*.shop.example)")
    labels = host.split(".")
    if len(labels) < 2:
        raise ValueError(f"{shown(host)} must have at least two labels, such as shop.example")
    bad = [label for label in labels if not _LABEL.fullmatch(label)]
    if bad:
        raise ValueError(
            f"{shown(host)} is not a host name: {shown(bad[0])} may hold 1 to 63 letters, digits and inner dashes"
            " (write other scripts in their xn-- form)"
        )
    if len(host) > 253:
        raise ValueError(f"{shown(host)} is {len(host)} characters long; a DNS name has at most 253")
    return host


Host = Annotated[str, AfterValidator(check_host)]
HostPattern = Annotated[str, AfterValidator(check_pattern)]


def is_wildcard(pattern: str) -> bool:
    """Whether the pattern stands for many hosts."""
    return pattern.startswith("*.")


def covers(pattern: str, host: str) -> bool:
    """Whether a certificate for `pattern` is valid for `host` (RFC 6125: a wildcard covers exactly one label)."""
    if is_wildcard(pattern):
        return host.partition(".")[2] == pattern[2:]
    return pattern == host


def in_zone(name: str, zone: str) -> bool:
    """Whether the name is the zone's apex or lies below it."""
    plain = name.removeprefix("*.")
    return plain == zone or plain.endswith(f".{zone}")


def covering(patterns: Container[str], host: str) -> str | None:
    """The pattern that covers the host, an exact one before a wildcard; None if none does."""
    wildcard = f"*.{host.partition('.')[2]}"
    return next((pattern for pattern in (host, wildcard) if pattern in patterns), None)
