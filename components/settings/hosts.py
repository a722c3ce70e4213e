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


def enclosing(zones: Container[str], name: str) -> str | None:
    """The zone whose apex the name is or below which it lies, the most specific one; None if it is in none."""
    labels = name.removeprefix("*.").split(".")
    above = (".".join(labels[start:]) for start in range(len(labels)))
    return next((zone for zone in above if zone in zones), None)


def covering(patterns: Container[str], host: str) -> str | None:
    """The pattern whose certificate is valid for the host, an exact one before a wildcard; None if none is.

    RFC 6125: a wildcard covers exactly one label.
    """
    wildcard = f"*.{host.partition('.')[2]}"
    return next((pattern for pattern in (host, wildcard) if pattern in patterns), None)
