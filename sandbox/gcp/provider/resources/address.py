"""gcp.compute.GlobalAddress and gcp.compute.Address."""

from __future__ import annotations

from typing import ClassVar

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.resources.compute import Compute
from sandbox.gcp.provider.schema import LABELS, POLICY, PROJECT, link
from sandbox.plugin.schema import Field
from sandbox.plugin.wire import Properties

_FIELDS = {
    "address": Field(replaces=True, computed=True),
    "addressType": Field(replaces=True, default="EXTERNAL", choices=("EXTERNAL", "INTERNAL")),
    "description": Field(replaces=True),
    "ipVersion": Field(replaces=True, choices=("IPV4", "IPV6"), same=lambda old, new: (old or "IPV4") == (new or "IPV4")),
    "name": Field(required=True, replaces=True),
    "network": Field(replaces=True, same=link),
    "prefixLength": Field(int, replaces=True, computed=True),
    "purpose": Field(replaces=True, computed=True),
    **LABELS,
    **POLICY,
    **PROJECT,
}
_SENT = ("address", "addressType", "description", "ipVersion", "name", "network", "prefixLength", "purpose")
_COMPUTED = ("creationTimestamp", "effectiveLabels", "labelFingerprint", "pulumiLabels", "selfLink")


class GlobalAddress(Compute):
    """An address that every region's front end answers at."""

    type_name = "gcp:compute/globalAddress:GlobalAddress"
    kind, path = "GlobalAddress", "projects/{project}/global/addresses/{name}"
    collection, parameter = "globalAddresses", "address"
    fields: ClassVar = _FIELDS
    sent = _SENT
    computed = _COMPUTED


class Address(Compute):
    """An address of one region."""

    type_name = "gcp:compute/address:Address"
    kind, path = "Address", "projects/{project}/regions/{region}/addresses/{name}"
    collection, parameter = "addresses", "address"
    fields: ClassVar = {
        **_FIELDS,
        "ipCollection": Field(replaces=True, same=link),
        "ipv6EndpointType": Field(replaces=True, choices=("VM", "NETLB")),
        "networkTier": Field(replaces=True, computed=True, choices=("PREMIUM", "STANDARD")),
        "region": Field(computed=True, ambient=True),
        "subnetwork": Field(replaces=True, computed=True, same=link),
    }
    sent = (*_SENT, "ipCollection", "ipv6EndpointType", "networkTier", "subnetwork")
    computed = (*_COMPUTED, "addressId", "users")
    renamed: ClassVar = {"addressId": "id"}

    def insert(self, call: Call, inputs: Properties) -> None:
        """In a subnetwork, which may be given by its name."""
        subnetwork = str(inputs.get("subnetwork") or "")
        if subnetwork and "/" not in subnetwork:
            subnetwork = f"projects/{call.place('project')}/regions/{call.place('region')}/subnetworks/{subnetwork}"
        super().insert(call, {**inputs, "subnetwork": subnetwork or None})

    def where(self, call: Call) -> Properties:
        """In its region."""
        return {**super().where(call), "region": call.place("region")}

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """The region by its name, the number as one."""
        number = told.get("id")
        outputs = {**super().outputs(call, told, known), "region": call.place("region"), "users": told.get("users") or []}
        return {**outputs, "addressId": int(number) if number else None}
