"""Certificates of one's own: whole, in date, with their key, and for the hosts that they name themselves."""

from __future__ import annotations

from typing import Any

import pytest

from components.settings.pem import dns_names, load_certificates
from tests.support import pem
from tests.support.stacks import ENTRYPOINTS, GCP_ENTRYPOINTS, aws_stack, gcp_stack, problems_of, settings_of, stack_file

HOSTS = ["shop.portico.test", "portico.test"]
KEY = pem.key_pem("leaf")
PAST: dict[str, Any] = {"start": pem.NOW - 3 * pem.DAY, "end": pem.NOW - pem.DAY}


def leaf(by: str = "ca", **parts: Any) -> str:
    return pem.certificate("leaf", **{"ca": False, "by": by, "hosts": HOSTS, **parts})


def own(certificate: str, key: str = KEY) -> dict[str, Any]:
    return stack_file(certificates={"own": {"provided": {"certificate": certificate, "key": key}}})


def told(certificate: str, key: str = KEY) -> dict[str, list[str]]:
    """The problems, without the part of the key that all share."""
    found = problems_of(own(certificate, key))
    return {where.removeprefix("portico:certificates.own.provided."): messages for where, messages in found.items()}


def test_its_hosts_are_those_that_it_names() -> None:
    settings = settings_of(own(leaf() + pem.certificate()))
    assert settings.certificates["own"].chosen.hosts == HOSTS
    assert settings.certificate_for("shop.portico.test") == "own"


@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_every_entrypoint_in_the_cluster_shows_one(kind: str) -> None:
    assert problems_of({**own(leaf() + pem.certificate()), "entrypoint": ENTRYPOINTS[kind]}) == {}


@pytest.mark.parametrize("way", GCP_ENTRYPOINTS)
def test_every_entrypoint_on_google_cloud_shows_one(way: str) -> None:
    assert problems_of(gcp_stack(way, certificates={"own": {"provided": pem.provided(*HOSTS)}})) == {}


def test_a_wildcard_that_it_names_covers_hosts() -> None:
    assert told(leaf(hosts=["*.portico.test", "portico.test"]) + pem.certificate()) == {}


def test_one_that_signed_itself_is_whole_by_itself() -> None:
    assert told(pem.certificate("leaf", ca=False, hosts=HOSTS)) == {}


def test_a_chain_may_be_longer() -> None:
    between = pem.certificate("between", by="ca")
    assert told(leaf("between") + between) == {}  # clients know the root
    assert told(leaf("between") + between + pem.certificate()) == {}


def test_names_are_read_in_lower_case_and_once() -> None:
    [found] = load_certificates(pem.certificate(hosts=["Shop.Portico.test", "shop.portico.test", "b.test"]))
    assert dns_names(found) == ["shop.portico.test", "b.test"]


ISSUER = "CN=ca"
WRONG: list[tuple[str, str, str]] = [
    ("expired", leaf(**PAST) + pem.certificate(), f"CN=leaf expired on {PAST['end']:%Y-%m-%d}"),
    (
        "not valid yet",
        leaf(start=pem.NOW + pem.DAY) + pem.certificate(),
        f"CN=leaf is not valid before {pem.NOW + pem.DAY:%Y-%m-%d}",
    ),
    ("its authority expired", leaf() + pem.certificate(**PAST), f"CN=ca expired on {PAST['end']:%Y-%m-%d}"),
    ("incomplete", leaf(), f"is only a part of a chain: add the certificate of {ISSUER}, which signed it"),
    (
        "of another authority",
        leaf() + pem.certificate("other"),
        "CN=leaf is followed by CN=other, which did not sign it: behind each certificate stands the one that signed it,"
        " here CN=ca",
    ),
    (
        "a part left out",
        leaf("between") + pem.certificate(),
        "CN=leaf is followed by CN=ca, which did not sign it: behind each certificate stands the one that signed it,"
        " here CN=between",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("certificate", "says"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_fails_when_clients_would_refuse_it(certificate: str, says: str) -> None:
    assert told(certificate) == {"certificate": [says]}


def test_fails_when_the_order_is_wrong() -> None:
    """The first one is the one that is shown: then the hosts are not covered, and the key is another's."""
    found = told(pem.certificate() + leaf())
    assert found["certificate"] == [
        "CN=ca is followed by CN=leaf, which did not sign it: behind each certificate stands the one that signed it, here CN=ca",
        "names no host (subject alternative names of kind DNS)",
    ]
    assert found["key"] == ["does not belong to the certificate"]


def test_fails_when_the_key_is_anothers() -> None:
    assert told(leaf() + pem.certificate(), pem.key_pem("other")) == {"key": ["does not belong to the certificate"]}


@pytest.mark.parametrize("key", ["junk", pem.key_pem("leaf", password=b"locked")], ids=["junk", "locked"])
def test_fails_when_the_key_is_not_plain(key: str) -> None:
    assert told(leaf() + pem.certificate(), key) == {"key": ["is not an unencrypted PEM private key"]}


def test_fails_when_it_names_no_host() -> None:
    """A common name is not looked at by any client of today."""
    found = told(leaf(hosts=()) + pem.certificate())
    assert found["certificate"] == ["names no host (subject alternative names of kind DNS)"]


def test_fails_when_it_is_no_certificate_and_says_nothing_that_follows_from_it() -> None:
    assert told("junk")["certificate"] == ["is not a PEM certificate (-----BEGIN CERTIFICATE----- …)"]
    assert "key" not in told("junk")


def test_fails_when_a_sites_host_is_not_covered() -> None:
    found = problems_of(own(leaf(hosts=["portico.test"]) + pem.certificate()))
    assert found == {
        "portico:sites.shop.hosts[0]": [
            'no certificate covers "shop.portico.test"; they cover portico.test (a * covers one label only)'
        ]
    }


def test_fails_when_another_certificate_names_the_same_host() -> None:
    raw = own(leaf() + pem.certificate())
    raw["certificates"]["second"] = {"acme": {"hosts": ["portico.test"]}}
    assert problems_of(raw) == {"portico:certificates.second.acme.hosts[0]": ['"portico.test" is already in certificate own']}


def test_the_key_is_never_repeated() -> None:
    assert "hush" not in repr(told(leaf() + pem.certificate(), "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----"))
    assert "PRIVATE KEY" not in repr(settings_of(own(leaf() + pem.certificate())))


def test_another_certificate_has_another_mark_and_the_same_one_the_same() -> None:
    one, other = (settings_of(own(leaf(end=pem.NOW + days * pem.DAY) + pem.certificate())) for days in (30, 60))
    marks = [settings.certificates["own"].chosen.digest for settings in (one, other)]
    assert len(set(marks)) == 2
    # Of its content as it is written, the key left out.
    again = settings_of(own(one.certificates["own"].chosen.certificate, KEY + "\n"))
    assert again.certificates["own"].chosen.digest == marks[0]


def test_an_application_load_balancer_shows_none() -> None:
    raw = aws_stack("alb", certificates={"own": {"provided": pem.provided(*HOSTS)}}, services=None)
    assert problems_of(raw) == {
        "portico:certificates.own.provided": [
            "a load balancer of AWS shows certificates of ACM only: say acm in place of provided"
        ]
    }
