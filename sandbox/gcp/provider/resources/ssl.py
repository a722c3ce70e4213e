"""gcp.compute.ManagedSslCertificate, SSLCertificate, SSLPolicy and RegionSslPolicy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sandbox.gcp.provider import operations
from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.resources.compute import Compute
from sandbox.gcp.provider.schema import POLICY, PROJECT
from sandbox.plugin.naming import unique
from sandbox.plugin.same import bare, equal, unordered
from sandbox.plugin.schema import AutoName, Field
from sandbox.plugin.wire import Properties


def _domains(managed: Any) -> list[str]:
    return [bare(name) for name in (managed or {}).get("domains") or ()]


class ManagedSslCertificate(Compute):
    """A certificate that Google issues once its domains lead to a load balancer that uses it."""

    type_name = "gcp:compute/managedSslCertificate:ManagedSslCertificate"
    kind, path = "ManagedSslCertificate", "projects/{project}/global/sslCertificates/{name}"
    collection, parameter = "sslCertificates", "sslCertificate"
    fields: ClassVar = {
        "description": Field(replaces=True),
        "managed": Field(dict, replaces=True, same=lambda old, new: _domains(old) == _domains(new)),
        "name": Field(required=True, replaces=True),
        "type": Field(replaces=True, default="MANAGED", choices=("MANAGED",)),
        **POLICY,
        **PROJECT,
    }
    sent = ("description", "managed", "name", "type")
    computed = ("certificateId", "creationTimestamp", "expireTime", "selfLink", "subjectAlternativeNames")

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """Of what is managed only the domains are told."""
        managed = {"domains": (told.get("managed") or {}).get("domains") or []}
        names = told.get("subjectAlternativeNames") or []
        return {**_numbered(super().outputs(call, told, known), told), "managed": managed, "subjectAlternativeNames": names}


class SSLCertificate(Compute):
    """A certificate of one's own with its key."""

    type_name = "gcp:compute/sSLCertificate:SSLCertificate"
    kind, path = "SslCertificate", "projects/{project}/global/sslCertificates/{name}"
    collection, parameter = "sslCertificates", "sslCertificate"
    auto_name = AutoName(63, prefix="namePrefix")
    fields: ClassVar = {
        "certificate": Field(required=True, replaces=True),
        "description": Field(replaces=True),
        "name": Field(replaces=True, computed=True),
        "namePrefix": Field(replaces=True, computed=True),
        "privateKey": Field(replaces=True),
        "privateKeyWo": Field(same=lambda *_: True),  # never read back: its version says that it is another
        "privateKeyWoVersion": Field(replaces=True),
        **POLICY,
        **PROJECT,
    }
    sent = ("certificate", "description", "name", "privateKey")
    computed = ("certificateId", "creationTimestamp", "expireTime", "selfLink")

    def wrong(self, inputs: Properties) -> Iterator[tuple[str, str]]:
        """One key, one way to name it."""
        if ("privateKey" in inputs) == ("privateKeyWo" in inputs):
            yield "privateKey", "Invalid combination of arguments: one of `privateKey,privateKeyWo` must be specified"
        if "name" in inputs and "namePrefix" in inputs:
            yield "name", '"name": conflicts with namePrefix'

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """A name from the prefix if there is one."""
        return super().create(call, inputs if inputs.get("name") else {**inputs, "name": unique(inputs["namePrefix"])})

    def body(self, inputs: Properties) -> Properties:
        """With the key, however it was given."""
        return {**super().body(inputs), "privateKey": inputs.get("privateKey") or inputs["privateKeyWo"]}

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """The key as it was given: nobody tells it."""
        given = {name: known.get(name) for name in ("certificate", "namePrefix", "privateKey", "privateKeyWoVersion")}
        given["certificate"] = given["certificate"] or told.get("certificate")
        return {**_numbered(super().outputs(call, told, known), told), **given, "privateKeyWo": None}


class SSLPolicy(Compute):
    """Which versions and ciphers of TLS a proxy takes."""

    type_name = "gcp:compute/sSLPolicy:SSLPolicy"
    kind, path = "SslPolicy", "projects/{project}/global/sslPolicies/{name}"
    collection, parameter = "sslPolicies", "sslPolicy"
    fields: ClassVar = {
        "customFeatures": Field(list, same=unordered),
        "description": Field(replaces=True),
        "minTlsVersion": Field(default="TLS_1_0", choices=("TLS_1_0", "TLS_1_1", "TLS_1_2", "TLS_1_3")),
        "name": Field(required=True, replaces=True),
        "postQuantumKeyExchange": Field(computed=True),
        "profile": Field(
            default="COMPATIBLE", choices=("COMPATIBLE", "MODERN", "RESTRICTED", "CUSTOM", "FIPS_202205"), same=equal
        ),
        **POLICY,
        **PROJECT,
    }
    sent = ("customFeatures", "description", "minTlsVersion", "name", "postQuantumKeyExchange", "profile")
    computed = ("creationTimestamp", "enabledFeatures", "fingerprint", "selfLink")

    def wrong(self, inputs: Properties) -> Iterator[tuple[str, str]]:
        """Ciphers of one's own belong to the profile CUSTOM, and to no other."""
        profile, custom = inputs.get("profile"), inputs.get("customFeatures")
        if profile == "CUSTOM" and not custom:
            yield "customFeatures", "Error in SSL Policy: the CUSTOM profile must have customFeatures set"
        if isinstance(profile, str) and profile != "CUSTOM" and custom:
            yield "customFeatures", f"Error in SSL Policy: the {profile} profile cannot have customFeatures set"

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Patch it as it stands now."""
        body = {name: value for name, value in self.body(inputs).items() if name not in ("name", "description")}
        body |= {"fingerprint": self.get(call, id).get("fingerprint"), "customFeatures": inputs.get("customFeatures") or []}
        name = id.rsplit("/", 1)[-1]
        operations.compute(call, self.api(call).patch(**self.where(call), sslPolicy=name, body=body))


class RegionSslPolicy(SSLPolicy):
    """The same for proxies of one region."""

    type_name = "gcp:compute/regionSslPolicy:RegionSslPolicy"
    path = "projects/{project}/regions/{region}/sslPolicies/{name}"
    collection = "regionSslPolicies"
    fields: ClassVar = {**SSLPolicy.fields, "region": Field(computed=True, ambient=True)}

    def where(self, call: Call) -> Properties:
        """In its region."""
        return {**super().where(call), "region": call.place("region")}

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """The region by its name."""
        return {**super().outputs(call, told, known), "region": str(told["region"]).rsplit("/", 1)[-1]}


def _numbered(outputs: Properties, told: Properties) -> Properties:
    return {**outputs, "certificateId": int(told["id"]) if told.get("id") else None}
