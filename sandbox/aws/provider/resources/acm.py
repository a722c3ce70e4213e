"""Certificates of ACM: the program's form and ACM's."""

from __future__ import annotations

import secrets
import zlib
from datetime import UTC, datetime
from typing import Any

from sandbox.aws.provider.call import Call
from sandbox.plugin.problems import ProviderError, code, doing
from sandbox.plugin.wire import UNKNOWN, Properties, unknown

IMPORTED = ("certificateBody", "certificateChain", "privateKey")
GONE = "ResourceNotFoundException"
KEYS = ("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")


def find(call: Call, arn: str) -> Any:
    """The certificate, None if there is none."""
    try:
        return call.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    except Exception as error:
        if code(error) == GONE:
            return None
        raise


def request(call: Call, inputs: Properties, wanted: list[dict[str, str]]) -> str:
    """Ask ACM to issue a certificate; returns its ARN."""
    if not inputs.get("validationMethod") and not inputs.get("certificateAuthorityArn"):
        raise ProviderError("`certificate_authority_arn` or `validation_method` must be set when creating an ACM certificate")
    parameters = {
        "DomainName": inputs["domainName"],
        "IdempotencyToken": secrets.token_hex(16),
        "CertificateAuthorityArn": inputs.get("certificateAuthorityArn"),
        "DomainValidationOptions": [
            {"DomainName": option["domainName"], "ValidationDomain": option["validationDomain"]}
            for option in inputs.get("validationOptions") or ()
        ],
        "KeyAlgorithm": inputs.get("keyAlgorithm"),
        "Options": options(inputs.get("options") or {}),
        "SubjectAlternativeNames": names(inputs) if inputs.get("subjectAlternativeNames") else None,
        "Tags": wanted,
        "ValidationMethod": inputs.get("validationMethod"),
    }
    with doing(f"requesting ACM Certificate ({inputs['domainName']})"):
        answer = call.client("acm").request_certificate(**{key: value for key, value in parameters.items() if value})
    return str(answer["CertificateArn"])


def import_certificate(call: Call, inputs: Properties, **more: Any) -> str:
    """Give ACM a certificate; returns its ARN."""
    parts = dict(zip(("Certificate", "CertificateChain", "PrivateKey"), IMPORTED, strict=True))
    parameters = {key: inputs[name].encode() for key, name in parts.items() if inputs.get(name)}
    return str(call.client("acm").import_certificate(**parameters, **more)["CertificateArn"])


def names(inputs: Properties) -> list[Any]:
    """All names of the certificate: its own is always among them."""
    given = inputs.get("subjectAlternativeNames")
    if unknown(given) or unknown(inputs.get("domainName")):
        return [UNKNOWN]
    return sorted({inputs.get("domainName", ""), *(given or ())})


def place(name: str) -> str:
    """Where a name comes in the real provider's list, which is a set ordered by hash: not in the program's order."""
    return str(zlib.crc32(name.encode()))


def validation(item: Any) -> Properties:
    """A validation record."""
    record = item["ResourceRecord"]
    return {
        "domainName": item["DomainName"],
        "resourceRecordName": record["Name"],
        "resourceRecordType": record["Type"],
        "resourceRecordValue": record["Value"],
    }


def options(given: Properties) -> dict[str, str]:
    """Options for a request."""
    keys = {"certificateTransparencyLoggingPreference": "CertificateTransparencyLoggingPreference", "export": "Export"}
    return {there: given[here] for here, there in keys.items() if given.get(here)}


def told_options(told: Any) -> Properties:
    """Options as ACM tells them."""
    logging = told.get("CertificateTransparencyLoggingPreference", "ENABLED")
    return {"certificateTransparencyLoggingPreference": logging, **({"export": told["Export"]} if told.get("Export") else {})}


def key(told: str) -> str:
    """The algorithm as requests name it; answers have a dash."""
    return next((key for key in KEYS if key.replace("_", "-") == told.replace("_", "-")), told)


def summary(told: Any) -> Properties:
    """How renewal goes."""
    return {
        "renewalStatus": told.get("RenewalStatus", ""),
        "renewalStatusReason": told.get("RenewalStatusReason", ""),
        "updatedAt": time(told.get("UpdatedAt")),
    }


def time(moment: datetime | None) -> str:
    """A moment as the provider writes it, empty if there is none."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
