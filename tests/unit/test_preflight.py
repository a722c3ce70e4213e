"""What is asked before anything is created."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from components.clouds import open_provider
from components.clouds.dns_update import DnsServer
from components.cluster import Kubeconfig
from components.preflight import check
from tests.support import aws, gcp, pem
from tests.support.dns import dns_server
from tests.support.kube import FakeKube, fake_kube
from tests.support.recorder import record
from tests.support.stacks import GCP_ENTRYPOINTS, aws_stack, gcp_stack, settings_of, stack_file, with_value


@contextmanager
def acme_server(folder: Path, body: str = '{"newOrder": "x"}', status: int = 200) -> Iterator[tuple[str, str]]:
    """An HTTPS server that answers everything alike; yields its URL and the certificate that vouches for it."""
    name, now = x509.Name([]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(pem.key("acme").public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .sign(pem.key("acme"), hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    (folder / "acme.pem").write_bytes(certificate + pem.key_pem("acme").encode())

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Silence."""

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A client that does not trust the server hangs up; that is its right."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "acme.pem")
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}/dir", certificate.decode()
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


NAMESPACES = "/api/v1/namespaces"


@pytest.fixture(scope="module")
def dns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DnsServer]:
    with dns_server(tmp_path_factory.mktemp("dns")) as serving:
        yield serving


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with acme_server(tmp_path_factory.mktemp("acme")) as serving:
        yield serving


@pytest.fixture
def kube() -> Iterator[FakeKube]:
    with fake_kube() as serving:
        serving.put(NAMESPACES, {"kind": "NamespaceList", "metadata": {}, "items": [{"metadata": {"name": "default"}}]})
        yield serving


@pytest.fixture
def raw(dns: DnsServer, acme: tuple[str, str]) -> dict[str, Any]:
    """A stack file whose servers all answer."""
    url, certificate = acme
    whole = with_value(stack_file(), ("cloud", "rfc2136", "server"), dns.server)
    return {**whole, "acme": {"directories": {"staging": {"url": url, "ca_bundle": certificate}}}}


def told(raw: dict[str, Any], kubeconfig: str) -> dict[str, str]:
    found = check(settings_of(raw), Kubeconfig(kubeconfig, None, "portico:cluster.kubeconfig.path"))
    return {problem.key: problem.message for problem in found}


def test_nothing_is_told_when_everything_answers(raw: dict[str, Any], kube: FakeKube) -> None:
    assert told(raw, kube.kubeconfig) == {}


def test_asking_changes_nothing(raw: dict[str, Any], kube: FakeKube, dns: DnsServer) -> None:
    before = dns.read("portico.test.", "SOA")
    told(raw, kube.kubeconfig)
    assert dns.read("portico.test.", "SOA") == before
    assert all(line.startswith("GET ") for line in kube.asked)


def test_fails_when_nothing_answers_and_tells_all_of_it_at_once(kube: FakeKube) -> None:
    raw = stack_file(acme={"directories": {"staging": {"url": "https://127.0.0.1:1/dir"}}})
    found = told(raw, kube.kubeconfig.replace(kube.server, "https://127.0.0.1:1"))
    assert found["portico:cluster.kubeconfig.path"].startswith("cluster https://127.0.0.1:1 cannot be reached: ")
    assert found["portico:cloud.rfc2136"].startswith("127.0.0.1:1 does not answer: ")
    assert found["portico:acme.directories.staging.url"].startswith("https://127.0.0.1:1/dir cannot be reached: ")


def test_fails_when_the_cluster_refuses_the_kubeconfig(raw: dict[str, Any], kube: FakeKube) -> None:
    kube.failing[NAMESPACES] = 403
    assert "refuses this kubeconfig: " in told(raw, kube.kubeconfig)["portico:cluster.kubeconfig.path"]


def test_fails_when_a_sites_namespace_is_not_there(raw: dict[str, Any], kube: FakeKube) -> None:
    lost = with_value(raw, ("sites", "shop", "namespace"), "shopp")
    assert told(lost, kube.kubeconfig) == {
        "portico:sites.shop.namespace": 'namespace "shopp" does not exist; to have it made, add it to portico:namespaces'
    }


