"""ingress-nginx as Ingress controller: for clusters that still have it. Retired upstream in March 2026."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.clouds import Address, Balancer, Cloud, Target
from components.entrypoints.base import OnePerSite
from components.entrypoints.front import Chart, open_front
from components.entrypoints.ingress import http01_solver, site_ingress
from components.names import metadata, skip_await
from components.places import Places
from components.settings import Settings
from components.settings import entrypoint as settings_of
from components.settings.sites import RedirectTo, SiteSettings
from components.trust import Issued

#: The last release (2026-03-20); there will be no other.
CHART = Chart("ingress-nginx", "4.15.1", "https://kubernetes.github.io/ingress-nginx")

_PREFIX = "nginx.ingress.kubernetes.io"


class NginxEntrypoint(OnePerSite, pulumi.ComponentResource):
    """Creates the controller's load balancer (its Helm release, or a Service before an existing one) and per site an Ingress."""

    def __init__(
        self, settings: Settings, own: settings_of.NginxEntrypoint, cloud: Cloud, address: Address, places: Places
    ) -> None:
        super().__init__("portico:entrypoints:Nginx", "entrypoint", None, places.shared)
        self._settings, self._own = settings, own
        values = self._values(address)
        self.front: list[pulumi.Resource] = [
            open_front(settings.name, own.controller, CHART, values, own, address, places.shared)
        ]
        self.door = self.front
        self.target: Target | Balancer | None = cloud.behind(address, self.front[0])
        self.register_outputs({})

    def _values(self, address: Address) -> dict[str, Any]:
        own = self._own
        return {
            "controller": {
                "ingressClassResource": {"name": own.class_name, "default": False},
                "ingressClass": own.class_name,
                "service": {
                    "annotations": {**address.service_annotations, **own.service_annotations},
                    "ports": {"http": own.ports.http, "https": own.ports.https},
                    **({"loadBalancerIP": address.load_balancer_ip} if address.load_balancer_ip else {}),
                    **({"loadBalancerClass": address.load_balancer_class} if address.load_balancer_class else {}),
                    **({"ipFamilies": ["IPv6"], "ipFamilyPolicy": "SingleStack"} if address.ipv6 else {}),
                },
            }
        }

    @property
    def http01(self) -> dict[str, Any]:
        """Challenges by an Ingress of the same class, reached by its Service's address as the sites are."""
        template = {"metadata": {"annotations": {f"{_PREFIX}/service-upstream": "true"}}}
        return {"ingress": {**http01_solver(self._own.class_name)["ingress"], "ingressTemplate": template}}

    def listen(self, shown: Issued) -> None:
        """Nothing to open: nginx listens from the start."""

    def route(self, key: str, site: SiteSettings, issued: Issued, opts: pulumi.ResourceOptions) -> None:
        """One Ingress per site; a redirect is an annotation, and its backend a name that is never asked."""
        after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=self.door))
        backends = {path: (backend.service, backend.port) for path, backend in site.paths.items()}
        annotations = {
            f"{_PREFIX}/ssl-redirect": "true" if site.https_redirect else "false",
            # Requests go to the Service's address, as with the other entrypoints, and not to a list of pods that nginx
            # keeps: a rollout meets no stale entry. A site that wants sticky sessions says "false" in its own annotations.
            f"{_PREFIX}/service-upstream": "true",
        }
        if site.redirect is not None:
            kind = "permanent-redirect" if site.redirect.status == 301 else "temporal-redirect"
            port = "" if self._own.ports.https == 443 else f":{self._own.ports.https}"
            annotations[f"{_PREFIX}/{kind}"] = f"https://{site.redirect.host}{port}$request_uri"
            backends = {"/": (self._nowhere(key, site, site.redirect, after), 443)}
        site_ingress(
            self._settings,
            f"{key}{self._settings.mark}",
            site,
            class_name=self._own.class_name,
            annotations=annotations,
            backends=backends,
            issued=issued.resources,
            timeout=self._own.timeout,
            opts=after,
        )

    def _nowhere(self, key: str, site: SiteSettings, to: RedirectTo, opts: pulumi.ResourceOptions) -> str:
        """An Ingress rule cannot be without a Service: a mere name for the host that requests are sent to."""
        name = f"portico-to-{key}"
        k8s.core.v1.Service(
            name,
            metadata=metadata(self._settings.name, name, site.namespace, annotations=skip_await("a name has nothing to become")),
            spec=k8s.core.v1.ServiceSpecArgs(
                type="ExternalName",
                external_name=to.host,
                ports=[k8s.core.v1.ServicePortArgs(name="https", port=443)],
            ),
            opts=opts,
        )
        return name
