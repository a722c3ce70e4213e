"""TLS of listeners: which versions, and which certificate for which name."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509

from sandbox.aws.client import Issued

_ALERT = ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME


class Terminator:
    """Ends TLS for one listener; its certificates and policy may change while it listens."""

    def __init__(self) -> None:
        self.context = _context()
        self.context.sni_callback = self._choose
        self._certificates: list[tuple[frozenset[str], ssl.SSLContext]] = []

    def use(self, policy: str, certificates: Sequence[Issued]) -> None:
        """From now on, these: the default one first."""
        self.context.minimum_version, self.context.maximum_version = versions(policy)
        self._certificates = [(_names(issued), _loaded(issued)) for issued in certificates]

    def _choose(self, tls: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        if not self._certificates:
            return _ALERT
        wildcard = "*." + (name or "").partition(".")[2]
        exact = [context for names, context in self._certificates if name in names]
        wild = [context for names, context in self._certificates if wildcard in names]
        tls.context = next(iter([*exact, *wild]), self._certificates[0][1])
        return None


def versions(policy: str) -> tuple[ssl.TLSVersion, ssl.TLSVersion]:
    """The oldest and the newest TLS of one of ELB's policies.

    Policies that allow TLS 1.0 and 1.1 begin with 1.2 here, as Python's own library does by now.
    """
    newest = ssl.TLSVersion.TLSv1_3 if "TLS13" in policy else ssl.TLSVersion.TLSv1_2
    oldest = ssl.TLSVersion.TLSv1_3 if "TLS13-1-3" in policy else ssl.TLSVersion.TLSv1_2
    return oldest, newest


def _names(issued: Issued) -> frozenset[str]:
    certificate = x509.load_pem_x509_certificate(issued.certificate.encode())
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(name.lower() for name in names.get_values_for_type(x509.DNSName))


def _loaded(issued: Issued) -> ssl.SSLContext:
    context = _context()
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # Python reads them from files only
        file.write("\n".join((issued.key, issued.certificate, issued.chain)))
        file.flush()
        context.load_cert_chain(Path(file.name))
    return context


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    return context
