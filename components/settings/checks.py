"""Rules between the parts of a stack file. Each returns problems and looks at nothing outside the stack file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from components.settings.checks_annotations import annotation_rules
from components.settings.checks_cloud import cloud_rules, service_rules
from components.settings.checks_gcp import gcp_rules
from components.settings.checks_gcp_sites import answer_rules, health_rules
from components.settings.cloud import pool_bounds
from components.settings.hosts import is_wildcard
from components.settings.pem import check_chain, check_dates, check_key_pair, is_ca, load_certificates
from components.settings.problems import Problem, key_of, shown, suggest, words
from components.settings.root import Settings

#: Gateway API: `spec.listeners` holds at most 64 (gateway-api, apis/v1/gateway_types.go).
MAX_LISTENERS = 64

#: Let's Encrypt: new certificates per registered domain in seven days (letsencrypt.org/docs/rate-limits).
WEEKLY_CERTIFICATES = 50


def check(settings: Settings, *, whole: bool = True) -> list[Problem]:
    """Every rule that the stack file breaks; those that need every site only where it is `whole`."""
    rules = [
        _certificate_hosts,
        _site_hosts,
        _paths,
        _redirects,
        _workloads,
        _private_ca,
        _provided,
        _address,
        _limits,
        cloud_rules,
        gcp_rules,
        health_rules,
        service_rules,
        annotation_rules,
        *([answer_rules] if whole else []),
    ]
    return [problem for rule in rules for problem in rule(settings)]


def _near_host(host: str, zone: str) -> str:
    """A likely meaning for a host outside the zone: the same labels before the zone's name."""
    labels = len(zone.split("."))
    front = host.split(".")[:-labels]
    return suggest(host, [".".join([*front, zone]), zone])


def _certificate_hosts(settings: Settings) -> Iterator[Problem]:
    zone = settings.zone.name
    seen: dict[str, str] = {}
    for key, entry in settings.certificates.items():
        acme = entry.acme
        path = ("certificates", key, entry.kind)
        for index, host in enumerate(entry.chosen.hosts):
            where = key_of((*path, "hosts", index))
            if acme is not None and settings.zone_of(host) is None:
                yield Problem(where, f"{shown(host)} is not in zone {zone}{_near_host(host, zone)}")
            if host in seen:
                yield Problem(where, f"{shown(host)} is already in certificate {seen[host]}")
            seen.setdefault(host, key)
        wild = [host for host in entry.chosen.hosts if is_wildcard(host)]
        if acme is not None and acme.challenge == "http-01" and wild:
            yield Problem(
                key_of((*path, "challenge")),
                f'"http-01" cannot prove {wild[0]}: a wildcard needs dns-01 (this stack\'s zone can: say challenge: dns-01)',
            )


def _site_hosts(settings: Settings) -> Iterator[Problem]:
    zone = settings.zone.name
    patterns = [pattern for entry in settings.certificates.values() for pattern in entry.chosen.hosts]
    seen: dict[str, str] = {}
    for key, site in settings.sites.items():
        for index, host in enumerate(site.hosts):
            where = key_of(("sites", key, "hosts", index))
            if host in seen:
                owner = "this site already" if seen[host] == key else f"site {seen[host]}"
                yield Problem(where, f"{shown(host)} belongs to {owner}")
            seen.setdefault(host, key)
            if settings.zone_of(host) is None:
                yield Problem(where, f"{shown(host)} is not in zone {zone}{_near_host(host, zone)}")
            elif settings.certificate_for(host) is None:
                yield Problem(
                    where, f"no certificate covers {shown(host)}; they cover {words(patterns)} (a * covers one label only)"
                )


def _paths(settings: Settings) -> Iterator[Problem]:
    for key, site in settings.sites.items():
        plain: dict[str, str] = {}
        for path in site.paths:
            same = plain.setdefault(path.rstrip("/") or "/", path)
            if same != path:
                yield Problem(
                    key_of(("sites", key, "paths", path)),
                    f"{shown(path)} and {shown(same)} are the same path: as prefixes both hold what lies below {same}",
                )


def _redirects(settings: Settings) -> Iterator[Problem]:
    for key, site in settings.sites.items():
        if site.redirect is not None and site.redirect.host in site.hosts:
            yield Problem(key_of(("sites", key, "redirect", "host")), f"{shown(site.redirect.host)} would redirect to itself")


