"""Random right stack files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.support.stacks import (
    AWS_ENTRYPOINTS,
    ENTRYPOINTS,
    GCP_ENTRYPOINTS,
    NLB_WITH_ELASTIC_IPS,
    ZONE,
    aws_stack,
    gcp_stack,
    stack_file,
)

#: Few and alike, so that what is made of two names meets where it can.
NAMES = st.sampled_from(["a", "b", "a-b", "b-a", "a-a", "a-staging", "a-https-redirect", "a-redirect", "wildcard"])
NAMESPACES = st.sampled_from(["default", "a", "b", "a-b", "portico-test"])
_LABELS = ["a", "b", "c", "any", "d", "e"]

#: Beside those, what comes about where the marks of entrypoints are hung on names.
_MARKED = NAMES | st.sampled_from(["a-gke", "a-gateway", "a-traefik", "gce"])


@st.composite
def stack_files(draw: st.DrawFn, entrypoints: Sequence[str] = tuple(ENTRYPOINTS)) -> dict[str, Any]:
    """A stack file with three to five sites; a wildcard covers all, and some hosts may have a certificate of their own."""
    hosts = draw(st.permutations([f"{label}.{ZONE}" for label in _LABELS]))
    names = draw(st.lists(NAMES, min_size=3, max_size=5, unique=True))
    sites: dict[str, Any] = {}
    for name in names:
        sites[name] = draw(site([hosts.pop()], name))
    certificates: dict[str, Any] = {"wildcard": {"acme": {"hosts": [f"*.{ZONE}"], "challenge": "dns-01"}}}
    taken = [host for entry in sites.values() for host in entry["hosts"]]
    for name in draw(st.lists(NAMES, max_size=3, unique=True)):
        if taken and name not in certificates:
            challenge = draw(st.sampled_from(["dns-01", "http-01"]))
            certificates[name] = {"acme": {"hosts": [taken.pop()], "challenge": challenge}}
    kind = draw(st.sampled_from(entrypoints))
    namespaces: dict[str, Any] = {name: {} for name in draw(st.lists(NAMESPACES, max_size=3, unique=True)) if name != "default"}
    return stack_file(
        sites=sites,
        certificates=certificates,
        entrypoint=ENTRYPOINTS[kind],
        namespaces=namespaces,
        acme={"environment": draw(st.sampled_from(["staging", "production"]))},
        protect=draw(st.booleans()),
    )


@st.composite
def aws_stack_files(draw: st.DrawFn) -> dict[str, Any]:
    """The same on AWS: two to four sites, and Services with load balancers of which one may have Elastic IPs."""
    hosts = draw(st.permutations([f"{label}.{ZONE}" for label in _LABELS]))
    way, redirects = draw(st.sampled_from(tuple(AWS_ENTRYPOINTS))), draw(st.booleans())
    names = draw(st.lists(NAMES, min_size=2, max_size=4, unique=True))
    # The sites of one Application Load Balancer redirect all or none.
    sites = {name: {**draw(site([hosts.pop()], name)), "https_redirect": redirects} for name in names}
    services = {}
    for name in draw(st.lists(st.sampled_from(["address", "front", "entrypoint", "zone", "gateway"]), max_size=2, unique=True)):
        balancer = draw(st.sampled_from([{"nlb": {"scheme": "internal"}}, NLB_WITH_ELASTIC_IPS]))
        services[name] = {"ports": {"tcp": 7001}, "load_balancer": balancer, "hosts": [hosts.pop()], "demo": draw(st.booleans())}
    return aws_stack(way, sites=sites, services=services, protect=draw(st.booleans()))


@st.composite
def gcp_stack_files(draw: st.DrawFn, ways: Sequence[str] = tuple(GCP_ENTRYPOINTS)) -> dict[str, Any]:
    """The same on Google Cloud: two to four sites, of which some have a certificate of their own, Google's or by ACME."""
    hosts = draw(st.permutations([f"{label}.{ZONE}" for label in _LABELS]))
    way = draw(st.sampled_from(ways))
    gce, by_google = way == "gce", way in ("gce", "gateway-global", "gateway-regional")
    entrypoint: dict[str, Any] = {kind: dict(own) for kind, own in GCP_ENTRYPOINTS[way].items()}
    redirects = draw(st.booleans())
    if gce:
        entrypoint["gce"]["allow_http"] = redirects or draw(st.booleans())
    names = draw(st.lists(_MARKED, min_size=2, max_size=4, unique=True))
    sites: dict[str, Any] = {}
    for name in names:
        made = draw(site([hosts.pop()], name, redirects=not gce))
        if gce:
            # The sites of one Ingress redirect all or none.
            made["https_redirect"] = redirects
        if by_google and "paths" in made and not made["demo"]:
            # Pods of others answer "/" with 200.
            made["paths"].setdefault("/", f"{name}:80")
        sites[name] = made
    wild = {"hosts": [f"*.{ZONE}"]}
    by_map = way == "gateway-global" and draw(st.booleans())
    certificates: dict[str, Any] = {"wildcard": {"google_managed": wild} if by_map else {"acme": wild}}
    taken = [host for entry in sites.values() for host in entry["hosts"]]
    sources: list[dict[str, Any]] = [{"google_managed": {}}] if by_map else [{"acme": {"challenge": "dns-01"}}]
    if gce:
        sources.append({"google_managed": {}})
    if not by_map and not (gce and not entrypoint["gce"]["allow_http"]):
        sources.append({"acme": {"challenge": "http-01"}})
    for name in draw(st.lists(NAMES, max_size=2, unique=True)):
        if taken and name not in certificates:
            [(source, own)] = draw(st.sampled_from(sources)).items()
            certificates[name] = {source: {**own, "hosts": [taken.pop()]}}
    return gcp_stack(
        way,
        entrypoint=entrypoint,
        sites=sites,
        certificates=certificates,
        services=None,
        namespaces={name: {} for name in draw(st.lists(NAMESPACES, max_size=3, unique=True)) if name != "default"},
        protect=draw(st.booleans()),
    )


@st.composite
def site(draw: st.DrawFn, hosts: list[str], name: str, *, redirects: bool = True) -> dict[str, Any]:
    """One site with those hosts, which with `redirects` may only redirect; the Services that it makes are called after it."""
    common = {"hosts": hosts, "namespace": draw(NAMESPACES), "https_redirect": draw(st.booleans())}
    if redirects and draw(st.booleans()):
        return {**common, "redirect": {"host": "elsewhere.example", "status": draw(st.sampled_from([301, 302]))}}
    paths = draw(st.lists(st.sampled_from(["/", "/api", "/feed"]), min_size=1, max_size=3, unique=True))
    backends = {path: f"{name}:{draw(st.sampled_from([80, 8080]))}" for path in paths}
    return {**common, "paths": backends, "demo": draw(st.booleans())}