def test_a_namespace_that_is_there_or_will_be_made_is_fine(raw: dict[str, Any], kube: FakeKube) -> None:
    assert told(with_value(raw, ("sites", "shop", "namespace"), "default"), kube.kubeconfig) == {}


@pytest.mark.parametrize("server", ["not a url", "http://", "https://127.0.0.1:99999", "ftp://127.0.0.1"])
def test_fails_when_the_kubeconfigs_server_is_no_address(server: str, raw: dict[str, Any], kube: FakeKube) -> None:
    assert list(told(raw, kube.kubeconfig.replace(kube.server, server))) == ["portico:cluster.kubeconfig.path"]


def test_fails_when_the_dns_key_is_another(raw: dict[str, Any], kube: FakeKube) -> None:
    wrong = with_value(raw, ("cloud", "rfc2136", "tsig", "name"), "somebody")
    assert "does not know TSIG key somebody" in told(wrong, kube.kubeconfig)["portico:cloud.rfc2136"]


@pytest.mark.parametrize("name", ["a..b", "x" * 64])
def test_fails_when_the_dns_keys_name_is_no_name(name: str, raw: dict[str, Any], kube: FakeKube) -> None:
    """Told by the settings or here; never a traceback."""
    from tests.support.stacks import problems_of

    wrong = with_value(raw, ("cloud", "rfc2136", "tsig", "name"), name)
    found = problems_of(wrong) or told(wrong, kube.kubeconfig)
    assert all(key.startswith("portico:cloud.rfc2136") for key in found)
    assert found


def test_fails_when_the_ca_bundle_does_not_vouch_for_the_acme_server(raw: dict[str, Any], kube: FakeKube) -> None:
    other = with_value(raw, ("acme", "directories", "staging", "ca_bundle"), pem.certificate())
    found = told(other, kube.kubeconfig)
    assert list(found) == ["portico:acme.directories.staging.ca_bundle"]
    assert "does not vouch for https://127.0.0.1:" in found["portico:acme.directories.staging.ca_bundle"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ("{}", 200, "is not an ACME directory (RFC 8555, section 7.1.1): it answers 200"),
        ('{"newOrder": "x"}', 404, "it answers 404"),
        ("<html>", 200, "does not answer as an ACME directory"),
        ("5", 200, "is not an ACME directory"),
        ("[]", 200, "is not an ACME directory"),
    ],
)
def test_fails_when_what_answers_is_no_acme_server(
    body: str, status: int, says: str, raw: dict[str, Any], kube: FakeKube, tmp_path: Path
) -> None:
    with acme_server(tmp_path, body, status) as (url, certificate):
        other = with_value(raw, ("acme", "directories", "staging"), {"url": url, "ca_bundle": certificate})
        assert says in told(other, kube.kubeconfig)["portico:acme.directories.staging.url"]


@pytest.mark.parametrize("url", ["https://", "https://127.0.0.1:99999/dir", "https://exa mple/dir", "https://[::/dir"])
def test_fails_when_the_acme_url_is_none(url: str, raw: dict[str, Any], kube: FakeKube) -> None:
    """Told by the settings or here; never a traceback."""
    from tests.support.stacks import problems_of

    other = with_value(raw, ("acme", "directories", "staging"), {"url": url})
    found = problems_of(other) or told(other, kube.kubeconfig)
    assert list(found) == ["portico:acme.directories.staging.url"]


def test_only_the_chosen_acme_server_is_asked(raw: dict[str, Any], kube: FakeKube) -> None:
    away = {"url": "https://127.0.0.1:1/dir"}
    both = with_value(raw, ("acme", "directories", "production"), away)
    assert told(both, kube.kubeconfig) == {}
    both["acme"]["environment"] = "production"
    assert list(told(both, kube.kubeconfig)) == ["portico:acme.directories.production.url"]


