"""Labels and metadata that every Kubernetes object of a stack carries, and what the provider waits for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

#: Marks every object of a stack, so that what controllers make on its behalf can be found again (see trust/resources.py).
STACK_LABEL = "portico.dev/stack"

#: Tells what an object was last asked to be: see `awaited`.
REVISION = "portico.dev/revision"

#: A load balancer has given a Service or an Ingress its address.
ADDRESSED = "jsonpath={.status.loadBalancer.ingress}"


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
    """Metadata with an explicit name: objects refer to each other by it, and a person finds them by it.

    The field manager is the stack's, not one that the provider draws by lot and keeps in the state: what a killed run made but
    could not write down is then found again as the stack's own, where another manager's fields would be a conflict. Source of the
    annotation: pulumi-kubernetes, provider/pkg/provider/provider.go, fieldManagerName.
    """
    return k8s.meta.v1.ObjectMetaArgs(
        name=name,
        namespace=namespace,
        labels={**labels(stack), **(extra_labels or {})},
        annotations={"pulumi.com/patchFieldManager": stack, **(annotations or {})},
    )


def inside(component: pulumi.ComponentResource, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Options for a component's children: they wait for what the component was told to wait for.

    Pulumi lets what depends on a component wait for its children, but does not make children wait for what the component
    depends on.
    """
    return pulumi.ResourceOptions(parent=component, depends_on=opts.depends_on if opts else None)


def resources_of(opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """What options say to wait for, as a list."""
    given = opts.depends_on or []
    return [each for each in (given if isinstance(given, Sequence) else [given]) if isinstance(each, pulumi.Resource)]


def skip_await(reason: str) -> dict[str, str]:
    """Annotations that make the provider not wait for an object; the reason is kept beside it for whoever wonders.

    Source: pulumi-kubernetes, provider/pkg/metadata/annotations.go.
    """
    return {"pulumi.com/skipAwait": "true", "portico.dev/not-awaited": reason}


def awaited(
    condition: str, spec: object, annotations: Mapping[str, pulumi.Input[str]] | None = None
) -> dict[str, pulumi.Input[str]]:
    """`annotations`, and those that make the provider wait for a condition of the very object that was asked for.

    When an object changes, the provider looks at its copy of a moment ago, which mostly meets the condition already: it would
    wait for nothing, and keep the old object as the state, so that the next `up` found a change where there is none. Hence a mark
    of the content, that the copy has to carry too. Source: pulumi-kubernetes, provider/pkg/await (v4.25.0 to v4.33.0).
    """
    asked = dict(annotations or {})
    revision = pulumi.Output.from_input([asked, spec]).apply(_digest)
    seen = revision.apply(lambda mark: f"jsonpath={{.metadata.annotations['{REVISION}']}}={mark}")
    waits = seen.apply(lambda first: json.dumps([first, condition]))
    return {**asked, REVISION: revision, "pulumi.com/waitFor": waits}


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, default=vars, sort_keys=True).encode()).hexdigest()[:16]


def time_limit(seconds: int) -> pulumi.CustomTimeouts:
    """How long an awaited object may take to be made or changed."""
    return pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s")
