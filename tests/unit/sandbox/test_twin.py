"""What the twins have in common, on a twin of no cloud."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from cryptography import x509
from werkzeug.test import Client
from werkzeug.wrappers import Request

from sandbox.pki import Authority
from sandbox.twin.client import Fault, Issued
from sandbox.twin.control import PREFIX, Control
from sandbox.twin.faults import FaultError, Faults
from sandbox.twin.issuer import Issuer, make_key
from sandbox.twin.reviews import TokenError


class Somewhere(Control):
    """A cloud with one certificate and one user."""

    def __init__(self) -> None:
        super().__init__(Faults(("dns",), ()))
        self.adrift: set[str] = set()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Any:
        request = Request(environ)
        response, kept = self.answer(request, str(environ["REQUEST_URI"]).removeprefix(PREFIX))
        response.headers["kept"] = str(kept)
        return response(environ, start)

    def facts(self) -> dict[str, Any]:
        return {"region": "here"}

    def is_delegated(self, zone: str) -> bool:
        return zone not in self.adrift

    def delegate(self, zone: str, delegated: bool) -> None:
        (self.adrift.discard if delegated else self.adrift.add)(zone)

    def certificate(self, name: str) -> Issued:
        if name != "arn:x/1":
            raise LookupError(f"there is no {name}")
        return Issued("leaf", "chain", "key")

    def user(self, token: str) -> dict[str, Any]:
        if token != "good":
            raise TokenError("not a good one")
        return {"username": "me"}


@pytest.fixture
def client() -> Client:
    return Client(Somewhere())


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "facts", 200, {"region": "here"}),
        ("GET", "certificates/arn%3Ax%2F1", 200, {"certificate": "leaf", "chain": "chain", "key": "key"}),
        ("GET", "certificates/other", 404, {"message": "there is no other"}),
        ("GET", "nothing", 404, {"message": "GET /_portico/nothing is not there"}),
        ("DELETE", "facts", 404, {"message": "DELETE /_portico/facts is not there"}),
        ("GET", "delegation/", 404, {"message": "GET /_portico/delegation/ is not there"}),
    ],
)
def test_urls(client: Client, method: str, path: str, status: int, said: dict[str, Any]) -> None:
    answer = client.open(f"{PREFIX}{path}", method=method)
    assert (answer.status_code, answer.json) == (status, said)


def test_only_delegation_is_to_be_kept(client: Client) -> None:
    url = f"{PREFIX}delegation/shop.example"
    assert client.get(url).json is True
    told = client.put(url, json=False)
    assert (told.json, told.headers["kept"]) == (False, "True")
    assert client.get(url).json is False
    wrong = client.put(url, data="no")
    assert (wrong.status_code, wrong.headers["kept"]) == (400, "False")
    assert client.put(f"{PREFIX}faults", json=[{"service": "dns", "kind": "error"}]).headers["kept"] == "False"


@pytest.mark.parametrize(
    ("review", "status"),
    [
        ({"spec": {"token": "good"}}, {"authenticated": True, "user": {"username": "me"}}),
        ({"spec": {"token": "bad"}}, {"authenticated": False, "error": "not a good one"}),
        ({"spec": {}}, {"authenticated": False, "error": "not a TokenReview: spec.token is missing"}),
        ("no", {"authenticated": False, "error": "not a TokenReview: spec.token is missing"}),
    ],
)
def test_reviews(client: Client, review: Any, status: dict[str, Any]) -> None:
    answer = client.post(f"{PREFIX}token-review", data=json.dumps(review)).json
    assert answer == {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}


def test_the_oldest_order_comes_first_and_is_used_up() -> None:
    faults = Faults(("dns", "iam"), ("dns",))
    faults.set([{"service": "dns", "kind": "error", "count": 2}, {"service": "dns", "kind": "hang", "operation": "list"}])
    kinds = [fault.kind if (fault := faults.strike("dns", "list")) else None for _ in range(4)]
    assert kinds == ["error", "error", "hang", "hang"]
    assert faults.strike("dns", "get") is None
    assert faults.strike("iam", "list") is None
    assert faults.list() == [Fault("dns", "hang", "list")]


def test_a_wrong_order_leaves_the_others_in_force() -> None:
    faults = Faults(("dns", "iam"), ("dns",))
    faults.set([{"service": "dns", "kind": "in-use"}])
    with pytest.raises(FaultError, match="nothing of iam is ever in use; allowed: dns"):
        faults.set([{"service": "dns", "kind": "error"}, {"service": "iam", "kind": "in-use"}])
    assert faults.list() == [Fault("dns", "in-use")]


@pytest.mark.parametrize("algorithm", ["RSA_2048", "EC_prime256v1"])
def test_certificates_are_good_for_as_long_as_the_cloud_s_are(tmp_path: Path, algorithm: str) -> None:
    authority = Authority(tmp_path, "ca").pair
    issuer = Issuer(authority.certificate, authority.key, timedelta(days=90))
    leaf = x509.load_pem_x509_certificate(issuer.issue(["shop.example", "*.shop.example"], make_key(algorithm)))
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(issuer.chain))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["shop.example", "*.shop.example"]
    assert timedelta(days=89) < leaf.not_valid_after_utc - datetime.now(UTC) < timedelta(days=90, minutes=1)
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_encipherment) == (True, algorithm.startswith("RSA"))