def test_no_acme_server_is_asked_where_none_is_needed(raw: dict[str, Any], kube: FakeKube) -> None:
    own = {**raw, "certificates": {"own": {"private_ca": {"hosts": ["*.portico.test", "portico.test"]}}}}
    own |= {"private_ca": {"certificate": pem.certificate(), "key": pem.key_pem()}}
    own["acme"] = {"directories": {"staging": {"url": "https://127.0.0.1:1/dir"}}}
    assert told(own, kube.kubeconfig) == {}


def test_no_secret_is_told(raw: dict[str, Any], kube: FakeKube) -> None:
    from tests.support.stacks import TSIG_SECRET

    kube.failing[NAMESPACES] = 403
    wrong = with_value(raw, ("cloud", "rfc2136", "tsig", "name"), "somebody")
    found = json.dumps(told(wrong, kube.kubeconfig))
    assert TSIG_SECRET not in found
    assert "token-of-the-test" not in found


# AWS


def told_on_aws(raw: dict[str, Any], kubeconfig: str, *lost: str) -> tuple[dict[str, str], list[str]]:
    """What is told, and the zones that were asked for; those in `lost` are not there."""

    def found(token: str, asked: dict[str, Any]) -> dict[str, Any]:
        if asked.get("name") in lost:
            raise LookupError("no matching Route 53 Hosted Zone found")
        return aws.invoked(token, asked)

    settings = settings_of(raw)
    config = Kubeconfig(kubeconfig, None, "portico:cluster.eks.name")
    made = record(lambda: check(settings, config, open_provider(settings)), found=found)
    told = {problem.key: problem.message for problem in made.result}
    return told, [question.args["name"] for question in made.asked if question.token.endswith(":getZone")]


def test_only_zones_that_should_exist_are_looked_for(kube: FakeKube) -> None:
    raw = aws_stack(zone={"name": "portico.test", "existing": True}, other_zones={"a.test": {}, "b.test": {"existing": True}})
    assert told_on_aws(raw, kube.kubeconfig) == ({}, ["portico.test", "b.test"])


def test_fails_when_a_zone_that_should_exist_does_not(kube: FakeKube) -> None:
    existing = {"existing": True}
    raw = aws_stack(zone={"name": "portico.test", **existing}, other_zones={"a.test": existing, "b.test": existing})
    found, _ = told_on_aws(raw, kube.kubeconfig, "portico.test", "b.test")
    why = "to have it made, leave out existing (no matching Route 53 Hosted Zone found)"
    assert found == {
        "portico:zone": f'no public hosted zone "portico.test" is to be found; {why}',
        "portico:other_zones.b.test": f'no public hosted zone "b.test" is to be found; {why}',
    }


def test_fails_when_a_services_namespace_is_not_there(kube: FakeKube) -> None:
    raw = with_value(aws_stack(), ("services", "orders", "namespace"), "shopp")
    assert told_on_aws(raw, kube.kubeconfig)[0] == {
        "portico:services.orders.namespace": 'namespace "shopp" does not exist; to have it made, add it to portico:namespaces'
    }


def test_a_stack_on_aws_asks_no_dns_server_of_its_own(kube: FakeKube) -> None:
    assert told_on_aws(aws_stack(), kube.kubeconfig) == ({}, [])


# Google Cloud

BY_GOOGLE = ["gce", "gateway-global", "gateway-regional"]
IN_CLUSTER = [way for way in GCP_ENTRYPOINTS if way not in BY_GOOGLE]
GET_ZONES = "gcp:dns/getManagedZones:getManagedZones"


def told_on_gcp(raw: dict[str, Any], kubeconfig: str, *zones: dict[str, Any], lost: str = "") -> tuple[dict[str, str], list[str]]:
    """What is told, and what Google was asked for; `zones` are those of the project, and questions that hold `lost` fail."""

    def found(token: str, asked: dict[str, Any]) -> dict[str, Any]:
        if lost and lost in token:
            raise LookupError("googleapi: Error 404: not found")
        return {"managedZones": list(zones)} if token == GET_ZONES else gcp.invoked(token, asked)

    # Whom ACME belongs to is another matter.
    settings = settings_of({**raw, "certificates": {"own": {"provided": pem.provided("portico.test", "shop.portico.test")}}})
    config = Kubeconfig(kubeconfig, None, "portico:cluster.gke.name")
    made = record(lambda: check(settings, config, open_provider(settings)), found=found)
    told = {problem.key: problem.message for problem in made.result}
    return told, [question.token.rpartition(":")[2] for question in made.asked]


