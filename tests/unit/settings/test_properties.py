"""What must hold for any stack file, right or wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from components.settings import Settings, SettingsError, load
from components.settings.base import Base
from components.settings.problems import key_of
from tests.support.random_stacks import gcp_stack_files, stack_files
from tests.support.stacks import ENTRYPOINTS, GLOBAL, as_config, gcp_stack, problems_of, settings_of, stack_file

ROOT = Path("/nonexistent")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def places(raw: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value, mappings and lists included."""
    inner: list[tuple[str | int, ...]] = []
    if isinstance(raw, dict):
        inner = [found for key, value in raw.items() for found in places(value, (*path, key))]
    elif isinstance(raw, list):
        inner = [found for index, value in enumerate(raw) for found in places(value, (*path, index))]
    return [path, *inner] if path else inner


FULL = stack_file(
    entrypoint={
        "gateway": {
            **ENTRYPOINTS["gateway-existing"]["gateway"],
            "address": {"ip": "192.0.2.17"},
            "ports": {"http": 80, "https": 443},
            "timeout": 60,
        }
    },
    acme={
        "environment": "staging",
        "email": "a@b.example",
        "directories": {"staging": {"url": "https://acme.example"}},
        "wait_instead_of_self_check": {"dns-01": 1},
    },
    protect=True,
    preflight=False,
)
_BALANCING: dict[str, Any] = {"security_policy": "armor", "timeout": 60, "draining": 5, "iap": {"secret": "a", "client_id": "b"}}
_TLS: dict[str, Any] = {"min_tls": "1.2", "profile": "RESTRICTED"}
_HEALTH: dict[str, Any] = {"path": "/ready", "port": 8081, "interval": 20, "timeout": 10, "healthy": 3, "unhealthy": 4}

#: On Google Cloud, by entrypoint: everything that can be said.
FULL_ON_GCP = {
    way: gcp_stack(
        way,
        cluster={"gke": {"name": "sandbox", "location": "europe-west3-a"}},
        cloud={
            "gcp": {
                "project": "portico-sandbox",
                "region": "europe-west3",
                "labels": {"team": "shop"},
                "ttl": 60,
                "identity": {"service_account": {}},
                "external_dns": {"namespace": "dns", "name": "external-dns"},
                "delegation_timeout": 60,
            }
        },
        zone={"name": "portico.test", "dnssec": True},
        other_zones={"portico.example": {"existing": True}},
        entrypoint=entrypoint,
    )
    for way, entrypoint in {
        "gce": {
            "gce": {
                "address": {"existing": "mine", "scope": "global", "tier": "premium", "ipv6": False},
                "allow_http": True,
                "ssl_policy": _TLS,
                "load_balancing": {**_BALANCING, "cdn": {"cache_mode": "FORCE_CACHE_ALL", "default_ttl": 60}},
                "annotations": {},
                "timeout": 60,
            }
        },
        "gateway-global": {"gateway": {"class": GLOBAL, "ssl_policy": _TLS, "load_balancing": _BALANCING}},
        "traefik-existing": {
            "traefik": {**ENTRYPOINTS["traefik-existing"]["traefik"], "address": {"ipv6": True, "subnetwork": "nodes"}}
        },
    }.items()
}
for _way in ("gce", "gateway-global"):
    FULL_ON_GCP[_way]["sites"]["shop"]["paths"]["/api"] = {"service": "api", "port": 8080, "health": _HEALTH}

#: Keys that a person names freely; every other key of `FULL` is one of the settings'.
_FREE = {("certificates",), ("sites",), ("services",), ("namespaces",), ("sites", "shop", "paths"), ("sites", "apex", "paths")}
_FREE |= {("entrypoint", kind, "controller", "existing", "selector") for kind in ("gateway", "traefik")}
_FREE |= {("cloud", "gcp", "labels"), ("other_zones",), ("services", "inside", "ports")}
_WHOLE = [FULL, *FULL_ON_GCP.values()]
KEYS = [
    (number, path)
    for number, whole in enumerate(_WHOLE)
    for path in places(whole)
    if isinstance(path[-1], str) and path[:-1] not in _FREE
]


