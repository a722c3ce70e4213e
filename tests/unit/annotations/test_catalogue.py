"""Every line of the catalogue: right values pass, wrong ones do not, and so does the wrong kind of object."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import pytest

from components.annotations import Finding, check
from components.annotations.catalogue import Entry, catalogue
from components.annotations.keys import find, prefixes
from tests.unit.annotations.samples import ENTRIES, filled, right, wrong

_NLB_TYPE = "service.beta.kubernetes.io/aws-load-balancer-type"

#: Keys that say nothing, or nothing good, without another one.
_BESIDE = {
    "alb.ingress.kubernetes.io/frontend-nlb-eip-allocations": {
        "alb.ingress.kubernetes.io/frontend-nlb-scheme": "internet-facing"
    },
    "service.beta.kubernetes.io/aws-load-balancer-eip-allocations": {
        "service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"
    },
    "service.beta.kubernetes.io/aws-load-balancer-ipv6-addresses": {
        "service.beta.kubernetes.io/aws-load-balancer-ip-address-type": "dualstack"
    },
    "service.beta.kubernetes.io/oci-load-balancer-shape": {
        "service.beta.kubernetes.io/oci-load-balancer-shape-flex-min": "10",
        "service.beta.kubernetes.io/oci-load-balancer-shape-flex-max": "100",
    },
    "alb.networking.azure.io/alb-name": {"alb.networking.azure.io/alb-namespace": "gateways"},
}


def beside(entry: Entry) -> dict[str, str]:
    """What must stand beside a key so that nothing is wrong."""
    if re.search(r"ingress.kubernetes.io/canary-", entry.key):
        return {"nginx.ingress.kubernetes.io/canary": "true"}
    if "/aws-" in entry.key and entry.controller.name == "external-dns":
        return {f"{entry.key.partition('/')[0]}/set-identifier": "one"}
    return _BESIDE.get(entry.key, {})


def errors(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity == "error"]


def label(entry: Entry) -> str:
    return f"{entry.controller.name}:{entry.kind}:{entry.key}"


GIVEN = [entry for entry in ENTRIES if not entry.written]


def test_catalogue_is_whole() -> None:
    counts = Counter(entry.controller.name for entry in ENTRIES)
    assert len(catalogue().controllers) == len(counts) == 15
    assert len({(entry.controller.name, entry.kind, entry.key) for entry in ENTRIES}) == len(ENTRIES) == 870
    assert counts["aws-load-balancer-controller"] == 148
    assert counts["external-dns"] == 202


def test_every_line_says_what_its_type_needs() -> None:
    for entry in ENTRIES:
        assert "/" in entry.key, entry
        assert (entry.type == "enum") <= bool(entry.values), entry
        assert bool(entry.pattern) == bool(entry.form), entry
        assert entry.type in {"int", "bool", "enum", "json", "duration", "list", "map", "string"}, entry
        assert not (entry.deprecated and entry.written), entry
        assert not entry.alias_of or find(entry.alias_of), entry
        assert not entry.use.partition(" ")[0].partition("/")[1] or find(entry.use.partition(" ")[0]), entry


@pytest.mark.parametrize("entry", GIVEN, ids=label)
def test_right_value_on_the_right_object_is_no_error(entry: Entry) -> None:
    for value in right(entry):
        if entry.key == _NLB_TYPE and value != "external":
            continue  # the others are traps, see test_rules
        if entry.key.endswith("/listen-ports"):
            value = '[{"HTTP": 80}]'  # a list of its own shape, see test_rules
        assert not errors(check(entry.kind, {**beside(entry), filled(entry.key): value})), value
        assert not errors(check(entry.kind, {**beside(entry), filled(entry.key): value}, controllers={entry.controller.name})), (
            value
        )


@pytest.mark.parametrize("entry", [entry for entry in GIVEN if wrong(entry)], ids=label)
def test_wrong_value_is_an_error(entry: Entry) -> None:
    for value in wrong(entry):
        found = errors(check(entry.kind, {**beside(entry), filled(entry.key): value}, controllers={entry.controller.name}))
        assert [finding.key for finding in found] == [filled(entry.key)], value
        assert "must" in found[0].message, value


def test_value_is_right_if_any_reader_takes_it() -> None:
    key = "kubernetes.io/ingress.class"
    assert not errors(check("Ingress", {key: "anything"}))
    assert errors(check("Ingress", {key: "anything"}, controllers={"ingress-gce"}))
    assert not errors(check("Ingress", {key: "anything"}, controllers={"ingress-gce", "traefik"}))


@pytest.mark.parametrize("entry", ENTRIES, ids=label)
def test_wrong_kind_is_an_error_that_names_the_right_one(entry: Entry) -> None:
    found = check("ReplicaSet", {filled(entry.key): "x"})
    assert [finding.severity for finding in found if finding.severity == "error"] == ["error"]
    assert "not on ReplicaSet" in found[0].message
    assert entry.kind in found[0].message
    assert entry.controller.title in found[0].message


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.written], ids=label)
def test_what_the_controller_writes_is_not_for_people(entry: Entry) -> None:
    found = errors(check(entry.kind, {filled(entry.key): "x"}, controllers={entry.controller.name}))
    assert [finding.message for finding in found] == [f"is written by {entry.controller.title} itself; take it out"]


@pytest.mark.parametrize("entry", [entry for entry in GIVEN if entry.deprecated], ids=label)
def test_deprecated_key_is_a_warning_that_says_what_instead(entry: Entry) -> None:
    value = right(entry)[0]
    found = check(entry.kind, {**beside(entry), filled(entry.key): value}, controllers={entry.controller.name})
    said = [finding for finding in found if finding.severity == "warning" and "deprecated" in finding.message]
    assert [finding.key for finding in said if finding.key == filled(entry.key)] == [filled(entry.key)]
    assert all(entry.use in finding.message for finding in said if finding.key == filled(entry.key))


def test_secrets_and_long_values_stay_out_of_messages() -> None:
    found = check(
        "Ingress",
        {"alb.ingress.kubernetes.io/auth-idp-oidc": '{"secret": "hunter2"', "nginx.ingress.kubernetes.io/auth-type": "x" * 500},
    )
    assert "hunter2" not in str(found)
    assert all(len(finding.message) < 200 for finding in found)


def test_it_loads_without_pulumi_and_without_the_settings() -> None:
    program = (
        "import sys\n"
        "from components.annotations import check\n"
        "check('Ingress', {'alb.ingress.kubernetes.io/scheme': 'internal', 'example.com/owner': 'x'})\n"
        "print([name for name in ('pulumi', 'pydantic', 'components.settings') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_keys_of_nobody_pass() -> None:
    foreign = [
        "example.com/owner",
        "app.kubernetes.io/name",
        "pulumi.com/skipAwait",
        "portico.dev/stack",
        "kubectl.kubernetes.io/restartedAt",
        "argocd.argoproj.io/sync-wave",
        "meta.helm.sh/release-name",
        "helm.sh/hook",
        "prometheus.io/scrape",
        "kubernetes.io/change-cause",
        "service.kubernetes.io/topology-mode",
        "sidecar.istio.io/inject",
        "networking.istio.io/exportTo",
        "eks.amazonaws.com/role-arn",
        "iam.gke.io/gcp-service-account",
        "azure.workload.identity/client-id",
        "gateway.networking.k8s.io/bundle-version",
        "cluster-autoscaler.kubernetes.io/safe-to-evict",
        "backup.velero.io/backup-volumes",
        "linkerd.io/inject",
        "konghq.com/strip-path",
        "haproxy.org/load-balance",
        "metallb.io/address-pool",
        "metallb.universe.tf/allow-shared-ip",
        "io.cilium/lb-ipam-ips",
        "team",
        "description",
    ]
    for kind in ("Ingress", "Service", "Gateway", "HTTPRoute", "Namespace", "Secret", "Pod", "Deployment"):
        assert not check(kind, dict.fromkeys(foreign, "x")), kind


def test_bare_name_of_what_the_controller_writes_passes() -> None:
    assert not check("IngressClass", {"id": "x"})
    assert not check("Ingress", {"id": "x"})


def test_bare_name_of_a_key_for_other_objects_passes() -> None:
    assert errors(check("Ingress", {"target-type": "x"}))
    assert not check("Pod", {"target-type": "x"})


def test_allowed_keys_pass() -> None:
    unknown = "alb.ingress.kubernetes.io/from-the-future"
    assert errors(check("Ingress", {unknown: "x"}))
    assert not check("Ingress", {unknown: "x"}, allow=[unknown])
    assert not check("Ingress", {unknown: "x"}, allow=["alb.*/from-*"])
    assert errors(check("Ingress", {unknown: "x"}, allow=["nginx.*"]))
    assert not check("Ingress", {"alb.ingress.kubernetes.io/scheme": "public"}, allow=["alb.ingress.kubernetes.io/scheme"])


def test_other_routes_are_read_like_http_routes() -> None:
    for kind in ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"):
        assert not check(kind, {"external-dns.kubernetes.io/hostname": "shop.example"}), kind


def test_traefik_reads_names_in_any_case() -> None:
    assert not check("Service", {"traefik.ingress.kubernetes.io/service.sticky.cookie.httpOnly": "true"})
    assert not check("Ingress", {"traefik.ingress.kubernetes.io/router.tls.certResolver": "le"})
    assert errors(check("Ingress", {"alb.ingress.kubernetes.io/Scheme": "internal"}))


def test_retired_controller_is_one_warning() -> None:
    many = {"nginx.ingress.kubernetes.io/use-regex": "true", "nginx.ingress.kubernetes.io/ssl-redirect": "true"}
    found = check("Ingress", many)
    assert [finding.severity for finding in found] == ["warning"]
    assert "retired since March 2026" in found[0].message


def test_key_of_a_controller_not_in_play_is_a_warning() -> None:
    found = check("Ingress", {"alb.ingress.kubernetes.io/scheme": "internal"}, controllers={"traefik"})
    assert [(finding.severity, "does not use" in finding.message) for finding in found] == [("warning", True)]


def test_value_of_the_engine_passes_but_its_key_is_checked() -> None:
    assert not check("Ingress", {"alb.ingress.kubernetes.io/certificate-arn": object()})
    assert errors(check("Ingress", {"alb.ingress.kubernetes.io/certificate-arns": object()}))
    assert errors(check("Service", {"alb.ingress.kubernetes.io/healthcheck-interval-seconds": 15}))


def test_every_prefix_is_a_dns_name() -> None:
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])", prefix) for prefix in prefixes())
