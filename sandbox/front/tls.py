"""Ending TLS: which versions, and which certificate for which name."""

from __future__ import annotations

import ssl
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from sandbox.twin.client import Issued

_ALERT = ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME


@dataclass(frozen=True)
class Loaded:
    """A certificate that is ready to be shown.

    Attributes:
        names: that it is for, in lower case; wildcards as they are written.
        context: that shows it.
    """

    names: frozenset[str]
    context: ssl.SSLContext


class Terminator:
    """Ends TLS for one listener; its versions and certificates may change while it listens."""

    def __init__(self, ciphers: str | None = None) -> None:
        """`ciphers` as OpenSSL writes them; None: what Python offers."""
        self.context = _context(ciphers)
        self.context.sni_callback = self._choose
        self._pick: Callable[[str], Loaded | None] = lambda _name: None

    def use(self, oldest: ssl.TLSVersion, newest: ssl.TLSVersion, pick: Callable[[str], Loaded | None]) -> None:
        """From now on, these versions; `pick` gives the certificate for a name, which is empty if none was sent."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python says so of the versions before 1.2: they are asked for
            self.context.minimum_version, self.context.maximum_version = oldest, newest
        self._pick = pick

    def _choose(self, tls: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        chosen = self._pick((name or "").lower())
        if chosen is None:
            return _ALERT
        tls.context = chosen.context
        return None


def wildcard_of(name: str) -> str:
    """The wildcard that stands for a name: for its first label only."""
    return "*." + name.partition(".")[2]


def load(issued: Issued, ciphers: str | None = None) -> Loaded:
    """Make a certificate ready; `ciphers` as for the `Terminator` that shows it.

    Raises:
        ValueError: it is no certificate.
        ssl.SSLError: the key is not its own.
    """
    context = _context(ciphers)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # Python reads them from files only
        file.write("\n".join((issued.key, issued.certificate, issued.chain)))
        file.flush()
        context.load_cert_chain(Path(file.name))
    return Loaded(_names(issued), context)


def _names(issued: Issued) -> frozenset[str]:
    certificate = x509.load_pem_x509_certificate(issued.certificate.encode())
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(name.lower() for name in names.get_values_for_type(x509.DNSName))


def _context(ciphers: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    if ciphers is not None:
        context.set_ciphers(ciphers)
    return context