@given(
    st.dictionaries(st.sampled_from([f"portico:{key}" for key in Settings.model_fields]) | st.text(max_size=12), JSON | st.text())
)
def test_junk_is_never_answered_with_anything_but_problems(config: dict[str, Any]) -> None:
    for form in (config, {key: json.dumps(value) for key, value in config.items()}):
        try:
            load(form, stack="test", root=ROOT)
        except SettingsError as error:
            assert error.problems  # noqa: PT017  the type is the point


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([(number, path) for number, whole in enumerate(_WHOLE) for path in places(whole)]), JSON)
@example((0, ("zone", "name")), "a\nb")
@example((1, ("sites", "shop", "paths", "/api")), "api")
def test_junk_anywhere_in_a_good_file_is_never_answered_with_anything_but_problems(
    one: tuple[int, tuple[str | int, ...]], junk: Any
) -> None:
    number, path = one
    *front, last = path
    raw = json.loads(json.dumps(_WHOLE[number]))
    place: Any = raw
    for part in front:
        place = place[part]
    place[last] = junk
    for problem, messages in problems_of(raw, root=ROOT).items():
        assert problem.startswith("portico:")
        assert all(message and "\n" not in message.strip() for message in messages)


def test_a_stack_file_that_says_all_is_taken() -> None:
    assert [problems_of(whole) for whole in _WHOLE] == [{}] * 4


@given(st.sampled_from(KEYS), st.data())
@settings(max_examples=600)
def test_a_key_with_one_wrong_character_is_refused_with_a_suggestion(
    one: tuple[int, tuple[str, ...]], data: st.DataObject
) -> None:
    number, path = one
    *front, key = path
    at = data.draw(st.integers(0, len(key)))
    letter = data.draw(st.sampled_from("abcxyz_-"))
    edits = [key[:at] + letter + key[at:], key[:at] + key[at + 1 :], key[:at] + letter + key[at + 1 :]]
    edited = data.draw(st.sampled_from(edits))
    raw = json.loads(json.dumps(_WHOLE[number]))
    place: Any = raw
    for part in front:
        place = place[part]
    # Only what is not itself another key: http -> https is no slip that could be known.
    assume(edited not in place and edited not in _all_keys())
    place[edited] = place.pop(key)
    where = key_of([*front, edited])
    problems = problems_of(raw)
    assert where in problems, problems
    assert "unknown key (did you mean " in problems[where][0], problems


def _all_keys() -> set[str]:
    names, todo = set[str](), [Base]
    while todo:
        for model in todo.pop().__subclasses__():
            names.update(model.keys())
            todo.append(model)
    return names


@given(st.one_of(stack_files(), gcp_stack_files()))
def test_a_random_good_stack_file_is_taken(raw: dict[str, Any]) -> None:
    assert problems_of(raw) == {}


@given(st.one_of(stack_files(), gcp_stack_files()))
def test_settings_written_back_to_a_stack_file_read_the_same(raw: dict[str, Any]) -> None:
    first = settings_of(raw)
    written = first.model_dump(mode="python", by_alias=True, exclude_none=True, exclude={"stack"})
    assert load(as_config(_revealed(written)), stack="test", root=ROOT) == first


def _revealed(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return {key: _revealed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_revealed(item) for item in value]
    return value


@given(stack_files(), st.sampled_from(["gateway", "traefik", "nginx"]))
def test_every_host_of_a_good_file_has_a_url_a_record_and_a_certificate(raw: dict[str, Any], kind: str) -> None:
    parts = settings_of({**raw, "entrypoint": {kind: {}}})
    assert set(parts.hosts) <= set(parts.pointed_hosts)
    assert len(parts.pointed_hosts) == len(set(parts.pointed_hosts))
    for site in parts.sites.values():
        for host in site.hosts:
            key = parts.certificate_for(host)
            assert key is not None
            assert key in parts.certificates_for(site.hosts)
            assert any(url.startswith(f"https://{host}/") for url in parts.urls)
            where = parts.name if kind == "gateway" else site.namespace
            assert where in parts.certificate_namespaces(key)
    assert sorted([*parts.early_certificates, *parts.late_certificates]) == sorted(parts.certificates)
