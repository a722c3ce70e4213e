"""Rules about what a cloud can and cannot do, and about Services of the stack file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from components.settings.aws import LoadBalancerSettings
from components.settings.offers import absent, foreign, unshown
from components.settings.problems import Problem, key_of, shown, words
from components.settings.root import Settings

#: What an ALB listener takes: the default certificate and 25 more (elasticloadbalancing quotas, adjustable).
MAX_CERTIFICATES = 26


def cloud_rules(settings: Settings) -> Iterator[Problem]:
    """Every choice that this cloud does not have."""
    if settings.zone.name in settings.other_zones:
        yield Problem(key_of(("other_zones", settings.zone.name)), "is portico:zone already")
    for name, zone in settings.zones.items():
        if zone.existing is False and settings.cloud.rfc2136 is not None:
            where = ("zone",) if name == settings.zone.name else ("other_zones", name)
            yield Problem(key_of((*where, "existing")), "a zone on a DNS server of your own is made there, not by this stack")
    if settings.cluster.eks is not None and settings.cloud.aws is None:
        yield Problem(key_of(("cluster", "eks")), f"is a cluster of AWS, and portico:cloud is {settings.cloud.kind}")
    yield from _entrypoint(settings)
    yield from _balancers(settings)
    yield from _certificates(settings)
    yield from _identities(settings)


def _entrypoint(settings: Settings) -> Iterator[Problem]:
    chosen = settings.entrypoint
    where = ("entrypoint", chosen.kind)
    if reason := absent(settings.cloud.kind, settings.way):
        yield Problem(key_of(where), reason)
    if chosen.alb is not None:
        if len(chosen.alb.subnets) == 1:
            yield Problem(key_of((*where, "subnets")), "an Application Load Balancer needs subnets in two zones or more, has 1")
        if len({site.https_redirect for site in settings.sites.values()}) > 1:
            keys = [key for key, site in settings.sites.items() if not site.https_redirect]
            yield Problem(
                key_of(("sites", keys[0], "https_redirect")),
                "the sites of one Application Load Balancer redirect to https all or none: its controller"
                " reads one answer for all",
            )
        return
    for key, site in settings.sites.items():
        for path, backend in site.paths.items():
            if backend.health is not None and not chosen.by_google:
                yield Problem(
                    key_of(("sites", key, "paths", path, "health")),
                    f"{chosen.kind} goes by the pods' own readiness probes: leave it out, or use an entrypoint that asks (alb)",
                )
    if chosen.gateway is not None and chosen.gateway.controller is None and settings.cloud.aws is not None:
        yield Problem(key_of((*where, "controller")), "is needed on aws: which controller stands behind the class")


def _balancers(settings: Settings) -> Iterator[Problem]:
    wanted: dict[tuple[str, ...], LoadBalancerSettings] = {}
    if settings.entrypoint.alb is None and settings.entrypoint.gce is None:
        chosen = settings.entrypoint.chosen
        where = ("entrypoint", settings.entrypoint.kind)
        if chosen.load_balancer is not None:
            wanted[*where, "load_balancer"] = chosen.load_balancer
        elif settings.cloud.aws is not None:
            yield Problem(
                key_of((*where, "load_balancer")),
                "is required on aws: say who reaches it, such as load_balancer: {nlb: {scheme: internet-facing}}",
            )
        if chosen.address.ip is not None and settings.cloud.aws is not None:
            yield Problem(
                key_of((*where, "address", "ip")),
                "aws hands out addresses itself: use load_balancer.nlb.elastic_ips for fixed ones",
            )
    for key, service in settings.services.items():
        if service.load_balancer is not None:
            wanted["services", key, "load_balancer"] = service.load_balancer
    for path, balancer in wanted.items():
        if settings.cloud.aws is None:
            yield Problem(
                key_of((*path, balancer.kind)), f"is a load balancer of AWS, and portico:cloud is {settings.cloud.kind}"
            )
    names = settings.balancer_names
    often = Counter(names.values())
    for (part, key), name in names.items():
        if often[name] > 1:
            tail = ("name",) if (part, key) == ("entrypoint", "alb") else ("load_balancer", "nlb", "name")
            yield Problem(
                key_of((part, key, *tail)),
                f"{shown(name)} would be the name of two load balancers: give one of them another name",
            )


def _certificates(settings: Settings) -> Iterator[Problem]:
    cloud, way = settings.cloud.kind, settings.way
    alb = settings.entrypoint.alb is not None
    at_services = {key for service in settings.services.values() for key in settings.certificates_for(service.tls_hosts)}
    for key, entry in settings.certificates.items():
        where = key_of(("certificates", key, entry.kind))
        if reason := foreign(cloud, entry.kind):
            yield Problem(where, reason)
            continue
        shown_by = settings.shown_by.get(key)
        if alb and not shown_by and entry.acme is not None and entry.acme.challenge == "http-01":
            yield Problem(
                key_of(("certificates", key, "acme", "challenge")), '"http-01" cannot be proven through a load balancer of AWS'
            )
            continue
        if reason := (unshown(way, entry.kind) if shown_by else None) or (
            unshown("alb", entry.kind) if key in at_services else None
        ):
            yield Problem(where, reason)
        if entry.acm is not None:
            for index, host in enumerate(entry.acm.hosts):
                if settings.zone_of(host) is None:
                    yield Problem(
                        key_of(("certificates", key, "acm", "hosts", index)),
                        f"{shown(host)} is in none of the stack's zones ({words(settings.zones)}), so nothing can prove it",
                    )
    used = settings.certificates_for(settings.hosts)
    if alb and len(used) > MAX_CERTIFICATES:
        yield Problem(
            key_of(("certificates",)),
            f"a listener of an Application Load Balancer shows at most {MAX_CERTIFICATES} certificates, the sites"
            f" need {len(used)}: put several hosts into one, or use a wildcard",
        )


def _identities(settings: Settings) -> Iterator[Problem]:
    aws = settings.cloud.aws
    if aws is None or settings.cluster.eks is not None:
        return
    asked = {"external_dns": aws.external_dns is not None, "controller.helm": aws.controller.helm is not None}
    for name, wanted in asked.items():
        if wanted:
            yield Problem(
                key_of(("cloud", "aws", *name.split("."))),
                "needs the cluster's name, to give its service account rights: say portico:cluster: {eks: {name: …}}",
            )


def service_rules(settings: Settings) -> Iterator[Problem]:
    """Routes to Services of the stack file that have no such port, and hosts that nobody can serve."""
    for key, site in settings.sites.items():
        for path, backend in site.paths.items():
            service = settings.services.get(backend.service)
            if service is None or service.namespace != site.namespace:
                continue
            numbers = {port.port: port.target_port for port in service.ports.values()}
            if backend.port in numbers:
                continue
            behind = [number for number, target in numbers.items() if target == backend.port]
            hint = f" ({backend.port} is its targetPort: say {backend.service}:{behind[0]})" if behind else ""
            yield Problem(
                key_of(("sites", key, "paths", path)),
                f"service {backend.service} has no port {backend.port}; it has {words(map(str, numbers))}{hint}",
            )
    taken = {host: f"site {key}" for key, site in settings.sites.items() for host in site.hosts}
    for key, service in settings.services.items():
        for index, host in enumerate(service.hosts):
            where = key_of(("services", key, "hosts", index))
            if host in taken:
                yield Problem(where, f"{shown(host)} belongs to {taken[host]}")
            taken.setdefault(host, f"service {key}")
            if settings.zone_of(host) is None:
                yield Problem(where, f"{shown(host)} is in none of the stack's zones: {words(settings.zones)}")
            elif host in service.tls_hosts and settings.certificate_for(host) is None:
                yield Problem(where, f"no certificate covers {shown(host)}, on which the load balancer is to end TLS")
        certificates = settings.certificates_for(service.tls_hosts)
        if len(certificates) > 1:
            yield Problem(
                key_of(("services", key, "hosts")),
                f"are covered by several certificates ({words(certificates)}); a port shows one: name them in the same",
            )
