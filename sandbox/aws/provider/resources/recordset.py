"""Record sets: the program's form and Route 53's."""

from __future__ import annotations

from typing import Any

from sandbox.aws.provider.resources.dns import unescape
from sandbox.plugin.same import bare, equal, unordered
from sandbox.plugin.wire import Properties

TYPES = (
    "SOA",
    "A",
    "TXT",
    "NS",
    "CNAME",
    "MX",
    "NAPTR",
    "PTR",
    "SRV",
    "SPF",
    "AAAA",
    "CAA",
    "DS",
    "TLSA",
    "SSHFP",
    "SVCB",
    "HTTPS",
)
POLICIES = (
    "cidrRoutingPolicy",
    "failoverRoutingPolicies",
    "geolocationRoutingPolicies",
    "geoproximityRoutingPolicy",
    "latencyRoutingPolicies",
    "multivalueAnswerRoutingPolicy",
    "weightedRoutingPolicies",
)
_QUOTED = ("TXT", "SPF")
_CIDR = {"collectionId": "CollectionId", "locationName": "LocationName"}
_GEO = {"continent": "ContinentCode", "country": "CountryCode", "subdivision": "SubdivisionCode"}
_NEAR = {"awsRegion": "AWSRegion", "bias": "Bias", "localZoneGroup": "LocalZoneGroup"}


def full_name(name: str, zone: str) -> str:
    """The record's name with the zone's, if it does not end so already."""
    name, zone = bare(name), bare(zone)
    return name if name.endswith(zone) else f"{name}.{zone}" if name else zone


def alias(value: Any) -> Any:
    """An alias in the form in which two of the same meaning are equal."""
    return [{**item, "name": _target(item.get("name"))} if isinstance(item, dict) else item for item in value or ()]


def _target(name: Any) -> Any:
    # Route 53 answers for both families under the name with `dualstack.`, which the console puts there.
    return bare(name).removeprefix("dualstack.") if isinstance(name, str) else name


def record_set(given: Properties, zone: str) -> dict[str, Any]:
    """For Route 53."""
    item: dict[str, Any] = {"Name": full_name(given["name"], zone), "Type": given["type"]}
    if given.get("records") is not None:
        quote = '"{}"' if given["type"] in _QUOTED else "{}"
        item["ResourceRecords"] = [{"Value": quote.format(value)} for value in sorted(set(given["records"]))]
        item["TTL"] = given.get("ttl") or 0
    for target in given.get("aliases") or ():
        item["AliasTarget"] = {
            "DNSName": target["name"],
            "HostedZoneId": target["zoneId"],
            "EvaluateTargetHealth": bool(target.get("evaluateTargetHealth")),
        }
    simple = {
        "SetIdentifier": given.get("setIdentifier"),
        "HealthCheckId": given.get("healthCheckId"),
        "MultiValueAnswer": given.get("multivalueAnswerRoutingPolicy") or None,
        "Failover": _first(given, "failoverRoutingPolicies", "type"),
        "Region": _first(given, "latencyRoutingPolicies", "region"),
        "Weight": _first(given, "weightedRoutingPolicies", "weight"),
        "CidrRoutingConfig": _renamed(given.get("cidrRoutingPolicy"), _CIDR),
        "GeoLocation": _renamed(next(iter(given.get("geolocationRoutingPolicies") or ()), None), _GEO),
        "GeoProximityLocation": _near(given.get("geoproximityRoutingPolicy")),
    }
    return {**item, **{key: value for key, value in simple.items() if value is not None}}


def properties(item: Any, known: Properties) -> Properties:
    """From Route 53; what still means the same stays as it is known."""
    kind = item["Type"]
    values = [record["Value"] for record in item.get("ResourceRecords") or ()]
    values = [value[1:-1] if kind in _QUOTED and value.startswith('"') else value for value in values]
    target, near = item.get("AliasTarget"), item.get("GeoProximityLocation")
    aliases = target and [
        {
            "name": bare(target["DNSName"]),
            "zoneId": target["HostedZoneId"],
            "evaluateTargetHealth": bool(target.get("EvaluateTargetHealth")),
        }
    ]
    return {
        "zoneId": known["zoneId"],
        "name": bare(known["name"]) if known.get("name") else bare(unescape(item["Name"])),
        "type": kind,
        "records": known["records"] if values and unordered(known.get("records"), values) else sorted(values) or None,
        "ttl": item.get("TTL"),
        "aliases": known["aliases"] if aliases and equal(alias(known.get("aliases")), alias(aliases)) else aliases,
        "setIdentifier": item.get("SetIdentifier"),
        "healthCheckId": item.get("HealthCheckId"),
        "multivalueAnswerRoutingPolicy": item.get("MultiValueAnswer"),
        "failoverRoutingPolicies": _one("type", item.get("Failover")),
        "latencyRoutingPolicies": _one("region", item.get("Region")),
        "weightedRoutingPolicies": _one("weight", item.get("Weight")),
        "cidrRoutingPolicy": _back(item.get("CidrRoutingConfig"), _CIDR),
        "geolocationRoutingPolicies": [_back(item["GeoLocation"], _GEO)] if item.get("GeoLocation") else None,
        "geoproximityRoutingPolicy": near and {**(_back(near, _NEAR) or {}), **_coordinates(near)},
    }


def _first(given: Properties, name: str, key: str) -> Any:
    return next((policy[key] for policy in given.get(name) or ()), None)


def _one(key: str, value: Any) -> list[Properties] | None:
    return None if value is None else [{key: value}]


def _renamed(policy: Properties | None, names: dict[str, str]) -> dict[str, Any] | None:
    return policy and {there: policy[here] for here, there in names.items() if policy.get(here) is not None}


def _back(policy: Any, names: dict[str, str]) -> Properties | None:
    return policy and {here: policy[there] for here, there in names.items() if policy.get(there) is not None}


def _near(policy: Properties | None) -> dict[str, Any] | None:
    result = _renamed(policy, _NEAR)
    for place in (policy or {}).get("coordinates") or ():
        result = {**(result or {}), "Coordinates": {"Latitude": place["latitude"], "Longitude": place["longitude"]}}
    return result


def _coordinates(near: Any) -> Properties:
    place = near.get("Coordinates")
    return {"coordinates": [{"latitude": place["Latitude"], "longitude": place["Longitude"]}]} if place else {}
