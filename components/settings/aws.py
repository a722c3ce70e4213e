"""`portico:cloud.aws` and what is only said of AWS: its load balancers and identities."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from components.settings.base import Base, KubeName, OneOf
from components.settings.health import HealthCheck
from components.settings.keeper import ZoneKeeper
from components.settings.problems import shown

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/.+")
_SUBNET = re.compile(r"subnet-[0-9a-f]{8,17}")
_GROUP = re.compile(r"sg-[0-9a-f]{8,17}")
_LONGEST_NAME = 32
_TAG = re.compile(r"[\w .:/+@-]*")
_BALANCER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
_WEB_ACL = re.compile(r"arn:aws[a-z-]*:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/.+")


def _check_region(region: str) -> str:
    if not _REGION.fullmatch(region):
        zone = " (that is an availability zone: leave out its last letter)" if _REGION.fullmatch(region[:-1]) else ""
        raise ValueError(f"{shown(region)} is not a region, which is written like eu-central-1{zone}")
    return region


def _check_role(arn: str) -> str:
    if not _ROLE.fullmatch(arn):
        raise ValueError(f"{shown(arn)} is not the ARN of a role, such as arn:aws:iam::123456789012:role/deploy")
    return arn


def _check_subnet(subnet: str) -> str:
    if not _SUBNET.fullmatch(subnet):
        raise ValueError(f"{shown(subnet)} is not the id of a subnet, such as subnet-0a1b2c3d4e5f67890")
    return subnet


def _check_security_group(group: str) -> str:
    if not _GROUP.fullmatch(group):
        raise ValueError(f"{shown(group)} is not the id of a security group, such as sg-0a1b2c3d4e5f67890")
    return group


def _check_web_acl(arn: str) -> str:
    if not _WEB_ACL.fullmatch(arn):
        raise ValueError(f"{shown(arn)} is not the ARN of a regional WAFv2 web ACL (arn:aws:wafv2:…:regional/webacl/…)")
    return arn


def _check_balancer(name: str) -> str:
    # elasticloadbalancing API, CreateLoadBalancer: Name.
    if not _BALANCER.fullmatch(name) or name.startswith("internal-"):
        raise ValueError(
            f"{shown(name)} is not a load balancer's name: 1 to 32 letters, digits and inner dashes, not beginning with internal-"
        )
    return name


def balancer_name(wanted: str) -> str:
    """A load balancer's name from one that may be too long: ELB takes 32 characters."""
    if len(wanted) <= _LONGEST_NAME:
        return wanted
    return f"{wanted[: _LONGEST_NAME - 9].rstrip('-')}-{hashlib.sha256(wanted.encode()).hexdigest()[:8]}"


def _check_tags(tags: dict[str, str]) -> dict[str, str]:
    # https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html; the controller's annotations part
    # tags at = and commas.
    for key, value in tags.items():
        if not _TAG.fullmatch(key) or not 1 <= len(key) <= 128 or key.lower().startswith("aws:"):
            raise ValueError(
                f"{shown(key)} is no tag's key: 1 to 128 letters, digits, spaces and _ . : / + - @, not beginning with aws:"
            )
        if not _TAG.fullmatch(value) or len(value) > 256:
            raise ValueError(f"{key}: {shown(value)} is no tag's value: up to 256 letters, digits, spaces and _ . : / + - @")
    return tags


def _check_attributes(attributes: dict[str, str]) -> dict[str, str]:
    for key, value in attributes.items():
        if not re.fullmatch(r"[a-z0-9_.]+", key):
            raise ValueError(f"{shown(key)} is no attribute of a load balancer, such as idle_timeout.timeout_seconds")
        if not value or "," in value:
            raise ValueError(f"{key}: {shown(value)} is no attribute's value: some text without commas")
    return attributes


def _check_bucket(bucket: str) -> str:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
        raise ValueError(f"{shown(bucket)} is not a bucket's name: 3 to 63 small letters, digits, dots and dashes")
    return bucket


def _check_cidr(cidr: str) -> str:
    try:
        return str(ipaddress.ip_network(cidr))
    except ValueError as error:
        raise ValueError(f"{shown(cidr)} is not a network, such as 203.0.113.0/24: {error}") from None


Region = Annotated[str, AfterValidator(_check_region)]
Role = Annotated[str, AfterValidator(_check_role)]
Subnet = Annotated[str, AfterValidator(_check_subnet)]
SecurityGroup = Annotated[str, AfterValidator(_check_security_group)]
WebAcl = Annotated[str, AfterValidator(_check_web_acl)]
Cidr = Annotated[str, AfterValidator(_check_cidr)]
Tags = Annotated[dict[str, str], AfterValidator(_check_tags)]
Attributes = Annotated[dict[str, str], AfterValidator(_check_attributes)]
Bucket = Annotated[str, AfterValidator(_check_bucket)]

#: internal: reached from the VPC and what is connected to it. internet-facing: from anywhere.
Scheme = Literal["internal", "internet-facing"]

BalancerName = Annotated[str, AfterValidator(_check_balancer)]

#: TLS 1.2 and 1.3 (elasticloadbalancing, "Security policies for your Application Load Balancer").
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"

#: Policies by which a client may still speak TLS 1.0 or 1.1 (the same pages, and those of Network Load Balancers).
_OLD_TLS = re.compile(r"ELBSecurityPolicy-(2015-05|2016-08|TLS-1-[01]-.*|FS-2018-06|FS-1-1-.*|TLS13-1-[01]-.*)")


