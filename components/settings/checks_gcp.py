"""Rules about Google Cloud: addresses of the right scope, and what its load balancers can do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from components.settings.cloud import AddressSettings
from components.settings.gcp import CLASSIC, GLOBAL_CLASSES, MAX_MANAGED, REGIONAL_CLASSES, LoadBalancing, SslPolicy
from components.settings.hosts import is_wildcard
from components.settings.problems import Problem, key_of, shown, words
from components.settings.root import Settings

#: Certificates that a target proxy takes, of whatever kind (compute v1: TargetHttpsProxy.sslCertificates).
MAX_CERTIFICATES = 15

#: Keys of an address that only Google Cloud reads.
_OF_GCP = ("existing", "scope", "tier", "ipv6", "subnetwork")


def gcp_rules(settings: Settings) -> Iterator[Problem]:
    """Every choice that Google Cloud does not have, and every one that only it has."""
    gcp = settings.cloud.gcp is not None
    if settings.cluster.gke is not None and not gcp:
        yield Problem(key_of(("cluster", "gke")), f"is a cluster of Google Cloud, and portico:cloud is {settings.cloud.kind}")
    for name, zone in settings.zones.items():
        if zone.dnssec and (not gcp or zone.existing):
            where = ("zone",) if name == settings.zone.name else ("other_zones", name)
            reason = "its owner signs a zone that exists" if gcp else "is for zones that this stack makes on gcp"
            yield Problem(key_of((*where, "dnssec")), reason)
    yield from _gateway(settings)
    if hasattr(settings.entrypoint.chosen, "address"):
        yield from _address(settings, settings.entrypoint.chosen.address)
    if settings.entrypoint.by_google and gcp:
        yield from _ports(settings)
        yield from _managed(settings)
    if settings.entrypoint.gce is not None and gcp:
        yield from _gce(settings)


def _gateway(settings: Settings) -> Iterator[Problem]:
    own = settings.entrypoint.gateway
    if own is None:
        return
    where = ("entrypoint", "gateway")
    if own.of_gke:
        if own.controller is not None:
            yield Problem(
                key_of((*where, "controller")), f"GKE's own controller stands behind class {own.class_name}: leave it out"
            )
        if own.service_annotations:
            yield Problem(
                key_of((*where, "service_annotations")),
                f"class {own.class_name} makes no Service: say load_balancing and ssl_policy, or annotations of the sites",
            )
        if own.load_balancing.cdn is not None:
            yield Problem(key_of((*where, "load_balancing", "cdn")), "Gateways of GKE have no CDN: use gce, or leave it out")
        if own.load_balancing.iap is not None and own.load_balancing.iap.client_id is None:
            yield Problem(key_of((*where, "load_balancing", "iap", "client_id")), "is needed with a Gateway of GKE")
        if own.class_name == CLASSIC:
            yield from _redirects(settings)
        return
    for name, default in (("ssl_policy", SslPolicy()), ("load_balancing", LoadBalancing())):
        if getattr(own, name) != default:
            yield Problem(
                key_of((*where, name)),
                f"is for GKE's own classes ({words((*GLOBAL_CLASSES, *REGIONAL_CLASSES))}); here TLS ends in the cluster",
            )
    if settings.cloud.gcp is not None and own.controller is None:
        yield Problem(
            key_of((*where, "controller")),
            f"is needed on gcp for class {shown(own.class_name)}: which controller stands behind it; GKE's own classes"
            f" ({words((*GLOBAL_CLASSES, *REGIONAL_CLASSES))}) need none",
        )


def _redirects(settings: Settings) -> Iterator[Problem]:
    """The classic load balancer takes no filter of a route (gateway-api: conformance/reports, gke-gateway)."""
    for key, site in settings.sites.items():
        for name, wanted in (("redirect", site.redirect is not None), ("https_redirect", site.https_redirect)):
            if wanted:
                yield Problem(
                    key_of(("sites", key, name)),
                    f"class {CLASSIC} cannot redirect: use class {GLOBAL_CLASSES[0]}, or say https_redirect: false",
                )


def _address(settings: Settings, own: AddressSettings) -> Iterator[Problem]:
    entrypoint = settings.entrypoint
    where = ("entrypoint", entrypoint.kind, "address")
    if settings.cloud.gcp is None:
        for name in _OF_GCP:
            if getattr(own, name) != getattr(AddressSettings(), name):
                yield Problem(
                    key_of((*where, name)), f"is for addresses of Google Cloud, and portico:cloud is {settings.cloud.kind}"
                )
        return
    if own.ip is not None:
        yield Problem(
            key_of((*where, "ip")), "gcp hands out addresses itself: name one that is reserved already with existing: NAME"
        )
    wanted = entrypoint.scope
    if own.scope not in (None, wanted):
        yield Problem(key_of((*where, "scope")), f"must be {wanted}: {_why(settings)}")
    if wanted == "global" and own.tier == "standard":
        yield Problem(key_of((*where, "tier")), "a global address is in the premium tier: standard is for regional ones")
    if wanted == "global" and own.subnetwork is not None:
        yield Problem(key_of((*where, "subnetwork")), "a global address is of no subnet")
    if wanted == "regional" and own.ipv6 and own.subnetwork is None and own.existing is None:
        yield Problem(key_of((*where, "ipv6")), "needs subnetwork: a regional IPv6 address is taken from a dual-stack subnet")
    if wanted == "regional" and own.ipv6 and own.tier == "standard":
        yield Problem(key_of((*where, "tier")), "IPv6 addresses are in the premium tier only")
    spaces = settings.site_namespaces
    if entrypoint.gce is not None and own.existing is not None and len(spaces) > 1:
        yield Problem(
            key_of((*where, "existing")),
            f"is one address, and the sites are in {len(spaces)} namespaces ({words(spaces)}): each gets an Ingress of its own,"
            " and no two share an address",
        )


def _why(settings: Settings) -> str:
    entrypoint = settings.entrypoint
    if entrypoint.gce is not None:
        return "the load balancer of a GCE Ingress is global, and it does not find a regional address by its name"
    if entrypoint.by_google:
        kind = "global" if entrypoint.scope == "global" else "of one region"
        return f"the load balancer of class {entrypoint.chosen.class_name} is {kind}"
    return f"the load balancer before {entrypoint.kind} is a Service's, which is of one region and takes no global address"


def _ports(settings: Settings) -> Iterator[Problem]:
    ports = settings.entrypoint.chosen.ports
    for name, number in (("http", 80), ("https", 443)):
        if getattr(ports, name) != number:
            yield Problem(
                key_of(("entrypoint", settings.entrypoint.kind, "ports", name)),
                f"Google's load balancer answers on {number} only",
            )


def _managed(settings: Settings) -> Iterator[Problem]:
    gateway = settings.entrypoint.gateway
    # A Gateway listens for every certificate, whether or not a site has a host of it.
    used = list(settings.certificates) if gateway is not None else settings.certificates_for(settings.hosts)
    managed = [key for key in used if settings.certificates[key].google_managed is not None]
    if gateway is not None:
        if managed and gateway.class_name in REGIONAL_CLASSES:
            yield Problem(
                key_of(("certificates", managed[0], "google_managed")),
                f"class {gateway.class_name} takes no map of certificates: say acme, or use class {GLOBAL_CLASSES[0]}",
            )
        others = [key for key in used if key not in managed]
        if managed and others:
            yield Problem(
                key_of(("certificates", others[0])),
                f"a Gateway of GKE shows either certificates of Certificate Manager ({words(managed)}) or Secrets"
                f" ({words(others)}): make all of them google_managed, or none",
            )
        for key in managed:
            for index, host in enumerate(settings.certificates[key].chosen.hosts):
                if settings.zone_of(host) is None:
                    yield Problem(
                        key_of(("certificates", key, "google_managed", "hosts", index)),
                        f"{shown(host)} is in none of the stack's zones ({words(settings.zones)}), so nothing can prove it",
                    )
        return
    for key in managed:
        for index, host in enumerate(settings.certificates[key].chosen.hosts):
            if is_wildcard(host):
                yield Problem(
                    key_of(("certificates", key, "google_managed", "hosts", index)),
                    f"{shown(host)}: a ManagedCertificate holds no wildcard; say acme with challenge: dns-01, or use gateway"
                    f" with class {GLOBAL_CLASSES[0]}, whose certificates may",
                )


def _gce(settings: Settings) -> Iterator[Problem]:
    own = settings.entrypoint.gce
    sites: dict[str, list[str]] = defaultdict(list)
    for key, site in settings.sites.items():
        sites[site.namespace].append(key)
        for name, value in site.annotations.items():
            first = next(each for each in sites[site.namespace] if name in settings.sites[each].annotations)
            if settings.sites[first].annotations[name] != value:
                yield Problem(
                    key_of(("sites", key, "annotations", name)),
                    f"site {first} says something else, and the sites of namespace {site.namespace} share one Ingress",
                )
        if site.redirect is not None:
            yield Problem(
                key_of(("sites", key, "redirect")),
                "a GCE Ingress cannot send requests to another host: use gateway, traefik or nginx, or leave the site out",
            )
        if own is not None and not own.allow_http and site.https_redirect and "https_redirect" in site.model_fields_set:
            yield Problem(
                key_of(("sites", key, "https_redirect")),
                "a redirect to https needs port 80, which entrypoint.gce.allow_http: false closes: take one of the two away",
            )
    for namespace, keys in sites.items():
        if own is not None and own.allow_http and len({settings.sites[key].https_redirect for key in keys}) > 1:
            plain = next(key for key in keys if not settings.sites[key].https_redirect)
            yield Problem(
                key_of(("sites", plain, "https_redirect")),
                f"the sites of namespace {namespace} share one Ingress, which redirects to https all or none",
            )
        used = settings.certificates_for(host for key in keys for host in settings.sites[key].hosts)
        managed = [key for key in used if settings.certificates[key].google_managed is not None]
        if len(managed) > MAX_MANAGED:
            yield Problem(
                key_of(("certificates",)),
                f"{len(managed)} managed certificates on the Ingress of namespace {namespace}, which takes {MAX_MANAGED}:"
                " name several hosts in one certificate (up to 100), or use a wildcard by acme",
            )
        elif len(used) > MAX_CERTIFICATES:
            yield Problem(
                key_of(("certificates",)),
                f"{len(used)} certificates on the Ingress of namespace {namespace}, which takes {MAX_CERTIFICATES}:"
                " name several hosts in one certificate, or use a wildcard",
            )
    if own is not None and not own.allow_http:
        for key, entry in settings.certificates.items():
            if entry.acme is not None and entry.acme.challenge == "http-01":
                yield Problem(
                    key_of(("certificates", key, "acme", "challenge")),
                    '"http-01" is proven on port 80, which entrypoint.gce.allow_http: false closes: say dns-01, or let http in',
                )
