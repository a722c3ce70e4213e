"""Certificate Manager: authorizations, certificates that wait for them, and maps of them."""

from __future__ import annotations

import time
import uuid
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cryptography import x509

from sandbox.gcp.discovery import Method
from sandbox.gcp.errors import Refusal
from sandbox.gcp.filters import matches, page
from sandbox.gcp.places import texts
from sandbox.gcp.store import OPERATION_SECONDS, Store, now
from sandbox.twin.issuer import Issuer, make_key

SERVICE = "//certificatemanager.googleapis.com/"
_TYPES = "type.googleapis.com/google.cloud.certificatemanager.v1."
_OWN_FIELDS = ("certificates", "dnsAuthorizations")


class CertificateManager:
    """Answers the methods of certificatemanager v1."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def answer(self, method: Method, path: str, query: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request."""
        path = path.removeprefix("v1/")
        if ".operations." in method.name:
            return self._operation(method, path)
        match method.verb:
            case "create":
                return self._create(method, path, query, body)
            case "list":
                found = [
                    dict(thing["body"]) for _, thing in self._store.under(path) if matches(query.get("filter"), thing["body"])
                ]
                items, token = page(found, query, "pageSize")
                return {path.rpartition("/")[2]: items, **({"nextPageToken": token} if token else {})}
        thing = self._store.things.get(path)
        if thing is None:
            raise Refusal(404, f"Resource '{path}' was not found")
        match method.verb:
            case "get":
                return dict(thing["body"])
            case "patch":
                return self._patch(path, thing, query, body)
            case "delete":
                return self._delete(path)
        raise Refusal(501, f"The twin does not have {method.name}.")

    def _create(self, method: Method, parent: str, query: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        name = next((str(value) for key, value in query.items() if key.endswith("Id") and key != "requestId"), "")
        if not name:
            raise Refusal(400, f"The name of what is created is missing for {method.name}.")
        path = f"{parent}/{name}"
        if path in self._store.things:
            raise Refusal(409, f"Resource '{path}' already exists")
        if "/certificateMaps/" in parent and parent.rpartition("/")[0] not in self._store.things:
            raise Refusal(404, f"Resource '{parent.rpartition('/')[0]}' was not found")
        self._check_references(body)
        match parent.rpartition("/")[2]:
            case "dnsAuthorizations":
                body.setdefault("type", "FIXED_RECORD")
                data = f"{uuid.uuid4()}.{len(self._store.things) % 20}.authorize.certificatemanager.goog."
                # Each project has records of its own where that is asked for, and other proofs of the domain keep theirs.
                own = f"_{zlib.crc32(parent.encode()):x}" if body["type"] == "PER_PROJECT_RECORD" else ""
                record = {"name": f"_acme-challenge{own}.{body['domain'].rstrip('.')}.", "type": "CNAME", "data": data}
                body["dnsResourceRecord"] = record
            case "certificates":
                self._prepare_certificate(body)
            case "certificateMapEntries":
                if ("hostname" in body) is ("matcher" in body):
                    raise Refusal(400, "Exactly one of hostname and matcher is needed.")
                body["state"] = "ACTIVE"
        hidden = _hide(body)
        body |= {"name": path, "createTime": now(), "updateTime": now()}
        self._store.add(path, body)["inside"] |= hidden
        return self._begin(path, "create", body, method.request or "")

    def _prepare_certificate(self, body: dict[str, Any]) -> None:
        body.setdefault("scope", "DEFAULT")
        managed: dict[str, Any] = body.get("managed") or {}
        own: dict[str, Any] = body.get("selfManaged") or {}
        if bool(managed) is bool(own):
            raise Refusal(400, "Exactly one of managed and selfManaged is needed.")
        if own:
            return
        domains = managed.get("domains", [])
        if not domains:
            raise Refusal(400, "managed.domains must not be empty.")
        authorized = {self._store.things[path]["body"]["domain"] for path in managed.get("dnsAuthorizations", [])}
        for domain in domains:
            if (authorized or domain.startswith("*.")) and domain.removeprefix("*.") not in authorized:
                raise Refusal(400, f"The domain '{domain}' has no DNS authorization among those of the certificate.")
        managed["state"] = "PROVISIONING"
        body["sanDnsnames"] = domains

    def _check_references(self, body: Mapping[str, Any]) -> None:
        for holder in (body, body.get("managed") or {}):
            for path in [text for field in _OWN_FIELDS for text in holder.get(field, [])]:
                if path not in self._store.things:
                    raise Refusal(404, f"Resource '{path}' was not found")

    def _patch(self, path: str, thing: dict[str, Any], query: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        fields = [field for field in str(query.get("updateMask", "")).split(",") if field]
        if not fields:
            raise Refusal(400, "updateMask is missing.")
        self._check_references(body)
        for field in fields:
            if field not in ("labels", "description", "certificates", "selfManaged"):
                raise Refusal(400, f"updateMask: '{field}' cannot be changed.")
            if field == "selfManaged":
                new = {"selfManaged": body.get("selfManaged") or {}}
                thing["inside"] |= _hide(new)
                thing["body"] |= new
            elif body.get(field) is None:
                thing["body"].pop(field, None)
            else:
                thing["body"][field] = body[field]
        thing["body"]["updateTime"] = now()
        return self._begin(path, "update", thing["body"], "")

    def _delete(self, path: str) -> dict[str, Any]:
        for other, thing in self._store.things.items():
            if other.startswith(f"{path}/") or {path, SERVICE + path} & set(texts({**thing["body"], "name": ""})):
                raise Refusal(400, f"can't delete '{path}': it is referenced by '{other}'", "FAILED_PRECONDITION")
        del self._store.things[path]
        return self._begin(path, "delete", None, "")

    def _begin(self, target: str, verb: str, body: dict[str, Any] | None, schema: str) -> dict[str, Any]:
        location = "/".join(target.split("/")[:4])
        path = f"{location}/operations/operation-{self._store.number()}"
        kind = {"@type": _TYPES + schema, **body} if body and schema else dict(body or {})
        kind.setdefault("@type", "type.googleapis.com/google.protobuf.Empty")
        metadata = {
            "@type": f"{_TYPES}OperationMetadata",
            "createTime": now(),
            "target": target,
            "verb": verb,
            "requestedCancellation": False,
            "apiVersion": "v1",
        }
        shown = {"name": path, "metadata": metadata, "done": False, "response": kind}
        self._store.operations[path] = {"body": shown, "due": time.time() + OPERATION_SECONDS}
        return self._show(path)

    def _operation(self, method: Method, path: str) -> dict[str, Any]:
        if method.verb != "get":
            raise Refusal(501, f"The twin does not have {method.name}.")
        if path not in self._store.operations:
            raise Refusal(404, f"Resource '{path}' was not found")
        return self._show(path)

    def _show(self, path: str) -> dict[str, Any]:
        found = self._store.operations[path]
        if found["due"] <= time.time():
            return {**found["body"], "done": True}
        return {key: value for key, value in found["body"].items() if key != "response"}


def _hide(body: dict[str, Any]) -> dict[str, Any]:
    """Read a certificate of one's own and take it out of a body; returns what only the twin may know of it."""
    own = body.get("selfManaged")
    if own is None:
        return {}
    try:
        leaf = x509.load_pem_x509_certificates(str(own.get("pemCertificate", "")).encode())[0]
    except ValueError as error:
        raise Refusal(400, "selfManaged.pemCertificate could not be parsed.") from error
    if not own.get("pemPrivateKey"):
        raise Refusal(400, "selfManaged.pemPrivateKey could not be parsed.")
    body |= {"pemCertificate": own["pemCertificate"], "expireTime": leaf.not_valid_after_utc.isoformat(), "selfManaged": {}}
    return {"certificate": own["pemCertificate"], "chain": "", "key": own["pemPrivateKey"]}


def settle(store: Store, issuer: Issuer, find: Callable[[str, str], Iterable[str]]) -> None:
    """Issue what is proven by now: every authorization of a certificate has its record in public DNS."""
    for path, thing in store.things.items():
        managed = thing["body"].get("managed") or {}
        if "/certificates/" not in path or managed.get("state") != "PROVISIONING" or not managed.get("dnsAuthorizations"):
            continue
        records = [store.things[name]["body"]["dnsResourceRecord"] for name in managed["dnsAuthorizations"]]
        if all([record["data"]] == list(find(record["name"], "CNAME")) for record in records):
            key = make_key("RSA_2048")
            leaf = issuer.issue(managed["domains"], key)
            thing["inside"] = {"certificate": leaf.decode(), "chain": issuer.chain.decode(), "key": key.decode()}
            thing["body"]["pemCertificate"] = leaf.decode() + issuer.chain.decode()
            thing["body"]["expireTime"] = x509.load_pem_x509_certificate(leaf).not_valid_after_utc.isoformat()
            managed["state"] = "ACTIVE"
