"""Front doors of stack files, as the engine would be told of them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any

import pulumi
import pulumi_aws as aws

from components.clouds import open_provider
from components.cluster import Cluster, Kubeconfig, open_cluster
from components.front_door import FrontDoor
from tests.support.recorder import Answer, Found, Recording, answer, invoked, record
from tests.support.stacks import settings_of

with warnings.catch_warnings():
    # The SDK warns of a resource of its own that nobody here uses, as soon as a first one of its package is.
    warnings.filterwarnings("ignore", "aws.ec2/encryptioncontrol", DeprecationWarning)
    _ = aws.ec2.Eip

KUBECONFIG = """
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443"}}]
users: [{name: u, user: {token: token-of-the-test}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
"""


def cluster() -> Cluster:
    """A cluster that nothing is asked of."""
    return open_cluster(Kubeconfig(KUBECONFIG, None, "portico:cluster.kubeconfig.path"))


def door(
    raw: Mapping[str, Any],
    reply: Answer = answer,
    *,
    preview: bool = False,
    standing: bool = False,
    stack: str = "test",
    found: Found = invoked,
) -> Recording:
    """Everything that a stack file's front door registers."""
    return _door(json.dumps(raw), reply, preview, standing, stack, found)


@cache
def _door(raw: str, reply: Answer, preview: bool, standing: bool, stack: str, found: Found) -> Recording:
    settings = settings_of(json.loads(raw), stack)

    def program() -> FrontDoor:
        opened, own = cluster(), open_provider(settings)
        providers = [opened.provider, *([own] if own else [])]
        return FrontDoor("front-door", settings, opened, pulumi.ResourceOptions(providers=providers))

    return record(program, reply, preview=preview, standing=standing, stack=stack, found=found)
