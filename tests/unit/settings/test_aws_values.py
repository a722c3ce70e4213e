"""What each wrong value of an AWS stack file is answered with: the key as it stands there, and a message."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import pytest
import yaml

from components.settings import load
from components.settings.problems import key_of
from tests.support.stacks import AWS_ENTRYPOINTS, aws_stack, problems_of, settings_of, with_value

Path = tuple[str | int, ...]

_AWS: Path = ("cloud", "aws")
_ALB: Path = ("entrypoint", "alb")
_ORDERS: Path = ("services", "orders")
_NLB: Path = (*_ORDERS, "load_balancer", "nlb")
_WEB: Path = ("certificates", "web", "acm")
_ROOT: Path = ("sites", "shop", "paths", "/")
_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


def backend(**health: Any) -> dict[str, Any]:
    return {"service": "web", "port": 80, "health": health}


#: A path into a right stack file, what is put there, where the problem is told (the path itself unless said), and what it says.
CASES: list[tuple[Path, Any, str | None, str]] = [
    # The cloud
    ((*_AWS, "region"), ..., None, "is required and missing"),
    ((*_AWS, "region"), "Frankfurt", None, '"Frankfurt" is not a region, which is written like eu-central-1'),
    ((*_AWS, "region"), "eu-central-1a", None,
     '"eu-central-1a" is not a region, which is written like eu-central-1 (that is an availability zone: leave out its last'),
    ((*_AWS, "regoin"), "x", None, 'unknown key (did you mean "region"?)'),
    ((*_AWS, "assume_role"), "deploy", None,
     '"deploy" is not the ARN of a role, such as arn:aws:iam::123456789012:role/deploy'),
    ((*_AWS, "assume_role"), "arn:aws:iam::123456789012:user/me", None, "is not the ARN of a role"),
    ((*_AWS, "assume_role"), "arn:aws:iam::12345:role/me", None, "is not the ARN of a role"),
    ((*_AWS, "ttl"), 0, None, "must be at least 1, got 0"),
    ((*_AWS, "delegation_timeout"), -1, None, "must be at least 0, got -1"),
    ((*_AWS, "controller"), "helmm", None,
     "must say which kind of load balancer controller it is: one of auto_mode, existing, helm"),
    ((*_AWS, "controller"), {"existing": {}, "helm": {}}, None,
     "must name exactly one kind of load balancer controller, got existing and helm"),
    ((*_AWS, "identity"), {}, None, "must name exactly one kind of identity, got none; allowed here: irsa, pod_identity"),
    ((*_AWS, "external_dns"), {"namespace": "dns"}, "portico:cloud.aws.external_dns.name", "is required and missing"),
    ((*_AWS, "tags"), ["a"], None, "must hold keys and values, got ['a']"),
    (("cluster", "eks", "name"), "a b", None, "string should match pattern"),
    (("cluster", "eks", "name"), "", None, "string should match pattern"),
    # The Application Load Balancer
    ((*_ALB, "scheme"), ..., None, "is required and missing"),
    ((*_ALB, "scheme"), "internet-facin", None,
     'must be one of internal, internet-facing, got "internet-facin" (did you mean "internet-facing"?)'),
    ((*_ALB, "scheme"), "public", None, 'must be one of internal, internet-facing, got "public"'),
    ((*_ALB, "address"), {"ip": "192.0.2.1"}, None, "unknown key"),
    ((*_ALB, "name"), "s" * 33, None, "is not a load balancer's name: 1 to 32 letters, digits and inner dashes"),
    ((*_ALB, "name"), "-a", None, "is not a load balancer's name"),
    ((*_ALB, "name"), "a-", None, "is not a load balancer's name"),
    ((*_ALB, "name"), "a_b", None, "is not a load balancer's name"),
    ((*_ALB, "name"), "internal-a", None, "not beginning with internal-"),
    ((*_ALB, "name"), "", None, "is not a load balancer's name"),
    ((*_ALB, "name"), "a\n", None, "is not a load balancer's name"),
    ((*_ALB, "target_type"), "pod", None, 'must be one of instance, ip, got "pod"'),
    ((*_ALB, "subnets"), ["vpc-1"], "portico:entrypoint.alb.subnets[0]",
     '"vpc-1" is not the id of a subnet, such as subnet-0a1b2c3d4e5f67890'),
    (_ALB, {"scheme": "internal", "security_groups": ["sg-0a1b2c3d"], "inbound_cidrs": ["10.0.0.0/8"]}, None,
     "security_groups of your own say who is let in: leave inbound_cidrs out"),
    ((*_ALB, "security_groups"), ["web"], "portico:entrypoint.alb.security_groups[0]",
     '"web" is not the id of a security group, such as sg-0a1b2c3d4e5f67890'),
    ((*_ALB, "inbound_cidrs"), ["10.0.0.1/8"], "portico:entrypoint.alb.inbound_cidrs[0]",
     '"10.0.0.1/8" is not a network, such as 203.0.113.0/24: 10.0.0.1/8 has host bits set'),
    ((*_ALB, "inbound_cidrs"), ["anywhere"], "portico:entrypoint.alb.inbound_cidrs[0]", '"anywhere" is not a network'),
    ((*_ALB, "tls_policy"), "TLS13", None, f'"TLS13" is not a security policy of ELB, such as {_POLICY}'),
    ((*_ALB, "tls_policy"), "ELBSecurityPolicy-2016-08", None,
     f"lets clients speak TLS 1.0 or 1.1, which no client needs any more: use {_POLICY}"),
    ((*_ALB, "tls_policy"), "ELBSecurityPolicy-TLS-1-1-2017-01", None, "lets clients speak TLS 1.0 or 1.1"),
    ((*_ALB, "tls_policy"), "ELBSecurityPolicy-TLS13-1-0-2021-06", None, "lets clients speak TLS 1.0 or 1.1"),
    ((*_ALB, "tls_policy"), "ELBSecurityPolicy-FS-1-1-2019-08", None, "lets clients speak TLS 1.0 or 1.1"),
    ((*_ALB, "waf"), "arn:aws:waf::123456789012:webacl/shop", None, "is not the ARN of a regional WAFv2 web ACL"),
    ((*_ALB, "waf"), "arn:aws:wafv2:us-east-1:123456789012:global/webacl/shop/1", None, "is not the ARN of a regional"),
    ((*_ALB, "access_logs"), {"prefix": "a"}, "portico:entrypoint.alb.access_logs.bucket", "is required and missing"),
    ((*_ALB, "access_logs"), {"bucket": "s3://a"}, "portico:entrypoint.alb.access_logs.bucket", '"s3://a" is not a bucket'),
    ((*_ALB, "ports"), {"http": 443}, None, "http and https must be different ports, both are 443"),
    # Certificates
    ((*_WEB, "key_algorithm"), "RSA_1024", None,
     'must be one of EC_prime256v1, EC_secp384r1, RSA_2048, got "RSA_1024" (did you mean "RSA_2048"?)'),
    ((*_WEB, "challenge"), "dns-01", None, "unknown key; allowed here: hosts, key_algorithm, timeout"),
    ((*_WEB, "hosts"), [], None, "must have at least 1"),
    ((*_WEB, "hosts"), [f"h{n}.portico.test" for n in range(101)], None, "must have at most 100, has 101"),
    # Health checks
    (_ROOT, backend(path="ok"), "portico:sites.shop.paths./.health.path", "string should match pattern"),
    (_ROOT, backend(path="/a b"), "portico:sites.shop.paths./.health.path", "string should match pattern"),
    (_ROOT, backend(success="20x"), "portico:sites.shop.paths./.health.success", "string should match pattern"),
    (_ROOT, backend(success="500"), "portico:sites.shop.paths./.health.success", "string should match pattern"),
    (_ROOT, backend(interval=4), "portico:sites.shop.paths./.health.interval", "must be at least 5, got 4"),
    (_ROOT, backend(timeout=15), "portico:sites.shop.paths./.health", "timeout (15) must be shorter than interval (15)"),
    (_ROOT, backend(healthy=1), "portico:sites.shop.paths./.health.healthy", "must be at least 2, got 1"),
    (_ROOT, backend(unhealthy=11), "portico:sites.shop.paths./.health.unhealthy", "must be at most 10, got 11"),
    (_ROOT, backend(port=0), "portico:sites.shop.paths./.health.port", ""),
    (_ROOT, backend(port="Traffic Port"), "portico:sites.shop.paths./.health.port", ""),
    # Services
    ((*_ORDERS, "ports"), {}, None, "must have at least 1"),
    ((*_ORDERS, "ports"), {"a": 80, "b": {"port": 80, "target": 81}}, "portico:services.orders",
     "two ports have the same number: 80, 80"),
    ((*_ORDERS, "ports"), {"A": 80}, "portico:services.orders.ports.A", "must be lower-case letters, digits and inner dashes"),
    ((*_ORDERS, "ports", "tcp"), {"port": 70000}, "portico:services.orders.ports.tcp.port", "must be at most 65535"),
    ((*_ORDERS, "load_balancer"), ..., "portico:services.orders",
     "hosts and tls are the load balancer's: add load_balancer, or lead a site to this Service"),
    (("services", "inside", "ports", "http", "tls"), True, "portico:services.inside", "hosts and tls are the load balancer's"),
    (("services", "queue", "hosts"), [], "portico:services.queue",
     "tls needs hosts: the certificate is the one that covers them"),
    ((*_ORDERS, "load_balancer"), "nlb", "portico:services.orders.load_balancer.nlb.scheme", "is required and missing"),
    ((*_ORDERS, "load_balancer"), "alb", None, "must say which kind of load balancer it is: one of nlb"),
    (("services", "Orders"), {"ports": {"tcp": 1}}, None, "must be lower-case letters, digits and inner dashes"),
    # The Network Load Balancer
    ((*_NLB, "elastic_ips"), True, "portico:services.orders.load_balancer.nlb",
     "elastic_ips are addresses of the internet: they need scheme: internet-facing"),
    (_NLB, {"scheme": "internet-facing", "elastic_ips": True}, None, "elastic_ips needs subnets: there is one address for each"),
    ((*_NLB, "subnets"), ["subnet-0a1b2c3d"] * 2, "portico:services.orders.load_balancer.nlb", "subnets names one twice"),
    ((*_NLB, "source_ranges"), ["all"], "portico:services.orders.load_balancer.nlb.source_ranges[0]", '"all" is not a network'),
    ((*_NLB, "name"), "internal-x", None, "not beginning with internal-"),
    ((*_NLB, "tls_policy"), "ELBSecurityPolicy-2015-05", None, "lets clients speak TLS 1.0 or 1.1"),
]  # fmt: skip

_IDS = [f"{key_of(case[0])}={str(case[1])[:30]}" for case in CASES]


@pytest.mark.parametrize("way", AWS_ENTRYPOINTS)
def test_a_right_stack_file_has_no_problem(way: str) -> None:
    assert problems_of(aws_stack(way)) == {}


@pytest.mark.parametrize(("path", "value", "where", "says"), CASES, ids=_IDS)
def test_fails_with_a_message_at_its_key_when(path: Path, value: Any, where: str | None, says: str) -> None:
    problems = problems_of(with_value(aws_stack(), path, value))
    where = where or key_of(path)
    assert where in problems, f"told elsewhere: {problems}"
    assert any(says in message for message in problems[where]), problems[where]


@pytest.mark.parametrize(("path", "value"), [case[:2] for case in CASES], ids=_IDS)
def test_one_wrong_value_is_one_problem(path: Path, value: Any) -> None:
    """What follows from a wrong value is not told as well."""
    problems = problems_of(with_value(aws_stack(), path, value))
    assert sum(len(messages) for messages in problems.values()) == 1, problems


RIGHT: list[tuple[Path, Any]] = [
    ((*_AWS, "region"), "us-gov-west-1"),
    ((*_AWS, "region"), "ap-southeast-3"),
    ((*_AWS, "assume_role"), "arn:aws-us-gov:iam::123456789012:role/path/deploy"),
    ((*_AWS, "controller"), "auto_mode"),
    ((*_AWS, "identity"), "irsa"),
    ((*_AWS, "delegation_timeout"), 0),
    ((*_ALB, "name"), "S" * 32),
    ((*_ALB, "subnets"), ["subnet-0a1b2c3d", "subnet-0a1b2c3d4e5f67890"]),
    ((*_ALB, "inbound_cidrs"), ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7"]),
    ((*_ALB, "tls_policy"), "ELBSecurityPolicy-TLS13-1-3-2021-06"),
    ((*_ALB, "tls_policy"), "ELBSecurityPolicy-TLS-1-2-Ext-2018-06"),
    ((*_ALB, "tls_policy"), "ELBSecurityPolicy-FS-1-2-Res-2020-10"),
    ((*_ALB, "tls_policy"), "ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04"),
    ((*_ALB, "waf"), "arn:aws-cn:wafv2:cn-north-1:123456789012:regional/webacl/shop/1"),
    ((*_ALB, "access_logs"), {"bucket": "my.logs-1", "prefix": "shop"}),
    (_ROOT, backend(path="/ok?full=1", success="200-299,404", interval=300, timeout=120, healthy=10, unhealthy=2)),
    (_ROOT, {"service": "web", "port": 80, "health": "/ok"}),
    (_NLB, {"scheme": "internet-facing", "elastic_ips": True, "subnets": ["subnet-0a1b2c3d"]}),
    (("cluster", "eks", "name"), "Shop_eu-1"),
    (("services", "inside", "ports"), {"http": 80, "https": {"port": 443, "target": "web"}}),
]


@pytest.mark.parametrize(("path", "value"), RIGHT, ids=[f"{key_of(path)}={str(value)[:30]}" for path, value in RIGHT])
def test_takes(path: Path, value: Any) -> None:
    assert problems_of(with_value(aws_stack(), path, value)) == {}


@pytest.mark.parametrize(("name", "value"), [("team", "a,b"), ("te=am", "a"), ("aws:team", "a"), ("team", "a" * 257), ("", "a")])
def test_fails_when_a_tag_cannot_be_told(name: str, value: str) -> None:
    """Tags are handed to the controller as name=value,name=value: a comma would make two of one."""
    problems = problems_of(with_value(aws_stack(), (*_AWS, "tags"), {name: value}))
    assert any(key.startswith("portico:cloud.aws.tags") for key in problems)


@pytest.mark.parametrize("path", [_ALB, _NLB], ids=["alb", "nlb"])
def test_fails_when_an_attribute_cannot_be_told(path: Path) -> None:
    problems = problems_of(with_value(aws_stack(), (*path, "attributes"), {"a.b": "c,d"}))
    assert any(key.startswith(key_of((*path, "attributes"))) for key in problems)


def test_what_is_left_out_has_a_default_that_is_safe() -> None:
    settings = settings_of(aws_stack(cloud={"aws": {"region": "eu-central-1"}}))
    aws = settings.cloud.aws
    assert aws is not None
    assert (aws.controller.kind, aws.identity.kind) == ("existing", "pod_identity")
    alb = settings.entrypoint.alb
    assert alb is not None
    assert (alb.tls_policy, alb.target_type, alb.dualstack, alb.waf) == (_POLICY, "ip", False, None)
    assert settings.protect is True


def test_the_stack_file_of_the_eks_road_is_right() -> None:
    whole = yaml.safe_load((FilePath(__file__).parents[3] / "Pulumi.eks.yaml").read_text())
    settings = load(whole["config"], stack="eks", root=FilePath("/nonexistent"))
    assert settings.urls == ["https://www.shop.example/path1", "https://www.shop.example/path2", "https://shop.example/"]
    assert settings.services["orders"].load_balancer is not None
    assert "pulumi:disable-default-providers" in whole["config"]
