"""AWS Network Load Balancers: what a Service says to get one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.annotations.builder import HealthCheck
from components.annotations.nlb import nlb
from components.settings.aws import NlbSettings


def nlb_annotations(
    own: NlbSettings,
    name: str,
    allocations: Sequence[pulumi.Output[str]],
    tls: Mapping[int, pulumi.Output[str]],
    tags: Mapping[str, str],
) -> dict[str, pulumi.Input[str]]:
    """The annotations of a Service whose class is that of the AWS Load Balancer Controller.

    `allocations` are Elastic IPs, one per subnet in the same order; `tls` the ports on which the load balancer ends TLS, each
    with the certificate (ARN); other ports are passed through as they come. The scheme is always said: the controller's own
    default, internal, surprises.
    """
    none: Sequence[str] = ()
    certificates = pulumi.Output.all(*tls.values()).apply(lambda arns: ",".join(dict.fromkeys(arns)))
    health = own.health
    asked = None
    if health is not None:
        asked = HealthCheck(
            health.path, health.port, "HTTP", health.interval, health.timeout, health.healthy, health.unhealthy, health.success
        )
    return {
        **nlb(
            scheme=own.scheme,
            target_type=own.target_type,
            name=name,
            subnets=own.subnets,
            eip_allocations=pulumi.Output.all(*allocations).apply(",".join) if allocations else none,
            ssl_cert=certificates if tls else none,
            ssl_ports=sorted(tls),
            ssl_negotiation_policy=own.tls_policy if tls else None,
            proxy_protocol=own.proxy_protocol,
            cross_zone=own.cross_zone,
            attributes=own.attributes,
            healthcheck=asked,
            source_ranges=own.source_ranges,
            tags=tags,
        )
    }
