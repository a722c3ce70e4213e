"""What annotations say together: each rule speaks when it should, and is silent otherwise."""

from __future__ import annotations

import pytest

from components.annotations import check
from components.annotations.rules import RULES

_ALB = "alb.ingress.kubernetes.io/"
_NLB = "service.beta.kubernetes.io/aws-load-balancer-"
_GCE = "kubernetes.io/ingress."
_PROBE = "service.beta.kubernetes.io/azure-load-balancer-health-probe-"
_AGC = "alb.networking.azure.io/"
_OCI = "service.beta.kubernetes.io/oci-load-balancer-"
_CERT = "cert-manager.io/"
_NGINX = "nginx.ingress.kubernetes.io/"
_DNS = "external-dns.kubernetes.io/"
_OLD_DNS = "external-dns.alpha.kubernetes.io/"

_BOTH = '[{"HTTP": 80}, {"HTTPS": 443}]'

#: Rule, kind of object, annotations that break it, and what is said of which of them.
BROKEN = [
    (
        "alb-listen-ports",
        "Ingress",
        {f"{_ALB}listen-ports": '[{"TCP": 80}]'},
        f"{_ALB}listen-ports",
        "a listener is HTTP or HTTPS",
    ),
    ("alb-listen-ports", "Ingress", {f"{_ALB}listen-ports": '[{"HTTP": 0}]'}, f"{_ALB}listen-ports", "from 1 to 65535"),
    ("alb-listen-ports", "Ingress", {f"{_ALB}listen-ports": '[{"HTTP": true}]'}, f"{_ALB}listen-ports", "from 1 to 65535"),
    (
        "alb-ssl-redirect",
        "Ingress",
        {f"{_ALB}listen-ports": _BOTH, f"{_ALB}ssl-redirect": "8443"},
        f"{_ALB}ssl-redirect",
        "listen-ports has HTTPS on 443",
    ),
    (
        "alb-ssl-redirect",
        "Ingress",
        {f"{_ALB}listen-ports": '[{"HTTP": 80}]', f"{_ALB}ssl-redirect": "443"},
        f"{_ALB}ssl-redirect",
        "listen-ports has no HTTPS",
    ),
    (
        "alb-ssl-redirect",
        "Ingress",
        {f"{_ALB}listen-ports": '[{"HTTPS": 443}]', f"{_ALB}ssl-redirect": "443"},
        f"{_ALB}ssl-redirect",
        "redirects nothing",
    ),
    (
        "alb-certificate",
        "Ingress",
        {f"{_ALB}listen-ports": '[{"HTTP": 80}]', f"{_ALB}certificate-arn": "arn"},
        f"{_ALB}certificate-arn",
        "is not used",
    ),
    (
        "alb-inbound",
        "Ingress",
        {f"{_ALB}inbound-cidrs": "::/0", f"{_ALB}security-groups": "sg"},
        f"{_ALB}inbound-cidrs",
        "is not used",
    ),
    (
        "alb-manage-rules",
        "Ingress",
        {f"{_ALB}manage-backend-security-group-rules": "true"},
        f"{_ALB}manage-backend-security-group-rules",
        "does nothing without",
    ),
    (
        "alb-health",
        "Service",
        {f"{_ALB}healthcheck-interval-seconds": "10", f"{_ALB}healthcheck-timeout-seconds": "10"},
        f"{_ALB}healthcheck-timeout-seconds",
        "must be shorter than its interval",
    ),
    (
        "alb-web-acl",
        "Ingress",
        {f"{_ALB}wafv2-acl-arn": "a", f"{_ALB}wafv2-acl-name": "b"},
        f"{_ALB}wafv2-acl-name",
        "keep one of the two",
    ),
    ("alb-frontend", "Ingress", {f"{_ALB}frontend-nlb-scheme": "internal"}, f"{_ALB}frontend-nlb-scheme", "does nothing without"),
    (
        "alb-frontend-addresses",
        "Ingress",
        {f"{_ALB}frontend-nlb-eip-allocations": "eipalloc-1", f"{_ALB}enable-frontend-nlb": "true"},
        f"{_ALB}frontend-nlb-eip-allocations",
        "needs alb.ingress.kubernetes.io/frontend-nlb-scheme: internet-facing",
    ),
    ("nlb-type", "Service", {f"{_NLB}type": "nlb"}, f"{_NLB}type", "spec.loadBalancerClass: service.k8s.aws/nlb"),
    ("nlb-type", "Service", {f"{_NLB}type": "nlb-ip"}, f"{_NLB}type", "deprecated"),
    ("nlb-addresses", "Service", {f"{_NLB}eip-allocations": "eipalloc-1"}, f"{_NLB}eip-allocations", "scheme: internet-facing"),
    (
        "nlb-addresses",
        "Service",
        {f"{_NLB}eip-allocations": "eipalloc-1", f"{_NLB}internal": "true"},
        f"{_NLB}eip-allocations",
        "scheme: internet-facing",
    ),
    (
        "nlb-addresses",
        "Service",
        {f"{_NLB}eip-allocations": "a,b", f"{_NLB}subnets": "c", f"{_NLB}scheme": "internet-facing"},
        f"{_NLB}eip-allocations",
        "has 2 for 1",
    ),
    (
        "nlb-addresses",
        "Service",
        {f"{_NLB}private-ipv4-addresses": "10.0.0.1", f"{_NLB}scheme": "internet-facing"},
        f"{_NLB}private-ipv4-addresses",
        "scheme: internal",
    ),
    ("nlb-addresses", "Service", {f"{_NLB}ipv6-addresses": "2001:db8::1"}, f"{_NLB}ipv6-addresses", "dualstack"),
    ("nlb-ssl-ports", "Service", {f"{_NLB}ssl-ports": "443"}, f"{_NLB}ssl-ports", "does nothing without"),
    (
        "gce-address",
        "Ingress",
        {f"{_GCE}global-static-ip-name": "a", f"{_GCE}regional-static-ip-name": "b"},
        f"{_GCE}regional-static-ip-name",
        "keep one of the two",
    ),
    (
        "gce-address",
        "Ingress",
        {f"{_GCE}global-static-ip-name": "a", f"{_GCE}class": "gce-internal"},
        f"{_GCE}global-static-ip-name",
        "takes no global address",
    ),
    ("azure-probe", "Service", {f"{_PROBE}interval": "60"}, f"{_PROBE}interval", "must be less than 120 s, is 120 s"),
    ("azure-probe", "Service", {f"{_PROBE}num-of-probe": "24"}, f"{_PROBE}num-of-probe", "must be less than 120 s"),
    ("azure-gateway", "Gateway", {f"{_AGC}alb-name": "a"}, f"{_AGC}alb-name", "needs alb.networking.azure.io/alb-namespace"),
    (
        "azure-gateway",
        "Gateway",
        {f"{_AGC}alb-name": "a", f"{_AGC}alb-namespace": "b", f"{_AGC}alb-id": "c"},
        f"{_AGC}alb-name",
        "keep one of the two",
    ),
    ("oci-shape", "Service", {f"{_OCI}shape": "flexible", f"{_OCI}shape-flex-min": "10"}, f"{_OCI}shape", "shape-flex-max"),
    (
        "oci-tls",
        "Service",
        {f"{_OCI}ssl-ports": "443", "oci.oraclecloud.com/load-balancer-type": "nlb"},
        f"{_OCI}ssl-ports",
        "is not for a network load balancer",
    ),
    ("cert-issuer", "Ingress", {f"{_CERT}issuer": "a", f"{_CERT}cluster-issuer": "b"}, f"{_CERT}issuer", "keep one of the two"),
    ("cert-issuer", "Gateway", {f"{_CERT}issuer-kind": "a", f"{_CERT}cluster-issuer": "b"}, f"{_CERT}issuer-kind", "keep one"),
    (
        "cert-renewal",
        "Ingress",
        {f"{_CERT}renew-before": "24h", f"{_CERT}renew-before-percentage": "10"},
        f"{_CERT}renew-before-percentage",
        "keep one of the two",
    ),
    ("nginx-canary", "Ingress", {f"{_NGINX}canary-weight": "10"}, f"{_NGINX}canary-weight", "canary"),
    ("dns-set-identifier", "HTTPRoute", {f"{_DNS}aws-weight": "10"}, f"{_DNS}aws-weight", "set-identifier"),
    (
        "dns-two-prefixes",
        "Service",
        {f"{_DNS}hostname": "a.example", f"{_OLD_DNS}hostname": "b.example"},
        f"{_OLD_DNS}hostname",
        "reads one of the two",
    ),
]


