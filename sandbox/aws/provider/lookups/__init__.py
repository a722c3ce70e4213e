"""The functions: what a program looks up in an account."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.aws.provider.call import Call
from sandbox.aws.provider.lookups import balancer, cluster, identity, network, zone
from sandbox.plugin.wire import Properties

TABLE: dict[str, Callable[[Call, Properties], Properties]] = {
    "aws:ec2/getSubnet:getSubnet": network.get_subnet,
    "aws:ec2/getSubnets:getSubnets": network.get_subnets,
    "aws:eks/getCluster:getCluster": cluster.get_cluster,
    "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": identity.get_open_id_connect_provider,
    "aws:index/getCallerIdentity:getCallerIdentity": identity.get_caller_identity,
    "aws:index/getPartition:getPartition": identity.get_partition,
    "aws:index/getRegion:getRegion": identity.get_region,
    "aws:lb/getLoadBalancer:getLoadBalancer": balancer.get_load_balancer,
    "aws:route53/getZone:getZone": zone.get_zone,
}
"""By the token of the function."""
