"""Rules of the other controllers."""

from __future__ import annotations

from collections.abc import Iterator

from components.annotations.finding import Finding, error, shown, warning
from components.annotations.rule import Annotations, Rule, either, number, text

_GCE = "kubernetes.io/ingress."
_AZURE = "service.beta.kubernetes.io/azure-load-balancer-health-probe-"
_AGC = "alb.networking.azure.io/"
_OCI = "service.beta.kubernetes.io/oci-load-balancer-"
_CERT = "cert-manager.io/"
_NGINX = "nginx.ingress.kubernetes.io/"
_DNS = ("external-dns.kubernetes.io/", "external-dns.alpha.kubernetes.io/")

#: What makes a record of Route 53 one of several under the same name.
_ROUTED = ("aws-weight", "aws-region", "aws-failover", "aws-geo", "aws-multi-value-answer")


def _gce_address(annotations: Annotations) -> Iterator[Finding]:
    key = f"{_GCE}global-static-ip-name"
    yield from either(key, f"{_GCE}regional-static-ip-name")(annotations)
    if key in annotations and text(annotations, f"{_GCE}class") in ("gce-internal", "gce-regional-external"):
        yield error(key, f"a regional load balancer takes no global address; use {_GCE}regional-static-ip-name")


def _azure_probe(annotations: Annotations) -> Iterator[Finding]:
    interval = number(annotations, f"{_AZURE}interval", 5)
    count = number(annotations, f"{_AZURE}num-of-probe", 2)
    if interval is not None and count is not None and interval * count >= 120:
        at = f"{_AZURE}interval" if f"{_AZURE}interval" in annotations else f"{_AZURE}num-of-probe"
        yield error(at, f"interval times number of probes must be less than 120 s, is {interval * count} s")


def _azure_gateway(annotations: Annotations) -> Iterator[Finding]:
    if f"{_AGC}alb-name" in annotations and f"{_AGC}alb-namespace" not in annotations:
        yield error(f"{_AGC}alb-name", f"needs {_AGC}alb-namespace")
    yield from either(f"{_AGC}alb-id", f"{_AGC}alb-name")(annotations)


def _oci_shape(annotations: Annotations) -> Iterator[Finding]:
    if (text(annotations, f"{_OCI}shape") or "").lower() == "flexible":
        for key in (f"{_OCI}shape-flex-min", f"{_OCI}shape-flex-max"):
            if key not in annotations:
                yield error(f"{_OCI}shape", f'"flexible" needs {key}')


def _oci_tls(annotations: Annotations) -> Iterator[Finding]:
    if (text(annotations, "oci.oraclecloud.com/load-balancer-type") or "").lower() != "nlb":
        return
    for key in (f"{_OCI}ssl-ports", f"{_OCI}tls-secret", "oci.oraclecloud.com/oci-load-balancer-rule-sets"):
        if key in annotations:
            yield error(key, 'is not for a network load balancer; it needs oci.oraclecloud.com/load-balancer-type: "lb"')


def _issuer(annotations: Annotations) -> Iterator[Finding]:
    yield from either(f"{_CERT}cluster-issuer", f"{_CERT}issuer")(annotations)
    for name in ("issuer-kind", "issuer-group"):
        yield from either(f"{_CERT}cluster-issuer", f"{_CERT}{name}")(annotations)


def _canary(annotations: Annotations) -> Iterator[Finding]:
    set_up = [key for key in annotations if key.startswith(f"{_NGINX}canary-") and not key.endswith("-weight-total")]
    if set_up and text(annotations, f"{_NGINX}canary", "false") == "false":
        yield error(set_up[0], f'needs {_NGINX}canary: "true"')


def _set_identifier(annotations: Annotations) -> Iterator[Finding]:
    for prefix in _DNS:
        routed = [key for key in annotations if key.startswith(tuple(f"{prefix}{name}" for name in _ROUTED))]
        if routed and f"{prefix}set-identifier" not in annotations:
            yield error(routed[0], f"needs {prefix}set-identifier, which tells the records of one name apart")


def _two_prefixes(annotations: Annotations) -> Iterator[Finding]:
    # Both prefixes on one object: only one of them is read.
    both = [key for key in annotations if key.startswith(_DNS[1]) and f"{_DNS[0]}{key.removeprefix(_DNS[1])}" in annotations]
    for key in both:
        newer = f"{_DNS[0]}{key.removeprefix(_DNS[1])}"
        old, new = text(annotations, key), text(annotations, newer)
        if old is not None and new is not None and old != new:
            yield warning(key, f"says {shown(old)} where {newer} says {shown(new)}; external-dns reads one of the two")


_CERTIFIED = frozenset({"Ingress", "Gateway", "ListenerSet"})
_NAMED = frozenset({"Ingress", "Service", "HTTPRoute", "Pod", "Gateway", "ListenerSet"})
_INGRESS = frozenset({"Ingress"})
_SERVICE = frozenset({"Service"})

OTHERS = (
    Rule("gce-address", _INGRESS, "kubernetes/ingress-gce: pkg/annotations/ingress.go", _gce_address),
    Rule("azure-probe", _SERVICE, "kubernetes-sigs/cloud-provider-azure: azure_loadbalancer_healthprobe.go", _azure_probe),
    Rule("azure-gateway", frozenset({"Ingress", "Gateway"}), "Application Gateway for Containers documentation", _azure_gateway),
    Rule("oci-shape", _SERVICE, "oracle/oci-cloud-controller-manager: load_balancer_spec.go, getLBShape", _oci_shape),
    Rule("oci-tls", _SERVICE, "oracle/oci-cloud-controller-manager: docs/tutorial-ssl.md", _oci_tls),
    Rule("cert-issuer", _CERTIFIED, "cert-manager/cert-manager: pkg/controller/certificate-shim/helper.go", _issuer),
    Rule(
        "cert-renewal",
        _CERTIFIED,
        "cert-manager/cert-manager: pkg/apis/certmanager/v1/types_certificate.go",
        either(f"{_CERT}renew-before", f"{_CERT}renew-before-percentage"),
    ),
    Rule("nginx-canary", _INGRESS, "kubernetes/ingress-nginx: internal/ingress/annotations/canary/main.go", _canary),
    Rule("dns-set-identifier", _NAMED, "kubernetes-sigs/external-dns: docs/annotations/annotations.md", _set_identifier),
    Rule("dns-two-prefixes", _NAMED, "kubernetes-sigs/external-dns: docs/flags.md, --annotation-prefix", _two_prefixes),
)
