"""Processes of a sandbox with the cloud `aws`: the twin, the real AWS Load Balancer Controller, the imitated data plane."""

from __future__ import annotations

import shlex

from sandbox.aws.client import CLUSTER, REGION, environment
from sandbox.cloud_processes import endpoint, front, twin, without_proxy
from sandbox.credentials import Credentials
from sandbox.health import answers
from sandbox.layout import Layout
from sandbox.ports import Ports
from sandbox.supervisor import Process
from sandbox.tools import AWS_LOAD_BALANCER_CONTROLLER
from sandbox.toolset import Toolset

NAMES = ("aws", "aws-lbc", "aws-front")
"""The processes."""

BOOTSTRAP = "bootstrap-aws"
"""The step that puts the controller's CRDs, rights and IngressClass into the cluster."""

FACTS = "aws-facts"
"""The step that writes down what stack files and the controller must know of the twin."""

_ENDPOINTS = ("acm", "ec2", "elasticloadbalancing", "sts", "tagging")


def access(ports: Ports) -> dict[str, str]:
    """The variables by which a process reaches the twin; none of them depends on who starts it."""
    return without_proxy(environment(endpoint("aws", ports)))


def aws_processes(layout: Layout, ports: Ports, tools: Toolset, credentials: Credentials) -> list[Process]:
    """The three, each after what it needs."""
    url = endpoint("aws", ports)
    ours = access(ports)
    return [
        twin(
            "aws",
            layout,
            ports,
            credentials,
            *("--region", REGION, "--cluster", CLUSTER),
            authority=credentials.aws_ca,
            pool=ports.aws_eips,
            environment=ours,
        ),
        Process(
            name="aws-lbc",
            # The VPC's id is known once the twin runs, and it stays.
            argv=[
                *("/bin/sh", "-c", f'exec "$0" "$@" --aws-vpc-id="$(cat {shlex.quote(str(layout.facts / "aws-vpc"))})"'),
                str(tools.program(AWS_LOAD_BALANCER_CONTROLLER.name, AWS_LOAD_BALANCER_CONTROLLER.programs[0])),
                f"--kubeconfig={credentials.aws_controller}",
                f"--cluster-name={CLUSTER}",
                f"--aws-region={REGION}",
                f"--aws-api-endpoints={','.join(f'{name}={url}' for name in _ENDPOINTS)}",
                f"--health-probe-bind-addr={ports.address('aws-lbc')}",
                f"--metrics-bind-addr={ports.address('aws-lbc-metrics')}",
                "--enable-leader-election=false",
                # The twin knows nothing of these, and the sandbox has no packets that a security group could stop.
                "--enable-shield=false",
                "--enable-waf=false",
                "--enable-wafv2=false",
                "--enable-backend-security-group=false",
            ],
            environment=ours,
            needs=("aws", FACTS, BOOTSTRAP),
            files=(credentials.aws_controller,),
            health=answers(f"http://{ports.address('aws-lbc')}/healthz"),
        ),
        front(
            "aws",
            layout,
            ports,
            *("--region", REGION, "--pool", ports.aws_nodes, "--state", str(layout.data / "aws-front.json")),
            needs=("aws", BOOTSTRAP),
            environment=ours,
        ),
    ]
