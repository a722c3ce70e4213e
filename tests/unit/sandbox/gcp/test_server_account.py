"""Who may do what, who one is, and the cluster."""

from __future__ import annotations

import base64
import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from sandbox.gcp import tokens
from sandbox.gcp.store import Store
from sandbox.twin.reviews import TokenError

PROJECT, REGION = "sandbox-project", "europe-west3"


def _review(twin: Any, token: str) -> dict[str, Any]:
    body = json.dumps({"spec": {"token": token}}).encode()
    with urllib.request.urlopen(f"{twin.endpoint}/_portico/token-review", data=body) as response:
        status: dict[str, Any] = json.load(response)["status"]
    return status


def test_the_cluster_is_the_real_one(twin: Any, refused: Any) -> None:
    clusters = twin.client("container").projects().locations().clusters()
    found = clusters.get(name=f"projects/{PROJECT}/locations/{REGION}/clusters/sandbox").execute()
    assert f"https://{found['endpoint']}" == twin.cluster_endpoint
    assert base64.b64decode(found["masterAuth"]["clusterCaCertificate"]) == twin.authority.certificate.read_bytes()
    assert found["workloadIdentityConfig"] == {"workloadPool": f"{PROJECT}.svc.id.goog"}
    with refused(404, "NOT_FOUND"):
        clusters.get(name=f"projects/{PROJECT}/locations/{REGION}/clusters/other").execute()


def test_the_cluster_knows_whose_token_it_is(twin: Any) -> None:
    from google.auth.transport.requests import Request
    from google.oauth2.service_account import Credentials

    credentials: Any = Credentials.from_service_account_file(  # type: ignore[no-untyped-call]
        str(twin.key_file), scopes=["https://www.googleapis.com/auth/cloud-platform"]
    )
    credentials.refresh(Request())
    assert _review(twin, credentials.token)["user"]["username"] == f"sandbox@{PROJECT}.iam.gserviceaccount.com"
    assert not _review(twin, credentials.token + "x")["authenticated"]


def test_a_token_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "state")
    claims = base64.urlsafe_b64encode(b'{"iss": "someone"}').decode().rstrip("=")
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": f"x.{claims}.x"}
    token = tokens.give(store, form)["access_token"]
    assert tokens.user(store, token)["username"] == "someone"
    later = time.time() + tokens.SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(TokenError, match="has expired"):
        tokens.user(store, token)


def test_a_service_account_lets_a_workload_use_it(twin: Any, refused: Any) -> None:
    accounts = twin.client("iam").projects().serviceAccounts()
    body = {"accountId": "cert-manager", "serviceAccount": {"displayName": "cert-manager"}}
    made = accounts.create(name=f"projects/{PROJECT}", body=body).execute()
    assert made["email"] == f"cert-manager@{PROJECT}.iam.gserviceaccount.com"
    with refused(409, "ALREADY_EXISTS"):
        accounts.create(name=f"projects/{PROJECT}", body=body).execute()
    name = f"projects/-/serviceAccounts/{made['email']}"
    policy = accounts.getIamPolicy(resource=name).execute()
    member = f"serviceAccount:{PROJECT}.svc.id.goog[cert-manager/cert-manager]"
    policy["bindings"] = [{"role": "roles/iam.workloadIdentityUser", "members": [member]}]
    accounts.setIamPolicy(resource=name, body={"policy": policy}).execute()
    assert accounts.getIamPolicy(resource=name).execute()["bindings"] == policy["bindings"]
    with refused(409, "ABORTED"):
        accounts.setIamPolicy(resource=name, body={"policy": policy}).execute()
    accounts.delete(name=made["name"]).execute()
    with refused(404, "NOT_FOUND"):
        accounts.get(name=made["name"]).execute()


def test_a_project_has_a_policy(twin: Any, refused: Any) -> None:
    projects = twin.client("cloudresourcemanager").projects()
    assert projects.get(name=f"projects/{PROJECT}").execute()["projectId"] == PROJECT
    binding = {"role": "roles/dns.admin", "members": ["user:someone@example.com"]}
    projects.setIamPolicy(resource=f"projects/{PROJECT}", body={"policy": {"bindings": [binding]}}).execute()
    assert projects.getIamPolicy(resource=f"projects/{PROJECT}", body={}).execute()["bindings"] == [binding]
    for member, word in (
        (f"serviceAccount:nobody@{PROJECT}.iam.gserviceaccount.com", "does not exist"),
        ("me", "Invalid member"),
    ):
        with refused(400, word):
            wrong = {"bindings": [{**binding, "members": [member]}]}
            projects.setIamPolicy(resource=f"projects/{PROJECT}", body={"policy": wrong}).execute()


def test_a_zone_has_a_policy(twin: Any) -> None:
    zones = twin.client("dns").managedZones()
    zones.create(project=PROJECT, body={"name": "policy", "dnsName": "policy.example.", "description": ""}).execute()
    name = f"projects/{PROJECT}/managedZones/policy"
    binding = {"role": "roles/dns.admin", "members": ["user:someone@example.com"]}
    zones.setIamPolicy(resource=name, body={"policy": {"bindings": [binding]}}).execute()
    assert zones.getIamPolicy(resource=name, body={}).execute()["bindings"] == [binding]
