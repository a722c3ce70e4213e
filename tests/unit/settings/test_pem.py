"""PEM texts, with certificates made on the spot."""

from __future__ import annotations

from datetime import timedelta

import pytest

from components.settings.pem import check_ca_bundle, check_dates, check_key_pair, is_ca, load_certificates
from tests.support import pem
from tests.support.stacks import problems_of, settings_of, stack_file, with_value

JUNK = ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\ud800", pem.key_pem()]


@pytest.mark.parametrize("text", JUNK)
def test_fails_when_it_is_no_certificate(text: str) -> None:
    with pytest.raises(ValueError, match="is not a PEM certificate"):
        load_certificates(text)


def test_all_certificates_of_a_bundle_are_read_in_order() -> None:
    names = [each.subject.rfc4514_string() for each in load_certificates(pem.certificate("one") + pem.certificate("two"))]
    assert names == ["CN=one", "CN=two"]


def test_a_certificate_in_date_passes() -> None:
    check_dates(load_certificates(pem.certificate())[0])


def test_fails_when_a_certificate_has_expired_and_says_whose_and_when() -> None:
    end = pem.NOW - pem.DAY
    expired = load_certificates(pem.certificate("old", start=end - pem.DAY, end=end))[0]
    with pytest.raises(ValueError, match=f"^CN=old expired on {end:%Y-%m-%d}$"):
        check_dates(expired)


def test_fails_when_a_certificate_is_not_valid_yet_and_says_from_when() -> None:
    start = pem.NOW + pem.DAY
    early = load_certificates(pem.certificate("early", start=start))[0]
    with pytest.raises(ValueError, match=f"^CN=early is not valid before {start:%Y-%m-%d}$"):
        check_dates(early)


def test_a_certificate_is_valid_to_its_last_second() -> None:
    certificate = load_certificates(pem.certificate())[0]
    check_dates(certificate, certificate.not_valid_after_utc)
    check_dates(certificate, certificate.not_valid_before_utc)
    with pytest.raises(ValueError, match="expired"):
        check_dates(certificate, certificate.not_valid_after_utc + timedelta(seconds=1))


def test_a_certificate_without_a_subject_is_still_spoken_of() -> None:
    nameless = load_certificates(pem.certificate(subject=False, start=pem.NOW - 3 * pem.DAY, end=pem.NOW - pem.DAY))[0]
    with pytest.raises(ValueError, match=r"^a certificate without a subject expired on"):
        check_dates(nameless)


@pytest.mark.parametrize(("ca", "may_sign"), [(True, True), (False, False), (None, False)])
def test_only_basic_constraints_make_a_ca(ca: bool | None, may_sign: bool) -> None:
    assert is_ca(load_certificates(pem.certificate(ca=ca))[0]) is may_sign


def test_fails_when_any_certificate_of_a_bundle_has_expired() -> None:
    good, old = pem.certificate("good"), pem.certificate("old", start=pem.NOW - 3 * pem.DAY, end=pem.NOW - pem.DAY)
    assert check_ca_bundle(good) == good
    with pytest.raises(ValueError, match="CN=old expired"):
        check_ca_bundle(good + old)


def test_a_key_belongs_to_the_first_certificate_of_a_chain() -> None:
    check_key_pair(pem.certificate("leaf") + pem.certificate("root"), pem.key_pem("leaf"))
    with pytest.raises(ValueError, match=r"^does not belong to the certificate$"):
        check_key_pair(pem.certificate("leaf") + pem.certificate("root"), pem.key_pem("root"))


@pytest.mark.parametrize("key", ["", "hello", pem.certificate(), pem.key_pem(password=b"locked")])
def test_fails_when_the_key_is_not_an_unencrypted_pem_key(key: str) -> None:
    with pytest.raises(ValueError, match=r"^is not an unencrypted PEM private key$"):
        check_key_pair(pem.certificate(), key)


def with_private_ca(certificate: str, key: str) -> dict[str, object]:
    raw = stack_file(private_ca={"certificate": certificate, "key": key})
    return with_value(raw, ("certificates", "inside"), {"private_ca": {"hosts": ["inside.example"]}})


def test_a_private_ca_that_is_right_is_taken() -> None:
    settings = settings_of(with_private_ca(pem.certificate(), pem.key_pem()))
    assert settings.private_ca is not None


EXPIRED = pem.certificate("old", start=pem.NOW - 3 * pem.DAY, end=pem.NOW - pem.DAY)


@pytest.mark.parametrize(
    ("certificate", "key", "where", "says"),
    [
        (EXPIRED, pem.key_pem("old"), "certificate", "CN=old expired on"),
        (pem.certificate(start=pem.NOW + pem.DAY), pem.key_pem(), "certificate", "is not valid before"),
        (pem.certificate(ca=False), pem.key_pem(), "certificate", "is not a CA certificate (basic constraints CA:TRUE)"),
        ("junk", pem.key_pem(), "certificate", "is not a PEM certificate"),
        (pem.certificate(), pem.key_pem("other"), "key", "does not belong to the certificate"),
        (pem.certificate(), "junk", "key", "is not an unencrypted PEM private key"),
    ],
)
def test_fails_when_the_private_ca_cannot_sign(certificate: str, key: str, where: str, says: str) -> None:
    problems = problems_of(with_private_ca(certificate, key))
    assert list(problems) == [f"portico:private_ca.{where}"]
    assert says in problems[f"portico:private_ca.{where}"][0]


def test_fails_when_a_certificate_wants_a_private_ca_that_is_not_there() -> None:
    raw = with_value(stack_file(), ("certificates", "inside"), {"private_ca": {"hosts": ["inside.example"]}})
    assert problems_of(raw) == {
        "portico:certificates.inside.private_ca": [
            "needs the authority that signs it: portico:private_ca (certificate and key) is missing"
        ]
    }


def test_fails_when_the_acme_servers_ca_bundle_has_expired() -> None:
    directory = {"url": "https://acme.example/dir", "ca_bundle": EXPIRED}
    problems = problems_of(stack_file(acme={"directories": {"staging": directory}}))
    assert list(problems) == ["portico:acme.directories.staging.ca_bundle"]
    assert "CN=old expired" in problems["portico:acme.directories.staging.ca_bundle"][0]
