"""The page of certificates says what stack files are really answered: each cell, and each reason."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from components.settings.offers import CLOUDS, SOURCES, WAYS
from docs.generate_matrix import EXAMPLES, NAMES, PAGE, TITLES
from tests.support.pem import certificate, key_pem, provided
from tests.support.stacks import NLB, problems_of, stack_file

_HOST = "shop.portico.test"

_PLATFORM: Mapping[str, dict[str, Any]] = {
    "rfc2136": {},
    "aws": {"cluster": {"eks": {"name": "shop"}}, "cloud": {"aws": {"region": "eu-central-1"}}},
    "gcp": {"cluster": {"gke": {"name": "shop"}}, "cloud": {"gcp": {"project": "acme-shop", "region": "europe-west3"}}},
}

_ENTRYPOINTS: Mapping[str, dict[str, Any]] = {
    "gateway": {"gateway": {"controller": "helm"}},
    "gateway of GKE": {"gateway": {"class": "gke-l7-global-external-managed"}},
    "traefik": {"traefik": {}},
    "nginx": {"nginx": {}},
    "alb": {"alb": {"scheme": "internal"}},
    "gce": {"gce": {}},
}

_CERTIFICATES: Mapping[str, dict[str, Any]] = {
    **{source: {source: {"hosts": [_HOST]}} for source in ("acme", "private_ca", "acm", "google_managed")},
    "provided": {"provided": provided(_HOST)},
}


def answered(cloud: str, way: str, source: str) -> list[str]:
    """What a whole stack file with these is told; nothing if it is right."""
    entrypoint = _ENTRYPOINTS[way]
    if cloud == "aws" and way in ("gateway", "traefik", "nginx"):
        entrypoint = {kind: {**own, "load_balancer": NLB} for kind, own in entrypoint.items()}
    raw = stack_file(
        **_PLATFORM[cloud],
        entrypoint=entrypoint,
        certificates={"shop": _CERTIFICATES[source]},
        private_ca={"certificate": certificate(), "key": key_pem()},
        sites={"shop": {"hosts": [_HOST], "namespace": "shop", "paths": {"/": "web:80"}}},
    )
    return [message for messages in problems_of(raw).values() for message in messages]


def section(cloud: str) -> str:
    """The page's section about a cloud."""
    found = re.search(rf"^## {TITLES[cloud]}$(.*?)^## ", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def _rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("| ").split(" | ")]


@pytest.mark.parametrize(("cloud", "way", "source"), list(itertools.product(CLOUDS, WAYS, SOURCES)))
def test_a_stack_file_is_answered_as_the_page_says(cloud: str, way: str, source: str) -> None:
    rows = list(_rows(section(cloud)))
    sources = rows[0][1:]
    cells = {row[0]: row[1:] for row in rows if len(row) == len(sources) + 1 and set(row[1:]) <= {"yes", "no"}}
    name = NAMES.get(way, f"`{way}`")
    offered = name in cells and f"`{source}`" in sources and cells[name][sources.index(f"`{source}`")] == "yes"
    told = answered(cloud, way, source)
    assert (told == []) == offered, told
    # Why not is on the page, in the very words.
    assert offered or any(message in section(cloud) for message in told), told


def test_every_example_is_answered() -> None:
    shown = [row[0] for row in _rows(PAGE.read_text()) if row[0] in {title for title, _, _ in EXAMPLES}]
    assert shown == [title for title, _, _ in EXAMPLES], "an example is right, or is answered more than once"
