"""Helm releases: the one way in which this project installs a controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.values import merge


def release(
    name: str,
    *,
    called: str,
    namespace: str,
    chart: str,
    version: str | None,
    repository: str | None,
    values: Mapping[str, Any],
    added: Mapping[str, Any],
    timeout: int,
    create_namespace: bool = False,
    opts: pulumi.ResourceOptions | None = None,
) -> k8s.helm.v3.Release:
    """A release called `called`, with `values` and over them what the stack file has `added`.

    A Release, not a Chart: Helm itself runs the hooks, waits until everything is ready, draws what is drawn by lot once and
    not at
    each preview, and takes a failed release back whole. `timeout` is in seconds; no `repository` for a local path or oci://
    reference.
    """
    return k8s.helm.v3.Release(
        name,
        name=called,
        namespace=namespace,
        create_namespace=create_namespace,
        chart=chart,
        version=version,
        repository_opts=k8s.helm.v3.RepositoryOptsArgs(repo=repository) if repository else None,
        values=merge(values, added),
        timeout=timeout,
        atomic=True,
        opts=opts,
    )