def _check_tls_policy(policy: str) -> str:
    if not policy.startswith("ELBSecurityPolicy-"):
        raise ValueError(f"{shown(policy)} is not a security policy of ELB, such as {TLS_POLICY}")
    if _OLD_TLS.fullmatch(policy):
        raise ValueError(f"{shown(policy)} lets clients speak TLS 1.0 or 1.1, which no client needs any more: use {TLS_POLICY}")
    return policy


TlsPolicy = Annotated[str, AfterValidator(_check_tls_policy)]


class PodIdentity(Base):
    """EKS Pod Identity: the cluster's agent hands out the role (the add-on eks-pod-identity-agent must run)."""


class Irsa(Base):
    """IAM roles for service accounts, by the cluster's OIDC provider; the account that uses a role must say so."""


class IdentitySettings(OneOf):
    """How pods get their rights at AWS."""

    what: ClassVar[str] = "identity"
    pod_identity: PodIdentity | None = None
    irsa: Irsa | None = None


class HelmLoadBalancerController(Base):
    """The AWS Load Balancer Controller, installed by this stack, with a role of its own."""

    version: str = Field("3.5.0", description="Chart version.")
    chart: str = Field("aws-load-balancer-controller", description="Chart name, local path or oci:// reference.")
    repository: str | None = Field(
        "https://aws.github.io/eks-charts", description="Chart repository; null for a local path or oci:// reference."
    )
    namespace: KubeName = "kube-system"
    values: dict[str, object] = Field(default_factory=dict, description="Chart values, merged over Portico's.")
    timeout: int = Field(600, ge=30, le=7200, description="Seconds to wait until it is ready.")


class ExistingLoadBalancerController(Base):
    """An AWS Load Balancer Controller that the cluster already has."""


class AutoMode(Base):
    """EKS Auto Mode, which brings a controller of its own with its own class names."""


class LoadBalancerControllerSettings(OneOf):
    """Who makes load balancers of Ingresses and Services."""

    what: ClassVar[str] = "load balancer controller"
    helm: HelmLoadBalancerController | None = None
    existing: ExistingLoadBalancerController | None = None
    auto_mode: AutoMode | None = None

    @property
    def service_class(self) -> str:
        """`spec.loadBalancerClass` of a Service that is to get a Network Load Balancer."""
        return "eks.amazonaws.com/nlb" if self.auto_mode is not None else "service.k8s.aws/nlb"


class AwsCloud(ZoneKeeper):
    """AWS: Route 53, ACM, Elastic IPs, and identities for the controllers that need them."""

    region: Region = Field(description="Region of the cluster and its load balancers: eu-central-1.")
    profile: str | None = Field(None, description="Profile of the AWS CLI's configuration. Default: as the environment says.")
    assume_role: Role | None = Field(None, description="Role (ARN) to take on first. Default: none.")
    tags: Tags = Field(default_factory=dict, description="Tags of everything that this stack makes at AWS.")
    controller: LoadBalancerControllerSettings = Field(
        default_factory=lambda: LoadBalancerControllerSettings(existing=ExistingLoadBalancerController())
    )
    identity: IdentitySettings = Field(default_factory=lambda: IdentitySettings(pod_identity=PodIdentity()))


class AccessLogs(Base):
    """Where access logs go."""

    bucket: Bucket = Field(description="S3 bucket in the same region.")
    prefix: str | None = Field(None, description="Folder in the bucket. Default: none.")


class NlbSettings(Base):
    """A Network Load Balancer."""

    scheme: Scheme = Field(description="Who reaches it.")
    name: BalancerName | None = Field(None, description="Its name in the region. Default: the stack's, or its and the Service's.")
    target_type: Literal["ip", "instance"] = Field("ip", description="ip: pods directly. instance: by NodePorts.")
    subnets: list[Subnet] = Field(default_factory=list, description="Default: found by their tags, one per zone.")
    elastic_ips: bool = Field(False, description="An Elastic IP per subnet, so that its addresses never change; needs `subnets`.")
    source_ranges: list[Cidr] = Field(
        default_factory=list, description="Networks that are let in. Default: anywhere for internet-facing, else the VPC."
    )
    cross_zone: bool = Field(True, description="Each zone's node sends to pods of all zones.")
    proxy_protocol: bool = Field(False, description="Tell the pods the client's address by PROXY protocol v2.")
    tls_policy: TlsPolicy = Field(TLS_POLICY, description="TLS versions and ciphers of its TLS listeners.")
    health: HealthCheck | None = Field(None, description="HTTP health check. Default: a connection by TCP is enough.")
    attributes: Attributes = Field(default_factory=dict, description="Further load balancer attributes.")

    @model_validator(mode="after")
    def _addresses(self) -> NlbSettings:
        if self.elastic_ips and self.scheme == "internal":
            raise ValueError("elastic_ips are addresses of the internet: they need scheme: internet-facing")
        if self.elastic_ips and not self.subnets:
            raise ValueError("elastic_ips needs subnets: there is one address for each")
        if len(set(self.subnets)) != len(self.subnets):
            raise ValueError("subnets names one twice")
        return self


class LoadBalancerSettings(OneOf):
    """The load balancer before a Service."""

    what: ClassVar[str] = "load balancer"
    nlb: NlbSettings | None = None
