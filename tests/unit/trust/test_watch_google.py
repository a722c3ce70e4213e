"""Waiting for a certificate that Google gets, and saying what Google says where it does not come."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from lightkube import ApiError, Client

from components.trust.watch_google import NotActiveError, look, wait_until_active
from tests.support.kube import FakeKube

CERTIFICATE = "/apis/networking.gke.io/v1/namespaces/shop/managedcertificates/web"
HOSTS = ["portico.test", "www.portico.test"]
LONG, SHORT = 30.0, 0.05


def certificate(whole: str | None = None, domains: list[str] | None = None, **by_domain: str) -> dict[str, Any]:
    """A ManagedCertificate `shop/web`; `by_domain` are Google's words for a domain, `www` for www.portico.test and `apex`."""
    names = {"apex": "portico.test", "www": "www.portico.test"}
    status: dict[str, Any] = {}
    if whole is not None:
        status["certificateStatus"] = whole
    if by_domain:
        status["domainStatus"] = [{"domain": names[key], "status": word} for key, word in by_domain.items()]
    return {
        "apiVersion": "networking.gke.io/v1",
        "kind": "ManagedCertificate",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u"},
        "spec": {"domains": HOSTS if domains is None else domains},
        **({"status": status} if status else {}),
    }


ACTIVE = certificate("Active", apex="Active", www="Active")


def wait(client: Client, timeout: float = LONG) -> None:
    wait_until_active(client, "shop", "web", HOSTS, timeout)


def refusal(client: Client) -> str:
    with pytest.raises(NotActiveError) as caught:
        wait(client, SHORT)
    return str(caught.value)


def looks(kube: FakeKube) -> int:
    return kube.asked.count(f"GET {CERTIFICATE}")


def test_an_active_certificate_is_not_waited_for(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, ACTIVE)
    wait(client)
    assert looks(kube) == 1


def test_it_waits_until_every_domain_is_proven(kube: FakeKube, client: Client) -> None:
    kube.put(
        CERTIFICATE,
        certificate(),
        certificate("Provisioning", apex="Provisioning", www="Provisioning"),
        certificate("Provisioning", apex="Active", www="Provisioning"),
        ACTIVE,
    )
    wait(client)
    assert looks(kube) == 4


@pytest.mark.parametrize(
    "early",
    [
        certificate("Active", apex="Active"),  # of its former domains
        certificate("Active"),
        certificate("Provisioning", apex="Active", www="Active"),
    ],
    ids=["of other domains", "of none", "not the whole"],
)
def test_a_certificate_that_is_active_for_something_else_is_not_it(early: dict[str, Any], kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, early, early, ACTIVE)
    wait(client)
    assert looks(kube) == 3


def test_a_domain_that_has_failed_is_waited_for(kube: FakeKube, client: Client) -> None:
    """Google tries again by itself; a record that was made a moment ago is seen late."""
    failed = certificate("ProvisioningFailed", apex="Active", www="FailedNotVisible")
    kube.put(CERTIFICATE, failed, failed, ACTIVE)
    wait(client)
    assert looks(kube) == 3


def test_fails_at_its_time_limit_with_a_line_for_each_domain_that_is_not_proven(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, certificate("ProvisioningFailed", apex="Active", www="FailedNotVisible"))
    assert refusal(client) == (
        "certificate shop/web was not active within 0 s:\n"
        "  - www.portico.test: FailedNotVisible (its record does not lead to the load balancer as Google sees it, or the zone is"
        " not delegated)"
    )


MEANINGS = [
    ("FailedCaaChecking", "CAA records of the domain could not be read"),
    ("FailedCaaForbidden", "a CAA record of the domain forbids Google's authorities (pki.goog, letsencrypt.org)"),
    ("FailedRateLimited", "the authority has had too many orders for the domain: try again later"),
    ("Provisioning", "Google has not proven it yet"),
    ("FailedOfTomorrow", "see the managed certificates of the project"),
]


@pytest.mark.parametrize(("word", "meaning"), MEANINGS, ids=[word for word, _ in MEANINGS])
def test_googles_word_is_told_with_its_meaning(word: str, meaning: str, kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, certificate("ProvisioningFailed", apex=word, www="Active"))
    assert refusal(client).splitlines()[1:] == [f"  - portico.test: {word} ({meaning})"]


@pytest.mark.parametrize(
    ("seen", "says"),
    [(certificate(), "GKE has said nothing of it"), (certificate("Provisioning"), "Google says Provisioning")],
    ids=["nothing", "of no domain"],
)
def test_where_google_says_nothing_of_a_domain_that_is_told(
    seen: dict[str, Any], says: str, kube: FakeKube, client: Client
) -> None:
    kube.put(CERTIFICATE, seen)
    assert refusal(client).splitlines()[1:] == [f"  - {says}"]


@pytest.mark.parametrize("code", [429, 500, 503])
def test_an_api_server_that_has_too_much_to_do_is_asked_again(code: int, kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, code, code, ACTIVE)
    wait(client)
    assert looks(kube) == 3


def test_an_api_server_that_is_away_is_told_at_the_time_limit(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, 503)
    assert refusal(client).splitlines()[1:] == ["  - the cluster does not answer"]


def test_an_api_server_that_hangs_up_is_asked_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([httpx2.ConnectError("refused"), httpx2.ReadTimeout("slow")])

    def get(*_args: Any, **_kwargs: Any) -> Any:
        error = next(answers, None)
        if error is not None:
            raise error
        return SimpleNamespace(status=ACTIVE["status"], spec=ACTIVE["spec"])

    monkeypatch.setattr(client, "get", get)
    wait(client)
    assert next(answers, "asked for all") == "asked for all"


@pytest.mark.parametrize("code", [403, 404])
def test_an_answer_that_will_not_change_is_told_at_once(code: int, kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, code)
    with pytest.raises(ApiError):
        wait(client)
    assert looks(kube) == 1


@pytest.mark.parametrize(
    ("seen", "active"),
    [
        (ACTIVE, True),
        (certificate("Provisioning", apex="Active", www="Provisioning"), False),
        (certificate(), False),
        (404, False),
    ],
    ids=["active", "partly", "new", "gone"],
)
def test_a_look_says_whether_it_is_active(seen: Any, active: bool, kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, seen)
    assert look(client, "shop", "web") is active


def test_a_look_goes_by_what_the_certificate_asks_for_now(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, certificate("Active", domains=[*HOSTS, "new.portico.test"], apex="Active", www="Active"))
    assert look(client, "shop", "web") is False


def test_a_look_that_is_refused_is_no_answer(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, 403)
    with pytest.raises(ApiError):
        look(client, "shop", "web")