class _Later:
    """A value that is known only once something else is made."""

    def __repr__(self) -> str:
        return "later"  # the test is called by it, the same in every process


_LATER = _Later()

#: Annotations that several of the rules look at, and that are right.
KEPT = [
    ("Ingress", {f"{_ALB}listen-ports": _BOTH, f"{_ALB}ssl-redirect": "443", f"{_ALB}certificate-arn": "arn"}),
    ("Ingress", {f"{_ALB}listen-ports": '[{"HTTP": 80}]', f"{_ALB}ssl-redirect": "443", f"{_ALB}group.name": "shared"}),
    ("Ingress", {f"{_ALB}listen-ports": _LATER, f"{_ALB}ssl-redirect": "443"}),
    ("Ingress", {f"{_ALB}ssl-redirect": _LATER, f"{_ALB}listen-ports": _BOTH}),
    ("Ingress", {f"{_ALB}security-groups": "sg", f"{_ALB}manage-backend-security-group-rules": "true"}),
    ("Ingress", {f"{_ALB}healthcheck-interval-seconds": "5"}),
    ("Ingress", {f"{_ALB}healthcheck-interval-seconds": "15", f"{_ALB}healthcheck-timeout-seconds": "5"}),
    (
        "Ingress",
        {f"{_ALB}frontend-nlb-eip-allocations": "a", f"{_ALB}enable-frontend-nlb": "true", f"{_ALB}scheme": "internet-facing"},
    ),
    ("Service", {f"{_NLB}eip-allocations": "a,b", f"{_NLB}subnets": "c, d", f"{_NLB}scheme": "internet-facing"}),
    ("Service", {f"{_NLB}eip-allocations": _LATER, f"{_NLB}subnets": "c, d", f"{_NLB}scheme": "internet-facing"}),
    ("Service", {f"{_NLB}eip-allocations": "a", f"{_NLB}scheme": _LATER}),
    ("Service", {f"{_NLB}private-ipv4-addresses": "10.0.0.1"}),
    ("Service", {f"{_NLB}ssl-ports": "443", f"{_NLB}ssl-cert": _LATER}),
    ("Service", {f"{_NLB}type": "external"}),
    ("Ingress", {f"{_GCE}global-static-ip-name": "a", f"{_GCE}class": "gce"}),
    ("Service", {f"{_PROBE}interval": "5", f"{_PROBE}num-of-probe": "23"}),
    ("Gateway", {f"{_AGC}alb-name": "a", f"{_AGC}alb-namespace": "b"}),
    ("Service", {f"{_OCI}shape": "flexible", f"{_OCI}shape-flex-min": "10", f"{_OCI}shape-flex-max": "100"}),
    ("Service", {f"{_OCI}ssl-ports": "443", "oci.oraclecloud.com/load-balancer-type": "lb"}),
    ("Ingress", {f"{_CERT}issuer": "a", f"{_CERT}issuer-kind": "b", f"{_CERT}renew-before": "24h"}),
    ("HTTPRoute", {f"{_DNS}aws-weight": "10", f"{_DNS}set-identifier": "one"}),
]


