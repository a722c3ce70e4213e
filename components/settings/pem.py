"""PEM checks that need no network: readable, in date, key and certificate belong together."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key


def load_certificates(pem: str) -> list[x509.Certificate]:
    """All certificates of a PEM text, in order. Raises ValueError that says what is wrong."""
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise ValueError("is not a PEM certificate (-----BEGIN CERTIFICATE----- …)") from None


def check_dates(certificate: x509.Certificate, now: datetime | None = None) -> None:
    """Raises ValueError if the certificate is not valid now (UTC)."""
    moment = now or datetime.now(UTC)
    subject = _named(certificate)
    if certificate.not_valid_after_utc < moment:
        raise ValueError(f"{subject} expired on {certificate.not_valid_after_utc:%Y-%m-%d}")
    if certificate.not_valid_before_utc > moment:
        raise ValueError(f"{subject} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}")


def dns_names(certificate: x509.Certificate) -> list[str]:
    """The DNS names that the certificate is valid for, in its own order and in lower case."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return list(dict.fromkeys(name.lower() for name in names.get_values_for_type(x509.DNSName)))


def check_chain(certificates: list[x509.Certificate]) -> None:
    """Raises ValueError unless each certificate is followed by the one that signed it.

    A certificate by itself is whole only if it signed itself: clients know roots, not what stands between.
    """
    for certificate, signer in pairwise(certificates):
        try:
            certificate.verify_directly_issued_by(signer)
        except (ValueError, TypeError, InvalidSignature):
            raise ValueError(
                f"{_named(certificate)} is followed by {_named(signer)}, which did not sign it: behind each certificate"
                f" stands the one that signed it, here {certificate.issuer.rfc4514_string()}"
            ) from None
    if len(certificates) == 1 and certificates[0].issuer != certificates[0].subject:
        raise ValueError(
            f"is only a part of a chain: add the certificate of {certificates[0].issuer.rfc4514_string()}, which signed it"
        )


def _named(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string() or "a certificate without a subject"


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether the certificate may sign others."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def check_ca_bundle(pem: str) -> str:
    """A PEM text whose certificates are all in date; an expired one would fail every handshake later."""
    for certificate in load_certificates(pem):
        check_dates(certificate)
    return pem


def check_key_pair(certificate_pem: str, key_pem: str) -> None:
    """Raises ValueError unless the (unencrypted) private key belongs to the first certificate."""
    certificate = load_certificates(certificate_pem)[0]
    try:
        key = load_pem_private_key(key_pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("is not an unencrypted PEM private key") from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise ValueError("does not belong to the certificate")
