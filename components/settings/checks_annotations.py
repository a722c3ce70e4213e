"""Annotations of the stack file, checked against what controllers really read; and what is merely worth a warning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.annotations import Finding, check
from components.settings.problems import Problem, key_of
from components.settings.root import Settings

#: Names in one certificate, before AWS raises the quota (ACM, "Quotas": 10 by default, 100 at most).
ACM_NAMES = 10

#: What a site's annotations stand on, by entrypoint.
_ROUTES = {"alb": "Ingress", "gce": "Ingress", "traefik": "Ingress", "nginx": "Ingress", "gateway": "HTTPRoute"}


def annotation_rules(settings: Settings) -> Iterator[Problem]:
    """What no controller would read as it is written."""
    for where, finding in _findings(settings):
        if finding.severity == "error":
            yield Problem(where, finding.message)


def warnings(settings: Settings) -> list[str]:
    """What is allowed, but better known."""
    found = []
    if settings.entrypoint.nginx is not None:
        found.append(
            "portico:entrypoint.nginx: ingress-nginx was retired in March 2026 and gets no security fixes;"
            " `traefik` and `gateway` serve the same sites"
        )
    # Annotations that work, but not for long or not as they look.
    found += [f"{where}: {finding.message}" for where, finding in _findings(settings) if finding.severity == "warning"]
    names = {key: len(entry.acm.hosts) for key, entry in settings.certificates.items() if entry.acm is not None}
    found += [
        f"portico:certificates.{key}.acm.hosts: {number} names; ACM's quota is {ACM_NAMES} until AWS raises it for the account"
        for key, number in names.items()
        if number > ACM_NAMES
    ]
    return found


def _findings(settings: Settings) -> Iterator[tuple[str, Finding]]:
    for path, kind, written in _written(settings):
        for finding in check(kind, written, allow=settings.allow_unknown_annotations):
            yield key_of((*path, finding.key)), finding


def _written(settings: Settings) -> Iterator[tuple[tuple[str, ...], str, Mapping[str, str]]]:
    """Where a person may write annotations, and the kind of object that carries them."""
    entrypoint = settings.entrypoint
    routes = _ROUTES[entrypoint.kind]
    for key, site in settings.sites.items():
        yield ("sites", key, "annotations"), routes, site.annotations
    for key, service in settings.services.items():
        yield ("services", key, "annotations"), "Service", service.annotations
    if entrypoint.alb is not None or entrypoint.gce is not None:
        yield ("entrypoint", entrypoint.kind, "annotations"), routes, entrypoint.chosen.annotations
    else:
        yield ("entrypoint", entrypoint.kind, "service_annotations"), "Service", entrypoint.chosen.service_annotations
