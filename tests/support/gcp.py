"""What Google Cloud makes of the resources that a stack asks for, and answers when it is asked what is there already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

PROJECT = "portico-sandbox"
NUMBER = "123456789012"
REGION = "europe-west3"
CLUSTER = "sandbox"
ENDPOINT = "203.0.113.250"

#: Prefix of what Certificate Manager calls its things.
_MANAGER = f"projects/{PROJECT}/locations/global"


def address(name: str) -> str:
    """The address of that name."""
    return f"198.51.100.{hashlib.sha256(name.encode()).digest()[0]}"


def name_servers(dns_name: str) -> list[str]:
    """The name servers of the zone of that DNS name."""
    return [f"ns-cloud-a{number}.{dns_name.rstrip('.')}.googledomains.test." for number in (1, 2)]


def email(account_id: str) -> str:
    """The address of a service account."""
    return f"{account_id}@{PROJECT}.iam.gserviceaccount.com"


def certificate_id(name: str) -> str:
    """What Certificate Manager calls a certificate."""
    return f"{_MANAGER}/certificates/{name}"


def proof(domain: str) -> dict[str, str]:
    """The record that Certificate Manager wants to see for a domain."""
    mark = hashlib.sha256(domain.encode()).hexdigest()[:8]
    return {"name": f"_acme-challenge.{domain}.", "type": "CNAME", "data": f"{mark}.authorize.certificatemanager.goog."}


def zone(dns_name: str, name: str | None = None, visibility: str = "public") -> dict[str, Any]:
    """A zone as Cloud DNS lists it."""
    return {
        "dnsName": f"{dns_name}.",
        "name": name or f"zone-of-{dns_name.replace('.', '-')}",
        "nameServers": name_servers(dns_name),
        "visibility": visibility,
    }


def listed(certificate: str, state: str = "ACTIVE", **told: Any) -> dict[str, Any]:
    """The answer to a question about certificates that finds one; `told` are the reasons that Google gives."""
    managed = {"state": state, "authorizationAttemptInfos": [], "provisioningIssues": [], **told}
    return {"certificates": [{"name": certificate, "manageds": [managed]}]}


def made(kind: str, inputs: dict[str, Any], found: Callable[[Any], Any]) -> dict[str, Any]:
    """What only Google knows of a resource of that type; `found` hides it in a preview."""
    known: dict[str, Any] = {}
    match kind:
        case "gcp:compute/globalAddress:GlobalAddress" | "gcp:compute/address:Address":
            known = {"address": address(inputs["name"])}
        case "gcp:dns/managedZone:ManagedZone":
            known = {"nameServers": name_servers(inputs["dnsName"])}
        case "gcp:serviceaccount/account:Account":
            known = {
                "email": email(inputs["accountId"]),
                "name": f"projects/{PROJECT}/serviceAccounts/{email(inputs['accountId'])}",
            }
        case "gcp:certificatemanager/dnsAuthorization:DnsAuthorization":
            known = {"dnsResourceRecords": [proof(inputs["domain"])]}
    return {key: found(value) for key, value in known.items()}


def id_of(kind: str, inputs: dict[str, Any]) -> str | None:
    """The id by which others name a resource, where its form matters."""
    collections = {
        "gcp:certificatemanager/certificate:Certificate": "certificates",
        "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": "dnsAuthorizations",
    }
    return f"{_MANAGER}/{collections[kind]}/{inputs['name']}" if kind in collections else None


def invoked(token: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to a question about what is there already. Raises KeyError where nobody should ask."""
    answers: dict[str, Callable[[], dict[str, Any]]] = {
        "gcp:container/getCluster:getCluster": lambda: {
            "name": asked["name"],
            "endpoint": ENDPOINT,
            "masterAuths": [{"clusterCaCertificate": "Y2E="}],
        },
        "gcp:compute/getGlobalAddress:getGlobalAddress": lambda: {"address": address(asked["name"])},
        "gcp:compute/getAddress:getAddress": lambda: {"address": address(asked["name"])},
        "gcp:dns/getManagedZones:getManagedZones": lambda: {
            "managedZones": [
                zone("portico.test", "inside", "private"),
                zone("elsewhere.test"),
                *[zone(name) for name in ("portico.test", "portico.example", "eu.portico.test")],
            ]
        },
        "gcp:organizations/getProject:getProject": lambda: {"number": NUMBER, "projectId": asked["projectId"]},
        "gcp:certificatemanager/getCertificates:getCertificates": lambda: listed(asked["filter"].split('"')[1]),
    }
    return answers[token]()
