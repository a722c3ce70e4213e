"""TokenReviews of the twin, with tokens of the real `aws eks get-token`."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws import client as aws
from sandbox.twin import client as twins


def _review(twin: Any, token: Any) -> dict[str, Any]:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    request = urllib.request.Request(f"{twin.endpoint}/_portico/token-review", json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as response:
        answer = json.loads(response.read())
    assert (answer["apiVersion"], answer["kind"]) == ("authentication.k8s.io/v1", "TokenReview")
    return dict(answer["status"])


def _token(url: str) -> str:
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def _presigned(twin: Any, cluster: str = aws.CLUSTER, operation: str = "get_caller_identity", **parameters: Any) -> str:
    """As awscli makes it, without its half second."""
    sts = twin.client("sts", max_pool_connections=1)  # its own, for what is registered below
    event = f"before-sign.sts.{''.join(part.title() for part in operation.split('_'))}"
    sts.meta.events.register(event, lambda request, **_: request.headers.add_header("x-k8s-aws-id", cluster))
    return str(sts.generate_presigned_url(operation, Params=parameters, ExpiresIn=60, HttpMethod="GET"))


def test_a_token_of_the_real_command_is_good(twin: Any) -> None:
    command = [str(Path(sys.executable).parent / "aws"), "eks", "get-token", "--cluster-name", aws.CLUSTER]
    done = subprocess.run(
        command, env={**os.environ, **aws.environment(twin.endpoint)}, check=True, capture_output=True, text=True
    )
    status = _review(twin, json.loads(done.stdout)["status"]["token"])
    assert status["authenticated"] is True
    assert status["user"]["username"] == "sandbox-admin"
    assert status["user"]["groups"] == ["system:masters"]
    assert status["user"]["extra"]["arn"][0].startswith("arn:aws:sts::123456789012:")


@pytest.mark.parametrize(("minutes", "good"), [(-3, False), (0, True), (14, True), (16, False)])
def test_a_token_is_good_for_15_minutes(twin: Any, monkeypatch: pytest.MonkeyPatch, minutes: int, good: bool) -> None:
    import botocore.auth  # type: ignore[import-untyped]

    signed = datetime.now(UTC) - timedelta(minutes=minutes)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: signed.replace(tzinfo=None))
    status = _review(twin, _token(_presigned(twin)))
    assert status["authenticated"] is good
    assert good or "it is good for 0:15:00" in status["error"]


def test_a_token_for_another_cluster_is_refused(twin: Any) -> None:
    status = _review(twin, _token(_presigned(twin, cluster="other")))
    assert status == {"authenticated": False, "error": "the signature is not that of sandbox for cluster sandbox"}


def test_a_token_of_a_stranger_is_refused(twin: Any) -> None:
    url = _presigned(twin).replace("Credential=sandbox%2F", "Credential=stranger%2F")
    assert _review(twin, _token(url))["authenticated"] is False


def test_only_the_identity_may_be_asked_for(twin: Any) -> None:
    url = _presigned(twin, operation="get_session_token")
    assert _review(twin, _token(url)) == {
        "authenticated": False,
        "error": "the URL is for GetSessionToken, it must be for GetCallerIdentity",
    }


def test_sts_has_the_last_word(twin: Any) -> None:
    twins.set_faults(twin.endpoint, [twins.Fault("sts", "error", "GetCallerIdentity", count=1)])
    token = _token(_presigned(twin))
    assert _review(twin, token) == {"authenticated": False, "error": "STS answered 500"}
    assert _review(twin, token)["authenticated"] is True


def test_a_review_that_hangs_holds_up_nobody_else(twin: Any) -> None:
    twins.set_faults(twin.endpoint, [twins.Fault("sts", "hang", count=1, seconds=1.5)])
    with ThreadPoolExecutor() as pool:
        began = time.monotonic()
        waiting = pool.submit(_review, twin, _token(_presigned(twin)))
        while twins.faults(twin.endpoint):
            time.sleep(0.02)
        twin.client("iam").list_roles()
        assert time.monotonic() - began < 1.2
        assert waiting.result()["authenticated"] is True
        assert time.monotonic() - began >= 1.5


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "does not begin with k8s-aws-v1."),
        ("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "does not begin with k8s-aws-v1."),
        ("k8s-aws-v1.", "the URL is for , STS is at"),
        ("k8s-aws-v1.%%%%", "is not a URL in base64"),
        ("k8s-aws-v1.w6k", "is not a URL in base64"),
        (_token("http://sts.example/?Action=GetCallerIdentity"), "the URL is for sts.example/"),
        (_token("http://HOST/?Action=GetCallerIdentity"), "must have exactly the parameters"),
    ],
)
def test_garbage_is_refused(twin: Any, token: str, said: str) -> None:
    if "HOST" in token or token.startswith("k8s-aws-v1.aHR0cDovL0hPU1Q"):
        token = _token(f"http://{twin.host}/?Action=GetCallerIdentity")
    status = _review(twin, token)
    assert status["authenticated"] is False
    assert said in status["error"]


def test_a_parameter_more_is_refused(twin: Any) -> None:
    url = _presigned(twin)
    for more in ("&x=1", "&Action=GetCallerIdentity"):
        assert "must have exactly the parameters" in _review(twin, _token(url + more))["error"]


def test_what_is_no_review_is_refused(twin: Any) -> None:
    request = urllib.request.Request(f"{twin.endpoint}/_portico/token-review", b"[]", method="POST")
    with urllib.request.urlopen(request) as response:
        assert json.loads(response.read())["status"]["authenticated"] is False
