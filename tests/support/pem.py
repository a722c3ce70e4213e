"""Certificates for tests, made on the spot."""

from __future__ import annotations

from collections.abc import Sequence
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


def provided(*hosts: str) -> dict[str, str]:
    """A certificate of one's own for these hosts, the authority's behind it, as a stack file says it."""
    return {"certificate": certificate("leaf", ca=False, by="ca", hosts=hosts) + certificate("ca"), "key": key_pem("leaf")}


def certificate(
    name: str = "ca",
    *,
    ca: bool | None = True,
    start: datetime = NOW - DAY,
    end: datetime = NOW + 30 * DAY,
    subject: bool = True,
    hosts: Sequence[str] = (),
    by: str | None = None,
) -> str:
    """A certificate as PEM, signed by itself or `by` another's key.

    `ca=None` leaves the basic constraints out; `hosts` are the names it is valid for.
    """
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if subject else [])
    signer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)]) if by else who
    builder = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(signer)
        .public_key(key(name).public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(end)
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(key(by or name), hashes.SHA256()).public_bytes(Encoding.PEM).decode()
