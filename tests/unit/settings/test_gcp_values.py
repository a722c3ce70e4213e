"""What each wrong value of a stack file on Google Cloud is answered with: the key as it stands there, and a message."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import pytest
import yaml

from components.settings import load
from components.settings.gcp_names import account_id, named_after, shortened
from components.settings.problems import key_of
from tests.support.stacks import GCP_ENTRYPOINTS, gcp_stack, problems_of, settings_of, with_value

Path = tuple[str | int, ...]

_GCP: Path = ("cloud", "gcp")
_GKE: Path = ("cluster", "gke")
_GCE: Path = ("entrypoint", "gce")
_TLS: Path = (*_GCE, "ssl_policy")
_BALANCING: Path = (*_GCE, "load_balancing")
_WEB: Path = ("certificates", "web", "google_managed")
_API: Path = ("sites", "shop", "paths", "/api")

LOCAL = "portico:sites.shop.paths./api.health"


def backend(**health: Any) -> dict[str, Any]:
    return {"service": "api", "port": 8080, "health": health}


#: A path into a right stack file, what is put there, where the problem is told (the path itself unless said), and what it says.
CASES: list[tuple[Path, Any, str | None, str]] = [
    # The cloud
    ((*_GCP, "project"), ..., None, "is required and missing"),
    ((*_GCP, "project"), "My Shop", None,
     '"My Shop" is not a project\'s id: 6 to 30 small letters, digits and inner dashes'),
    ((*_GCP, "project"), "123456789012", None, "is not a project's id: 6 to 30 small letters, digits and inner dashes (that is a"
     " project's number; its id is wanted)"),
    ((*_GCP, "project"), "shop", None, '"shop" is not a project\'s id'),
    ((*_GCP, "project"), "shop-", None, "is not a project's id"),
    ((*_GCP, "project"), "s" * 31, None, "is not a project's id"),
    ((*_GCP, "region"), ..., None, "is required and missing"),
    ((*_GCP, "region"), "Frankfurt", None, '"Frankfurt" is not a region, which is written like europe-west3'),
    ((*_GCP, "region"), "europe-west3-a", None,
     '"europe-west3-a" is not a region, which is written like europe-west3 (that is a zone: leave out its last letter)'),
    ((*_GCP, "region"), "eu-central-1", None, '"eu-central-1" is not a region'),
    ((*_GCP, "regoin"), "x", None, 'unknown key (did you mean "region"?)'),
    ((*_GCP, "labels"), {"Team": "shop"}, None,
     '"Team" is no label\'s key: 1 to 63 small letters, digits, _ and -, a letter first'),
    ((*_GCP, "labels"), {"1team": "shop"}, None, "is no label's key"),
    ((*_GCP, "labels"), {"t" * 64: "shop"}, None, "is no label's key"),
    ((*_GCP, "labels"), {"team": "Shop & Co"}, None,
     'team: "Shop & Co" is no label\'s value: up to 63 small letters, digits, _ and -'),
    ((*_GCP, "labels"), {"team": "s" * 64}, None, "is no label's value"),
    ((*_GCP, "labels"), ["a"], None, "must hold keys and values, got ['a']"),
    ((*_GCP, "ttl"), 0, None, "must be at least 1, got 0"),
    ((*_GCP, "delegation_timeout"), -1, None, "must be at least 0, got -1"),
    ((*_GCP, "identity"), {}, None, "must name exactly one kind of identity, got none; allowed here: principal, service_account"),
    ((*_GCP, "identity"), "irsa", None, "must say which kind of identity it is: one of principal, service_account"),
    ((*_GCP, "external_dns"), {"namespace": "dns"}, "portico:cloud.gcp.external_dns.name", "is required and missing"),
    # The cluster
    ((*_GKE, "name"), "Shop", None, "string should match pattern"),
    ((*_GKE, "name"), "s" * 41, None, "string should match pattern"),
    ((*_GKE, "name"), "", None, "string should match pattern"),
    ((*_GKE, "location"), "europe", None,
     '"europe" is not a region or zone, which are written like europe-west3 and europe-west3-a'),
    ((*_GKE, "location"), "europe-west3-ab", None, "is not a region or zone"),
    # The zone
    (("zone", "dnssec"), "perhaps", None, "must be true or false"),
    # The way in
    ((*_GCE, "allow_htp"), False, None, 'unknown key (did you mean "allow_http"?)'),
    ((*_GCE, "load_balancer"), {}, None, 'unknown key (did you mean "load_balancing"?)'),
    ((*_GCE, "class"), "gce", None, "unknown key"),
    ((*_GCE, "address", "existing"), "My_Address", None,
     '"My_Address" is not a name at Google Cloud: 1 to 63 small letters, digits and inner dashes, a letter first'),
    ((*_GCE, "address", "existing"), "1st", None, "is not a name at Google Cloud"),
    ((*_GCE, "address", "existing"), "a-", None, "is not a name at Google Cloud"),
    ((*_GCE, "address", "existing"), "a" * 64, None, "is not a name at Google Cloud"),
    ((*_GCE, "address", "scope"), "zonal", None, 'must be one of global, regional, got "zonal"'),
    ((*_GCE, "address", "tier"), "Premium", None,
     'must be one of premium, standard, got "Premium" (did you mean "premium"?)'),
    ((*_TLS, "min_tls"), "1.1", None, 'must be one of 1.2, 1.3, got "1.1"'),
    ((*_TLS, "profile"), "MODREN", None, 'must be one of COMPATIBLE, MODERN, RESTRICTED, got "MODREN" (did you mean "MODERN"?)'),
    (_TLS, {"min_tls": "1.3"}, None, 'min_tls "1.3" goes with profile RESTRICTED only, got MODERN'),
    ((*_TLS, "existing"), "TLS", None, "is not a name at Google Cloud"),
    ((*_BALANCING, "security_policy"), "Armor!", None, "is not a name at Google Cloud"),
    ((*_BALANCING, "timeout"), 0, None, "must be at least 1, got 0"),
    ((*_BALANCING, "draining"), 3601, None, "must be at most 3600, got 3601"),
    ((*_BALANCING, "iap"), {}, "portico:entrypoint.gce.load_balancing.iap.secret", "is required and missing"),
    ((*_BALANCING, "cdn"), {"cache_mode": "ALL"}, "portico:entrypoint.gce.load_balancing.cdn.cache_mode",
     "must be one of CACHE_ALL_STATIC, FORCE_CACHE_ALL, USE_ORIGIN_HEADERS"),
    ((*_BALANCING, "cdn"), {"default_ttl": 31_622_401}, "portico:entrypoint.gce.load_balancing.cdn.default_ttl",
     "must be at most 31622400"),
    # Certificates
    ((*_WEB, "challenge"), "dns-01", None, "unknown key; allowed here: hosts, timeout"),
    ((*_WEB, "hosts"), [], None, "must have at least 1"),
    ((*_WEB, "hosts"), [f"h{n}.portico.test" for n in range(101)], None, "must have at most 100, has 101"),
    ((*_WEB, "timeout"), 7201, None, "must be at most 7200, got 7201"),
    # Health checks
    (_API, backend(path="ready"), f"{LOCAL}.path", "string should match pattern"),
    (_API, backend(timeout=15), LOCAL, "timeout (15) must be shorter than interval (15)"),
]  # fmt: skip

_IDS = [f"{key_of(case[0])}={str(case[1])[:30]}" for case in CASES]


def changed(path: Path, value: Any) -> dict[str, Any]:
    """A right stack file with something put there, and with what has to be around it."""
    raw = gcp_stack("gce", zone={"name": "portico.test"})
    for depth in range(1, len(path)):
        place: Any = raw
        for part in path[:depth]:
            place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
    return with_value(raw, path, value)


@pytest.mark.parametrize("way", GCP_ENTRYPOINTS)
def test_a_right_stack_file_has_no_problem(way: str) -> None:
    assert problems_of(gcp_stack(way)) == {}


@pytest.mark.parametrize(("path", "value", "where", "says"), CASES, ids=_IDS)
def test_fails_with_a_message_at_its_key_when(path: Path, value: Any, where: str | None, says: str) -> None:
    problems = problems_of(changed(path, value))
    where = where or key_of(path)
    assert where in problems, f"told elsewhere: {problems}"
    assert any(says in message for message in problems[where]), problems[where]


@pytest.mark.parametrize(("path", "value"), [case[:2] for case in CASES], ids=_IDS)
def test_one_wrong_value_is_one_problem(path: Path, value: Any) -> None:
    """What follows from a wrong value is not told as well."""
    problems = problems_of(changed(path, value))
    assert sum(len(messages) for messages in problems.values()) == 1, problems


RIGHT: list[tuple[Path, Any]] = [
    ((*_GCP, "project"), "example.com:my-shop"),
    ((*_GCP, "project"), "p" + "0" * 29),
    ((*_GCP, "region"), "northamerica-northeast1"),
    ((*_GCP, "region"), "asia-southeast2"),
    ((*_GCP, "labels"), {"team": "", "cost-center_1": "0815"}),
    ((*_GCP, "labels"), {"t" * 63: "s" * 63}),
    ((*_GCP, "identity"), "service_account"),
    ((*_GCP, "identity"), {"principal": {}}),
    ((*_GCP, "external_dns"), {"namespace": "dns", "name": "external-dns"}),
    ((*_GCP, "delegation_timeout"), 0),
    ((*_GKE, "location"), "europe-west3-a"),
    ((*_GKE, "location"), "us-central1"),
    ((*_GKE, "name"), "s" * 40),
    (("zone", "dnssec"), True),
    ((*_GCE, "address", "existing"), "a"),
    ((*_GCE, "address", "existing"), "a" * 63),
    ((*_GCE, "address", "scope"), "global"),
    ((*_GCE, "address", "ipv6"), True),
    (_TLS, {"min_tls": "1.3", "profile": "RESTRICTED"}),
    (_TLS, {"existing": "strict", "min_tls": "1.3"}),
    ((*_BALANCING, "iap"), {"secret": "oauth"}),
    ((*_BALANCING, "cdn"), {"cache_mode": "USE_ORIGIN_HEADERS"}),
    ((*_WEB, "timeout"), 7200),
    (_API, backend(path="/ready?full=1", port=8081, interval=300, timeout=120, healthy=10, unhealthy=2)),
    (_API, {"service": "api", "port": 8080, "health": "/ready"}),
]


@pytest.mark.parametrize(("path", "value"), RIGHT, ids=[f"{key_of(path)}={str(value)[:30]}" for path, value in RIGHT])
def test_takes(path: Path, value: Any) -> None:
    assert problems_of(changed(path, value)) == {}


def test_what_is_left_out_has_a_default_that_is_safe() -> None:
    settings = settings_of(gcp_stack(cloud={"gcp": {"project": "portico-sandbox", "region": "europe-west3"}}))
    gcp, gce = settings.cloud.gcp, settings.entrypoint.gce
    assert gcp is not None
    assert gce is not None
    assert (gcp.identity.kind, gcp.external_dns, gcp.labels) == ("principal", None, {})  # no account, no key
    assert (gce.ssl_policy.min_tls, gce.ssl_policy.profile, gce.allow_http) == ("1.2", "MODERN", True)
    assert settings.protect is True


@pytest.mark.parametrize(
    ("road", "urls"),
    [
        ("gke", ["https://store.example/", "https://store.example/api", "https://www.store.example/"]),
        ("gke-hosts", ["https://blog.hosts.example/", "https://docs.hosts.example/", "https://shop.hosts.example/api"]),
    ],
)
def test_the_stack_file_of_each_road_is_right(road: str, urls: list[str], tmp_path: FilePath) -> None:
    from tests.support import pem

    facts = tmp_path / ".sandbox" / "facts"
    facts.mkdir(parents=True)
    for name in ("staging", "production"):
        (facts / f"acme-{name}-directory").write_text("https://127.0.0.1:14000/dir\n")
    (facts / "acme-ca.pem").write_text(pem.certificate())
    whole = yaml.safe_load((FilePath(__file__).parents[3] / f"Pulumi.{road}.yaml").read_text())
    settings = load(whole["config"], stack=road, root=tmp_path)
    assert set(urls) <= set(settings.urls)
    assert settings.cloud.gcp is not None
    assert {"gcp", "kubernetes"} <= set(whole["config"]["pulumi:disable-default-providers"])


# Names at Google Cloud


@pytest.mark.parametrize("length", [1, 62, 63, 64, 103])
def test_a_name_is_short_enough_and_its_own(length: int) -> None:
    wanted = ("portico-" + "s" * 95)[:length]
    name = shortened(wanted)
    assert len(name) <= 63
    assert name == wanted if length <= 63 else name.startswith(wanted[:50])
    assert shortened(wanted) == name
    assert shortened(f"{wanted}x"[-length:]) != name or length == 1


def test_an_accounts_id_is_neither_too_long_nor_too_short_and_its_own() -> None:
    """Two accounts of a stack with a long name, and two stacks with names that begin alike, are told apart."""
    stacks = ["portico", "a", f"portico-{'s' * 31}", f"portico-{'s' * 30}t"]
    ids = [account_id(stack, name) for stack in stacks for name in ("cert-manager", "external-dns")]
    assert len(set(ids)) == len(ids)
    assert all(6 <= len(each) <= 30 for each in ids)
    assert account_id("portico-shop", "cert-manager") == "portico-shop-cert-manager"
    assert account_id("a", "b") == "a-b000"


ALIKE = [
    "portico.test",
    "*.portico.test",
    "wildcard.portico.test",
    "wildcard-portico.test",
    "shop.eu.portico.test",
    "shop-eu.portico.test",
    "shop.eu-portico.test",
    "1.portico.test",
    "n.1.portico.test",
    f"{'a' * 60}.portico.test",
    f"{'a' * 60}.portico.example",
    f"{'b-' * 30}b.portico.test",
]


def test_hosts_that_look_alike_have_names_of_their_own_that_google_takes() -> None:
    import re

    names = [named_after(host) for host in ALIKE]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch("[a-z]([-a-z0-9]{0,61}[a-z0-9])?", name)] == []


def test_a_plain_host_is_told_by_its_name() -> None:
    assert named_after("www.portico.test") == "www-portico-test"
    assert named_after("*.portico.test") == "wildcard-portico-test"
