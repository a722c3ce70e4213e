"""Certificates for tests, made on the spot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@cache
def key(name: str = "ca") -> ec.EllipticCurvePrivateKey:
    """A key of one's own for each name."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(name: str = "ca", password: bytes | None = None) -> str:
    """That key as PEM."""
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    return key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection).decode()


def certificate(
    name: str = "ca",
    *,
    ca: bool | None = True,
    start: datetime = NOW - DAY,
    end: datetime = NOW + 30 * DAY,
    subject: bool = True,
) -> str:
    """A self-signed certificate as PEM. `ca=None` leaves the basic constraints out."""
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if subject else [])
    builder = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key(name).public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(end)
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    return builder.sign(key(name), hashes.SHA256()).public_bytes(Encoding.PEM).decode()
