"""The builders write keys of the catalogue with values that its checks take, and let unknown values through."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields

import pytest

from components.annotations import check
from components.annotations.alb import alb
from components.annotations.builder import HealthCheck, mapped
from components.annotations.gke import CERTIFICATE_MAP, CLASS, behind_gce, gce, passthrough
from components.annotations.nlb import nlb

_CHECK = HealthCheck("/up", 8080, "HTTP", 15, 5, 2, 3, "200-299")


@dataclass(frozen=True, eq=False)
class Later:
    """Stands for a value of the engine, which may not be asked whether it is true or equal."""

    def __bool__(self) -> bool:
        raise AssertionError

    def __eq__(self, other: object) -> bool:
        raise AssertionError

    __hash__ = object.__hash__


def test_alb_with_everything() -> None:
    built = alb(
        scheme="internet-facing",
        target_type="ip",
        listen_ports=[("HTTP", 80), ("HTTPS", 443)],
        certificate_arns=["arn:a", "arn:b"],
        ssl_redirect=443,
        ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        group_name="portico",
        group_order=-5,
        load_balancer_name="shop",
        healthcheck=_CHECK,
        backend_protocol="HTTP",
        wafv2_acl_arn="arn:waf",
        access_logs_bucket="logs",
        access_logs_prefix="alb",
        load_balancer_attributes={"idle_timeout.timeout_seconds": "60"},
        target_group_attributes={"deregistration_delay.timeout_seconds": "30"},
        inbound_cidrs=("10.0.0.0/8", "192.168.0.0/16"),
        subnets=["subnet-a", "subnet-b"],
        security_groups="sg-1",
        manage_backend_security_group_rules=True,
        ip_address_type="dualstack",
        tags={"team": "shop, web", "cost": "1"},
        actions={"elsewhere": '{"type": "redirect"}'},
    )
    own = {name.partition("/")[2]: value for name, value in built.items()}
    assert own["listen-ports"] == '[{"HTTP":80},{"HTTPS":443}]'
    assert own["certificate-arn"] == "arn:a,arn:b"
    assert own["group.order"] == "-5"
    assert own["healthcheck-port"] == "8080"
    assert own["tags"] == r"cost=1,team=shop\, web"
    assert own["load-balancer-attributes"] == (
        "access_logs.s3.bucket=logs,access_logs.s3.enabled=true,access_logs.s3.prefix=alb,idle_timeout.timeout_seconds=60"
    )
    # Beside security groups of one's own, networks that are let in are not used; all else is right.
    assert [finding.key for finding in check("Ingress", built)] == ["alb.ingress.kubernetes.io/inbound-cidrs"]
    _all_used(alb, built, extra=len(fields(HealthCheck)) - 1, merged=2)


def test_nlb_with_everything() -> None:
    built = nlb(
        scheme="internet-facing",
        target_type="ip",
        name="tcp",
        subnets=["subnet-a", "subnet-b"],
        eip_allocations=["eipalloc-1", "eipalloc-2"],
        ssl_cert="arn:a",
        ssl_ports=[443, "tls"],
        ssl_negotiation_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        backend_protocol="tcp",
        proxy_protocol=True,
        cross_zone=True,
        attributes={"deletion_protection.enabled": "true"},
        target_group_attributes={"preserve_client_ip.enabled": "true"},
        healthcheck=_CHECK,
        security_groups=["sg-1"],
        source_ranges=["10.0.0.0/8"],
        ip_address_type="ipv4",
        tags={"team": "shop"},
    )
    assert built["service.beta.kubernetes.io/load-balancer-source-ranges"] == "10.0.0.0/8"
    own = {name.removeprefix("service.beta.kubernetes.io/aws-load-balancer-"): value for name, value in built.items()}
    assert own["attributes"] == "deletion_protection.enabled=true,load_balancing.cross_zone.enabled=true"
    assert own["ssl-ports"] == "443,tls"
    assert own["proxy-protocol"] == "*"
    assert own["healthcheck-protocol"] == "http"
    assert own["healthcheck-healthy-threshold"] == "2"
    assert not check("Service", built)
    assert not check("Service", nlb(private_ipv4_addresses=["10.0.0.5"]))
    # Private addresses are for internal load balancers only, so they are not among the above.
    _all_used(nlb, built, extra=len(fields(HealthCheck)) - 1, merged=1 + 1)


def _all_used(builder: object, built: dict[str, str], *, extra: int, merged: int) -> None:
    """Every parameter became a key of its own, but for those merged into another one or left out."""
    parameters = inspect.signature(builder).parameters  # type: ignore[arg-type]  # it is a function
    assert len(built) == len(parameters) + extra - merged


@pytest.mark.parametrize("builder", [alb, nlb])
def test_nothing_said_is_nothing_written(builder: object) -> None:
    assert builder() == {}  # type: ignore[operator]  # it is a function


def test_zero_and_false_are_something() -> None:
    assert alb(group_order=0) == {"alb.ingress.kubernetes.io/group.order": "0"}
    assert nlb(cross_zone=False) == {
        "service.beta.kubernetes.io/aws-load-balancer-attributes": "load_balancing.cross_zone.enabled=false"
    }


def test_value_of_the_engine_passes_through_unchanged() -> None:
    later = Later()
    built = {**alb(certificate_arns=later, wafv2_acl_arn=later), **nlb(eip_allocations=later, source_ranges=later)}
    assert len(built) == 4
    assert all(value is later for value in built.values())


def test_commas_and_backslashes_in_values_are_escaped() -> None:
    assert mapped({"b": "1", "a": r"x,y\z"}) == r"a=x\,y\\z,b=1"


# GKE


def test_gce_with_everything() -> None:
    built = gce(static_ip_name="shop", allow_http=False, frontend_config="shop", managed_certificates=["a", "b"])
    assert built == {
        CLASS: "gce",
        "kubernetes.io/ingress.global-static-ip-name": "shop",
        "kubernetes.io/ingress.allow-http": "false",
        "networking.gke.io/v1beta1.FrontendConfig": "shop",
        "networking.gke.io/managed-certificates": "a,b",
    }
    assert not check("Ingress", built)
    # The class is no parameter: the load balancer of the other one is inside a network.
    _all_used(gce, built, extra=1, merged=0)


def test_gce_says_no_more_than_it_is_told() -> None:
    assert gce(static_ip_name="shop") == {CLASS: "gce", "kubernetes.io/ingress.global-static-ip-name": "shop"}


def test_a_service_behind_gce_says_its_ports_in_order() -> None:
    built = behind_gce({8080: "b", 80: "a"})
    assert built == {
        "cloud.google.com/neg": '{"ingress":true}',
        "cloud.google.com/backend-config": '{"ports":{"80":"a","8080":"b"}}',
    }
    assert not check("Service", built)


def test_a_service_at_reserved_addresses() -> None:
    built = passthrough(address_names=["a", "b"], network_tier="Standard")
    assert built == {
        "cloud.google.com/l4-rbs": "enabled",
        "cloud.google.com/network-tier": "Standard",
        "networking.gke.io/load-balancer-ip-addresses": "a,b",
    }
    assert not check("Service", built)


def test_a_gateways_map_is_an_annotation_that_gke_reads() -> None:
    assert CERTIFICATE_MAP == "networking.gke.io/certmap"
