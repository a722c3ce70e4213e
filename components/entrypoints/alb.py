"""AWS: an Application Load Balancer, made by the AWS Load Balancer Controller from the Ingresses of all sites."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.annotations.alb import alb
from components.annotations.builder import HealthCheck
from components.clouds import Address, Balancer, Cloud, Target
from components.entrypoints.base import OnePerSite
from components.names import ADDRESSED, awaited, inside, metadata, time_limit
from components.places import Places
from components.settings import Settings
from components.settings.entrypoint import AlbEntrypoint as AlbSettings
from components.settings.health import HealthCheck as HealthSettings
from components.settings.sites import Backend, RedirectTo, SiteSettings
from components.trust import Issued

#: Name of the action that a redirecting site's rule asks for, and the port that says "this is an action and no Service".
_ACTION, _NO_SERVICE = "elsewhere", "use-annotation"

#: What the controller takes as an Ingress's place in its group; lower comes first.
_LAST = 1000


class AlbEntrypoint(OnePerSite, pulumi.ComponentResource):
    """Creates the IngressClass where the cluster has none (Auto Mode), and per site an Ingress; all share one load balancer.

    TLS ends at the load balancer with certificates of ACM. A site whose paths are checked for health in different ways gets an
    Ingress per path, because the controller reads one health check per Ingress; the longest path then comes first, as within one.
    """

    def __init__(self, settings: Settings, own: AlbSettings, cloud: Cloud, address: Address, places: Places) -> None:
        super().__init__("portico:entrypoints:Alb", "entrypoint", None, places.shared)
        self._settings, self._own, self._cloud, self._address = settings, own, cloud, address
        self.front: list[pulumi.Resource] = []
        self.door: list[pulumi.Resource] = []
        self.target: Target | Balancer | None = None
        self._made_anew = pulumi.ResourceOptions(
            custom_timeouts=time_limit(own.timeout), delete_before_replace=True, replace_on_changes=address.replacing
        )
        aws = settings.cloud.aws
        self._auto = aws is not None and aws.controller.auto_mode is not None
        if self._auto:
            self._open_class(inside(self, places.shared))
        self.register_outputs({})

    def _open_class(self, opts: pulumi.ResourceOptions) -> None:
        """Auto Mode brings no class, and reads the group and the scheme from the class's parameters only.

        https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html
        """
        name, api = self._own.class_name, "eks.amazonaws.com"
        parameters = k8s.apiextensions.CustomResource(
            f"{name}/parameters",
            api_version=f"{api}/v1",
            kind="IngressClassParams",
            metadata=metadata(self._settings.name, name),
            spec={"scheme": self._own.scheme, "group": {"name": self._settings.name}},
            opts=opts,
        )
        reference = k8s.networking.v1.IngressClassParametersReferenceArgs(api_group=api, kind="IngressClassParams", name=name)
        made = k8s.networking.v1.IngressClass(
            name,
            metadata=metadata(self._settings.name, name),
            spec=k8s.networking.v1.IngressClassSpecArgs(controller=f"{api}/alb", parameters=reference),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[parameters])),
        )
        self.door = [made]

    @property
    def http01(self) -> None:
        """None: an ALB takes certificates from ACM only."""
        return None

    def listen(self, shown: Issued) -> None:
        """Nothing to open: the load balancer is made with the first site."""

    def route(self, key: str, site: SiteSettings, issued: Issued, opts: pulumi.ResourceOptions) -> Target | Balancer:
        """The site's Ingress, or one per path; its records are aliases for the load balancer."""
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[*self.door, *issued.resources]))
        if site.redirect is not None:
            actions = {_ACTION: json.dumps(_redirect(site.redirect, self._own.ports.https), separators=(",", ":"))}
            made = self._ingress(key, site, {"/": _service(_ACTION, _NO_SERVICE)}, issued, opts, actions=actions)
            return self._cloud.behind(self._address, made)
        checks = {_health(backend) for backend in site.paths.values()}
        if len(checks) == 1:
            backends = {path: _service(backend.service, backend.port) for path, backend in site.paths.items()}
            made = self._ingress(key, site, backends, issued, opts, check=checks.pop())
            return self._cloud.behind(self._address, made)
        for path, backend in site.paths.items():
            backends = {path: _service(backend.service, backend.port)}
            order = max(1, _LAST - len(path))
            made = self._ingress(f"{key}{_suffix(path)}", site, backends, issued, opts, check=_health(backend), order=order)
        return self._cloud.behind(self._address, made)

    def _annotations(
        self, site: SiteSettings, issued: Issued, check: HealthCheck | None, actions: Mapping[str, str], order: int | None
    ) -> dict[str, pulumi.Input[str]]:
        """What every Ingress of the load balancer says.

        The scheme is always said (the controller's own default, internal, surprises), and so are the networks that are let in.
        """
        own, aws = self._own, self._settings.cloud.aws
        logs = own.access_logs
        return {
            **alb(
                group_name=None if self._auto else self._settings.name,
                group_order=order,
                load_balancer_name=self._address.name,
                scheme=own.scheme,
                target_type=own.target_type,
                listen_ports=[("HTTP", own.ports.http), ("HTTPS", own.ports.https)],
                certificate_arns=pulumi.Output.all(*issued.references).apply(",".join),
                ssl_redirect=own.ports.https if site.https_redirect else None,
                ssl_policy=own.tls_policy,
                # Security groups of one's own say it themselves; the controller then ignores this.
                inbound_cidrs=() if own.security_groups else own.inbound_cidrs or _let_in(own),
                load_balancer_attributes={_DROP_INVALID: "true", **own.attributes},
                access_logs_bucket=logs.bucket if logs else None,
                access_logs_prefix=logs.prefix if logs else None,
                ip_address_type="dualstack" if own.dualstack else None,
                subnets=own.subnets,
                security_groups=own.security_groups,
                # With groups of one's own, the controller opens the pods' groups for them only if it is told to.
                manage_backend_security_group_rules=True if own.security_groups else None,
                wafv2_acl_arn=own.waf,
                tags={"portico.dev/stack": self._settings.name, **(aws.tags if aws else {})},
                healthcheck=check,
                actions=actions,
            )
        }

    def _ingress(
        self,
        name: str,
        site: SiteSettings,
        backends: Mapping[str, k8s.networking.v1.IngressBackendArgs],
        issued: Issued,
        opts: pulumi.ResourceOptions,
        *,
        check: HealthCheck | None = None,
        actions: Mapping[str, str] = MappingProxyType({}),
        order: int | None = None,
    ) -> k8s.networking.v1.Ingress:
        paths = [
            k8s.networking.v1.HTTPIngressPathArgs(path=path, path_type="Prefix", backend=backend)
            for path, backend in backends.items()
        ]
        spec = k8s.networking.v1.IngressSpecArgs(
            ingress_class_name=self._own.class_name,
            rules=[
                k8s.networking.v1.IngressRuleArgs(host=host, http=k8s.networking.v1.HTTPIngressRuleValueArgs(paths=paths))
                for host in site.hosts
            ],
        )
        own = self._annotations(site, issued, check, actions, order)
        said = awaited(ADDRESSED, spec, {**own, **self._own.annotations, **site.annotations})
        return k8s.networking.v1.Ingress(
            name,
            metadata=metadata(self._settings.name, name, site.namespace, annotations=said),
            spec=spec,
            opts=pulumi.ResourceOptions.merge(opts, self._made_anew),
        )


