"""What a platform team has before Portico comes: a network, a cluster, and an identity provider for it."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from sandbox.aws.addresses import Network, network
from sandbox.aws.base import ACCOUNT, PARTITION
from sandbox.aws.eks import clusters
from sandbox.aws.iam import identities

KUBERNETES = "1.36"
_NETWORK = "10.20.0.0/16"
_ZONES = ("a", "b")
_ROLE = f"arn:{PARTITION}:iam::{ACCOUNT}:role/sandbox-cluster"
_NAME, _PUBLIC, _PRIVATE = "Name", "kubernetes.io/role/elb", "kubernetes.io/role/internal-elb"


def make(region: str, cluster: str, endpoint: str, authority: Path) -> dict[str, Any]:
    """Make what is missing, and tell the cluster where its API server is now; returns the ids.

    Args:
        region: of all of it.
        cluster: the cluster's name.
        endpoint: URL of the cluster's API server; it may differ at every start.
        authority: certificate of the authority that signed the API server's.
    """
    ec2, eks, iam = network(region), clusters(region), identities()
    mark = {f"kubernetes.io/cluster/{cluster}": "shared"}
    if cluster not in eks.clusters:
        vpc, subnets = _make_network(ec2, region, cluster, mark)
        eks.create_cluster(name=cluster, role_arn=_ROLE, version=KUBERNETES, resources_vpc_config={}, tags={})
        eks.clusters[cluster].resources_vpc_config = {
            "vpcId": vpc,
            "subnetIds": subnets,
            "securityGroupIds": [],
            "clusterSecurityGroupId": ec2.create_security_group(f"eks-cluster-sg-{cluster}", "EKS cluster", vpc).id,
            "endpointPublicAccess": True,
            "endpointPrivateAccess": True,
            "publicAccessCidrs": ["0.0.0.0/0"],
        }
    found = eks.clusters[cluster]
    identity = hashlib.sha256(cluster.encode()).hexdigest()[:32].upper()
    issuer = f"https://oidc.eks.{region}.amazonaws.com/id/{identity}"
    found.endpoint, found.identity = endpoint, {"oidc": {"issuer": issuer}}
    found.certificate_authority = {"data": base64.b64encode(authority.read_bytes()).decode()}
    provider = f"arn:{PARTITION}:iam::{ACCOUNT}:oidc-provider/{issuer.removeprefix('https://')}"
    if provider not in iam.open_id_providers:
        iam.create_open_id_connect_provider(issuer, ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"], ["sts.amazonaws.com"], [])
    return facts_of(region, cluster)


def facts_of(region: str, cluster: str) -> dict[str, Any]:
    """The ids of what was made."""
    vpc = clusters(region).clusters[cluster].resources_vpc_config["vpcId"]
    subnets = [subnet for zone in network(region).subnets.values() for subnet in zone.values() if subnet.vpc_id == vpc]
    roles = {"public_subnets": _PUBLIC, "private_subnets": _PRIVATE}
    by_role = {
        fact: sorted(subnet.id for subnet in subnets if any(tag["key"] == role for tag in subnet.get_tags()))
        for fact, role in roles.items()
    }
    return {"account": ACCOUNT, "region": region, "cluster": cluster, "vpc": vpc, **by_role}


def _make_network(ec2: Network, region: str, cluster: str, mark: dict[str, str]) -> tuple[str, list[str]]:
    vpc = ec2.create_vpc(_NETWORK, tags=_tags(cluster, mark))
    vpc.enable_dns_hostnames = True
    gateway = ec2.create_internet_gateway(tags=_tags(cluster, mark))
    ec2.attach_internet_gateway(gateway.id, vpc.id)
    routes = ec2.create_route_table(vpc.id, tags=_tags(f"{cluster}-public", mark))
    ec2.create_route(routes.id, "0.0.0.0/0", gateway_id=gateway.id)
    subnets = []
    for index, zone in enumerate(_ZONES):
        public = ec2.create_subnet(vpc.id, f"10.20.{index}.0/24", availability_zone=f"{region}{zone}")
        private = ec2.create_subnet(vpc.id, f"10.20.{128 + index}.0/24", availability_zone=f"{region}{zone}")
        ec2.associate_route_table(routes.id, subnet_id=public.id)
        ec2.modify_subnet_attribute(public.id, "map_public_ip_on_launch", True)
        ec2.create_tags([public.id], {_NAME: f"{cluster}-public-{zone}", _PUBLIC: "1", **mark})
        ec2.create_tags([private.id], {_NAME: f"{cluster}-private-{zone}", _PRIVATE: "1", **mark})
        subnets += [public.id, private.id]
    return vpc.id, subnets


def _tags(name: str, mark: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in {_NAME: name, **mark}.items()]
