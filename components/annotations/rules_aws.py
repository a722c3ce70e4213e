"""Rules of the AWS Load Balancer Controller."""

from __future__ import annotations

import json
from collections.abc import Iterator

from components.annotations.finding import Finding, error, near, shown, warning
from components.annotations.rule import Annotations, Rule, either, number, text
from components.annotations.values import pieces

ALB = "alb.ingress.kubernetes.io/"
NLB = "service.beta.kubernetes.io/aws-load-balancer-"
CLASS = "spec.loadBalancerClass: service.k8s.aws/nlb"

_SOURCE = "kubernetes-sigs/aws-load-balancer-controller: "


def _listeners(annotations: Annotations) -> list[tuple[str, object]] | None:
    """Protocol and port of each listener; None if they are not given, not known, or not of this shape."""
    listeners = _parsed(annotations)
    if not isinstance(listeners, list) or not all(isinstance(listener, dict) for listener in listeners):
        return None
    return [pair for listener in listeners for pair in listener.items()]


def _parsed(annotations: Annotations) -> object:
    try:
        return json.loads(text(annotations, f"{ALB}listen-ports") or "null")
    except ValueError:
        return None


def _listen_ports(annotations: Annotations) -> Iterator[Finding]:
    key = f"{ALB}listen-ports"
    listeners = _listeners(annotations)
    if listeners is None:
        if isinstance(_parsed(annotations), dict):
            yield error(key, 'must be a list of listeners, such as [{"HTTP": 80}, {"HTTPS": 443}]')
        return
    for protocol, port in listeners:
        if protocol not in ("HTTP", "HTTPS"):
            yield error(key, f"a listener is HTTP or HTTPS, got {shown(protocol)}{near(protocol.upper(), ('HTTP', 'HTTPS'))}")
        if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
            yield error(key, f"a listener's port is a whole number from 1 to 65535, got {shown(port)}")


def _ssl_redirect(annotations: Annotations) -> Iterator[Finding]:
    key = f"{ALB}ssl-redirect"
    listeners = _listeners(annotations)
    # Another Ingress of the group may have the listener.
    if key not in annotations or listeners is None or f"{ALB}group.name" in annotations:
        return
    port = text(annotations, key)
    secure = [str(number) for protocol, number in listeners if protocol == "HTTPS"]
    if port is not None and port not in secure:
        have = f"listen-ports has HTTPS on {', '.join(secure)}" if secure else "listen-ports has no HTTPS"
        yield error(key, f"must be the port of an HTTPS listener, got {shown(port)}; {have}")
    elif all(protocol != "HTTP" for protocol, _ in listeners):
        yield warning(key, "redirects nothing: listen-ports has no HTTP")


def _certificate(annotations: Annotations) -> Iterator[Finding]:
    key = f"{ALB}certificate-arn"
    listeners = _listeners(annotations)
    if key in annotations and listeners is not None and all(protocol != "HTTPS" for protocol, _ in listeners):
        yield warning(key, "is not used: listen-ports has no HTTPS")


def _inbound(annotations: Annotations) -> Iterator[Finding]:
    if f"{ALB}security-groups" in annotations and f"{ALB}inbound-cidrs" in annotations:
        yield warning(f"{ALB}inbound-cidrs", f"is not used beside {ALB}security-groups")


def _manage_rules(annotations: Annotations) -> Iterator[Finding]:
    key = f"{ALB}manage-backend-security-group-rules"
    if key in annotations and f"{ALB}security-groups" not in annotations:
        yield warning(key, f"does nothing without {ALB}security-groups")


def _alb_health(annotations: Annotations) -> Iterator[Finding]:
    key = f"{ALB}healthcheck-timeout-seconds"
    # Of one alone nothing is known: the other may stand on the Service, or on the Ingress.
    interval = number(annotations, f"{ALB}healthcheck-interval-seconds")
    timeout = number(annotations, key)
    if interval is not None and timeout is not None and timeout >= interval:
        yield error(key, f"a health check's timeout ({timeout} s) must be shorter than its interval ({interval} s)")


def _frontend(annotations: Annotations) -> Iterator[Finding]:
    enabled = text(annotations, f"{ALB}enable-frontend-nlb", "false")
    unused = [key for key in annotations if key.startswith(f"{ALB}frontend-nlb-")]
    if unused and enabled == "false":
        yield warning(unused[0], f'does nothing without {ALB}enable-frontend-nlb: "true"')


