"""Mistakes that people make, by controller: each is an error that names what was meant."""

from __future__ import annotations

import pytest

from components.annotations import check

_ALB = "alb.ingress.kubernetes.io/"
_NLB = "service.beta.kubernetes.io/aws-load-balancer-"
_AZURE = "service.beta.kubernetes.io/azure-"
_OCI = "service.beta.kubernetes.io/oci-load-balancer-"
_NGINX = "nginx.ingress.kubernetes.io/"
_TRAEFIK = "traefik.ingress.kubernetes.io/"
_CERT = "cert-manager.io/"
_DNS = "external-dns.kubernetes.io/"
_REFLECTOR = "reflector.v1.k8s.emberstack.com/"

#: Kind of object, the key as it was written, the key that was meant.
KEYS = [
    # AWS, Ingress
    ("Ingress", f"{_ALB}healthcheck-path/", f"{_ALB}healthcheck-path"),
    ("Ingress", "alb-ingress.kubernetes.io/target-type", f"{_ALB}target-type"),
    ("Ingress", "alb.ingres.kubernetes.io/target-type", f"{_ALB}target-type"),
    ("Ingress", "alb.ingress.k8s.io/scheme", f"{_ALB}scheme"),
    ("Ingress", "target-type", f"{_ALB}target-type"),
    ("Ingress", f"{_ALB}health-check-path", f"{_ALB}healthcheck-path"),
    ("Ingress", f"{_ALB}healthcheck-interval", f"{_ALB}healthcheck-interval-seconds"),
    ("Ingress", f"{_ALB}certificate-arns", f"{_ALB}certificate-arn"),
    ("Ingress", f"{_ALB}listen-port", f"{_ALB}listen-ports"),
    ("Ingress", f"{_ALB}group-name", f"{_ALB}group.name"),
    ("Ingress", f"{_ALB}security-group", f"{_ALB}security-groups"),
    ("Ingress", f"{_ALB}subnet", f"{_ALB}subnets"),
    ("Ingress", f"{_ALB}action.ssl-redirect", f"{_ALB}actions.<name>"),
    ("Ingress", f"{_ALB}wafv2-acl", f"{_ALB}wafv2-acl-arn"),
    ("Ingress", f"{_ALB}listener-attributes.HTPS-443", f"{_ALB}listener-attributes.<Protocol>-<Port>"),
    # AWS, Service
    ("Service", f"{_NLB}eip-allocation", f"{_NLB}eip-allocations"),
    ("Service", f"{_NLB}target-type", f"{_NLB}nlb-target-type"),
    ("Service", f"{_NLB}ssl-certs", f"{_NLB}ssl-cert"),
    ("Service", "service.beta.kubernetes.io/aws-loadbalancer-scheme", f"{_NLB}scheme"),
    ("Service", "service.kubernetes.io/aws-load-balancer-scheme", f"{_NLB}scheme"),
    ("Service", f"{_NLB}resource-tags", f"{_NLB}additional-resource-tags"),
    # GKE
    ("Ingress", "kubernetes.io/ingress.allow-https", "kubernetes.io/ingress.allow-http"),
    ("Ingress", "kubernetes.io/ingress.global-static-ip", "kubernetes.io/ingress.global-static-ip-name"),
    ("Ingress", "networking.gke.io/managed-certificate", "networking.gke.io/managed-certificates"),
    ("Ingress", "networking.gke.io/FrontendConfig", "networking.gke.io/v1beta1.FrontendConfig"),
    ("Ingress", "ingress.gcp.kubernetes.io/pre-shared-certs", "ingress.gcp.kubernetes.io/pre-shared-cert"),
    ("Service", "cloud.google.com/backendconfig", "cloud.google.com/backend-config"),
    ("Service", "cloud.google.com/negs", "cloud.google.com/neg"),
    ("Gateway", "networking.gke.io/cert-map", "networking.gke.io/certmap"),
    # Azure
    ("Service", f"{_AZURE}loadbalancer-internal", f"{_AZURE}load-balancer-internal"),
    ("Service", f"{_AZURE}dns-label", f"{_AZURE}dns-label-name"),
    ("Service", f"{_AZURE}load-balancer-health-probe-path", f"{_AZURE}load-balancer-health-probe-request-path"),
    ("Service", f"{_AZURE}pip", f"{_AZURE}pip-name"),
    (
        "Service",
        "service.beta.kubernetes.io/port_80_health_probe_protocol",
        "service.beta.kubernetes.io/port_<port>_health-probe_protocol",
    ),
    ("Ingress", "kubernetes.azure.com/tls-cert-keyvault-url", "kubernetes.azure.com/tls-cert-keyvault-uri"),
    ("Gateway", "alb.networking.azure.io/alb-name-space", "alb.networking.azure.io/alb-namespace"),
    # OCI
    ("Service", f"{_OCI}ssl-port", f"{_OCI}ssl-ports"),
    ("Service", f"{_OCI}shape-flex-minimum", f"{_OCI}shape-flex-min"),
    ("Service", f"{_OCI}tls-secrets", f"{_OCI}tls-secret"),
    ("Service", "oci.oraclecloud.com/loadbalancer-type", "oci.oraclecloud.com/load-balancer-type"),
    ("Ingress", "oci-native-ingress.oraclecloud.com/certificate-id", "oci-native-ingress.oraclecloud.com/certificate-ocid"),
    # ingress-nginx
    ("Ingress", f"{_NGINX}rewrite", f"{_NGINX}rewrite-target"),
    ("Ingress", "ingress.kubernetes.io/rewrite-target", f"{_NGINX}rewrite-target"),
    ("Ingress", "nginx.ingress.kubernetes.com/ssl-redirect", f"{_NGINX}ssl-redirect"),
    ("Ingress", f"{_NGINX}force-https-redirect", f"{_NGINX}force-ssl-redirect"),
    ("Ingress", f"{_NGINX}body-size", f"{_NGINX}proxy-body-size"),
    ("Ingress", f"{_NGINX}proxy-timeout", f"{_NGINX}proxy-send-timeout"),
    ("Ingress", f"{_NGINX}cors-allow-origins", f"{_NGINX}cors-allow-origin"),
    # Traefik
    ("Ingress", f"{_TRAEFIK}router.entrypoint", f"{_TRAEFIK}router.entrypoints"),
    ("Ingress", f"{_TRAEFIK}middlewares", f"{_TRAEFIK}router.middlewares"),
    ("Ingress", f"{_TRAEFIK}router-tls", f"{_TRAEFIK}router.tls"),
    ("Service", f"{_TRAEFIK}service.sticky.cookies", f"{_TRAEFIK}service.sticky.cookie"),
    ("Ingress", f"{_TRAEFIK}router.tls.domains[0].main", f"{_TRAEFIK}router.tls.domains.<n>.main"),
    # cert-manager
    ("Ingress", f"{_CERT}clusterissuer", f"{_CERT}cluster-issuer"),
    ("Ingress", "certmanager.k8s.io/cluster-issuer", f"{_CERT}cluster-issuer"),
    ("Ingress", "cert-manager.k8s.io/issuer", f"{_CERT}issuer"),
    ("Gateway", f"{_CERT}cluster_issuer", f"{_CERT}cluster-issuer"),
    ("Ingress", "cluster-issuer", f"{_CERT}cluster-issuer"),
    ("Ingress", "acme.cert-manager.io/http01-ingress-class-name", "acme.cert-manager.io/http01-ingress-class"),
    # external-dns
    ("Service", f"{_DNS}hostnames", f"{_DNS}hostname"),
    ("Service", f"{_DNS}host", f"{_DNS}hostname"),
    ("Ingress", "externaldns.kubernetes.io/hostname", f"{_DNS}hostname"),
    ("Ingress", "external-dns.beta.kubernetes.io/ttl", f"{_DNS}ttl"),
    ("Ingress", f"{_DNS}cloudflare-proxy", f"{_DNS}cloudflare-proxied"),
    # reflector
    ("Secret", f"{_REFLECTOR}reflection-allow", f"{_REFLECTOR}reflection-allowed"),
    ("Secret", f"{_REFLECTOR}auto-enabled", f"{_REFLECTOR}reflection-auto-enabled"),
    ("Secret", "reflector.k8s.emberstack.com/reflects", f"{_REFLECTOR}reflects"),
    ("ConfigMap", f"{_REFLECTOR}reflection-allowed-namespace", f"{_REFLECTOR}reflection-allowed-namespaces"),
]

