"""TLS of listeners: which versions, and which certificate for which name."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence

from sandbox.front.tls import Loaded, wildcard_of


def versions(policy: str) -> tuple[ssl.TLSVersion, ssl.TLSVersion]:
    """The oldest and the newest TLS of one of ELB's policies.

    Policies that allow TLS 1.0 and 1.1 begin with 1.2 here, as Python's own library does by now.
    """
    newest = ssl.TLSVersion.TLSv1_3 if "TLS13" in policy else ssl.TLSVersion.TLSv1_2
    oldest = ssl.TLSVersion.TLSv1_3 if "TLS13-1-3" in policy else ssl.TLSVersion.TLSv1_2
    return oldest, newest


def by_name(certificates: Sequence[Loaded]) -> Callable[[str], Loaded | None]:
    """One for a name: that name's own, else one with a wildcard for it, else the default one, which is the first."""

    def pick(name: str) -> Loaded | None:
        exact = [one for one in certificates if name in one.names]
        wild = [one for one in certificates if wildcard_of(name) in one.names]
        return next(iter([*exact, *wild, *certificates]), None)

    return pick
