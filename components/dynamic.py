"""What the dynamic resources of several rooms share."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import ReadResult


def gone() -> ReadResult:
    """The answer of `read` for what no longer exists: no id. The outputs must be a mapping, since Pulumi writes into it."""
    empty: dict[str, Any] = {}
    return ReadResult(None, empty)


def with_secret_kubeconfig(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Options of a resource that keeps a kubeconfig: what it hands back stays secret."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=["kubeconfig"]))
