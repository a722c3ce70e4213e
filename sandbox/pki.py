"""The sandbox's own authorities: one for the cluster, one for the ACME servers' own endpoints."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.layout import write_atomically

_YEARS = timedelta(days=3650)
_RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class KeyPair:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority kept in a folder; certificates are made once and remade before they expire."""

    def __init__(self, folder: Path, name: str) -> None:
        """Load the authority, or make it.

        Args:
            folder: where its files are kept, as `<name>.pem` and `<name>.key`.
            name: of the files, and the authority's common name.
        """
        self._folder = folder
        self.pair = KeyPair(folder / f"{name}.pem", folder / f"{name}.key")
        if not _good(self.pair):
            key = ec.generate_private_key(ec.SECP256R1())
            subject = _name(f"Portico sandbox {name}")
            certificate = _sign(subject, key, subject, key, authority=True)
            _write(self.pair, certificate, key)

    def issue(
        self,
        name: str,
        common_name: str,
        *,
        groups: Sequence[str] = (),
        hosts: Sequence[str] = (),
        usages: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.CLIENT_AUTH,),
    ) -> KeyPair:
        """A certificate of this authority, kept as `<name>.pem` and `<name>.key`.

        Args:
            name: of the files.
            common_name: the subject's; to the API server it is the user's name.
            groups: the subject's organisations; to the API server the user's groups.
            hosts: DNS names and IP addresses it is good for.
            usages: what it may be used for.
        """
        pair = KeyPair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        if _good(pair) and _issued_by(pair, self.pair):
            return pair
        issuer = x509.load_pem_x509_certificate(self.pair.certificate.read_bytes())
        signer = load_pem_private_key(self.pair.key.read_bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)  # noqa: S101 -- made above
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _sign(_name(common_name, groups), key, issuer.subject, signer, hosts=hosts, usages=usages)
        _write(pair, certificate, key)
        return pair


def signing_key(folder: Path, name: str) -> KeyPair:
    """A bare key pair for service account tokens: `certificate` is the public key."""
    pair = KeyPair(folder / f"{name}.pub", folder / f"{name}.key")
    if not (pair.certificate.is_file() and pair.key.is_file()):
        key = ec.generate_private_key(ec.SECP256R1())
        write_atomically(pair.key, _key_pem(key), mode=0o600)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        write_atomically(pair.certificate, public)
    return pair


def write_kubeconfig(path: Path, server: str, authority: Path, user: KeyPair) -> None:
    """A kubeconfig with everything embedded; context, cluster and user are called `sandbox`."""

    def encoded(file: Path) -> str:
        return base64.b64encode(file.read_bytes()).decode()

    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "sandbox",
        "clusters": [{"name": "sandbox", "cluster": {"server": server, "certificate-authority-data": encoded(authority)}}],
        "users": [
            {
                "name": "sandbox",
                "user": {
                    "client-certificate-data": encoded(user.certificate),
                    "client-key-data": encoded(user.key),
                },
            }
        ],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "sandbox"}}],
    }
    text = yaml.safe_dump(content, sort_keys=False)
    if not path.is_file() or path.read_text() != text:
        write_atomically(path, text, mode=0o600)


def _name(common_name: str, groups: Sequence[str] = ()) -> x509.Name:
    return x509.Name(
        [
            *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _sign(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
    hosts: Sequence[str] = (),
    usages: Sequence[x509.ObjectIdentifier] = (),
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(key_usage(authority=authority), critical=True)
    )
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if hosts:
        names = [_general_name(host) for host in hosts]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


def key_usage(*, authority: bool = False, encipherment: bool = False) -> x509.KeyUsage:
    """What a key is for: its signatures, those of an authority, and that of RSA in older versions of TLS."""
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        key_encipherment=encipherment,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(pair: KeyPair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    """The key first: a certificate without its key is never found."""
    pair.certificate.unlink(missing_ok=True)
    write_atomically(pair.key, _key_pem(key), mode=0o600)
    write_atomically(pair.certificate, certificate.public_bytes(Encoding.PEM))


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _good(pair: KeyPair) -> bool:
    """Both files are there and the certificate is good for a while yet."""
    if not (pair.certificate.is_file() and pair.key.is_file()):
        return False
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    return certificate.not_valid_after_utc - _RENEW_BEFORE > datetime.now(UTC)


def _issued_by(pair: KeyPair, authority: KeyPair) -> bool:
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    issuer = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 -- several kinds, all meaning no
        return False
    return True