_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"

#: A path that may stand in an object's name, dots in place of slashes.
_PLAIN = re.compile(f"{_LABEL}(/{_LABEL})*")

#: A header that no HTTP client sends by right is an attempt to confuse whoever stands behind.
_DROP_INVALID = "routing.http.drop_invalid_header_fields.enabled"

#: Private networks (RFC 1918), which every VPC's addresses are of unless its owner bought others; those of IPv6 (RFC 4193).
_PRIVATE, _PRIVATE_6 = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"), ("fc00::/7",)


def _let_in(own: AlbSettings) -> Sequence[str]:
    """Networks that may connect, where the stack file does not say."""
    if own.scheme == "internet-facing":
        return ("0.0.0.0/0", "::/0") if own.dualstack else ("0.0.0.0/0",)
    return (*_PRIVATE, *_PRIVATE_6) if own.dualstack else _PRIVATE


def _service(name: str, port: int | str) -> k8s.networking.v1.IngressBackendArgs:
    number = k8s.networking.v1.ServiceBackendPortArgs(number=port) if isinstance(port, int) else None
    named = k8s.networking.v1.ServiceBackendPortArgs(name=port) if isinstance(port, str) else None
    return k8s.networking.v1.IngressBackendArgs(
        service=k8s.networking.v1.IngressServiceBackendArgs(name=name, port=number or named)
    )


def _redirect(to: RedirectTo, port: int) -> dict[str, Any]:
    where = {"Protocol": "HTTPS", "Host": to.host, "Port": str(port), "StatusCode": f"HTTP_{to.status}"}
    return {"Type": "redirect", "RedirectConfig": where}


def _health(backend: Backend) -> HealthCheck:
    """What the pods are asked. Protocol HTTP: TLS ends at the load balancer."""
    asked = backend.health or HealthSettings()
    return HealthCheck(
        asked.path, asked.port, "HTTP", asked.interval, asked.timeout, asked.healthy, asked.unhealthy, asked.success
    )


def _suffix(path: str) -> str:
    """A path as the end of an object's name: no two paths of a site give the same."""
    plain = path.strip("/")
    if not plain or _PLAIN.fullmatch(plain):
        return f".{plain.replace('/', '.')}".rstrip(".")
    return f".{hashlib.sha256(path.encode()).hexdigest()[:8]}"
