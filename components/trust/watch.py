"""Waiting for cert-manager to issue a certificate, and finding out why it does not. No Pulumi here.

What the objects say of themselves: cert-manager 1.21, pkg/apis/certmanager/v1/types_certificate.go (conditions Ready and Issuing,
lastFailureTime) and pkg/apis/acme/v1/types_challenge.go (state, reason).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
from lightkube import ApiError, Client
from lightkube.core.resource import NamespacedResource
from lightkube.generic_resource import create_global_resource, create_namespaced_resource
from lightkube.types import PatchType

Certificate = create_namespaced_resource("cert-manager.io", "v1", "Certificate", "certificates")
CertificateRequest = create_namespaced_resource("cert-manager.io", "v1", "CertificateRequest", "certificaterequests")
ClusterIssuer = create_global_resource("cert-manager.io", "v1", "ClusterIssuer", "clusterissuers")
Order = create_namespaced_resource("acme.cert-manager.io", "v1", "Order", "orders")
Challenge = create_namespaced_resource("acme.cert-manager.io", "v1", "Challenge", "challenges")

#: How cert-manager marks what it made for a Certificate.
_BELONGS = "cert-manager.io/certificate-name"

#: Seconds between looks. A look is one small GET; a watch would save none within the seconds that an issuance takes.
_INTERVAL = 0.3


#: Answers of an API server that is starting or has too much to do.
FOR_A_MOMENT = (429, 500, 502, 503, 504)


class NotIssuedError(Exception):
    """The certificate was not issued; the text holds cert-manager's and the CA's own reasons."""


@dataclass(frozen=True)
class Issued:
    """What is known of an issued certificate."""

    not_after: str


def wait_until_issued(client: Client, namespace: str, name: str, timeout: float) -> Issued:
    """Returns when the Certificate is Ready in its present form. Raises NotIssuedError at the first failure or the time limit.

    A failure from before this call is not waited out (cert-manager's own back-off is an hour and more): issuance is started anew.
    """
    deadline = time.monotonic() + timeout
    certificate: Any = client.get(Certificate, name, namespace=namespace)
    failed_before = _failures(certificate)
    if any(failed_before) and not _is_ready(certificate):
        _start_anew(client, certificate)
    while not _is_ready(certificate):
        if _failures(certificate) > failed_before:
            raise NotIssuedError(f"certificate {namespace}/{name} was refused:\n{explain(client, certificate)}")
        if time.monotonic() > deadline:
            raise NotIssuedError(
                f"certificate {namespace}/{name} was not issued within {timeout:.0f} s:\n{explain(client, certificate)}"
            )
        time.sleep(_INTERVAL)
        try:
            certificate = client.get(Certificate, name, namespace=namespace)
        except httpx2.TransportError:
            continue  # The API server is away for a moment; the deadline bounds how long that is tolerated.
        except ApiError as error:
            if error.status.code not in FOR_A_MOMENT:
                raise
    return Issued(not_after=str(certificate.status["notAfter"]))


def look(client: Client, namespace: str, name: str) -> Issued | None:
    """The certificate as it stands, or None if it is gone or not issued."""
    try:
        certificate: Any = client.get(Certificate, name, namespace=namespace)
    except ApiError as error:
        if error.status.code == 404:
            return None
        raise
    return Issued(str(certificate.status["notAfter"])) if _is_ready(certificate) else None


def explain(client: Client, certificate: Any) -> str:
    """Why a certificate is not issued, in the words of the CA where there are some: one line per reason."""
    reasons = list(_challenge_reasons(client, certificate)) or list(_request_reasons(client, certificate))
    reasons = [*_issuer_reasons(client, certificate), *reasons]
    if not reasons:
        reasons = [
            f"{condition['type']}={condition['status']}: {condition.get('message', condition.get('reason', ''))}"
            for condition in _conditions(certificate)
        ]
    if not reasons:
        reasons = ["cert-manager has said nothing of it: is it running?"]
    return "\n".join(f"  - {reason}" for reason in reasons)


def _status(item: Any) -> dict[str, Any]:
    return item.status or {}


def _conditions(item: Any) -> list[dict[str, Any]]:
    return list(_status(item).get("conditions", []))


def _is_ready(certificate: Any) -> bool:
    generation = certificate.metadata.generation
    conditions = {condition["type"]: condition for condition in _conditions(certificate)}
    ready, issuing = conditions.get("Ready"), conditions.get("Issuing")
    return (
        ready is not None
        and ready["status"] == "True"
        and ready.get("observedGeneration") == generation
        and (issuing is None or issuing["status"] != "True")
    )


def _failures(certificate: Any) -> tuple[str, int]:
    """When issuance last failed and how often; the count tells two failures within one second apart."""
    status = _status(certificate)
    return status.get("lastFailureTime") or "", int(status.get("failedIssuanceAttempts") or 0)


def _start_anew(client: Client, certificate: Any) -> None:
    """What `cmctl renew` does: an Issuing condition set by hand overrides the back-off (cert-manager, cmctl pkg/renew)."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    issuing = {
        "type": "Issuing",
        "status": "True",
        "reason": "ManuallyTriggered",
        "message": "Certificate re-issuance manually triggered",
        "lastTransitionTime": now,
        "observedGeneration": certificate.metadata.generation,
    }
    others = [condition for condition in _conditions(certificate) if condition["type"] != "Issuing"]
    client.patch(
        Certificate.Status,
        certificate.metadata.name,
        {"status": {"conditions": [*others, issuing]}},
        namespace=certificate.metadata.namespace,
        patch_type=PatchType.MERGE,
    )


def _owned(client: Client, kind: type[NamespacedResource], certificate: Any) -> list[Any]:
    """The objects that cert-manager made for the certificate, newest last."""
    meta = certificate.metadata
    items: Iterable[Any] = client.list(kind, namespace=meta.namespace)
    mine = [item for item in items if (item.metadata.annotations or {}).get(_BELONGS) == meta.name]
    return sorted(mine, key=lambda item: str(item.metadata.creationTimestamp))


def _challenge_reasons(client: Client, certificate: Any) -> Iterator[str]:
    orders = _owned(client, Order, certificate)[-1:]
    for order in orders:
        standing: Iterable[Any] = client.list(Challenge, namespace=certificate.metadata.namespace)
        challenges = [
            challenge
            for challenge in standing
            if any(owner.uid == order.metadata.uid for owner in challenge.metadata.ownerReferences or [])
        ]
        for challenge in challenges:
            status = _status(challenge)
            if status.get("state") != "valid":
                reason = status.get("reason") or "no reason given yet"
                yield f"{challenge.spec['dnsName']} by {challenge.spec['type']} is {status.get('state', 'new')}: {reason}"
        if _status(order).get("reason"):
            yield f"the order is {_status(order).get('state', 'new')}: {_status(order)['reason']}"


def _request_reasons(client: Client, certificate: Any) -> Iterator[str]:
    for request in _owned(client, CertificateRequest, certificate)[-1:]:
        for condition in _conditions(request):
            if condition["status"] == "False" and condition.get("message"):
                yield str(condition["message"])


def _issuer_reasons(client: Client, certificate: Any) -> Iterator[str]:
    name = certificate.spec["issuerRef"]["name"]
    try:
        issuer = client.get(ClusterIssuer, name)
    except ApiError:
        return  # An issuer of another kind: its own conditions are shown by the request.
    for condition in _conditions(issuer):
        if condition["type"] == "Ready" and condition["status"] != "True":
            yield f"issuer {name} is not ready: {condition.get('message', condition.get('reason', ''))}"
