"""Annotations of an Ingress for an Application Load Balancer, by the AWS Load Balancer Controller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.annotations.builder import (
    HealthCheck,
    IpAddressType,
    Protocol,
    Scheme,
    TargetType,
    V,
    given,
    listed,
    mapped,
    ports,
)

#: What every key begins with.
PREFIX = "alb.ingress.kubernetes.io/"


def alb(
    *,
    scheme: Scheme | None = None,
    target_type: TargetType | None = None,
    listen_ports: Sequence[tuple[Protocol, int]] = (),
    certificate_arns: str | V | Sequence[str] = (),
    ssl_redirect: int | None = None,
    ssl_policy: str | None = None,
    group_name: str | None = None,
    group_order: int | None = None,
    load_balancer_name: str | V | None = None,
    healthcheck: HealthCheck | None = None,
    backend_protocol: Protocol | None = None,
    wafv2_acl_arn: str | V | None = None,
    access_logs_bucket: str | None = None,
    access_logs_prefix: str | None = None,
    load_balancer_attributes: Mapping[str, str] | None = None,
    target_group_attributes: Mapping[str, str] | None = None,
    inbound_cidrs: str | V | Sequence[str] = (),
    subnets: str | V | Sequence[str] = (),
    security_groups: str | V | Sequence[str] = (),
    manage_backend_security_group_rules: bool | None = None,
    ip_address_type: IpAddressType | None = None,
    tags: Mapping[str, str] | None = None,
    actions: Mapping[str, str] | None = None,
) -> dict[str, str | V]:
    """The annotations that say this; what is left out is the controller's default (a load balancer is internal, for one).

    `actions` are JSON texts by the name that a rule's backend calls them by.
    """
    logs = {
        "access_logs.s3.enabled": "true" if access_logs_bucket else "",
        "access_logs.s3.bucket": access_logs_bucket or "",
        "access_logs.s3.prefix": access_logs_prefix or "",
    }
    attributes = {**(load_balancer_attributes or {}), **{name: value for name, value in logs.items() if value}}
    return given(
        PREFIX,
        {
            "scheme": scheme,
            "target-type": target_type,
            "listen-ports": ports(listen_ports),
            "certificate-arn": listed(certificate_arns),
            "ssl-redirect": ssl_redirect,
            "ssl-policy": ssl_policy,
            "group.name": group_name,
            "group.order": group_order,
            "load-balancer-name": load_balancer_name,
            **_health(healthcheck or HealthCheck()),
            "backend-protocol": backend_protocol,
            "wafv2-acl-arn": wafv2_acl_arn,
            "load-balancer-attributes": mapped(attributes),
            "target-group-attributes": mapped(target_group_attributes or {}),
            "inbound-cidrs": listed(inbound_cidrs),
            "subnets": listed(subnets),
            "security-groups": listed(security_groups),
            "manage-backend-security-group-rules": manage_backend_security_group_rules,
            "ip-address-type": ip_address_type,
            "tags": mapped(tags or {}),
            **{f"actions.{name}": action for name, action in (actions or {}).items()},
        },
    )


def _health(check: HealthCheck) -> dict[str, str | int | None]:
    return {
        "healthcheck-path": check.path,
        "healthcheck-port": check.port,
        "healthcheck-protocol": check.protocol,
        "healthcheck-interval-seconds": check.interval,
        "healthcheck-timeout-seconds": check.timeout,
        "healthy-threshold-count": check.healthy,
        "unhealthy-threshold-count": check.unhealthy,
        "success-codes": check.success_codes,
    }
