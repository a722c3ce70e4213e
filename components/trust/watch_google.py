"""Waiting for Google to issue a ManagedCertificate, and saying what it waits for itself. No Pulumi here.

What the object says: GoogleCloudPlatform/gke-managed-certs, pkg/apis/networking.gke.io/v1/types.go (certificateStatus,
domainStatus) and https://cloud.google.com/kubernetes-engine/docs/how-to/managed-certs.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import httpx2
from lightkube import ApiError, Client
from lightkube.generic_resource import create_namespaced_resource

from components.trust.watch import FOR_A_MOMENT

ManagedCertificate = create_namespaced_resource("networking.gke.io", "v1", "ManagedCertificate", "managedcertificates")

#: Seconds between looks. The controller writes the status when Google's answer changes, minutes apart.
_INTERVAL = 0.5

#: What Google's words for a domain mean for its owner.
_MEANS = {
    "FailedNotVisible": "its record does not lead to the load balancer as Google sees it, or the zone is not delegated",
    "FailedCaaChecking": "CAA records of the domain could not be read",
    "FailedCaaForbidden": "a CAA record of the domain forbids Google's authorities (pki.goog, letsencrypt.org)",
    "FailedRateLimited": "the authority has had too many orders for the domain: try again later",
    "Provisioning": "Google has not proven it yet",
}


class NotActiveError(Exception):
    """The certificate did not become active; the text holds Google's own reasons."""


def wait_until_active(client: Client, namespace: str, name: str, domains: Sequence[str], timeout: float) -> None:
    """Returns when the ManagedCertificate is active for these domains.

    A failed domain is waited out: Google tries again by itself, and a record that was made a moment ago is seen late.

    Raises:
        NotActiveError: it is not within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    certificate: Any = None
    while True:
        try:
            certificate = client.get(ManagedCertificate, name, namespace=namespace)
        except httpx2.TransportError:
            pass  # The API server is away for a moment; the deadline bounds how long that is tolerated.
        except ApiError as error:
            if error.status.code not in FOR_A_MOMENT:
                raise
        if certificate is not None and _is_active(certificate, domains):
            return
        if time.monotonic() > deadline:
            raise NotActiveError(f"certificate {namespace}/{name} was not active within {timeout:.0f} s:\n{explain(certificate)}")
        time.sleep(_INTERVAL)


def look(client: Client, namespace: str, name: str) -> bool:
    """Whether the certificate is there and active."""
    try:
        certificate: Any = client.get(ManagedCertificate, name, namespace=namespace)
    except ApiError as error:
        if error.status.code == 404:
            return False
        raise
    return _is_active(certificate, certificate.spec["domains"])


def explain(certificate: Any) -> str:
    """What Google says of each domain: one line for each that is not active."""
    if certificate is None:
        return "  - the cluster does not answer"
    status = certificate.status or {}
    found = [
        f"{entry['domain']}: {entry['status']} ({_MEANS.get(entry['status'], 'see the managed certificates of the project')})"
        for entry in status.get("domainStatus") or []
        if entry["status"] != "Active"
    ]
    if not found:
        found = [
            f"Google says {status['certificateStatus']}" if status.get("certificateStatus") else "GKE has said nothing of it"
        ]
    return "\n".join(f"  - {reason}" for reason in found)


def _is_active(certificate: Any, domains: Sequence[str]) -> bool:
    status = certificate.status or {}
    proven = {entry["domain"] for entry in status.get("domainStatus") or [] if entry["status"] == "Active"}
    return status.get("certificateStatus") == "Active" and proven >= set(domains)
