"""What stack files read of the AWS twin: its endpoint, and the VPC that stands there from the start."""

from __future__ import annotations

from sandbox.aws.client import CLUSTER, client
from sandbox.cloud_processes import endpoint
from sandbox.layout import Layout
from sandbox.ports import Ports

_ROLES = {"aws-public-subnets": "kubernetes.io/role/elb", "aws-private-subnets": "kubernetes.io/role/internal-elb"}


def write_aws_facts(layout: Layout, ports: Ports) -> None:
    """Ask the running twin and write its facts, unless they stand already: its data outlives it."""
    names = ("aws-vpc", *_ROLES)
    url = endpoint("aws", ports)
    layout.write_fact("aws-endpoint", url)
    if all((layout.facts / name).is_file() for name in names):
        return
    ec2 = client(url, "ec2")
    shared = {"Name": "tag-key", "Values": [f"kubernetes.io/cluster/{CLUSTER}"]}
    subnets = {
        fact: ec2.describe_subnets(Filters=[shared, {"Name": "tag-key", "Values": [tag]}])["Subnets"]
        for fact, tag in _ROLES.items()
    }
    for fact, found in subnets.items():
        layout.write_fact(fact, ",".join(sorted(subnet["SubnetId"] for subnet in found)))
    layout.write_fact("aws-vpc", next(subnet["VpcId"] for found in subnets.values() for subnet in found))
