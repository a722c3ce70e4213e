"""TLS of HTTPS proxies: which versions, and which certificate for which name."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence

from sandbox.front.tls import Loaded, wildcard_of

CIPHERS = "DEFAULT:@SECLEVEL=0"
"""As OpenSSL writes them: at a higher level it does not speak TLS 1.0 and 1.1, which a proxy does without a policy."""

PRIMARY = "primary"
"""What stands for a host in the entry of a certificate map that is for all others."""

_OLDEST = {
    "TLS_1_0": ssl.TLSVersion.MINIMUM_SUPPORTED,
    "TLS_1_1": ssl.TLSVersion.TLSv1_1,
    "TLS_1_2": ssl.TLSVersion.TLSv1_2,
    "TLS_1_3": ssl.TLSVersion.TLSv1_3,
}

Offer = tuple[str | None, Loaded]
"""What a map's entry says that a certificate is for, and the certificate."""


def oldest(version: str) -> ssl.TLSVersion:
    """The oldest TLS that is spoken, for a policy's word.

    Raises:
        ValueError: it is none of them.
    """
    try:
        return _OLDEST[version]
    except KeyError:
        raise ValueError(f"minTlsVersion {version} is not imitated") from None


def by_list(offers: Sequence[Offer]) -> Callable[[str], Loaded | None]:
    """Of a proxy's own certificates the first that is for a name, else the first of all.

    https://cloud.google.com/load-balancing/docs/ssl-certificates#certificate-selection
    """

    def pick(name: str) -> Loaded | None:
        fitting = [one for _, one in offers if {name, wildcard_of(name)} & one.names]
        return next(iter([*fitting, *(one for _, one in offers)]), None)

    return pick


def by_map(offers: Sequence[Offer]) -> Callable[[str], Loaded | None]:
    """By the entry for a name, else the one for its wildcard, else the primary one; what is in the certificate does not count.

    https://cloud.google.com/certificate-manager/docs/certificate-selection-logic
    """
    by_host = dict(reversed(offers))

    def pick(name: str) -> Loaded | None:
        return by_host.get(name) or by_host.get(wildcard_of(name)) or by_host.get(PRIMARY)

    return pick
