"""Traefik as Ingress controller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.clouds import Address, Balancer, Cloud, Target
from components.entrypoints import traefik_chart
from components.entrypoints.base import OnePerSite
from components.entrypoints.front import open_front
from components.entrypoints.ingress import http01_solver, secrets_of, site_ingress
from components.names import metadata
from components.places import Places
from components.settings import Settings
from components.settings import entrypoint as settings_of
from components.settings.sites import SiteSettings
from components.trust import Issued

_API = "traefik.io/v1alpha1"

#: Annotation prefix of routers made from an Ingress (traefik, docs: kubernetes/ingress).
_ROUTER = "traefik.ingress.kubernetes.io/router"

#: Traefik's own Service that does nothing: for routes whose middleware answers everything.
_NOTHING = {"kind": "TraefikService", "name": "noop@internal"}


class TraefikEntrypoint(OnePerSite, pulumi.ComponentResource):
    """Creates Traefik's load balancer (its Helm release, or a Service before an existing one) and per site an Ingress on https.

    Plain http is answered per site by an IngressRoute that redirects, not by a redirect of the whole port, so that an existing
    Traefik's other users keep theirs, and challenges on http find their way.
    """

    def __init__(
        self, settings: Settings, own: settings_of.TraefikEntrypoint, cloud: Cloud, address: Address, places: Places
    ) -> None:
        super().__init__("portico:entrypoints:Traefik", "entrypoint", None, places.shared)
        self._settings, self._own = settings, own
        values = traefik_chart.values(own, address, gateway=False)
        self.front: list[pulumi.Resource] = [
            open_front(settings.name, own.controller, traefik_chart.CHART, values, own, address, places.shared)
        ]
        self.door = self.front
        self.target: Target | Balancer | None = cloud.behind(address, self.front[0])
        self.register_outputs({})

    @property
    def http01(self) -> dict[str, Any]:
        """Challenges by an Ingress of the same class."""
        return http01_solver(self._own.class_name)

    def listen(self, shown: Issued) -> None:
        """Nothing to open: Traefik listens from the start."""

    def route(self, key: str, site: SiteSettings, issued: Issued, opts: pulumi.ResourceOptions) -> None:
        """An Ingress on https for a site with paths; IngressRoutes for what redirects."""
        after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=self.door))
        key = f"{key}{self._settings.mark}"
        if site.redirect is None:
            self._ingress(key, site, {f"{_ROUTER}.entrypoints": "websecure", f"{_ROUTER}.tls": "true"}, issued, after)
            if not site.https_redirect:
                # A router speaks either TLS or plain http, never both.
                self._ingress(f"{key}.http", site, {f"{_ROUTER}.entrypoints": "web"}, issued, after)
        else:
            port = "" if self._own.ports.https == 443 else f":{self._own.ports.https}"
            target = {
                "regex": "^https?://[^/]+/(.*)",
                "replacement": f"https://{site.redirect.host}{port}/${{1}}",
                "permanent": site.redirect.status == 301,
            }
            middleware = self._middleware(key, site, {"redirectRegex": target}, after)
            # One route per certificate: an IngressRoute shows one Secret for all its hosts.
            for secret, hosts in secrets_of(self._settings, site).items():
                name = f"{key}.{secret}"
                self._redirect(name, site, hosts, key, {"tls": {"secretName": secret}}, [middleware, *issued.resources], after)
            if not site.https_redirect:
                self._redirect(f"{key}.http", site, site.hosts, key, {}, [middleware], after)
        if site.https_redirect:
            scheme = {"scheme": "https", "permanent": True, "port": str(self._own.ports.https)}
            name = f"{key}.https-redirect"
            middleware = self._middleware(name, site, {"redirectScheme": scheme}, after)
            self._redirect(name, site, site.hosts, name, {}, [middleware], after)

    def _ingress(
        self,
        name: str,
        site: SiteSettings,
        annotations: dict[str, str],
        issued: Issued,
        opts: pulumi.ResourceOptions,
    ) -> None:
        site_ingress(
            self._settings,
            name,
            site,
            class_name=self._own.class_name,
            annotations=annotations,
            backends={path: (backend.service, backend.port) for path, backend in site.paths.items()},
            issued=issued.resources,
            timeout=self._own.timeout,
            opts=opts,
        )

    def _middleware(
        self, name: str, site: SiteSettings, spec: dict[str, Any], opts: pulumi.ResourceOptions
    ) -> k8s.apiextensions.CustomResource:
        """What answers in place of a Service."""
        return k8s.apiextensions.CustomResource(
            f"{name}/middleware",
            api_version=_API,
            kind="Middleware",
            metadata=metadata(self._settings.name, name, site.namespace),
            spec=spec,
            opts=opts,
        )

    def _redirect(
        self,
        name: str,
        site: SiteSettings,
        hosts: Sequence[str],
        middleware: str,
        tls: dict[str, Any],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """The route that asks a Middleware for every request of the hosts: on https with `tls`, else on http."""
        route = {
            "kind": "Rule",
            "match": " || ".join(f"Host(`{host}`)" for host in hosts),
            "middlewares": [{"name": middleware}],
            "services": [_NOTHING],
        }
        k8s.apiextensions.CustomResource(
            name,
            api_version=_API,
            kind="IngressRoute",
            metadata=metadata(
                self._settings.name, name, site.namespace, annotations={"kubernetes.io/ingress.class": self._own.class_name}
            ),
            spec={"entryPoints": ["websecure" if tls else "web"], "routes": [route], **tls},
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=after)),
        )
