"""gcp.certificatemanager.get_certificates and get_dns_authorization."""

from __future__ import annotations

from typing import Any

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.lookups.one import looking
from sandbox.plugin.wire import Properties


def get_certificates(call: Call, args: Properties) -> Properties:
    """All of a region, or those that a filter lets through; names are whole paths.

    As in terraform-provider-google, google/services/certificatemanager/data_source_google_certificate_manager_certificates.go,
    which looks at the first page and fills in neither the project nor who set which labels.
    """
    project, region = call.place("project"), args.get("region") or "global"
    parent = f"projects/{project}/locations/{region}"
    api = call.service("certificatemanager").projects().locations().certificates()
    with looking(f"Certificates : {project} {region}", f"{parent}/certificates"):
        told = call.execute(api.list(parent=parent, filter=args.get("filter")))
    return {
        "certificates": [_certificate(region, one) for one in told.get("certificates") or ()],
        "filter": args.get("filter"),
        "id": f"{parent}/certificates",
        "region": region,
    }


def get_dns_authorization(call: Call, args: Properties) -> Properties:
    """By name, with the record that proves the domain."""
    location = args.get("location") or "global"
    id_ = f"projects/{call.place('project')}/locations/{location}/dnsAuthorizations/{args['name']}"
    api = call.service("certificatemanager").projects().locations().dnsAuthorizations()
    with looking(f"CertificateManagerDnsAuthorization {id_!r}", id_):
        told = call.execute(api.get(name=id_))
    labels = told.get("labels") or {}
    return {
        "deletionPolicy": None,
        "description": told.get("description", ""),
        "dnsResourceRecords": [told["dnsResourceRecord"]],
        "domain": told["domain"],
        "effectiveLabels": labels,
        "id": id_,
        "labels": labels,
        "location": location,
        "name": args["name"],
        "project": call.place("project"),
        "pulumiLabels": labels,
        "type": told.get("type", ""),
    }


def _certificate(region: str, told: Any) -> Properties:
    return {
        **dict.fromkeys(("deletionPolicy", "project"), ""),
        "description": told.get("description", ""),
        "effectiveLabels": {},
        "labels": told.get("labels") or {},
        "location": region,
        "manageds": [_managed(told["managed"])] if told.get("managed") else [],
        "name": told["name"],
        "pulumiLabels": {},
        "sanDnsnames": told.get("sanDnsnames") or [],
        "scope": told.get("scope", ""),
    }


def _managed(told: Any) -> Properties:
    issue = told.get("provisioningIssue")
    return {
        "authorizationAttemptInfos": [
            {key: one.get(key, "") for key in ("details", "domain", "failureReason", "state")}
            for one in told.get("authorizationAttemptInfo") or ()
        ],
        "dnsAuthorizations": told.get("dnsAuthorizations") or [],
        "domains": told.get("domains") or [],
        "issuanceConfig": told.get("issuanceConfig", ""),
        "provisioningIssues": [{key: issue.get(key, "") for key in ("details", "reason")}] if issue else [],
        "state": told.get("state", ""),
    }
