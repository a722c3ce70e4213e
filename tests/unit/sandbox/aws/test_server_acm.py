"""Certificates of the twin: pending until proven, really signed, kept while in use."""

from __future__ import annotations

import time
import urllib.error
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store

from sandbox.aws import client as aws
from sandbox.twin import client as twins

Make = Callable[[str], str]


def _request(twin: Any, *names: str) -> tuple[str, list[dict[str, str]]]:
    acm = twin.client("acm")
    asked = {"DomainName": names[0], "ValidationMethod": "DNS", "KeyAlgorithm": "EC_prime256v1"}
    if names[1:]:
        asked["SubjectAlternativeNames"] = list(names[1:])  # type: ignore[assignment]
    arn = acm.request_certificate(**asked)["CertificateArn"]
    options = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
    assert [option["DomainName"] for option in options] == list(names)
    return arn, [option["ResourceRecord"] for option in options]


def _status(twin: Any, arn: str) -> str:
    return str(twin.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]["Status"])


def _becomes_issued(twin: Any, arn: str, within: float = 1.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if _status(twin, arn) == "ISSUED":
            return True
        time.sleep(0.05)
    return False


def test_an_apex_and_its_wildcard_share_one_record_and_are_issued_within_a_second(twin: Any, zone: Make, change: Any) -> None:
    arn, (apex, wildcard) = _request(twin, "both.example", "*.both.example")
    assert apex == wildcard
    change(zone("both.example"), ("CREATE", apex["Name"], "CNAME", apex["Value"]))
    assert _status(twin, arn) == "PENDING_VALIDATION"  # AWS looks from time to time, never in the same moment
    assert _becomes_issued(twin, arn)


def test_every_name_must_be_proven(twin: Any, zone: Make, change: Any) -> None:
    arn, (first, second) = _request(twin, "one-of.example", "two-of.example")
    assert first != second
    change(zone("one-of.example"), ("CREATE", first["Name"], "CNAME", first["Value"]))
    assert not _becomes_issued(twin, arn, within=0.45)
    change(zone("two-of.example"), ("CREATE", second["Name"], "CNAME", second["Value"]))
    assert _becomes_issued(twin, arn)


def test_a_wrong_value_proves_nothing(twin: Any, zone: Make, change: Any) -> None:
    arn, (record,) = _request(twin, "wrong.example")
    here = zone("wrong.example")
    change(here, ("CREATE", record["Name"], "CNAME", "elsewhere.acm-validations.aws."))
    assert not _becomes_issued(twin, arn, within=0.45)
    change(here, ("UPSERT", record["Name"], "CNAME", record["Value"]))
    assert _becomes_issued(twin, arn)


def test_a_zone_that_is_not_delegated_proves_nothing(twin: Any, zone: Make, change: Any) -> None:
    twins.set_delegation(twin.endpoint, "adrift.example", False)
    assert not twins.delegated(twin.endpoint, "Adrift.example.")
    arn, (record,) = _request(twin, "adrift.example")
    change(zone("adrift.example"), ("CREATE", record["Name"], "CNAME", record["Value"]))
    assert not _becomes_issued(twin, arn, within=0.45)
    twins.set_delegation(twin.endpoint, "adrift.example", True)
    assert _becomes_issued(twin, arn)


def test_a_private_zone_proves_nothing(twin: Any, change: Any) -> None:
    vpc = {"VPCRegion": aws.REGION, "VPCId": twins.facts(twin.endpoint)["vpc"]}
    made = twin.client("route53").create_hosted_zone(
        Name="inside.example", CallerReference="inside", VPC=vpc, HostedZoneConfig={"PrivateZone": True}
    )
    arn, (record,) = _request(twin, "inside.example")
    change(made["HostedZone"]["Id"], ("CREATE", record["Name"], "CNAME", record["Value"]))
    assert not _becomes_issued(twin, arn, within=0.45)


def test_the_leaf_is_signed_by_the_authority_and_its_key_is_kept(twin: Any, issued: Make) -> None:
    found = twins.certificate(twin.endpoint, issued("leaf.example"))
    leaf = x509.load_pem_x509_certificate(found.certificate.encode())
    root = x509.load_pem_x509_certificate(twin.authority.certificate.read_bytes())
    PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName("leaf.example")).verify(leaf, [])
    public = load_pem_private_key(found.key.encode(), None).public_key()
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert public.public_bytes(*form) == leaf.public_key().public_bytes(*form)
    assert found.chain == twin.authority.certificate.read_text()


def test_a_pending_certificate_cannot_be_had_nor_used(twin: Any, refused: Any) -> None:
    arn, _ = _request(twin, "pending.example")
    with refused("RequestInProgressException"):
        twin.client("acm").get_certificate(CertificateArn=arn)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        twins.certificate(twin.endpoint, arn)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        twins.certificate(twin.endpoint, "arn:aws:acm:eu-central-1:123456789012:certificate/none")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"DomainName": "-bad.example", "ValidationMethod": "DNS"}, "ValidationException"),
        ({"DomainName": "mail.example", "ValidationMethod": "EMAIL"}, "ValidationException"),
        ({"DomainName": "x.example", "ValidationMethod": "DNS", "KeyAlgorithm": "RSA_1024"}, "ValidationException"),
        (
            {
                "DomainName": "x.example",
                "ValidationMethod": "DNS",
                "SubjectAlternativeNames": [f"{n}.example" for n in range(100)],
            },
            "LimitExceededException",
        ),
    ],
)
def test_what_acm_refuses(twin: Any, refused: Any, asked: Any, code: str) -> None:
    with refused(code):
        twin.client("acm").request_certificate(**asked)


def test_a_token_makes_a_request_one_request(twin: Any) -> None:
    acm = twin.client("acm")
    asked = {"DomainName": "once.example", "ValidationMethod": "DNS", "IdempotencyToken": "once"}
    assert acm.request_certificate(**asked)["CertificateArn"] == acm.request_certificate(**asked)["CertificateArn"]
