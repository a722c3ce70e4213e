"""ACM: a certificate is pending until its validation records stand in a delegated zone, and cannot go while it is in use."""

from __future__ import annotations

import hashlib
import re
import string
import time
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from moto.acm import models
from moto.acm.responses import AWSCertificateManagerResponse
from moto.acm.utils import make_arn_for_certificate
from moto.core.responses import ActionResult
from moto.elbv2.models import elbv2_backends

from sandbox.aws.base import ACCOUNT, Refusal
from sandbox.aws.zones import zones
from sandbox.twin.issuer import ALGORITHMS, Issuer, make_key

VALIDITY = timedelta(days=198)  # of ACM's own public certificates since 2026
ISSUE_AFTER = 0.3  # seconds that all records must have stood
_NAMES_LIMIT = 100  # the most that ACM gives; an account has 10 until it asks for more, as this one has
_DOMAIN = re.compile(r"(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])")  # ACM's own pattern


class Certificate(models.CertBundle):
    """One that was requested. Holds only what can be kept on disk; what is parsed from PEM is parsed when it is asked for."""

    def __init__(self, names: list[str], algorithm: str, region: str, options: dict[str, Any] | None) -> None:
        self.created_at = datetime.now(UTC).replace(tzinfo=None)
        self.arn = make_arn_for_certificate(ACCOUNT, region)
        self.common_name, self.sans = names[0], names
        self.algorithm, self.key = algorithm, make_key(algorithm)
        self.cert, self.chain = b"", b""
        self.type, self.status, self.cert_authority_arn = "AMAZON_ISSUED", "PENDING_VALIDATION", None
        self.tags = models.TagHolder()
        self.in_use_by: list[str] = []
        self.cert_options = {"CertificateTransparencyLoggingPreference": "ENABLED", "Export": "DISABLED", **(options or {})}
        self.standing_since: float | None = None
        self.issued_at: float | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key not in ("_cert", "_key")}

    @cached_property
    def _cert(self) -> x509.Certificate:  # type: ignore[override]  # moto sets it, here it is made from the PEM
        return x509.load_pem_x509_certificate(self.cert)

    @cached_property
    def _key(self) -> Any:
        return load_pem_private_key(self.key, None)

    def check(self) -> None:
        """Moto would issue it for waiting long enough; here only `settle` does."""

    def describe(self) -> dict[str, Any]:
        """As DescribeCertificate answers."""
        status = "SUCCESS" if self.issued_at else "PENDING_VALIDATION"
        found: dict[str, Any] = {
            "CertificateArn": self.arn,
            "DomainName": self.common_name,
            "SubjectAlternativeNames": self.sans,
            "Subject": f"CN={self.common_name}",
            "Issuer": "Amazon",
            "Status": self.status,
            "Type": self.type,
            "KeyAlgorithm": self.algorithm,
            "SignatureAlgorithm": "SHA256WITHRSA",
            "InUseBy": self.in_use_by,
            "CreatedAt": self.created_at,
            "Options": self.cert_options,
            "RenewalEligibility": "ELIGIBLE" if self.in_use_by else "INELIGIBLE",
            "ExtendedKeyUsages": [],
            "DomainValidationOptions": [
                {
                    "DomainName": name,
                    "ValidationDomain": name,
                    "ValidationStatus": status,
                    "ValidationMethod": "DNS",
                    "ResourceRecord": dict(zip(("Name", "Type", "Value"), validation_record(name), strict=True)),
                }
                for name in self.sans
            ],
        }
        if self.issued_at:
            found |= {
                "IssuedAt": self.issued_at,
                "NotBefore": self._cert.not_valid_before_utc,
                "NotAfter": self._cert.not_valid_after_utc,
                "Serial": ":".join(re.findall("..", f"{self._cert.serial_number:040x}")),
            }
        return {"Certificate": found}


def validation_record(name: str) -> tuple[str, str, str]:
    """Name, type and value of the record that proves a name: one per account and domain, the same for its wildcard."""
    domain = name.removeprefix("*.")
    digest = hashlib.sha512(f"{ACCOUNT}/{domain}".encode()).hexdigest()
    middle = "".join(string.ascii_lowercase[byte % 26] for byte in bytes.fromhex(digest[64:84]))
    return f"_{digest[:32]}.{domain}.", "CNAME", f"_{digest[32:64]}.{middle}.acm-validations.aws."


