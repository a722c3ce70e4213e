"""Writes docs/certificates.md from the table of offers: `python -m docs.generate_matrix`; `--check` only compares."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components.settings import SettingsError, load
from components.settings.offers import CLOUDS, SOURCES, WAYS, absent, foreign, unshown

PAGE = Path(__file__).with_name("certificates.md")

HEAD = """\
# Certificates

Each certificate of a stack file names its source: the key under the certificate's name. Which source an entrypoint can show, on which
cloud, is said below. The tables are generated from `components/settings/offers.py`, by which stack files are checked too; after a change
there, run `.venv/bin/python -m docs.generate_matrix`.

| Source | Signed by | Names are proven by | Wildcards | Renewed by | The key lies |
| --- | --- | --- | --- | --- | --- |
| `acme` | Let's Encrypt, or another ACME server | `dns-01`: a record; `http-01`: a visit | with `dns-01` | cert-manager | in a Secret |
| `private_ca` | an authority of your own, `portico:private_ca` | not at all | yes | cert-manager | in a Secret |
| `provided` | whom you have asked | not at all | those that it names | you: another PEM in the stack file | in a Secret, and encrypted in Pulumi's state |
| `acm` | AWS Certificate Manager | a record in the stack's zones | yes | AWS | with AWS |
| `google_managed` | Google | `gce`: a visit; `gateway`: a record in the stack's zones | with `gateway` | Google | with Google |

A certificate that no site shows is not held against the entrypoint: it may be for a Service with a load balancer of its own.
"""  # noqa: E501  a row of a table is one line

TITLES: Mapping[str, str] = {
    "rfc2136": "On a cluster of your own",
    "aws": "On AWS",
    "gcp": "On Google Cloud",
}

#: How an entrypoint is written, where the word alone does not tell it.
NAMES: Mapping[str, str] = {"gateway of GKE": "`gateway`, a class of GKE's"}

_HOST, _WILDCARD = "www.shop.example", "*.shop.example"
_GKE_GATEWAY = {"gateway": {"class": "gke-l7-global-external-managed"}}

#: An entrypoint and certificates, each right by itself and in the tables, that do not go together all the same.
EXAMPLES: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...] = (
    ("a wildcard, by a visit", {"traefik": {}}, {"shop": {"acme": {"hosts": [_WILDCARD], "challenge": "http-01"}}}),
    (
        "a visit, and nobody at the door",
        {"gce": {"allow_http": False}},
        {"shop": {"acme": {"hosts": [_HOST], "challenge": "http-01"}}},
    ),
    ("a wildcard in a ManagedCertificate", {"gce": {}}, {"shop": {"google_managed": {"hosts": [_WILDCARD]}}}),
    (
        "Google's own at a regional Gateway",
        {"gateway": {"class": "gke-l7-regional-external-managed"}},
        {"shop": {"google_managed": {"hosts": [_HOST]}}},
    ),
    (
        "Google's own beside a Secret at a Gateway",
        _GKE_GATEWAY,
        {"shop": {"google_managed": {"hosts": [_HOST]}}, "apex": {"acme": {"hosts": ["shop.example"]}}},
    ),
    ("a name that is not ours to prove", _GKE_GATEWAY, {"shop": {"google_managed": {"hosts": [_HOST, "www.other.example"]}}}),
)


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for cloud in CLOUDS for line in _cloud(cloud)), *_examples(), ""])


def _cloud(cloud: str) -> Iterator[str]:
    sources = [source for source in SOURCES if foreign(cloud, source) is None]
    ways = [way for way in WAYS if absent(cloud, way) is None]
    yield f"## {TITLES[cloud]}\n"
    yield f"`portico:cloud: {{{cloud}: …}}`\n"
    yield "| Entrypoint | " + " | ".join(f"`{source}`" for source in sources) + " |"
    yield "| --- |" + " --- |" * len(sources)
    for way in ways:
        cells = ["yes" if unshown(way, source) is None else "no" for source in sources]
        yield f"| {_named(way)} | " + " | ".join(cells) + " |"
    whys = {(way, source): why for way in ways for source in sources if (why := unshown(way, source)) is not None}
    missing = {_named(way): why for way in WAYS if (why := absent(cloud, way)) is not None}
    missing |= {f"`{source}`": why for source in SOURCES if (why := foreign(cloud, source)) is not None}
    yield "\n| What is not there | Why |\n| --- | --- |"
    for (way, source), why in whys.items():
        yield f"| {_named(way)} with `{source}` | {why} |"
    for name, why in missing.items():
        yield f"| {name} | {why} |"
    yield ""


def _named(way: str) -> str:
    return NAMES.get(way, f"`{way}`")


def _examples() -> Iterator[str]:
    yield "## What else does not go together\n"
    yield "What is said of stack files on Google Cloud whose entrypoint and certificates are both in the tables:\n"
    yield "| | Key | What is said |\n| --- | --- | --- |"
    for title, entrypoint, certificates in EXAMPLES:
        for key, message in _problems(entrypoint, certificates):
            yield f"| {title} | `{key}` | {message} |"


def _problems(entrypoint: Mapping[str, Any], certificates: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is said of a stack on Google Cloud with these: keys and messages."""
    hosts = [_HOST, *(["shop.example"] if "apex" in certificates else [])]
    config = {
        "portico:cluster": {"gke": {"name": "shop"}},
        "portico:cloud": {"gcp": {"project": "acme-shop", "region": "europe-west3"}},
        "portico:zone": {"name": "shop.example"},
        "portico:entrypoint": entrypoint,
        "portico:certificates": certificates,
        "portico:sites": {"shop": {"hosts": hosts, "paths": {"/": "web:80"}}},
    }
    try:
        load(config, stack="prod", root=PAGE.parent)
    except SettingsError as error:
        yield from ((problem.key, problem.message) for problem in error.problems)


def main() -> None:
    """Writes the page, or with --check says whether it is up to date."""
    wanted = page()
    if "--check" in sys.argv[1:]:
        standing = PAGE.read_text() if PAGE.exists() else ""
        raise SystemExit(None if standing == wanted else f"{PAGE.name} is out of date: run python -m docs.generate_matrix")
    PAGE.write_text(wanted)


if __name__ == "__main__":
    main()
