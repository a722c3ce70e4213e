"""Waiting for a certificate, and saying why it does not come."""

from __future__ import annotations

import pytest
from lightkube import ApiError, Client

from components.trust.watch import Issued, NotIssuedError, look, wait_until_issued
from tests.support.cert_manager import (
    CERTIFICATE,
    CHALLENGES,
    EARLIER,
    ISSUER,
    LATER,
    NOT_AFTER,
    ORDERS,
    REQUESTS,
    certificate,
    challenge,
    condition,
    failed,
    issuer,
    issuing,
    owned,
    ready,
)
from tests.support.kube import FakeKube

LONG, SHORT = 30.0, 0.05


def wait(client: Client, timeout: float = LONG) -> Issued:
    return wait_until_issued(client, "shop", "web", timeout)


def refusal(client: Client, timeout: float = LONG) -> str:
    with pytest.raises(NotIssuedError) as caught:
        wait(client, timeout)
    return str(caught.value)


def looks(kube: FakeKube) -> int:
    return kube.asked.count(f"GET {CERTIFICATE}")


def test_an_issued_certificate_is_returned_at_once(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, ready())
    assert wait(client) == Issued(NOT_AFTER)
    assert looks(kube) == 1


def test_it_waits_until_the_certificate_is_ready(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, certificate(), issuing(), issuing(), ready())
    assert wait(client) == Issued(NOT_AFTER)
    assert looks(kube) == 4


def test_a_certificate_that_was_ready_before_it_was_changed_is_not_ready(kube: FakeKube, client: Client) -> None:
    old = certificate(condition("Ready", "True", observedGeneration=1), generation=2, not_after="2029-01-01T00:00:00Z")
    kube.put(CERTIFICATE, old, old, ready(generation=2))
    assert wait(client) == Issued(NOT_AFTER)
    assert looks(kube) == 3


def test_a_certificate_that_is_being_renewed_is_not_ready(kube: FakeKube, client: Client) -> None:
    renewing = ready()
    renewing["status"]["conditions"].append(condition("Issuing", "True"))
    kube.put(CERTIFICATE, renewing, ready(not_after="2031-01-01T00:00:00Z"))
    assert wait(client) == Issued("2031-01-01T00:00:00Z")


def test_a_failure_is_told_at_once_with_the_challenges_own_reason(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, issuing(), failed())
    kube.put(ISSUER, issuer("True"))
    kube.put(f"{ORDERS}/web-1", owned("Order", "web-1", status={"state": "invalid", "reason": "order failed"}))
    kube.put(f"{CHALLENGES}/a", challenge("a", "web-1", state="invalid", reason="connection refused"))
    kube.put(f"{CHALLENGES}/b", challenge("b", "web-1", state="valid"))
    assert refusal(client) == (
        "certificate shop/web was refused:\n"
        "  - a.portico.test by HTTP-01 is invalid: connection refused\n"
        "  - the order is invalid: order failed"
    )
    assert looks(kube) == 2


def test_only_the_newest_order_of_this_certificate_is_told(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, issuing(), failed())
    kube.put(f"{ORDERS}/old", owned("Order", "old", EARLIER, status={"state": "invalid", "reason": "of yesterday"}))
    kube.put(f"{ORDERS}/new", owned("Order", "new", LATER, status={"state": "invalid", "reason": "of today"}))
    kube.put(f"{ORDERS}/other", owned("Order", "other", LATER, "blog", status={"state": "invalid", "reason": "of another"}))
    kube.put(f"{CHALLENGES}/a", challenge("a", "old", state="invalid", reason="of yesterday"))
    told = refusal(client)
    assert "of today" in told
    assert "yesterday" not in told
    assert "another" not in told


def test_a_challenge_without_a_reason_says_where_it_stands(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, issuing())
    kube.put(f"{ORDERS}/web-1", owned("Order", "web-1"))
    kube.put(f"{CHALLENGES}/a", challenge("a", "web-1", state="pending"))
    kube.put(f"{CHALLENGES}/b", challenge("b", "web-1"))
    told = refusal(client, SHORT)
    assert "a.portico.test by HTTP-01 is pending: no reason given yet" in told
    assert "b.portico.test by HTTP-01 is new: no reason given yet" in told


def test_without_an_order_the_requests_reason_is_told(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, issuing(), failed())
    kube.put(
        f"{REQUESTS}/web-1", owned("CertificateRequest", "web-1", status={"conditions": [condition("Ready", "False", "CA away")]})
    )
    assert refusal(client) == "certificate shop/web was refused:\n  - CA away"


