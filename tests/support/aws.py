"""What AWS makes of the resources that a stack asks for, and answers when it is asked what is there already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

ACCOUNT = "123456789012"
REGION = "eu-central-1"
CLUSTER = "sandbox"
VPC = "vpc-0a1b2c3d4e5f67890"
ISSUER = f"https://oidc.eks.{REGION}.amazonaws.com/id/ABCDEF"
OIDC_PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER.removeprefix('https://')}"
ENDPOINT = "https://ABCDEF.gr7.eu-central-1.eks.amazonaws.com"

#: Of every load balancer in the region: what an alias has to say.
BALANCER_ZONE = "Z-of-load-balancers"


def zone_id(name: str) -> str:
    """The id of the hosted zone of that name."""
    return f"Z-of-{name}"


def zone_arn(name: str) -> str:
    """Its ARN."""
    return f"arn:aws:route53:::hostedzone/{zone_id(name)}"


def name_servers(name: str) -> list[str]:
    """Its name servers."""
    return [f"ns-1.{name}.awsdns.test", f"ns-2.{name}.awsdns.test"]


def balancer_host(name: str) -> str:
    """The DNS name of the load balancer of that name."""
    return f"{name}-1234567890.{REGION}.elb.amazonaws.com"


def certificate_arn(key: str) -> str:
    """The ARN of the certificate whose tag `Name` is that key."""
    return f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/{key}"


def role_arn(name: str) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def validation(domain: str) -> dict[str, str]:
    """The record that ACM wants to see for a name: the same for a domain and the wildcard before it."""
    plain = domain.removeprefix("*.")
    mark = hashlib.sha256(plain.encode()).hexdigest()[:8]
    return {
        "domainName": domain,
        "resourceRecordName": f"_{mark}.{plain}.",
        "resourceRecordType": "CNAME",
        "resourceRecordValue": f"_{mark}.acm-validations.aws.",
    }


def made(kind: str, inputs: dict[str, Any], found: Callable[[Any], Any]) -> dict[str, Any]:
    """What only AWS knows of a resource of that type; `found` hides it in a preview."""
    match kind:
        case "aws:route53/zone:Zone":
            name = inputs["name"]
            known: dict[str, Any] = {"zoneId": zone_id(name), "arn": zone_arn(name), "nameServers": name_servers(name)}
        case "aws:route53/record:Record":
            known = {"fqdn": str(inputs["name"]).rstrip(".")}
        case "aws:acm/certificate:Certificate":
            names = [inputs["domainName"], *inputs.get("subjectAlternativeNames", [])]
            options = [validation(name) for name in names]
            known = {"arn": certificate_arn(inputs["tags"]["Name"]), "domainValidationOptions": options}
        case "aws:ec2/eip:Eip":
            name = inputs["tags"]["Name"]
            known = {"allocationId": f"eipalloc-{name.rpartition('-')[2]}", "publicIp": _address(name)}
        case "aws:iam/role:Role":
            known = {"arn": role_arn(inputs["name"])}
        case "aws:iam/policy:Policy":
            known = {"arn": f"arn:aws:iam::{ACCOUNT}:policy/{inputs['name']}"}
        case _:
            known = {}
    return {key: found(value) for key, value in known.items()}


def _address(name: str) -> str:
    return f"198.51.100.{hashlib.sha256(name.encode()).digest()[0]}"


def invoked(token: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to a question about what is there already. Raises KeyError where nobody should ask."""
    answers: dict[str, Callable[[], dict[str, Any]]] = {
        "aws:eks/getCluster:getCluster": lambda: {
            "name": asked["name"],
            "endpoint": ENDPOINT,
            "certificateAuthorities": [{"data": "Y2E="}],
            "vpcConfig": {"vpcId": VPC},
            "identities": [{"oidcs": [{"issuer": ISSUER}]}],
        },
        "aws:route53/getZone:getZone": lambda: {
            "zoneId": zone_id(asked["name"]),
            "arn": zone_arn(asked["name"]),
            "nameServers": name_servers(asked["name"]),
        },
        "aws:lb/getLoadBalancer:getLoadBalancer": lambda: {
            "dnsName": balancer_host(asked["name"]),
            "zoneId": BALANCER_ZONE,
        },
        "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": lambda: {"arn": OIDC_PROVIDER, "url": asked["url"]},
        "aws:index/getCallerIdentity:getCallerIdentity": lambda: {"accountId": ACCOUNT},
        "aws:index/getPartition:getPartition": lambda: {"partition": "aws"},
        "aws:index/getRegion:getRegion": lambda: {"region": REGION},
    }
    return answers[token]()
