"""Which certificates an entrypoint can show, on which cloud: what the table says is what a stack file is answered with."""

from __future__ import annotations

from typing import Any

import pytest

from components.settings.certificates import CertificateSettings
from components.settings.cloud import CloudSettings
from components.settings.entrypoint import EntrypointSettings
from components.settings.offers import CLOUDS, SOURCES, WAYS, refusal
from tests.support import pem
from tests.support.stacks import GLOBAL, NLB, aws_stack, gcp_stack, problems_of, stack_file

HOST = "shop.portico.test"
_EXISTING = {"existing": {"namespace": "controllers", "selector": {"app": "controller"}}}

ENTRYPOINTS: dict[str, dict[str, Any]] = {
    "gateway": {"gateway": {"controller": _EXISTING}},
    "gateway of GKE": {"gateway": {"class": GLOBAL}},
    "traefik": {"traefik": {"controller": _EXISTING}},
    "nginx": {"nginx": {"controller": _EXISTING}},
    "alb": {"alb": {"scheme": "internal"}},
    "gce": {"gce": {}},
}
CERTIFICATES: dict[str, dict[str, Any]] = {
    **{source: {source: {"hosts": [HOST]}} for source in SOURCES if source != "provided"},
    "provided": {"provided": pem.provided(HOST)},
}
STACKS = {"rfc2136": stack_file, "aws": aws_stack, "gcp": gcp_stack}

CELLS = [(cloud, way, source) for cloud in CLOUDS for way in WAYS for source in SOURCES]


def stack(cloud: str, way: str, source: str) -> dict[str, Any]:
    """The least stack file of a cell."""
    entrypoint = ENTRYPOINTS[way]
    if cloud == "aws" and way in ("gateway", "traefik", "nginx"):
        entrypoint = {kind: {**own, "load_balancer": NLB} for kind, own in entrypoint.items()}
    return STACKS[cloud](
        entrypoint=entrypoint,
        certificates={"web": CERTIFICATES[source]},
        private_ca={"certificate": pem.certificate(), "key": pem.key_pem()} if source == "private_ca" else None,
        sites={"shop": {"hosts": [HOST], "namespace": "shop", "paths": {"/": "web:80"}, "demo": True}},
        services=None,
    )


@pytest.mark.parametrize(("cloud", "way", "source"), CELLS)
def test_a_stack_file_is_accepted_exactly_where_the_table_says_so_and_else_told_why(cloud: str, way: str, source: str) -> None:
    problems = problems_of(stack(cloud, way, source))
    why = refusal(cloud, way, source)
    if why is None:
        assert problems == {}
    else:
        assert why in [message for messages in problems.values() for message in messages]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_cloud_has_a_way_in_and_a_certificate_for_it(cloud: str) -> None:
    assert [(way, source) for way in WAYS for source in SOURCES if refusal(cloud, way, source) is None]


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_is_of_use_somewhere(source: str) -> None:
    assert any(refusal(cloud, way, source) is None for cloud in CLOUDS for way in WAYS)


def test_the_table_knows_every_word_of_the_settings() -> None:
    assert set(CLOUDS) == set(CloudSettings.keys())
    assert {way.partition(" ")[0] for way in WAYS} == set(EntrypointSettings.keys())
    assert set(SOURCES) == set(CertificateSettings.keys())


#: As the words promise, whatever the code says.
PROMISED = [
    ("gcp", "gce", ["acme", "private_ca", "provided", "google_managed"]),
    ("gcp", "gateway of GKE", ["acme", "private_ca", "provided", "google_managed"]),
    ("gcp", "traefik", ["acme", "private_ca", "provided"]),
    ("gcp", "nginx", ["acme", "private_ca", "provided"]),
    ("gcp", "gateway", ["acme", "private_ca", "provided"]),
    ("gcp", "alb", []),
    ("aws", "alb", ["acm"]),
    ("aws", "gce", []),
    ("aws", "gateway of GKE", []),
    ("aws", "traefik", ["acme", "private_ca", "provided"]),
    ("rfc2136", "gateway", ["acme", "private_ca", "provided"]),
    ("rfc2136", "gce", []),
    ("rfc2136", "gateway of GKE", []),
    ("rfc2136", "alb", []),
]


@pytest.mark.parametrize(("cloud", "way", "sources"), PROMISED, ids=[f"{cloud} {way}" for cloud, way, _ in PROMISED])
def test_a_way_in_shows(cloud: str, way: str, sources: list[str]) -> None:
    assert [source for source in SOURCES if problems_of(stack(cloud, way, source)) == {}] == sources