#: Kind of object, key, a value that is wrong, and what the message says.
VALUES = [
    ("Ingress", f"{_ALB}scheme", "public", 'must be one of "internal", "internet-facing"'),
    ("Ingress", f"{_ALB}scheme", "internet-faceing", 'did you mean "internet-facing"?'),
    ("Ingress", f"{_ALB}scheme", "Internal", 'did you mean "internal"?'),
    ("Ingress", f"{_ALB}target-type", "pod", 'must be one of "instance", "ip"'),
    ("Ingress", f"{_ALB}listen-ports", "HTTP: 80", "must be JSON"),
    ("Ingress", f"{_ALB}listen-ports", '{"HTTP": 80}', "must be a list of listeners"),
    ("Ingress", f"{_ALB}listen-ports", '[{"http": 80}]', 'did you mean "HTTP"?'),
    ("Ingress", f"{_ALB}listen-ports", '[{"HTTP": "80"}]', "a whole number from 1 to 65535"),
    ("Ingress", f"{_ALB}ssl-redirect", "true", "must be a whole number from 1 to 65535"),
    ("Ingress", f"{_ALB}group.order", "1001", "must be a whole number from -1000 to 1000"),
    ("Ingress", f"{_ALB}load-balancer-name", "x" * 33, "must have at most 32 characters, has 33"),
    ("Ingress", f"{_ALB}tags", "team", "must be key=value pairs"),
    ("Ingress", f"{_ALB}healthcheck-interval-seconds", "15s", 'did you mean "15"?'),
    ("Ingress", f"{_ALB}healthcheck-timeout-seconds", "1", "from 2 to 120"),
    ("Service", f"{_NLB}proxy-protocol", "v2", "must be *, its only value"),
    ("Service", f"{_NLB}backend-protocol", "http", 'must be one of "ssl", "tcp"'),
    ("Ingress", "kubernetes.io/ingress.allow-http", "no", 'did you mean "false"?'),
    ("Service", "cloud.google.com/app-protocols", '{"web": "https"}', 'did you mean "HTTPS"?'),
    ("Service", "cloud.google.com/neg", "true", "must be a JSON object or list"),
    ("Service", "networking.gke.io/capacity-scaler", "80%", "must be a number from 0 to 1"),
    ("Service", f"{_AZURE}load-balancer-tcp-idle-timeout", "3", "must be a whole number from 4 to 100"),
    ("Service", f"{_AZURE}load-balancer-internal", "yes", 'did you mean "true"?'),
    ("Service", f"{_OCI}shape-flex-min", "10Gbps", "must be a bandwidth in Mbps"),
    ("Service", "oci.oraclecloud.com/load-balancer-type", "network", 'must be one of "lb", "nlb"'),
    ("Service", "oci.oraclecloud.com/oci-network-security-groups", "a,b,c,d,e,f", "must be a list of at most 5, got 6"),
    ("Ingress", f"{_NGINX}proxy-read-timeout", "60s", 'did you mean "60"?'),
    ("Ingress", f"{_NGINX}proxy-body-size", "8Mi", "must be a number of bytes"),
    ("Ingress", f"{_NGINX}ssl-redirect", "off", 'did you mean "false"?'),
    ("Ingress", f"{_NGINX}proxy-buffering", "true", 'must be one of "on", "off"'),
    ("Ingress", f"{_TRAEFIK}router.tls", "enabled", 'must be "true" or "false"'),
    ("Ingress", f"{_TRAEFIK}router.pathmatcher", "Prefix", 'did you mean "PathPrefix"?'),
    ("Ingress", f"{_CERT}duration", "90d", 'did you mean "2160h"?'),
    ("Ingress", f"{_CERT}private-key-algorithm", "rsa", 'did you mean "RSA"?'),
    ("Ingress", f"{_CERT}usages", "server-auth", 'did you mean "server auth"?'),
    ("Service", f"{_DNS}ttl", "0", "from 1 to 2147483647"),
    ("Service", f"{_DNS}aws-failover", "primary", 'did you mean "PRIMARY"?'),
    ("Secret", f"{_REFLECTOR}reflects", "tls", "must be namespace/name of the source"),
]