def test_every_rule_is_tried_and_named_once() -> None:
    names = [rule.name for rule in RULES]
    assert {rule for rule, *_ in BROKEN} == set(names)
    assert len(set(names)) == len(names)
    assert all(rule.source for rule in RULES)


@pytest.mark.parametrize(
    ("name", "kind", "annotations", "key", "says"), BROKEN, ids=lambda part: part if isinstance(part, str) else ""
)
def test_broken(name: str, kind: str, annotations: dict[str, str], key: str, says: str) -> None:
    rule = next(rule for rule in RULES if rule.name == name)
    found = list(rule.find(annotations))
    assert any(finding.key == key and says in finding.message for finding in found)
    assert kind in rule.kinds
    assert set(found) <= set(check(kind, annotations))
    # What is let through is not judged either.
    assert not any(finding.key == key for finding in check(kind, annotations, allow=[key]))


@pytest.mark.parametrize(("kind", "annotations"), KEPT, ids=str)
def test_kept(kind: str, annotations: dict[str, object]) -> None:
    assert not check(kind, annotations)


def test_deprecated_class_annotation() -> None:
    for value in ("alb", "nginx", "traefik"):
        found = check("Ingress", {f"{_GCE}class": value})
        assert [(finding.severity, finding.suggestions) for finding in found] == [("warning", ("spec.ingressClassName",))]
    assert not check("Ingress", {f"{_GCE}class": "gce"})
    assert not check("Ingress", {f"{_GCE}class": "gce-internal"}, controllers={"ingress-gce"})


def test_snippets_are_refused_by_default() -> None:
    found = check("Ingress", {f"{_NGINX}configuration-snippet": "more_set_headers x;"})
    assert any("allow-snippet-annotations" in finding.message for finding in found)
    assert "more_set_headers" not in str(found)
