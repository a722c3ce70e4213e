"""gcp.certificatemanager: DnsAuthorization, Certificate, CertificateMap and CertificateMapEntry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.resources.manager import COMMON, LOCATION, Manager
from sandbox.gcp.provider.schema import link
from sandbox.plugin.same import equal
from sandbox.plugin.schema import Field
from sandbox.plugin.wire import Properties

_LABELED = ("effectiveLabels", "pulumiLabels")
_ASKED = ("dnsAuthorizations", "domains", "issuanceConfig")


def _managed(old: Any, new: Any) -> bool:
    """The same domains by the same authorizations."""
    old, new = old or {}, new or {}
    return old.get("domains") == new.get("domains") and _links(old.get("dnsAuthorizations"), new.get("dnsAuthorizations"))


def _links(old: Any, new: Any) -> bool:
    return len(old or ()) == len(new or ()) and all(link(*pair) for pair in zip(old or (), new or (), strict=True))


class DnsAuthorization(Manager):
    """The right to certificates of a domain, proved by a CNAME."""

    type_name = "gcp:certificatemanager/dnsAuthorization:DnsAuthorization"
    kind, path = "DnsAuthorization", "projects/{project}/locations/{location}/dnsAuthorizations/{name}"
    collection, parameter = "dnsAuthorizations", "dnsAuthorizationId"
    fields: ClassVar = {
        **COMMON,
        **LOCATION,
        "domain": Field(required=True, replaces=True),
        "type": Field(replaces=True, computed=True, choices=("FIXED_RECORD", "PER_PROJECT_RECORD")),
    }
    sent = ("description", "domain", "type")
    computed = (*_LABELED, "dnsResourceRecords")

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """The one record as a list."""
        record = told.get("dnsResourceRecord")
        return {**super().outputs(call, told, known), "dnsResourceRecords": [record] if record else []}


class Certificate(Manager):
    """A certificate that Google issues, or one of one's own."""

    type_name = "gcp:certificatemanager/certificate:Certificate"
    kind, path = "Certificate", "projects/{project}/locations/{location}/certificates/{name}"
    collection, parameter = "certificates", "certificateId"
    fields: ClassVar = {
        **COMMON,
        **LOCATION,
        "managed": Field(dict, replaces=True, same=_managed),
        "scope": Field(replaces=True, same=lambda old, new: (old or "DEFAULT") == (new or "DEFAULT")),
        "selfManaged": Field(dict),
    }
    sent = ("description", "managed", "scope", "selfManaged")
    changing = ("description", "selfManaged")
    computed = (*_LABELED, "sanDnsnames")

    def wrong(self, inputs: Properties) -> Iterator[tuple[str, str]]:
        """One or the other."""
        if ("managed" in inputs) == ("selfManaged" in inputs):
            yield "managed", "Invalid combination of arguments: one of `managed,selfManaged` must be specified"

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """How far Google is; a key of one's own is not told."""
        outputs = super().outputs(call, told, known)
        if managed := told.get("managed"):
            asked = {name: managed.get(name) or (known.get("managed") or {}).get(name) for name in _ASKED}
            issue = managed.get("provisioningIssue")
            outputs["managed"] = {
                **{name: value for name, value in asked.items() if value},
                "authorizationAttemptInfos": managed.get("authorizationAttemptInfo") or [],
                "provisioningIssues": [issue] if issue else [],
                "state": managed.get("state", ""),
            }
        own = known.get("selfManaged")
        return {**outputs, "selfManaged": own, "sanDnsnames": told.get("sanDnsnames") or []}


class CertificateMap(Manager):
    """Which certificates a load balancer's proxy shows."""

    type_name = "gcp:certificatemanager/certificateMap:CertificateMap"
    kind, path = "CertificateMap", "projects/{project}/locations/global/certificateMaps/{name}"
    collection, parameter = "certificateMaps", "certificateMapId"
    fields: ClassVar = COMMON
    computed = ("createTime", *_LABELED, "gclbTargets", "updateTime")

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """Who uses it, as a list."""
        return {**super().outputs(call, told, known), "gclbTargets": told.get("gclbTargets") or []}


class CertificateMapEntry(Manager):
    """Which certificates a map has for one host name."""

    type_name = "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry"
    kind = "CertificateMapEntry"
    path = "projects/{project}/locations/global/certificateMaps/{map}/certificateMapEntries/{name}"
    collection, parameter = "certificateMapEntries", "certificateMapEntryId"
    fields: ClassVar = {
        **COMMON,
        "certificates": Field(list, required=True, same=_links),
        "hostname": Field(replaces=True, same=equal),
        "map": Field(required=True, replaces=True, same=link),
        "matcher": Field(replaces=True, choices=("PRIMARY",)),
    }
    sent = ("certificates", "description", "hostname", "matcher")
    changing = ("certificates", "description")
    computed = ("createTime", *_LABELED, "state", "updateTime")

    def wrong(self, inputs: Properties) -> Iterator[tuple[str, str]]:
        """One host name, or all others."""
        if ("hostname" in inputs) == ("matcher" in inputs):
            yield "hostname", "Invalid combination of arguments: one of `hostname,matcher` must be specified"

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """In its map, which may be given by its id."""
        return super().create(call, {**inputs, "map": inputs["map"].rsplit("/", 1)[-1]})

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """The map as it was given."""
        return {**super().outputs(call, told, known), "map": known["map"].rsplit("/", 1)[-1]}

    def api(self, call: Call) -> Any:
        """Below the maps."""
        return call.service("certificatemanager").projects().locations().certificateMaps().certificateMapEntries()
