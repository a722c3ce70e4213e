"""Annotations of a Service for a Network Load Balancer, by the AWS Load Balancer Controller.

None says which load balancer it is: that is `spec.loadBalancerClass: service.k8s.aws/nlb`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from components.annotations.builder import HealthCheck, Scheme, TargetType, V, given, listed, mapped

#: What almost every key begins with.
PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"

#: The one that does not.
SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"


def nlb(
    *,
    scheme: Scheme | None = None,
    target_type: TargetType | None = None,
    name: str | V | None = None,
    subnets: str | V | Sequence[str] = (),
    eip_allocations: str | V | Sequence[str] = (),
    private_ipv4_addresses: str | V | Sequence[str] = (),
    ssl_cert: str | V | Sequence[str] = (),
    ssl_ports: Sequence[int | str] = (),
    ssl_negotiation_policy: str | None = None,
    backend_protocol: Literal["ssl", "tcp"] | None = None,
    proxy_protocol: bool = False,
    cross_zone: bool | None = None,
    attributes: Mapping[str, str] | None = None,
    target_group_attributes: Mapping[str, str] | None = None,
    healthcheck: HealthCheck | None = None,
    security_groups: str | V | Sequence[str] = (),
    source_ranges: str | V | Sequence[str] = (),
    ip_address_type: Literal["ipv4", "dualstack"] | None = None,
    tags: Mapping[str, str] | None = None,
) -> dict[str, str | V]:
    """The annotations that say this; what is left out is the controller's default (a load balancer is internal, for one).

    `eip_allocations` are one per subnet and need the scheme internet-facing. `spec.loadBalancerSourceRanges` wins over
    `source_ranges`.
    """
    zones = {} if cross_zone is None else {"load_balancing.cross_zone.enabled": str(cross_zone).lower()}
    said = {
        "scheme": scheme,
        "nlb-target-type": target_type,
        "name": name,
        "subnets": listed(subnets),
        "eip-allocations": listed(eip_allocations),
        "private-ipv4-addresses": listed(private_ipv4_addresses),
        "ssl-cert": listed(ssl_cert),
        "ssl-ports": ",".join(str(port) for port in ssl_ports),
        "ssl-negotiation-policy": ssl_negotiation_policy,
        "backend-protocol": backend_protocol,
        "proxy-protocol": "*" if proxy_protocol else None,
        "attributes": mapped({**(attributes or {}), **zones}),
        "target-group-attributes": mapped(target_group_attributes or {}),
        **_health(healthcheck or HealthCheck()),
        "security-groups": listed(security_groups),
        "ip-address-type": ip_address_type,
        "additional-resource-tags": mapped(tags or {}),
    }
    return {**given(PREFIX, said), **given("", {SOURCE_RANGES: listed(source_ranges)})}


def _health(check: HealthCheck) -> dict[str, str | int | None]:
    return {
        "healthcheck-path": check.path,
        "healthcheck-port": check.port,
        "healthcheck-protocol": check.protocol.lower() if check.protocol else None,
        "healthcheck-interval": check.interval,
        "healthcheck-timeout": check.timeout,
        "healthcheck-healthy-threshold": check.healthy,
        "healthcheck-unhealthy-threshold": check.unhealthy,
        "healthcheck-success-codes": check.success_codes,
    }
