"""The load balancer in front of an in-cluster controller: its Helm release, or a Service before one that exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.clouds import Address
from components.helm import release
from components.names import ADDRESSED, awaited, metadata, time_limit
from components.settings.entrypoint import ControllerSettings, ExistingController, HelmController, LoadBalanced


@dataclass(frozen=True)
class Chart:
    """Where a controller's chart is had, and the version that this release was made with."""

    name: str
    version: str
    repository: str


def open_front(
    stack: str,
    controller: ControllerSettings,
    chart: Chart,
    values: Mapping[str, Any],
    own: LoadBalanced,
    address: Address,
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """What gives the controller the reserved address: its release with `values`, or a Service before an existing one.

    A child of what owns the entrypoint, not of the entrypoint: changing the kind must not make another one and then delete
    "the old", which in the cluster is the same object. Replaced by deleting first, since no two can hold one address. Where each
    load balancer has an address of its own (`Address.part`), it has a name of its own too, and the old one goes last.
    """
    after = pulumi.ResourceOptions.merge(
        opts,
        pulumi.ResourceOptions(
            depends_on=[*address.reservation], delete_before_replace=True, replace_on_changes=address.replacing
        ),
    )
    if controller.existing is not None:
        return _service(stack, controller.existing, own, address, after)
    return _release(stack, controller.helm or HelmController(), chart, values, address, after)


def _service(
    stack: str, existing: ExistingController, own: LoadBalanced, address: Address, opts: pulumi.ResourceOptions
) -> k8s.core.v1.Service:
    targets = existing.target_ports
    # Awaited until it has its address, which is what a front door is; the provider's own wait would add ten seconds in which the
    # Service's endpoints must not change, and they are the controller owner's business.
    spec = k8s.core.v1.ServiceSpecArgs(
        type="LoadBalancer",
        load_balancer_ip=address.load_balancer_ip,
        load_balancer_class=address.load_balancer_class,
        ip_families=["IPv6"] if address.ipv6 else None,
        ip_family_policy="SingleStack" if address.ipv6 else None,
        selector=existing.selector,
        ports=[
            k8s.core.v1.ServicePortArgs(name="http", port=own.ports.http, target_port=targets.http),
            k8s.core.v1.ServicePortArgs(name="https", port=own.ports.https, target_port=targets.https),
        ],
    )
    annotations = awaited(ADDRESSED, spec, {**address.service_annotations, **own.service_annotations})
    return k8s.core.v1.Service(
        f"front{address.part}",
        metadata=metadata(stack, existing.service, existing.namespace, annotations=annotations),
        spec=spec,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(custom_timeouts=time_limit(own.timeout))),
    )


def _release(
    stack: str,
    helm: HelmController,
    chart: Chart,
    values: Mapping[str, Any],
    address: Address,
    opts: pulumi.ResourceOptions,
) -> k8s.helm.v3.Release:
    # Helm itself waits for the pods and for the address. With a chart of the user's own the repository is theirs to say too:
    # a local path or an oci:// reference has none.
    repository = helm.repository or (None if helm.chart else chart.repository)
    version = helm.version or (None if helm.chart else chart.version)
    return release(
        f"controller{address.part}",
        called=f"{stack}-{address.part.removeprefix('/') or chart.name}",
        namespace=helm.namespace or stack,
        create_namespace=helm.namespace is not None,
        chart=helm.chart or chart.name,
        version=version,
        repository=repository,
        values=values,
        added=helm.values,
        timeout=helm.timeout,
        opts=opts,
    )