def _frontend_addresses(annotations: Annotations) -> Iterator[Finding]:
    key = f"{ALB}frontend-nlb-eip-allocations"
    scheme = text(annotations, f"{ALB}frontend-nlb-scheme") or text(annotations, f"{ALB}scheme", "internal")
    if key in annotations and scheme == "internal":
        yield error(key, f"needs {ALB}frontend-nlb-scheme: internet-facing")
    yield from _one_each(annotations, key, f"{ALB}frontend-nlb-subnets")


def _kind_of_balancer(annotations: Annotations) -> Iterator[Finding]:
    key = f"{NLB}type"
    match text(annotations, key):
        case "nlb":
            yield error(key, f'"nlb" is left alone by today\'s AWS Load Balancer Controller; take it out and write {CLASS}')
        case "nlb-ip":
            yield warning(key, f'"nlb-ip" is deprecated; take it out, write {CLASS} and {NLB}nlb-target-type: ip')


def _addresses(annotations: Annotations) -> Iterator[Finding]:
    scheme = text(annotations, f"{NLB}scheme", "internal")
    # The older key still decides where the newer one is missing.
    if f"{NLB}scheme" not in annotations and f"{NLB}internal" in annotations:
        scheme = {"false": "internet-facing", "true": "internal"}.get(text(annotations, f"{NLB}internal") or "")
    family = text(annotations, f"{NLB}ip-address-type", "ipv4")
    if f"{NLB}eip-allocations" in annotations and scheme == "internal":
        yield error(f"{NLB}eip-allocations", f"needs {NLB}scheme: internet-facing")
    if f"{NLB}private-ipv4-addresses" in annotations and scheme == "internet-facing":
        yield error(f"{NLB}private-ipv4-addresses", f"needs {NLB}scheme: internal")
    if f"{NLB}ipv6-addresses" in annotations and family == "ipv4":
        yield error(f"{NLB}ipv6-addresses", f"needs {NLB}ip-address-type: dualstack")
    for name in ("eip-allocations", "private-ipv4-addresses", "ipv6-addresses"):
        yield from _one_each(annotations, f"{NLB}{name}", f"{NLB}subnets")


def _one_each(annotations: Annotations, key: str, subnets: str) -> Iterator[Finding]:
    one, other = text(annotations, key), text(annotations, subnets)
    if one and other and len(pieces(one)) != len(pieces(other)):
        yield error(key, f"must have one for each subnet: has {len(pieces(one))} for {len(pieces(other))} in {subnets}")


def _ssl_ports(annotations: Annotations) -> Iterator[Finding]:
    if f"{NLB}ssl-ports" in annotations and f"{NLB}ssl-cert" not in annotations:
        yield warning(f"{NLB}ssl-ports", f"does nothing without {NLB}ssl-cert")


_INGRESS = frozenset({"Ingress"})
_SERVICE = frozenset({"Service"})

AWS = (
    Rule("alb-listen-ports", _INGRESS, f"{_SOURCE}pkg/ingress/model_build_listener.go", _listen_ports),
    Rule("alb-ssl-redirect", _INGRESS, f"{_SOURCE}pkg/ingress/model_builder.go, buildSSLRedirectConfig", _ssl_redirect),
    Rule("alb-certificate", _INGRESS, f"{_SOURCE}docs/guide/ingress/cert_discovery.md", _certificate),
    Rule("alb-inbound", _INGRESS, f"{_SOURCE}docs/guide/ingress/annotations.md, inbound-cidrs", _inbound),
    Rule("alb-manage-rules", _INGRESS, f"{_SOURCE}docs/guide/ingress/annotations.md, manage-backend-security-…", _manage_rules),
    Rule("alb-health", frozenset({"Ingress", "Service"}), "elasticloadbalancing API, CreateTargetGroup", _alb_health),
    Rule(
        "alb-web-acl",
        _INGRESS,
        f"{_SOURCE}docs/guide/ingress/annotations.md",
        either(f"{ALB}wafv2-acl-arn", f"{ALB}wafv2-acl-name"),
    ),
    Rule("alb-frontend", _INGRESS, f"{_SOURCE}docs/guide/ingress/annotations.md, enable-frontend-nlb", _frontend),
    Rule("alb-frontend-addresses", _INGRESS, f"{_SOURCE}pkg/ingress/model_build_frontend_nlb.go", _frontend_addresses),
    Rule("nlb-type", _SERVICE, f"{_SOURCE}docs/guide/service/nlb.md", _kind_of_balancer),
    Rule("nlb-addresses", _SERVICE, f"{_SOURCE}pkg/service/model_build_load_balancer.go", _addresses),
    Rule("nlb-ssl-ports", _SERVICE, f"{_SOURCE}docs/guide/service/annotations.md, ssl-ports", _ssl_ports),
)
