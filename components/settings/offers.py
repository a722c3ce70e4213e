"""Which certificates an entrypoint can show, on which cloud: one table for the checks and for the documentation."""

from __future__ import annotations

from typing import Literal, get_args

Cloud = Literal["rfc2136", "aws", "gcp"]
Way = Literal["gateway", "gateway of GKE", "traefik", "nginx", "alb", "gce"]
Source = Literal["acme", "private_ca", "provided", "acm", "google_managed"]

CLOUDS: tuple[Cloud, ...] = get_args(Cloud)
WAYS: tuple[Way, ...] = get_args(Way)
SOURCES: tuple[Source, ...] = get_args(Source)

_BY_GOOGLE: tuple[Way, ...] = ("gce", "gateway of GKE")


def absent(cloud: str, way: str) -> str | None:
    """Why a cloud does not have an entrypoint; None if it has."""
    if way == "alb" and cloud != "aws":
        return f"is a load balancer of AWS, and portico:cloud is {cloud}"
    if way in _BY_GOOGLE and cloud != "gcp":
        return f"is a load balancer of Google Cloud, and portico:cloud is {cloud}"
    return None


def foreign(cloud: str, source: str) -> str | None:
    """Why a cloud does not have a certificate source; None if it has."""
    if source == "acm" and cloud != "aws":
        return f"is a certificate of AWS, and portico:cloud is {cloud}"
    if source == "google_managed" and cloud != "gcp":
        return f"is a certificate of Google Cloud, and portico:cloud is {cloud}"
    return None


def unshown(way: str, source: str) -> str | None:
    """Why an entrypoint cannot show certificates of a source that its cloud has; None if it can."""
    if way == "alb":
        return None if source == "acm" else f"a load balancer of AWS shows certificates of ACM only: say acm in place of {source}"
    if source == "acm":
        return f"TLS ends in {way}, which never gets an ACM certificate's key: say acme in place of acm"
    if source == "google_managed" and way not in _BY_GOOGLE:
        return f"TLS ends in {way}, which never gets a Google-managed certificate's key: say acme in place of google_managed"
    return None


def refusal(cloud: str, way: str, source: str) -> str | None:
    """Why this entrypoint on this cloud cannot show certificates of this source; None if it can."""
    return absent(cloud, way) or foreign(cloud, source) or unshown(way, source)
