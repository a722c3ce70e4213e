"""Compute Engine's certificates: one's own, and those that Google manages as soon as the names lead to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cryptography import x509

from sandbox.gcp.errors import Refusal
from sandbox.gcp.kinds import Kind
from sandbox.gcp.places import Place, referred
from sandbox.gcp.store import Store, now
from sandbox.twin.issuer import Issuer, make_key

_TYPE = "RSA_2048"
_MOST_DOMAINS = 100


class SslCertificates(Kind):
    """Self-managed ones are read, managed ones wait for `settle`."""

    def prepare(self, place: Place, body: dict[str, Any]) -> None:
        """Complete a new one, or refuse it."""
        managed = body.get("managed")
        body.setdefault("type", "MANAGED" if managed else "SELF_MANAGED")
        if managed:
            domains = managed.get("domains", [])
            if not 1 <= len(domains) <= _MOST_DOMAINS:
                raise Refusal(400, f"Invalid value for field 'resource.managed.domains': 1 to {_MOST_DOMAINS} are needed.")
            wild = [domain for domain in domains if "*" in domain]
            if wild:
                raise Refusal(
                    400, f"Invalid value for field 'resource.managed.domains[0]': '{wild[0]}'. Wildcard domains not supported."
                )
            body["managed"] = {
                "domains": domains,
                "status": "PROVISIONING",
                "domainStatus": dict.fromkeys(domains, "PROVISIONING"),
            }
            return
        own = body.pop("selfManaged", None) or {key: body[key] for key in ("certificate", "privateKey") if key in body}
        try:
            leaf = x509.load_pem_x509_certificates(str(own.get("certificate", "")).encode())[0]
        except ValueError as error:
            raise Refusal(400, "The SSL certificate could not be parsed.", "sslCertificateCouldNotParseCert") from error
        if not own.get("privateKey"):
            raise Refusal(400, "The SSL key could not be parsed.", "sslCertificateCouldNotParseKey")
        body |= {"certificate": own["certificate"], "privateKey": own["privateKey"]}
        body["expireTime"] = leaf.not_valid_after_utc.isoformat()
        body["subjectAlternativeNames"] = _names(leaf)

    def hide(self, body: dict[str, Any]) -> dict[str, Any]:
        """The key of one's own, which the API never gives back."""
        key = body.pop("privateKey", None)
        return {"certificate": body["certificate"], "chain": "", "key": key} if key else {}


def settle(store: Store, issuer: Issuer, project: str, find: Callable[[str, str], Iterable[str]]) -> None:
    """Issue what is proven by now.

    Args:
        store: with the certificates and those who use them.
        issuer: signs them.
        project: of references in short form.
        find: the values that public DNS has for a name and a type.
    """
    for path, thing in store.things.items():
        managed = thing["body"].get("managed") if "/sslCertificates/" in path else None
        if not managed or managed["status"] == "ACTIVE":
            continue
        fronts = _fronts(store, project, path)
        for domain in managed["domains"]:
            addresses = set(find(f"{domain}.", "A"))
            managed["domainStatus"][domain] = "ACTIVE" if addresses and addresses <= fronts else "PROVISIONING"
        if set(managed["domainStatus"].values()) == {"ACTIVE"}:
            key = make_key(_TYPE)
            leaf = issuer.issue(managed["domains"], key)
            thing["inside"] = {"certificate": leaf.decode(), "chain": issuer.chain.decode(), "key": key.decode()}
            thing["body"]["certificate"] = leaf.decode() + issuer.chain.decode()
            thing["body"]["expireTime"] = x509.load_pem_x509_certificate(leaf).not_valid_after_utc.isoformat()
            thing["body"]["subjectAlternativeNames"] = managed["domains"]
            thing["inside"]["issued"] = now()
            managed["status"] = "ACTIVE"


def _fronts(store: Store, project: str, certificate: str) -> set[str]:
    """The addresses at which forwarding rules serve a certificate."""
    proxies = {
        path
        for path, thing in store.things.items()
        if certificate in [referred(text, project) for text in thing["body"].get("sslCertificates", [])]
    }
    return {
        thing["body"]["IPAddress"]
        for path, thing in store.things.items()
        if "/forwardingRules/" in path and referred(thing["body"].get("target", ""), project) in proxies
    }


def _names(leaf: x509.Certificate) -> list[str]:
    try:
        return leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        return []
