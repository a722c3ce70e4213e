"""PEM checks that need no network: readable, in date, key and certificate belong together."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
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
    subject = certificate.subject.rfc4514_string() or "a certificate without a subject"
    if certificate.not_valid_after_utc < moment:
        raise ValueError(f"{subject} expired on {certificate.not_valid_after_utc:%Y-%m-%d}")
    if certificate.not_valid_before_utc > moment:
        raise ValueError(f"{subject} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}")


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
