"""Rules about what sites and their Services must answer, so that Google's load balancers send to them and certificates come."""

from __future__ import annotations

from collections.abc import Iterator

from components.settings.health import HealthCheck
from components.settings.hosts import is_wildcard
from components.settings.problems import Problem, key_of, shown, words
from components.settings.root import Settings
from components.settings.sites import Backend, SiteSettings

#: What has one health check: a Service in a namespace, and with `gce` each of its ports (else 0).
_Checked = tuple[str, str, int]


def health_rules(settings: Settings) -> Iterator[Problem]:
    """Health checks that Google's load balancers cannot make."""
    if not _of_google(settings):
        return
    asked: dict[_Checked, HealthCheck] = {}
    for where, site, backend in _backends(settings):
        health = backend.health
        if health is None:
            continue
        if health.success != "200":
            yield Problem(
                key_of((*where, "health", "success")), f"Google's load balancer takes 200 only, got {shown(health.success)}"
            )
        if isinstance(health.port, str) and health.port != "traffic-port":
            yield Problem(key_of((*where, "health", "port")), f"{shown(health.port)}: Google's load balancer wants a number here")
        if asked.setdefault(_checked(settings, site, backend), health) != health:
            by_port = settings.entrypoint.gce is not None
            what = f"port {backend.port} of service {backend.service}" if by_port else f"service {backend.service}"
            yield Problem(key_of((*where, "health")), f"{what} has one health check, and another path says a different one")


def answer_rules(settings: Settings) -> Iterator[Problem]:
    """What nobody would answer. To be asked only where every site is known: another one may be what answers."""
    if _of_google(settings):
        yield from _unasked(settings)
        if settings.entrypoint.gce is not None:
            yield from _unanswered(settings)


def silent(settings: Settings) -> Iterator[tuple[tuple[str, ...], SiteSettings, Backend]]:
    """The paths of which neither they nor others to the same pods say what those are asked for."""
    said = {_checked(settings, site, to) for _, site, to in _backends(settings) if to.health is not None}
    return (each for each in _backends(settings) if _checked(settings, each[1], each[2]) not in said)


def _unasked(settings: Settings) -> Iterator[Problem]:
    """Services that would be asked for "/", which they need not know."""
    rooted = {(site.namespace, to.service) for site in settings.sites.values() for path, to in site.paths.items() if path == "/"}
    for where, site, backend in silent(settings):
        at_root = settings.made_here(site, backend.service) or (site.namespace, backend.service) in rooted
        if not at_root:
            path = where[-1]
            yield Problem(
                key_of((*where, "health")),
                f'Google\'s load balancer asks the pods of {backend.service} for "/", which no site leads to them:'
                f" say what they answer with 200, such as health: {path} (or health: /)",
            )


def _unanswered(settings: Settings) -> Iterator[Problem]:
    """Hosts that somebody will visit to prove a certificate, and that no Ingress answers for."""
    answered = set(settings.hosts)
    for key in settings.late_certificates:
        namespaces, entry = settings.certificate_namespaces(key), settings.certificates[key]
        if not namespaces:
            continue  # no site shows it, so it is not asked for
        if len(namespaces) > 1:
            yield Problem(
                key_of(("certificates", key, entry.kind)),
                f"is shown by the Ingresses of namespaces {words(namespaces)}, and each of its hosts leads to one of them only:"
                " give each namespace a certificate of its own",
            )
        for index, host in enumerate(entry.chosen.hosts):
            if host not in answered and not is_wildcard(host):
                yield Problem(
                    key_of(("certificates", key, entry.kind, "hosts", index)),
                    f"no site answers for {shown(host)}, so nobody can prove it by a visit: add it to a site, or leave it out",
                )


def _of_google(settings: Settings) -> bool:
    return settings.entrypoint.by_google and settings.cloud.gcp is not None


def _backends(settings: Settings) -> Iterator[tuple[tuple[str, ...], SiteSettings, Backend]]:
    """Where each path is said, its site, and where it leads."""
    for key, site in settings.sites.items():
        for path, backend in site.paths.items():
            yield ("sites", key, "paths", path), site, backend


def _checked(settings: Settings, site: SiteSettings, backend: Backend) -> _Checked:
    return site.namespace, backend.service, backend.port if settings.entrypoint.gce is not None else 0