OURS = gcp.zone("portico.test")


def test_on_google_cloud_only_what_should_exist_is_looked_for(kube: FakeKube) -> None:
    assert told_on_gcp(gcp_stack(), kube.kubeconfig) == ({}, [])
    raw = gcp_stack(zone={"name": "portico.test", "existing": True}, other_zones={"a.test": {}, "b.test": {"existing": True}})
    assert told_on_gcp(raw, kube.kubeconfig, OURS, gcp.zone("b.test")) == ({}, ["getManagedZones"])


def test_fails_when_a_zone_of_cloud_dns_that_should_exist_does_not(kube: FakeKube) -> None:
    existing = {"existing": True}
    raw = gcp_stack(zone={"name": "portico.test", **existing}, other_zones={"a.test": existing, "b.test": existing})
    private = gcp.zone("b.test", visibility="private")
    found, _ = told_on_gcp(raw, kube.kubeconfig, gcp.zone("a.test"), private, gcp.zone("portico.tset"))
    why = "it has a.test, portico.tset; to have it made, leave out existing"
    assert found == {
        "portico:zone": f'project portico-sandbox has no public zone "portico.test"; {why}',
        "portico:other_zones.b.test": f'project portico-sandbox has no public zone "b.test"; {why}',
    }
    found, _ = told_on_gcp(with_value(gcp_stack(), ("zone", "existing"), True), kube.kubeconfig, private)
    assert list(found) == ["portico:zone"]
    assert 'has no public zone "portico.test"; it has none; to have it made' in found["portico:zone"]


def test_fails_when_the_zones_of_a_project_cannot_be_listed(kube: FakeKube) -> None:
    found, _ = told_on_gcp(with_value(gcp_stack(), ("zone", "existing"), True), kube.kubeconfig, lost="getManagedZones")
    assert found == {
        "portico:cloud.gcp": "the zones of project portico-sandbox cannot be listed: googleapi: Error 404: not found"
    }


def at_existing(way: str) -> dict[str, Any]:
    [(kind, own)] = GCP_ENTRYPOINTS[way].items()
    return gcp_stack(way, entrypoint={kind: {**own, "address": {"existing": "mine"}}})


@pytest.mark.parametrize("way", GCP_ENTRYPOINTS)
def test_an_address_that_is_there_is_fine(way: str, kube: FakeKube) -> None:
    wanted = "getGlobalAddress" if way in ("gce", "gateway-global") else "getAddress"
    found, asked = told_on_gcp(at_existing(way), kube.kubeconfig)
    assert found == {}
    assert wanted in asked


@pytest.mark.parametrize("way", ["gce", "traefik-existing"])
@pytest.mark.parametrize(
    ("ipv6", "number", "says"),
    [
        (False, "2001:db8::1", '"mine" is an IPv6 address (2001:db8::1): say ipv6: true'),
        (True, "198.51.100.1", '"mine" is an IPv4 address (198.51.100.1): leave ipv6 out'),
        (True, "2001:db8::1", None),
    ],
)
def test_an_address_that_is_there_is_of_the_family_that_records_will_be_of(
    way: str, ipv6: bool, number: str, says: str | None, kube: FakeKube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gcp, "address", lambda _name: number)
    [(kind, own)] = GCP_ENTRYPOINTS[way].items()
    raw = gcp_stack(way, entrypoint={kind: {**own, "address": {"existing": "mine", "ipv6": ipv6}}})
    found, _ = told_on_gcp(raw, kube.kubeconfig)
    assert found == ({} if says is None else {f"portico:entrypoint.{kind}.address.ipv6": says})


WAYS_BY_NAME = [
    ("gce", "gce"),
    ("gateway-global", "gateway of GKE"),
    ("gateway-regional", "gateway of GKE"),
    ("nginx-helm", "nginx"),
]


