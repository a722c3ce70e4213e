"""Wrong stack files through the real engine: each is told clearly, ends the run, and creates nothing."""

from __future__ import annotations

import copy
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.engine.project import Project
from tests.engine.world import World

Config = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One mistake: what is changed in a right stack file, and what the answer must say."""

    name: str
    change: Callable[[Config, World], None]
    told: tuple[str, ...]


def put(path: str, value: Any) -> Callable[[Config, World], None]:
    """Sets a value by its key; steps are parted by |, since keys hold dots and slashes."""

    def change(config: Config, _: World) -> None:
        *steps, last = path.split("|")
        node = config
        for step in steps:
            node = node[step]
        node[last] = value

    return change


def drop(path: str) -> Callable[[Config, World], None]:
    """Removes a key."""

    def change(config: Config, _: World) -> None:
        *steps, last = path.split("|")
        node = config
        for step in steps:
            node = node[step]
        del node[last]

    return change


def both(*changes: Callable[[Config, World], None]) -> Callable[[Config, World], None]:
    """Several mistakes in one stack file."""

    def change(config: Config, world: World) -> None:
        for each in changes:
            each(config, world)

    return change


def authority(*, days: int = 1, ca: bool = True) -> tuple[str, str]:
    """A self-signed certificate and its key (PEM); negative days: expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example Root")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM).decode(), pem.decode()


