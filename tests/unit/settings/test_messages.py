"""What each wrong value is answered with: the key as it stands in the stack file, and a message that a person can act on."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import pytest

from components.settings import Problem, SettingsError
from components.settings.base import Base
from components.settings.problems import key_of, shown, suggest, words
from tests.support.stacks import problems_of, stack_file, with_value

Path = tuple[str | int, ...]

_CLOUD: Path = ("cloud", "rfc2136")
_EXISTING: Path = ("entrypoint", "gateway", "controller", "existing")
_SHOP: Path = ("sites", "shop")
_WILDCARD: Path = ("certificates", "wildcard", "acme")

#: A path into a right stack file, what is put there, where the problem is told (the path itself unless said), and what it says.
CASES: list[tuple[Path, Any, str | None, str]] = [
    # Keys
    (("zoen",), {"name": "x"}, None, 'unknown key (did you mean "zone"?); allowed here: acme, allow_unknown_annotations,'),
    (("zone", "nmae"), "x", None, 'unknown key (did you mean "name"?); allowed here: dnssec, existing, name'),
    (("zone", "colour"), "x", None, "unknown key; allowed here: dnssec, existing, name"),
    ((*_SHOP, "path"), {}, None, 'unknown key (did you mean "paths"?); allowed here: annotations, demo, hosts, https_redirect,'),
    (("entrypoint", "gateway", "clas"), "x", None, 'unknown key (did you mean "class"?)'),
    ((*_CLOUD, "tsig", "algoritm"), "x", None, 'unknown key (did you mean "algorithm"?); allowed here: algorithm, name, secret'),
    # Left out
    (("zone",), ..., None, "is required and missing"),
    ((*_CLOUD, "tsig", "secret"), ..., None, "is required and missing"),
    ((*_SHOP, "hosts"), ..., None, "is required and missing"),
    ((*_EXISTING, "namespace"), ..., None, "is required and missing"),
    # Choices of one
    (("cluster",), {"kubeconfig": {"path": "a"}, "stack": {"name": "b"}}, None,
     "must name exactly one kind of cluster, got kubeconfig and stack; allowed here: eks, gke, inline, kubeconfig, stack"),
    (("entrypoint", "gateway", "controller"), {}, None,
     "must name exactly one kind of controller, got none; allowed here: existing, helm"),
    (("entrypoint",), "haproxy", None, "must say which kind of entrypoint it is: one of alb, gateway, gce, nginx, traefik"),
    (("entrypoint",), {"treafik": {}}, "portico:entrypoint.treafik",
     'unknown key (did you mean "traefik"?); allowed here: alb, gateway, gce, nginx, traefik'),
    (("certificates", "wildcard"), {"letsencrypt": {}}, "portico:certificates.wildcard.letsencrypt",
     "unknown key; allowed here: acm, acme, google_managed, private_ca, provided"),
    (("cloud",), ["rfc2136"], None, "must say which kind of cloud it is: one of aws, gcp, rfc2136"),
    # Kinds of values
    (("zone",), "portico.test", None, 'must hold keys and values, got "portico.test"'),
    (("zone", "name"), 5, None, "must be text, got 5"),
    (("zone", "name"), ["portico.test"], None, "must be text, got ['portico.test']"),
    ((*_SHOP, "hosts"), "shop.portico.test", None,
     'must be a list (write [a, b], or one item per line behind a dash), got "shop.portico.test"'),
    ((*_SHOP, "demo"), "maybe", None, 'must be true or false, got "maybe"'),
    ((*_SHOP, "paths"), ["/"], None, "must hold keys and values, got ['/']"),
    ((*_CLOUD, "ttl"), "soon", None, 'must be a whole number, got "soon"'),
    ((*_CLOUD, "ttl"), 1.5, None, "must be a whole number, got 1.5"),
    (("protect",), "perhaps", None, 'must be true or false, got "perhaps"'),
    # Numbers
    ((*_CLOUD, "ttl"), 0, None, "must be at least 1, got 0"),
    ((*_CLOUD, "ttl"), 86401, None, "must be at most 86400, got 86401"),
    (("entrypoint", "gateway", "ports"), {"https": 70000}, "portico:entrypoint.gateway.ports.https",
     "must be at most 65535, got 70000"),
    (("entrypoint", "gateway", "ports"), {"http": 0}, "portico:entrypoint.gateway.ports.http",
     "must be at least 1, got 0"),
    (("entrypoint", "gateway", "ports"), {"http": 443}, None, "http and https must be different ports, both are 443"),
    ((*_WILDCARD, "timeout"), 5, None, "must be at least 10, got 5"),
    ((*_SHOP, "paths", "/"), {"service": "web", "port": 0}, "portico:sites.shop.paths./.port",
     "must be at least 1, got 0"),
    # Words
    ((*_WILDCARD, "challenge"), "dns01", None, 'must be one of dns-01, http-01, got "dns01" (did you mean "dns-01"?)'),
    (("acme",), {"environment": "prod"}, "portico:acme.environment",
     'must be one of production, staging, got "prod"'),
    ((*_CLOUD, "tsig", "algorithm"), "hmac-md5", None,
     'must be one of hmac-sha1, hmac-sha256, hmac-sha512, got "hmac-md5"'),
    (("sites", "apex", "redirect", "status"), 307, None, "must be one of 301, 302, got 307"),
    (("acme",), {"wait_instead_of_self_check": {"http-01": 5}}, "portico:acme.wait_instead_of_self_check.http-01",
     "unknown key; allowed here: dns-01"),
    # Texts with a form of their own
    (("zone", "name"), "portico.test.", None, '"portico.test." must not end with a dot'),
    ((*_CLOUD, "server"), "ns.portico.test", None,
     '"ns.portico.test" must be an IP address with or without :port, such as 192.0.2.53:53'),
    ((*_CLOUD, "server"), "192.0.2.53:dns", None, '"192.0.2.53:dns": the port must be a whole number from 1 to 65535'),
    ((*_CLOUD, "server"), "192.0.2.53:65536", None, "the port must be a whole number from 1 to 65535"),
    ((*_CLOUD, "server"), "192.0.2.53:²", None, "the port must be a whole number from 1 to 65535"),
    ((*_CLOUD, "server"), "192.0.2.53:٥٣", None, "the port must be a whole number from 1 to 65535"),
    ((*_CLOUD, "server"), "[2001:db8::53]:0", None, "the port must be a whole number from 1 to 65535"),
    ((*_CLOUD, "server"), "[2001:db8::53", None, "a bracket is open; an IPv6 address with a port is written [2001:db8::53]:53"),
    ((*_CLOUD, "tsig", "name"), "a..b", None, '"a..b" is not a key\'s name, which is written like a DNS name: '),
    ((*_CLOUD, "tsig", "name"), "x" * 64, None, "is not a key's name, which is written like a DNS name: "),
    ((*_CLOUD, "tsig", "name"), "a b", None, '"a b" is not a key\'s name'),
    ((*_CLOUD, "tsig", "name"), "portico\n", None, '"portico\\n" is not a key\'s name'),
    ((*_CLOUD, "tsig", "name"), "", None, "is not a key's name"),
    ((*_CLOUD, "pool"), ["192.0.2.16/28", "2001:db8::/64"], None, "mixes IPv4 and IPv6"),
    ((*_CLOUD, "tsig", "secret"), "not base64!", None, "must be base64, as tsig-keygen prints it"),
    ((*_CLOUD, "tsig", "secret"), "c2hvcnQ=", None, "is only 5 bytes long; a TSIG key of at least 16 is wanted"),
    ((*_CLOUD, "pool"), ["192.0.2.300"], "portico:cloud.rfc2136.pool[0]", '"192.0.2.300" is not an address, a network'),
    (("entrypoint", "gateway", "address"), {"ip": "front"}, "portico:entrypoint.gateway.address.ip",
     '"front" is not an IP address'),
    (("acme",), {"email": "nobody"}, "portico:acme.email", 'string should match pattern'),
    (("acme",), {"directories": {"staging": {"url": "http://acme.example"}}}, "portico:acme.directories.staging.url",
     '"http://acme.example": an ACME directory is reached over https (RFC 8555, section 6.1)'),
    ((*_SHOP, "paths", "cart"), "web:80", "portico:sites.shop.paths.cart", '"cart": a path begins with /'),
    ((*_SHOP, "paths", "/a b"), "web:80", "portico:sites.shop.paths./a b",
     '"/a b": a path may hold letters, digits and / - _ . ~'),
    ((*_SHOP, "paths", "/a//b"), "web:80", "portico:sites.shop.paths./a//b",
     "must be in its plain form, without //, /./ or /../"),
    ((*_SHOP, "paths", "/a/.."), "web:80", "portico:sites.shop.paths./a/..", "must be in its plain form"),
    ((*_SHOP, "paths", "/a\n"), "web:80", "portico:sites.shop.paths./a\n", "a path may hold letters"),
    ((*_SHOP, "paths", "/"), "web:٨٠", None, '"web:٨٠": write service:port, such as web:80'),
    ((*_SHOP, "paths", "/"), "web\n:80", "portico:sites.shop.paths./.service", "must be lower-case letters, digits"),
    ((*_SHOP, "paths", "/"), "web", None, '"web": write service:port, such as web:80'),
    ((*_SHOP, "paths", "/"), "web:http", None, '"web:http": write service:port, such as web:80'),
    ((*_SHOP, "paths", "/"), "web:²", None, '"web:²": write service:port, such as web:80'),
    ((*_SHOP, "paths", "/"), 80, None, "80: write service:port, such as web:80, or its keys service and port"),
    ((*_SHOP, "namespace"), "Shop", None,
     'must be lower-case letters, digits and inner dashes, at most 63 of them, got "Shop"'),
    ((*_SHOP, "namespace"), "shop\n", None, 'at most 63 of them, got "shop\\n"'),
    ((*_SHOP, "namespace"), "s" * 64, None, "at most 63 of them"),
    (("zone", "name"), "portico.test\n", None, '"portico.test\\n" is not a host name: "test\\n" may hold'),
    # Keys that objects are named after
    (("sites", "s" * 51), {"hosts": ["a.portico.test"], "paths": {"/": "web:80"}}, None,
     "must be lower-case letters, digits and inner dashes, at most 50 of them"),
    (("sites", "s\n"), {"hosts": ["a.portico.test"], "paths": {"/": "web:80"}}, None, "at most 50 of them"),
    (("certificates", "c" * 51), {"acme": {"hosts": ["a.portico.test"]}}, None, "at most 50 of them"),
    (("certificates", "Wild"), {"acme": {"hosts": ["a.portico.test"]}}, None, 'at most 50 of them, got "Wild"'),
    # Sites
    ((*_SHOP, "hosts"), [], None, "must have at least 1"),
    ((*_SHOP, "paths"), ..., "portico:sites.shop", "must have either paths or a redirect"),
    ((*_SHOP, "redirect"), {"host": "a.portico.test"}, "portico:sites.shop", "must have either paths or a redirect"),
    (("sites", "apex", "demo"), True, "portico:sites.apex", "a site that only redirects has no workload: leave out demo"),
    (("sites", "apex", "redirect", "host"), "*.portico.test", None, "is a wildcard; a plain host name is wanted here"),
    # Limits
    ((*_WILDCARD, "hosts"), [f"h{n}.portico.test" for n in range(101)], None, "must have at most 100, has 101"),
    ((*_EXISTING, "selector"), {}, None, "must have at least 1"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "where", "says"), CASES, ids=[f"{key_of(c[0])}={str(c[1])[:30]}" for c in CASES])
def test_fails_with_a_message_at_its_key_when(path: Path, value: Any, where: str | None, says: str) -> None:
    problems = problems_of(with_value(stack_file(), path, value))
    where = where or key_of(path)
    assert where in problems, f"told elsewhere: {problems}"
    assert any(says in message for message in problems[where]), problems[where]
    assert not any(said.startswith("portico:sites.shop.hosts") for said in problems if said != where)


@pytest.mark.parametrize(("path", "value"), [case[:2] for case in CASES], ids=[key_of(c[0]) + str(c[1])[:20] for c in CASES])
def test_one_wrong_value_is_one_problem(path: Path, value: Any) -> None:
    """What follows from a wrong value is not told as well."""
    problems = problems_of(with_value(stack_file(), path, value))
    assert sum(len(messages) for messages in problems.values()) == 1, problems


def test_every_problem_is_told_at_once() -> None:
    raw = stack_file()
    raw = with_value(raw, ("zoen",), {"name": "x"})
    raw = with_value(raw, ("zone", "name"), "Portico.test")
    raw = with_value(raw, (*_CLOUD, "ttl"), 0)
    raw = with_value(raw, (*_CLOUD, "pool"), ["192.0.2.300", "192.0.2.1", "x"])
    raw = with_value(raw, (*_WILDCARD, "challenge"), "dns")
    raw = with_value(raw, (*_SHOP, "hosts", 0), "localhost")
    raw = with_value(raw, ("sites", "apex", "redirect", "status"), 307)
    assert set(problems_of(raw)) == {
        "portico:certificates.wildcard.acme.challenge",
        "portico:cloud.rfc2136.pool[0]",
        "portico:cloud.rfc2136.pool[2]",
        "portico:cloud.rfc2136.ttl",
        "portico:sites.apex.redirect.status",
        "portico:sites.shop.hosts[0]",
        "portico:zoen",
        "portico:zone.name",
    }


def test_an_empty_stack_file_names_every_required_key() -> None:
    assert problems_of({}) == {
        f"portico:{key}": ["is required and missing"]
        for key in ("cluster", "cloud", "zone", "entrypoint", "certificates", "sites")
    }


def test_an_unknown_key_is_refused_also_when_it_is_empty() -> None:
    assert "portico:zoen" in problems_of(with_value(stack_file(), ("zoen",), {}))


@pytest.mark.parametrize("empty", [{}, "", None, []], ids=repr)
def test_an_unknown_key_is_refused_whatever_empty_it_holds(empty: Any) -> None:
    assert set(problems_of(with_value(stack_file(), ("zoen",), empty))) == {"portico:zoen"}


@pytest.mark.parametrize("kind", ["sites", "certificates"])
def test_a_key_of_fifty_characters_is_taken(kind: str) -> None:
    key = f"{'k' * 24}-0{'k' * 24}"
    added: dict[str, dict[str, Any]] = {
        "certificates": {"acme": {"hosts": ["a.portico.test"]}},
        "sites": {"hosts": ["a.portico.test"], "namespace": "shop", "paths": {"/": "other:80"}},
    }
    assert len(key) == 50
    assert problems_of(with_value(stack_file(), (kind, key), added[kind])) == {}


def test_a_report_names_the_file_counts_and_lines_up() -> None:
    error = SettingsError(
        [Problem("portico:zone.name", "is wrong"), Problem("portico:acme", "too"), Problem("portico:acme", "too")]
    )
    assert error.report("Pulumi.dev.yaml") == (
        "Pulumi.dev.yaml: 2 problems, nothing was created\n  portico:acme        too\n  portico:zone.name   is wrong"
    )
    assert SettingsError([Problem("k", "m")]).report("f").startswith("f: 1 problem, nothing")
    assert str(error) == "portico:acme: too\nportico:zone.name: is wrong"


def test_a_key_is_written_as_a_person_would() -> None:
    assert key_of(("sites", "shop", "hosts", 0)) == "portico:sites.shop.hosts[0]"


def test_a_long_value_is_cut_in_messages() -> None:
    assert shown("a" * 57) == f'"{"a" * 57}"'
    assert shown("a" * 500) == f'"{"a" * 59}…'
    assert shown(5) == "5"


def test_only_a_near_word_is_suggested() -> None:
    assert suggest("zoen", ["zone", "cloud"]) == ' (did you mean "zone"?)'
    assert suggest("colour", ["zone", "sites"]) == ""
    assert suggest("x", []) == ""


def test_allowed_words_come_in_one_order() -> None:
    assert words({"b", "a", "c"}) == "a, b, c"


def test_a_stack_file_key_is_told_as_it_is_written_there_not_as_the_model_spells_it() -> None:
    from components.settings.entrypoint import GatewayEntrypoint

    assert "class" in GatewayEntrypoint.keys()  # noqa: SIM118  a class method of that name, no mapping
    assert "class_name" not in GatewayEntrypoint.keys()  # noqa: SIM118


def test_settings_cannot_be_changed_after_they_were_checked() -> None:
    from pydantic import ValidationError

    from tests.support.stacks import settings_of

    settings = settings_of(stack_file())
    with pytest.raises(ValidationError, match="frozen"):
        settings.protect = False  # type: ignore[misc]


def test_settings_can_be_built_in_python_from_their_parts() -> None:
    """The components serve alone, imported in another program: no detour over text."""
    from components.settings import Settings
    from tests.support.stacks import settings_of

    whole = settings_of(stack_file())
    parts: dict[str, Any] = {name: getattr(whole, name) for name in Settings.model_fields}
    assert Settings(**parts) == whole


def test_every_model_refuses_unknown_keys() -> None:
    models, todo = set[type[Base]](), [Base]
    while todo:
        for model in todo.pop().__subclasses__():
            models.add(model)
            todo.append(model)
    assert len(models) > 20
    assert {model for model in models if model.model_config.get("extra") != "forbid"} == set()


def test_the_folder_of_this_test_is_not_asked_for_a_relative_file(tmp_path: FilePath) -> None:
    raw = with_value(stack_file(), ("zone", "name"), {"from_file": FilePath(__file__).name})
    assert "does not exist" in problems_of(raw, root=tmp_path)["portico:zone.name"][0]