@pytest.mark.parametrize(("way", "name"), WAYS_BY_NAME)
def test_fails_when_an_address_is_of_the_other_scope_and_says_that_it_cannot_change(way: str, name: str, kube: FakeKube) -> None:
    is_global = way in ("gce", "gateway-global")
    wanted, other = ("global", "regional") if is_global else ("regional", "global")
    found, _ = told_on_gcp(at_existing(way), kube.kubeconfig, lost="getGlobalAddress" if is_global else "getAddress")
    [kind] = GCP_ENTRYPOINTS[way]
    assert found == {
        f"portico:entrypoint.{kind}.address.existing": (
            f'"mine" is a {other} address, and {name} needs a {wanted} one; neither can become the other'
        )
    }


@pytest.mark.parametrize(
    ("way", "where"), [("gce", 'global address "mine"'), ("nginx-helm", 'regional address "mine" in europe-west3')]
)
def test_fails_when_an_address_that_should_exist_does_not(way: str, where: str, kube: FakeKube) -> None:
    found, _ = told_on_gcp(at_existing(way), kube.kubeconfig, lost="Address")
    [kind] = GCP_ENTRYPOINTS[way]
    assert found == {
        f"portico:entrypoint.{kind}.address.existing": (
            f"project portico-sandbox has no {where}; to have one reserved, leave out existing"
        )
    }


# Services and pods that Google's load balancers will look at


def with_others(way: str, paths: dict[str, Any] | None = None, namespace: str = "default", **parts: Any) -> dict[str, Any]:
    """A stack with one site, whose Services somebody else makes."""
    hosts = ["shop.portico.test", "portico.test"]
    site = {"hosts": hosts, "namespace": namespace, "paths": paths or {"/": "web:80"}}
    return gcp_stack(way, sites={"shop": site}, services=None, **parts)


def put_service(kube: FakeKube, name: str, selector: dict[str, str] | None) -> None:
    spec = {"ports": [{"port": 80}], **({"selector": selector} if selector else {})}
    kube.put(f"/api/v1/namespaces/default/services/{name}", {"metadata": {"name": name, "namespace": "default"}, "spec": spec})


def put_pod(kube: FakeKube, name: str, labels: dict[str, str], *probes: dict[str, Any] | None) -> None:
    containers = [{"name": f"c{number}", **({"readinessProbe": probe} if probe else {})} for number, probe in enumerate(probes)]
    meta = {"name": name, "namespace": "default", "labels": labels}
    kube.put(f"/api/v1/namespaces/default/pods/{name}", {"metadata": meta, "spec": {"containers": containers}})


def by_http(path: str | None) -> dict[str, Any]:
    return {"httpGet": {"port": 8080, **({"path": path} if path else {})}}


@pytest.mark.parametrize("way", BY_GOOGLE)
def test_fails_when_a_service_that_a_site_leads_to_is_not_there(way: str, kube: FakeKube) -> None:
    put_service(kube, "wep", {"app": "web"})
    put_service(kube, "blog", {"app": "blog"})
    found, _ = told_on_gcp(with_others(way), kube.kubeconfig)
    assert found == {
        "portico:sites.shop.paths./": (
            'namespace default has no service "web" (it has blog, wep): Google\'s load balancer is made when its Services stand'
        )
    }


def test_fails_when_there_is_no_service_at_all(kube: FakeKube) -> None:
    assert "(it has none)" in told_on_gcp(with_others("gce"), kube.kubeconfig)[0]["portico:sites.shop.paths./"]


def test_fails_when_an_ingress_is_to_lead_to_services_of_others_in_a_namespace_that_is_yet_to_be_made(kube: FakeKube) -> None:
    """They cannot be there when the load balancer is made."""
    raw = with_others("gce", namespace="fresh", namespaces={"fresh": {}})
    assert told_on_gcp(raw, kube.kubeconfig)[0] == {
        "portico:sites.shop.paths./": (
            'namespace fresh has no service "web" (it has none): Google\'s load balancer is made when its Services stand'
        )
    }
    lost = with_others("gce", namespace="lost")
    assert list(told_on_gcp(lost, kube.kubeconfig)[0]) == ["portico:sites.shop.namespace"]
    assert told_on_gcp(gcp_stack("gce"), kube.kubeconfig)[0] == {}  # its Services are its own