def closed_port() -> int:
    """A port of the loopback address where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def expired_bundle(config: Config, _: World) -> None:
    config["portico:acme"]["directories"]["staging"]["ca_bundle"] = authority(days=-1)[0]


def foreign_bundle(config: Config, _: World) -> None:
    config["portico:acme"]["directories"]["staging"]["ca_bundle"] = authority()[0]


def directory_down(config: Config, _: World) -> None:
    config["portico:acme"]["directories"]["staging"]["url"] = f"https://127.0.0.1:{closed_port()}/dir"


def not_a_directory(config: Config, world: World) -> None:
    url = world.fact("acme-staging-directory").replace("/dir", "/nothing-here")
    config["portico:acme"]["directories"]["staging"]["url"] = url


def private_ca(certificate: str, key: str) -> Callable[[Config, World], None]:
    def change(config: Config, _: World) -> None:
        config["portico:private_ca"] = {"certificate": certificate, "key": key}
        config["portico:certificates"]["apex"] = {"private_ca": {"hosts": ["portico.test"]}}

    return change


def cluster_gone(config: Config, world: World) -> None:
    port = world.kubeconfig_port()
    path = world.folder / "unreachable.kubeconfig"
    path.write_text(world.kubeconfig_text().replace(f":{port}", f":{closed_port()}"))
    config["portico:cluster"]["kubeconfig"]["path"] = str(path)


def stranger(config: Config, world: World) -> None:
    """A kubeconfig whose client certificate the API server does not know."""
    path = world.folder / "stranger.kubeconfig"
    path.write_text(world.kubeconfig_with_token("nobody-knows-me"))
    config["portico:cluster"]["kubeconfig"]["path"] = str(path)


def not_a_kubeconfig(config: Config, world: World) -> None:
    path = world.folder / "notes.txt"
    path.write_text("just some notes")
    config["portico:cluster"]["kubeconfig"]["path"] = str(path)


def dns_down(config: Config, _: World) -> None:
    config["portico:cloud"]["rfc2136"]["server"] = f"127.0.0.1:{closed_port()}"


SITES, CERTIFICATES = "portico:sites", "portico:certificates"
RFC2136 = "portico:cloud|rfc2136"
GATEWAY = "portico:entrypoint|gateway"
WRONG_SECRET = "d3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmch"
ROOT_PEM, ROOT_KEY = authority()
LEAF_PEM, LEAF_KEY = authority(ca=False)
EXPIRED_PEM, EXPIRED_KEY = authority(days=-1)

CASES = [
    Case("unknown top-level key", put("portico:site", {}), ("portico:site ", "unknown key", 'did you mean "sites"')),
    Case("unknown nested key", put(f"{SITES}|shop|host", "x"), (f"{SITES}.shop.host ", 'did you mean "hosts"')),
    Case("missing key", drop("portico:zone"), ("portico:zone ", "is required and missing")),
    Case("wrong type", put(f"{SITES}|shop|hosts", "shop.portico.test"), (f"{SITES}.shop.hosts ", "must be a list")),
    Case("wrong top-level type", put("portico:protect", "perhaps"), ("portico:protect", "boolean")),
    Case("not a yes or no", put(f"{SITES}|shop|demo", "perhaps"), (f"{SITES}.shop.demo ", "must be true or false")),
    Case(
        "host outside the zone",
        put(f"{SITES}|shop|hosts", ["shop.portico.tset"]),
        (f"{SITES}.shop.hosts[0] ", "not in zone portico.test", 'did you mean "shop.portico.test"'),
    ),
    Case("host with a scheme", put(f"{SITES}|shop|hosts", ["https://shop.portico.test"]), ("without scheme and path",)),
    Case("host in upper case", put(f"{SITES}|shop|hosts", ["Shop.portico.test"]), ("must be lower case", "shop.portico.test")),
    Case("wildcard as a site's host", put(f"{SITES}|shop|hosts", ["*.portico.test"]), ("is a wildcard",)),
    Case(
        "duplicate host",
        put(f"{SITES}|blog|hosts", ["shop.portico.test"]),
        (f"{SITES}.shop.hosts[0] ", '"shop.portico.test" belongs to site blog'),
    ),
    Case("no host", put(f"{SITES}|shop|hosts", []), (f"{SITES}.shop.hosts ", "at least 1")),
    Case(
        "overlapping path",
        put(f"{SITES}|shop|paths", {"/": "web:8080", "/api": "api:8080", "/api/": "api:8080"}),
        (f"{SITES}.shop.paths./api/ ", "are the same path"),
    ),
    Case("path without a slash", put(f"{SITES}|shop|paths", {"api": "api:8080"}), ("a path begins with /",)),
    Case("backend without a port", put(f"{SITES}|shop|paths", {"/": "web"}), ("write service:port",)),
    Case("port out of range", put(f"{SITES}|shop|paths", {"/": "web:99999"}), ("65535", "99999")),
    Case("port zero", put(f"{GATEWAY}|ports", {"http": 0}), ("portico:entrypoint.gateway.ports.http ", "at least 1")),
    Case("same port twice", put(f"{GATEWAY}|ports", {"http": 443, "https": 443}), ("must be different ports",)),
    Case("neither paths nor redirect", drop(f"{SITES}|shop|paths"), (f"{SITES}.shop ", "either paths or a redirect")),
    Case("redirect to itself", put(f"{SITES}|apex|redirect", {"host": "portico.test"}), ("redirect to itself",)),
    Case("host that no certificate covers", put(f"{SITES}|shop|hosts", ["a.b.portico.test"]), ("no certificate covers",)),
    Case(
        "wildcard with HTTP-01",
        put(f"{CERTIFICATES}|wildcard|acme|challenge", "http-01"),
        ('"http-01" cannot prove *.portico.test', "needs dns-01"),
    ),
    Case("unknown challenge", put(f"{CERTIFICATES}|wildcard|acme|challenge", "dns01"), ('did you mean "dns-01"',)),
    Case(
        "two sources for one certificate",
        put(f"{CERTIFICATES}|wildcard|private_ca", {"hosts": ["x.portico.test"]}),
        ("exactly one kind of certificate source", "acme and private_ca"),
    ),
    Case("host in two certificates", put(f"{CERTIFICATES}|apex|acme|hosts", ["*.portico.test"]), ("is already in certificate",)),
    Case("unknown environment", put("portico:acme|environment", "prod"), ("must be one of production, staging",)),
    Case("directory without https", put("portico:acme|directories|staging|url", "http://ca/dir"), ("over https",)),
    Case("broken CA bundle", put("portico:acme|directories|staging|ca_bundle", "junk"), ("is not a PEM certificate",)),
    Case("expired CA bundle", expired_bundle, ("ca_bundle ", "CN=Example Root expired on")),
    Case("CA bundle of someone else", foreign_bundle, ("ca_bundle ", "does not vouch for")),
    Case("ACME directory down", directory_down, ("directories.staging.url ", "cannot be reached")),
    Case("not an ACME directory", not_a_directory, ("directories.staging.url ", "ACME directory")),
    Case(
        "unknown entrypoint",
        put("portico:entrypoint", {"treafik": {}}),
        ('did you mean "traefik"', "gateway, gce, nginx, traefik"),
    ),
    Case("two entrypoints", put("portico:entrypoint|traefik", {}), ("exactly one kind of entrypoint",)),
    Case("address not in the pool", put(f"{GATEWAY}|address", {"ip": "10.1.2.3"}), ("address.ip ", "is not in the pool")),
    Case("not an address", put(f"{GATEWAY}|address", {"ip": "front door"}), ("is not an IP address",)),
    Case("no address to be had", put(f"{RFC2136}|pool", []), ("no address to hand out",)),
    Case("pool upside down", put(f"{RFC2136}|pool", ["10.0.0.9-10.0.0.1"]), ("must run upwards",)),
    Case("DNS server without an address", put(f"{RFC2136}|server", "ns.portico.test"), ("must be an IP address",)),
    Case("DNS server down", dns_down, ("portico:cloud.rfc2136 ", "does not answer")),
    Case("unknown TSIG key", put(f"{RFC2136}|tsig|name", "portcio"), ("does not know TSIG key portcio",)),
    Case("wrong TSIG key", put(f"{RFC2136}|tsig|secret", WRONG_SECRET), ("refuses the signature", "secret is another one")),
    Case("broken TSIG key", put(f"{RFC2136}|tsig|secret", "not base64!"), ("must be base64",)),
    Case("unknown TSIG algorithm", put(f"{RFC2136}|tsig|algorithm", "hmac-sha265"), ('did you mean "hmac-sha256"',)),
    Case(
        "zone of someone else",
        both(
            put("portico:zone", {"name": "elsewhere.test"}),
            put(CERTIFICATES, {"w": {"acme": {"hosts": ["*.elsewhere.test"]}}}),
            put(SITES, {"a": {"hosts": ["a.elsewhere.test"], "paths": {"/": "a:80"}}}),
        ),
        ("portico:cloud.rfc2136 ", "elsewhere.test"),
    ),
    Case("cluster unreachable", cluster_gone, ("portico:cluster.kubeconfig.path ", "cannot be reached")),
    Case("kubeconfig refused", stranger, ("portico:cluster.kubeconfig.path ", "refuses this kubeconfig")),
    Case("no such kubeconfig", put("portico:cluster|kubeconfig|path", "nowhere"), ("cannot read", "nowhere")),
    Case("not a kubeconfig", not_a_kubeconfig, ("is not a kubeconfig",)),
    Case("unknown context", put("portico:cluster|kubeconfig|context", "sandbx"), ('did you mean "sandbox"',)),
    Case("no cluster at all", drop("portico:cluster"), ("portico:cluster ", "is required and missing")),
    Case(
        "namespace that is not there", drop("portico:namespaces|shop"), ('namespace "shop" does not exist', "portico:namespaces")
    ),
    Case("private CA missing", private_ca("", ""), ("portico:private_ca",)),
    Case("private CA expired", private_ca(EXPIRED_PEM, EXPIRED_KEY), ("portico:private_ca.certificate ", "expired on")),
    Case("private CA that is none", private_ca(LEAF_PEM, LEAF_KEY), ("is not a CA certificate",)),
    Case("private CA with another key", private_ca(ROOT_PEM, LEAF_KEY), ("does not belong to the certificate",)),
    Case("file that nobody wrote", put(f"{RFC2136}|server", {"from_file": "facts/none"}), ('file "facts/none" does not exist',)),
    Case("variable that nobody set", put(f"{RFC2136}|server", {"from_env": "NO_SUCH_DNS"}), ("NO_SUCH_DNS is not set",)),
]


@pytest.fixture(scope="module")
def project(world: World, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One stack for all mistakes: that none leaves anything behind is part of what is tested."""
    return world.project(tmp_path_factory.mktemp("wrong"), "wrong")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_is_told_and_creates_nothing(case: Case, project: Project, world: World) -> None:
    config = copy.deepcopy(world.dev_config())
    case.change(config, world)
    project.write(config)
    result = project.run("up", "--yes", "--skip-preview", "--stack", project.stack)
    assert not result.ok, result.output
    for words in case.told:
        assert words in result.output, f"{words!r} is not in:\n{result.output}"
    assert "Traceback" not in result.output
    assert project.resources() == []
    assert WRONG_SECRET not in result.output
    assert "PRIVATE KEY" not in result.output


def test_all_mistakes_of_a_file_are_told_at_once(project: Project, world: World) -> None:
    config = copy.deepcopy(world.dev_config())
    mistakes = [
        case for case in CASES if case.name in {"unknown nested key", "wrong type", "unknown challenge", "broken TSIG key"}
    ]
    for case in mistakes:
        case.change(config, world)
    project.write(config)
    result = project.run("preview", "--stack", project.stack)
    assert "4 problems, nothing was created" in result.output, result.output


def test_the_clusters_and_the_zone_are_as_before(project: Project, world: World) -> None:
    """Runs last in this module: after all those mistakes neither server holds a trace."""
    assert world.objects("wrong") == []
    assert world.records() == world.records_at_start
