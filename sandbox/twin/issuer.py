"""Keys and certificates as clouds make them for their users, signed by one of the sandbox's authorities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.pki import key_usage

_COMMON_NAME_LIMIT = 64
_CURVES: dict[str, ec.EllipticCurve] = {"EC_prime256v1": ec.SECP256R1(), "EC_secp384r1": ec.SECP384R1()}
_SIZES = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}
ALGORITHMS = (*_SIZES, *_CURVES)


def make_key(algorithm: str) -> bytes:
    """A new private key, as PEM."""
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if algorithm in _CURVES:
        key = ec.generate_private_key(_CURVES[algorithm])
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=_SIZES[algorithm])
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class Issuer:
    """An authority, given by its certificate and key."""

    def __init__(self, certificate: Path, key: Path, validity: timedelta) -> None:
        """Read both files.

        Args:
            certificate: of the authority.
            key: of the authority.
            validity: of what it signs.
        """
        self._validity = validity
        self._certificate = x509.load_pem_x509_certificate(certificate.read_bytes())
        signer = load_pem_private_key(key.read_bytes(), None)
        if not isinstance(signer, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise ValueError(f"{key} is a key of type {type(signer).__name__}; an EC or RSA key is needed")
        self._signer = signer
        self.chain = self._certificate.public_bytes(Encoding.PEM)

    def issue(self, names: list[str], key: bytes) -> bytes:
        """A server certificate for `names` with that key, as PEM."""
        public = load_pem_private_key(key, None).public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)  # noqa: S101 -- made above
        now = datetime.now(UTC)
        common = [name for name in names if len(name) <= _COMMON_NAME_LIMIT][:1]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in common])
        usage = key_usage(encipherment=isinstance(public, rsa.RSAPublicKey))
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._certificate.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(min(now + self._validity, self._certificate.not_valid_after_utc))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=not common)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._signer.public_key()),
                critical=False,
            )
        )
        return builder.sign(self._signer, hashes.SHA256()).public_bytes(Encoding.PEM)