@pytest.mark.parametrize("way", BY_GOOGLE)
@pytest.mark.parametrize(
    "probes",
    [[None], [by_http("/")], [by_http(None)], [{"tcpSocket": {"port": 80}}], [{"exec": {"command": ["true"]}}], []],
    ids=["no probe", "the root", "no path", "tcp", "a command", "no container"],
)
def test_pods_that_say_nothing_else_are_asked_for_the_root(way: str, probes: list[Any], kube: FakeKube) -> None:
    put_service(kube, "web", {"app": "web"})
    put_pod(kube, "web-1", {"app": "web"}, *probes)
    assert told_on_gcp(with_others(way), kube.kubeconfig)[0] == {}


@pytest.mark.parametrize("way", BY_GOOGLE)
def test_fails_when_pods_are_ready_at_another_path_than_they_would_be_asked_for(way: str, kube: FakeKube) -> None:
    put_service(kube, "web", {"app": "web"})
    put_pod(kube, "other-1", {"app": "other"}, by_http("/other"))
    put_pod(kube, "web-1", {"app": "web"}, None, by_http("/healthz"))
    found, _ = told_on_gcp(with_others(way), kube.kubeconfig)
    assert found == {
        "portico:sites.shop.paths./.health": (
            'the pods of web say that they are ready at /healthz, and Google\'s load balancer would ask for "/", which may not'
            " answer 200: say health: /healthz (or health: /)"
        )
    }


@pytest.mark.parametrize("health", ["/healthz", "/"])
def test_what_the_stack_file_says_of_health_is_taken(health: str, kube: FakeKube) -> None:
    put_service(kube, "web", {"app": "web"})
    put_pod(kube, "web-1", {"app": "web"}, by_http("/healthz"))
    paths = {"/": {"service": "web", "port": 80, "health": health}}
    assert told_on_gcp(with_others("gce", paths), kube.kubeconfig)[0] == {}


@pytest.mark.parametrize("way", BY_GOOGLE)
def test_what_another_path_says_of_health_is_taken_too(way: str, kube: FakeKube) -> None:
    put_service(kube, "web", {"app": "web"})
    put_pod(kube, "web-1", {"app": "web"}, by_http("/healthz"))
    paths = {"/": "web:80", "/api": {"service": "web", "port": 80, "health": "/healthz"}}
    assert told_on_gcp(with_others(way, paths), kube.kubeconfig)[0] == {}


def test_a_service_without_pods_of_its_own_is_not_looked_behind(kube: FakeKube) -> None:
    put_service(kube, "web", None)
    put_pod(kube, "web-1", {"app": "web"}, by_http("/healthz"))
    assert told_on_gcp(with_others("gce"), kube.kubeconfig)[0] == {}


@pytest.mark.parametrize("way", IN_CLUSTER)
def test_a_controller_in_the_cluster_goes_by_the_pods_own_probes(way: str, kube: FakeKube) -> None:
    """Neither Services nor pods are looked at, and a Service may come later."""
    assert told_on_gcp(with_others(way), kube.kubeconfig)[0] == {}
    assert {line.rpartition("/")[2] for line in kube.asked} == {"namespaces"}


def test_services_and_pods_that_may_not_be_seen_are_a_problem_of_the_kubeconfig(kube: FakeKube) -> None:
    kube.failing["/api/v1/namespaces/default/services"] = 403
    [(key, message)] = told_on_gcp(with_others("gce"), kube.kubeconfig)[0].items()
    assert key == "portico:cluster.gke.name"
    assert "refuses this kubeconfig" in message


def test_looking_changes_nothing(kube: FakeKube) -> None:
    put_service(kube, "web", {"app": "web"})
    told_on_gcp(with_others("gce"), kube.kubeconfig)
    assert all(line.startswith("GET ") for line in kube.asked)
