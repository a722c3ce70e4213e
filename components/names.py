"""Labels and metadata that every Kubernetes object of a stack carries, and the one way to say "do not wait"."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

#: Marks every object of a stack, so that what controllers make on its behalf can be found again (see trust/resources.py).
STACK_LABEL = "portico.dev/stack"


def labels(name: str) -> dict[str, str]:
    """Labels of an object that belongs to the stack whose `Settings.name` is `name`."""
    return {"app.kubernetes.io/managed-by": "portico", STACK_LABEL: name}


def metadata(
    stack: str,
    name: pulumi.Input[str],
    namespace: pulumi.Input[str] | None = None,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
    extra_labels: Mapping[str, str] | None = None,
) -> k8s.meta.v1.ObjectMetaArgs:
    """Metadata with an explicit name: objects refer to each other by it, and a person finds them by it."""
    return k8s.meta.v1.ObjectMetaArgs(
        name=name,
        namespace=namespace,
        labels={**labels(stack), **(extra_labels or {})},
        annotations=dict(annotations) if annotations else None,
    )


def inside(component: pulumi.ComponentResource, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Options for a component's children: they wait for what the component was told to wait for.

    Pulumi lets what depends on a component wait for its children, but does not make children wait for what the component
    depends on.
    """
    return pulumi.ResourceOptions(parent=component, depends_on=opts.depends_on if opts else None)


def skip_await(reason: str) -> dict[str, str]:
    """Annotations that make the provider not wait for an object; the reason is kept beside it for whoever wonders.

    Source: pulumi-kubernetes, provider/pkg/metadata/annotations.go.
    """
    return {"pulumi.com/skipAwait": "true", "portico.dev/not-awaited": reason}


def await_for(condition: str) -> dict[str, str]:
    """Annotations that make the provider wait for a custom resource, which by default it never does (same source)."""
    return {"pulumi.com/waitFor": condition}


def time_limit(seconds: int) -> pulumi.CustomTimeouts:
    """How long an awaited object may take to be made or changed."""
    return pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s")
