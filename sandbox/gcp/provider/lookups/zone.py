"""gcp.dns: get_managed_zone, get_managed_zones and get_keys."""

from __future__ import annotations

from typing import Any

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.refusals import GONE
from sandbox.plugin.problems import ProviderError, code, text
from sandbox.plugin.wire import Properties

# https://www.iana.org/assignments/dns-sec-alg-numbers and https://www.iana.org/assignments/ds-rr-types
_ALGORITHMS = {"rsasha1": 5, "rsasha256": 8, "rsasha512": 10, "ecdsap256sha256": 13, "ecdsap384sha384": 14}
_DIGESTS = {"sha1": 1, "sha256": 2, "sha384": 4}
_OF_KEYS = ("algorithm", "creationTime", "description", "id", "isActive", "keyLength", "keyTag", "publicKey")


def get_managed_zone(call: Call, args: Properties) -> Properties:
    """By name."""
    project, name = call.place("project"), args["name"]
    told = call.execute(call.service("dns").managedZones().get(project=project, managedZone=name))
    return {**_zone(project, told), "managedZoneId": int(told["id"])}


def get_managed_zones(call: Call, _: Properties) -> Properties:
    """All of a project."""
    project = call.place("project")
    told = call.execute(call.service("dns").managedZones().list(project=project))
    zones = [_zone(project, zone) for zone in told.get("managedZones") or ()]
    return {"id": f"projects/{project}/managedZones", "managedZones": zones, "project": project}


def get_keys(call: Call, args: Properties) -> Properties:
    """The keys of a signed zone. A zone that is not signed, or not there, has no answer but its own name.

    As in terraform-provider-google, google/services/dns/data_source_dns_keys.go.
    """
    project, name = call.place("project"), str(args["managedZone"]).rsplit("/", 1)[-1]
    id_ = f"projects/{project}/managedZones/{name}"
    outputs: Properties = {"id": id_, "managedZone": args["managedZone"], "project": project}
    try:
        keys = call.execute(call.service("dns").dnsKeys().list(project=project, managedZone=name)).get("dnsKeys") or []
    except Exception as error:
        if code(error) in GONE:
            return {**outputs, "keySigningKeys": None, "zoneSigningKeys": None}
        raise ProviderError(f"error retrieving DNS keys: {text(error)}") from error
    signing = [{**_key(key), "dsRecord": _ds_record(key)} for key in keys if key["type"] == "keySigning"]
    return {**outputs, "keySigningKeys": signing, "zoneSigningKeys": [_key(key) for key in keys if key["type"] == "zoneSigning"]}


def _zone(project: str, told: Any) -> Properties:
    return {
        "description": told.get("description", ""),
        "dnsName": told["dnsName"],
        "id": f"projects/{project}/managedZones/{told['name']}",
        "managedZoneId": told["id"],
        "name": told["name"],
        "nameServers": told.get("nameServers") or [],
        "project": project,
        "visibility": told.get("visibility", "public"),
    }


def _key(told: Any) -> Properties:
    digests = [{"digest": one["digest"], "type": one["type"]} for one in told.get("digests") or ()]
    return {**{name: told.get(name) for name in _OF_KEYS}, "description": told.get("description", ""), "digests": digests}


def _ds_record(told: Any) -> str:
    """What the parent zone is to say."""
    digest = told["digests"][0]
    return f"{told['keyTag']} {_ALGORITHMS[told['algorithm']]} {_DIGESTS[digest['type']]} {digest['digest']}"