def test_fails_at_the_time_limit_and_names_it(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, issuing())
    told = refusal(client, SHORT)
    assert told.startswith("certificate shop/web was not issued within 0 s:\n")
    assert "  - Ready=False: secret does not exist" in told


def test_fails_at_the_time_limit_with_the_issuers_reason_first(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, issuing())
    kube.put(ISSUER, issuer("False", "Failed to register ACME account: 403"))
    assert refusal(client, SHORT).splitlines()[1] == "  - issuer acme is not ready: Failed to register ACME account: 403"


def test_an_issuer_that_is_ready_is_not_spoken_of(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, issuing())
    kube.put(ISSUER, issuer("True"))
    assert "issuer" not in refusal(client, SHORT)


def test_a_cert_manager_that_says_nothing_is_suspected_not_to_run(kube: FakeKube, client: Client) -> None:
    silent = certificate()
    del silent["status"]
    kube.put(CERTIFICATE, silent)
    assert "cert-manager has said nothing of it: is it running?" in refusal(client, SHORT)


def test_a_failure_of_an_earlier_run_starts_issuance_anew(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, failed(EARLIER), issuing(EARLIER), issuing(EARLIER), ready())
    assert wait(client) == Issued(NOT_AFTER)
    [(path, body)] = kube.patches
    assert path == f"{CERTIFICATE}/status"
    conditions = {each["type"]: each for each in body["status"]["conditions"]}
    assert (conditions["Issuing"]["status"], conditions["Issuing"]["reason"]) == ("True", "ManuallyTriggered")
    assert conditions["Issuing"]["observedGeneration"] == 1
    assert conditions["Ready"]["status"] == "False"


def test_a_failure_that_a_later_success_made_good_starts_nothing(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, ready(failed=EARLIER))
    wait(client)
    assert kube.patches == []


def test_a_second_failure_after_starting_anew_is_told(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, failed(EARLIER), issuing(EARLIER), failed(LATER))
    assert "was refused" in refusal(client)


def test_a_second_failure_within_the_same_second_is_told(kube: FakeKube, client: Client) -> None:
    first, second = failed(EARLIER), failed(EARLIER)
    first["status"]["failedIssuanceAttempts"], second["status"]["failedIssuanceAttempts"] = 1, 2
    kube.put(CERTIFICATE, first, issuing(EARLIER), second)
    assert "was refused" in refusal(client)


def test_a_success_after_a_failure_is_not_taken_for_a_second_failure(kube: FakeKube, client: Client) -> None:
    """cert-manager forgets the failure first, and another of its controllers says Ready a moment later."""
    between = certificate(condition("Ready", "False", "Issuing certificate", observedGeneration=1))
    kube.put(CERTIFICATE, failed(EARLIER), issuing(EARLIER), between, ready())
    assert wait(client) == Issued(NOT_AFTER)


def test_an_api_server_that_is_away_for_a_moment_is_waited_for(kube: FakeKube, client: Client) -> None:
    """A restarting one answers 503 until it has read its data."""
    kube.put(CERTIFICATE, issuing(), 503, 503, ready())
    assert wait(client) == Issued(NOT_AFTER)


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_an_api_server_that_has_too_much_to_do_is_asked_again(kube: FakeKube, client: Client, code: int) -> None:
    kube.put(CERTIFICATE, issuing(), code, ready())
    assert wait(client) == Issued(NOT_AFTER)
    assert looks(kube) == 3


def test_fails_at_the_time_limit_where_the_api_server_stays_away(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, issuing(), 503)
    assert refusal(client, SHORT).startswith("certificate shop/web was not issued within 0 s:\n")


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_refusal_is_not_waited_out(kube: FakeKube, client: Client, code: int) -> None:
    kube.put(CERTIFICATE, issuing(), code, ready())
    with pytest.raises(ApiError):
        wait(client)


def test_fails_when_the_certificate_is_not_there(client: Client) -> None:
    with pytest.raises(ApiError, match="NotFound"):
        wait(client)


def test_look_returns_an_issued_certificate(kube: FakeKube, client: Client) -> None:
    kube.put(CERTIFICATE, ready())
    assert look(client, "shop", "web") == Issued(NOT_AFTER)


def test_look_finds_nothing_where_a_certificate_is_gone_or_not_issued(kube: FakeKube, client: Client) -> None:
    assert look(client, "shop", "web") is None
    kube.put(CERTIFICATE, issuing())
    assert look(client, "shop", "web") is None


def test_look_does_not_take_a_refusal_for_gone(kube: FakeKube, client: Client) -> None:
    kube.failing[CERTIFICATE] = 403
    with pytest.raises(ApiError):
        look(client, "shop", "web")