@pytest.mark.parametrize(("kind", "written", "meant"), KEYS, ids=[written for _, written, _ in KEYS])
def test_key(kind: str, written: str, meant: str) -> None:
    found = [finding for finding in check(kind, {written: "x"}) if finding.key == written]
    assert [finding.severity for finding in found] == ["error"]
    assert meant in found[0].suggestions
    assert f'"{meant}"' in found[0].message


@pytest.mark.parametrize(("kind", "key", "value", "says"), VALUES, ids=[f"{key}={value[:20]}" for _, key, value, _ in VALUES])
def test_value(kind: str, key: str, value: str, says: str) -> None:
    found = [finding for finding in check(kind, {key: value}) if finding.severity == "error"]
    assert {finding.key for finding in found} == {key}
    assert says in found[0].message


def test_suggestions_are_for_the_object_first() -> None:
    assert check("Service", {f"{_DNS}hostnam": "x"})[0].suggestions == (f"{_DNS}hostname",)
    scheme = {f"{_ALB}schem": "x", f"{_NLB}schem": "x"}
    assert [finding.suggestions[0] for finding in check("Service", scheme)] == [f"{_ALB}scheme", f"{_NLB}scheme"]
    in_play = check("Ingress", {"auth-type": "x"}, controllers={"ingress-nginx"})[0].suggestions
    assert in_play[0] == f"{_NGINX}auth-type"
    assert (
        check("Ingress", {"auth-type": "x"}, controllers={"aws-load-balancer-controller"})[0].suggestions[0] == f"{_ALB}auth-type"
    )


def test_message_says_what_to_do_if_it_is_right_after_all() -> None:
    message = check("Ingress", {f"{_ALB}from-the-future": "x"})[0].message
    assert message == "no controller reads it; if something else reads it, add it to allow_unknown_annotations"
