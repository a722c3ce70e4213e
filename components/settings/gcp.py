"""`portico:cloud.gcp` and what is only said of Google Cloud: its addresses, health checks and load balancers."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from components.settings.base import Base, KubeName, OneOf
from components.settings.keeper import ZoneKeeper
from components.settings.problems import shown

_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_KEY, _LABEL_VALUE = re.compile(r"[a-z][a-z0-9_-]{0,62}"), re.compile(r"[a-z0-9_-]{0,63}")

#: Classes of GKE's own Gateway controller that are reached at an address of the whole world, and those of one region.
#: https://cloud.google.com/kubernetes-engine/docs/how-to/gatewayclass-capabilities
CLASSIC = "gke-l7-gxlb"
GLOBAL_CLASSES = ("gke-l7-global-external-managed", CLASSIC)
REGIONAL_CLASSES = ("gke-l7-regional-external-managed",)

#: Managed certificates that one Ingress takes (GoogleCloudPlatform/gke-managed-certs: README.md).
MAX_MANAGED = 15

Scope = Literal["global", "regional"]


def _check_region(region: str) -> str:
    if not _REGION.fullmatch(region):
        zone = " (that is a zone: leave out its last letter)" if re.fullmatch(rf"{_REGION.pattern}-[a-z]", region) else ""
        raise ValueError(f"{shown(region)} is not a region, which is written like europe-west3{zone}")
    return region


def _check_location(location: str) -> str:
    if not re.fullmatch(rf"{_REGION.pattern}(-[a-z])?", location):
        raise ValueError(f"{shown(location)} is not a region or zone, which are written like europe-west3 and europe-west3-a")
    return location


def _check_project(project: str) -> str:
    # cloudresourcemanager v3, Project.projectId.
    if not _PROJECT.fullmatch(project):
        number = " (that is a project's number; its id is wanted)" if project.isdecimal() else ""
        raise ValueError(f"{shown(project)} is not a project's id: 6 to 30 small letters, digits and inner dashes{number}")
    return project


def _check_name(name: str) -> str:
    # compute v1: the pattern of almost every name.
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{shown(name)} is not a name at Google Cloud: 1 to 63 small letters, digits and inner dashes, a letter first"
        )
    return name


def _check_labels(labels: dict[str, str]) -> dict[str, str]:
    # https://cloud.google.com/compute/docs/labeling-resources#requirements
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key):
            raise ValueError(f"{shown(key)} is no label's key: 1 to 63 small letters, digits, _ and -, a letter first")
        if not _LABEL_VALUE.fullmatch(value):
            raise ValueError(f"{key}: {shown(value)} is no label's value: up to 63 small letters, digits, _ and -")
    return labels


Region = Annotated[str, AfterValidator(_check_region)]
Location = Annotated[str, AfterValidator(_check_location)]
Project = Annotated[str, AfterValidator(_check_project)]
GcpName = Annotated[str, AfterValidator(_check_name)]
Labels = Annotated[dict[str, str], AfterValidator(_check_labels)]


class Principal(Base):
    """The Kubernetes service account itself is given rights, by workload identity federation: no other account, no key."""


class GoogleServiceAccount(Base):
    """A Google service account that the Kubernetes one acts as; it must carry the annotation iam.gke.io/gcp-service-account."""


class GcpIdentity(OneOf):
    """How pods get their rights at Google Cloud."""

    what: ClassVar[str] = "identity"
    principal: Principal | None = None
    service_account: GoogleServiceAccount | None = None


class GcpCloud(ZoneKeeper):
    """Google Cloud: reserved addresses, Cloud DNS, managed certificates, and identities for controllers that need them."""

    project: Project = Field(description="The project's id.")
    region: Region = Field(description="Region of the cluster and of regional addresses: europe-west3.")
    labels: Labels = Field(default_factory=dict, description="Labels of everything that this stack makes and that takes labels.")
    identity: GcpIdentity = Field(default_factory=lambda: GcpIdentity(principal=Principal()))


class SslPolicy(Base):
    """Which TLS a load balancer of Google's speaks: a policy of the stack's own, or one that exists."""

    min_tls: Literal["1.2", "1.3"] = Field("1.2", description="The oldest version of TLS that clients may speak.")
    profile: Literal["COMPATIBLE", "MODERN", "RESTRICTED"] = Field("MODERN", description="Google's set of ciphers.")
    existing: GcpName | None = Field(None, description="Name of a policy that is there; the other keys then say nothing.")

    @model_validator(mode="after")
    def _fits(self) -> SslPolicy:
        # compute v1, SslPolicy.minTlsVersion.
        if self.existing is None and self.min_tls == "1.3" and self.profile != "RESTRICTED":
            raise ValueError(f'min_tls "1.3" goes with profile RESTRICTED only, got {self.profile}')
        return self


class Iap(Base):
    """Identity-Aware Proxy: only who has logged in with Google, and may, is let through."""

    secret: KubeName = Field(description="Secret beside the Services with what the OAuth client proves itself by.")
    client_id: str | None = Field(None, description="The OAuth client's id; needed with gateway, else it is in the Secret.")


class Cdn(Base):
    """Cloud CDN keeps answers near visitors."""

    cache_mode: Literal["USE_ORIGIN_HEADERS", "FORCE_CACHE_ALL", "CACHE_ALL_STATIC"] = Field(
        "CACHE_ALL_STATIC", description="What is kept."
    )
    default_ttl: int = Field(3600, ge=0, le=31_622_400, description="Seconds that an answer without headers is kept.")


class LoadBalancing(Base):
    """What Google's load balancer does before requests reach a Service: the same for every Service of the stack."""

    security_policy: GcpName | None = Field(None, description="Cloud Armor policy that is there. Default: none.")
    cdn: Cdn | None = Field(None, description="Default: no CDN.")
    iap: Iap | None = Field(None, description="Default: none.")
    timeout: int = Field(30, ge=1, le=2_147_483_647, description="Seconds that a Service may take to answer.")
    draining: int = Field(0, ge=0, le=3600, description="Seconds that open connections to a pod that goes may last.")
