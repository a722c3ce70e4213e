"""Objects as cert-manager leaves them."""

from __future__ import annotations

from typing import Any

CERTIFICATE = "/apis/cert-manager.io/v1/namespaces/shop/certificates/web"
REQUESTS = "/apis/cert-manager.io/v1/namespaces/shop/certificaterequests"
ISSUER = "/apis/cert-manager.io/v1/clusterissuers/acme"
ORDERS = "/apis/acme.cert-manager.io/v1/namespaces/shop/orders"
CHALLENGES = "/apis/acme.cert-manager.io/v1/namespaces/shop/challenges"

EARLIER, LATER = "2030-01-01T00:00:00Z", "2030-01-01T01:00:00Z"
NOT_AFTER = "2030-04-01T00:00:00Z"


def condition(kind: str, status: str, message: str = "", **more: Any) -> dict[str, Any]:
    """One condition of a status."""
    return {"type": kind, "status": status, "reason": "Because", "message": message, **more}


def certificate(
    *conditions: dict[str, Any], generation: int = 1, failed: str | None = None, not_after: str | None = None
) -> dict[str, Any]:
    """A Certificate `shop/web`."""
    status: dict[str, Any] = {"conditions": list(conditions)}
    if failed:
        status["lastFailureTime"] = failed
    if not_after:
        status["notAfter"] = not_after
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "web", "namespace": "shop", "generation": generation, "uid": "u"},
        "spec": {"issuerRef": {"name": "acme"}, "secretName": "web-tls"},
        "status": status,
    }


def ready(generation: int = 1, not_after: str = NOT_AFTER, **more: Any) -> dict[str, Any]:
    """A Certificate that is issued."""
    return certificate(
        condition("Ready", "True", observedGeneration=generation), generation=generation, not_after=not_after, **more
    )


def issuing(failed: str | None = None) -> dict[str, Any]:
    """A Certificate that is being issued."""
    missing = condition("Ready", "False", "secret does not exist", observedGeneration=1)
    return certificate(missing, condition("Issuing", "True", "issuing"), failed=failed)


def failed(at: str = LATER) -> dict[str, Any]:
    """A Certificate whose issuance failed."""
    missing = condition("Ready", "False", "secret does not exist", observedGeneration=1)
    return certificate(missing, condition("Issuing", "False", "the order is invalid", observedGeneration=1), failed=at)


def owned(kind: str, name: str, created: str = EARLIER, of: str = "web", **parts: Any) -> dict[str, Any]:
    """What cert-manager makes for a Certificate."""
    annotations = {"cert-manager.io/certificate-name": of}
    meta = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "creationTimestamp": created, "annotations": annotations}
    return {"apiVersion": "v1", "kind": kind, "metadata": meta, "spec": {}, "status": {}, **parts}


def challenge(name: str, order: str, **status: str) -> dict[str, Any]:
    """A Challenge of an Order."""
    made = owned("Challenge", name, spec={"dnsName": f"{name}.portico.test", "type": "HTTP-01"}, status=status)
    owner = {"apiVersion": "acme.cert-manager.io/v1", "kind": "Order", "name": order, "uid": f"uid-{order}"}
    made["metadata"]["ownerReferences"] = [owner]
    return made


def issuer(status: str, message: str = "") -> dict[str, Any]:
    """The ClusterIssuer `acme`."""
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": {"name": "acme"},
        "spec": {},
        "status": {"conditions": [condition("Ready", status, message)]},
    }