def _workloads(settings: Settings) -> Iterator[Problem]:
    made: dict[tuple[str, str], str] = {}
    for key, site in settings.sites.items():
        if not site.demo:
            continue
        for service in {backend.service for backend in site.paths.values()}:
            if service in settings.services_of(site):
                continue  # declared, and with it whether pods are made
            owner = made.setdefault((site.namespace, service), key)
            if owner != key:
                yield Problem(
                    key_of(("sites", key, "demo")),
                    f"would make Service {service} in namespace {site.namespace}, which site {owner} makes: leave one demo out",
                )


def _private_ca(settings: Settings) -> Iterator[Problem]:
    users = [key for key, entry in settings.certificates.items() if entry.private_ca is not None]
    if users and settings.private_ca is None:
        yield Problem(
            key_of(("certificates", users[0], "private_ca")),
            "needs the authority that signs it: portico:private_ca (certificate and key) is missing",
        )
    if settings.private_ca is None:
        return
    where = ("private_ca", "certificate")
    try:
        certificate = load_certificates(settings.private_ca.certificate)[0]
        check_dates(certificate)
    except ValueError as error:
        yield Problem(key_of(where), str(error))
        return
    if not is_ca(certificate):
        yield Problem(key_of(where), "is not a CA certificate (basic constraints CA:TRUE): nothing can be signed with it")
    try:
        check_key_pair(settings.private_ca.certificate, settings.private_ca.key.get_secret_value())
    except ValueError as error:
        yield Problem(key_of(("private_ca", "key")), str(error))


def _provided(settings: Settings) -> Iterator[Problem]:
    for key, entry in settings.certificates.items():
        own = entry.provided
        if own is None:
            continue
        where = ("certificates", key, "provided")
        try:
            chain = load_certificates(own.certificate)
        except ValueError as error:
            yield Problem(key_of((*where, "certificate")), str(error))
            continue
        try:
            for certificate in chain:
                check_dates(certificate)
            check_chain(chain)
        except ValueError as error:
            yield Problem(key_of((*where, "certificate")), str(error))
        if not own.hosts:
            yield Problem(key_of((*where, "certificate")), "names no host (subject alternative names of kind DNS)")
        try:
            check_key_pair(own.certificate, own.key.get_secret_value())
        except ValueError as error:
            yield Problem(key_of((*where, "key")), str(error))


def _address(settings: Settings) -> Iterator[Problem]:
    cloud = settings.cloud.rfc2136
    if cloud is None or settings.entrypoint.alb is not None or settings.entrypoint.gce is not None:
        return
    where = ("entrypoint", settings.entrypoint.kind, "address")
    if len({pool_bounds(part)[0].version for part in cloud.pool}) > 1:
        yield Problem(key_of(("cloud", "rfc2136", "pool")), "mixes IPv4 and IPv6: a record of one type points at the address")
    ip = settings.entrypoint.chosen.address.ip
    if ip is None and not cloud.pool:
        yield Problem(key_of(where), "no address to hand out: name one (address: {ip: …}) or a pool (portico:cloud.rfc2136.pool)")
    if ip is not None and cloud.pool and not cloud.in_pool(ip):
        yield Problem(key_of((*where, "ip")), f"{shown(ip)} is not in the pool {', '.join(cloud.pool)}")


def _limits(settings: Settings) -> Iterator[Problem]:
    if settings.entrypoint.gateway is not None:
        listeners = 1 + sum(len(entry.chosen.hosts) for entry in settings.certificates.values())
        if listeners > MAX_LISTENERS:
            yield Problem(
                key_of(("certificates",)),
                f"would need {listeners} listeners on one Gateway, which has at most {MAX_LISTENERS}: use a wildcard certificate",
            )
    orders = Counter(
        environment
        for key, entry in settings.certificates.items()
        if entry.acme is not None
        for environment in [settings.acme.environment] * len(settings.certificate_namespaces(key))
    )
    if orders["production"] > WEEKLY_CERTIFICATES and "letsencrypt" in settings.acme.directory.url:
        yield Problem(
            key_of(("certificates",)),
            f"would ask for {orders['production']} certificates of {settings.zone.name}; Let's Encrypt gives"
            f" {WEEKLY_CERTIFICATES} a week for one registered domain: use a wildcard certificate",
        )