class Certificates(models.AWSCertificateManagerBackend):
    """ACM's certificates of one region."""

    issuer: ClassVar[Issuer]

    def settle(self) -> bool:
        """Issue what is proven; True if that changed anything. Called around every request, so nothing need run beside them."""
        changed, now = False, time.time()
        for certificate in self._certificates.values():
            if not isinstance(certificate, Certificate) or certificate.issued_at:
                continue
            standing = all(zones().stands(*validation_record(name)) for name in certificate.sans)
            if standing != (certificate.standing_since is not None):
                certificate.standing_since, changed = (now if standing else None), True
            if certificate.standing_since is not None and now - certificate.standing_since >= ISSUE_AFTER:
                certificate.cert = self.issuer.issue(certificate.sans, certificate.key)
                certificate.chain = self.issuer.chain
                certificate.status, certificate.issued_at, changed = "ISSUED", now, True
        return changed

    def request(self, names: list[str], algorithm: str, token: str | None, tags: list[dict[str, str]], options: Any) -> str:
        """Make a pending certificate; returns its ARN."""
        if token is not None:
            arn = self._get_arn_from_idempotency_token(token)
            if arn in self._certificates and self._certificates[arn].sans == names:
                return arn
        certificate = Certificate(names, algorithm, self.region_name, options)
        certificate.tags.add(tags)
        self._certificates[certificate.arn] = certificate
        if token is not None:
            self._set_idempotency_token_arn(token, certificate.arn)
        return certificate.arn

    def get_certificate(self, arn: str) -> models.CertBundle:
        """As moto's, with the load balancers that use it now; moto never takes one off that list."""
        bundle = super().get_certificate(arn)
        balancers = elbv2_backends[self.account_id][self.region_name].load_balancers.values()
        bundle.in_use_by = [lb.arn for lb in balancers if any(arn in listener.certificates for listener in lb.listeners.values())]
        return bundle

    def set_certificate_in_use_by(self, arn: str, load_balancer_name: str) -> None:
        """Called by moto when a listener is made; a pending certificate is refused, as ELB refuses it."""
        if self.get_certificate(arn).status != "ISSUED":
            raise Refusal(
                "UnsupportedCertificate",
                f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a supported key"
                " size.",
            )

    def delete_certificate(self, arn: str) -> None:
        """Refused while a listener uses it."""
        if self.get_certificate(arn).in_use_by:
            raise Refusal("ResourceInUseException", f"Certificate {arn} in account {self.account_id} is in use.")
        super().delete_certificate(arn)


class Acm(AWSCertificateManagerResponse):
    """ACM's operations."""

    def request_certificate(self) -> ActionResult:
        """Moto drops the key algorithm and the validation method, and checks no name."""
        asked = [self._get_param("DomainName"), *(self._get_param("SubjectAlternativeNames") or [])]
        names = list(dict.fromkeys(str(name).lower() for name in asked))
        for name in names:
            if not _DOMAIN.fullmatch(name):
                raise Refusal("ValidationException", f"Value '{name}' failed to satisfy constraint: not a domain name")
        if len(names) > _NAMES_LIMIT:
            raise Refusal("LimitExceededException", f"{len(names)} names are asked for, {_NAMES_LIMIT} are allowed")
        if (method := self._get_param("ValidationMethod")) != "DNS" or self._get_param("CertificateAuthorityArn"):
            raise Refusal("ValidationException", f"the twin validates by DNS only, not by {method or 'EMAIL (the default)'}")
        if (algorithm := self._get_param("KeyAlgorithm") or "RSA_2048") not in ALGORITHMS:
            raise Refusal("ValidationException", f"{algorithm}: public certificates have one of {', '.join(ALGORITHMS)}")
        token, tags, options = (self._get_param(name) for name in ("IdempotencyToken", "Tags", "Options"))
        return ActionResult({"CertificateArn": certificates(self.region).request(names, algorithm, token, tags or [], options)})

    def get_certificate(self) -> ActionResult:
        """Moto hands out a pending one too."""
        if self.acm_backend.get_certificate(self._get_param("CertificateArn")).status == "PENDING_VALIDATION":
            raise Refusal("RequestInProgressException", "The certificate is pending validation: there is none yet.")
        return super().get_certificate()


def certificates(region: str) -> Certificates:
    """The account's certificates in a region."""
    return cast("Certificates", models.acm_backends[ACCOUNT][region])


def install(issuer: Issuer) -> None:
    """Let moto keep certificates this way."""
    models.acm_backends.backend = Certificates
    Certificates.issuer = issuer
