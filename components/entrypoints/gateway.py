"""Gateway API: one Gateway that ends TLS, and the routes of each site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.clouds import Address, Balancer, Cloud, Target
from components.entrypoints import traefik_chart
from components.entrypoints.front import open_front
from components.names import awaited, inside, metadata, time_limit
from components.settings import Settings
from components.settings import entrypoint as settings_of
from components.settings.hosts import covering, is_wildcard
from components.settings.sites import SiteSettings
from components.trust import Issued, secret_name

API = "gateway.networking.k8s.io/v1"


def listener_name(pattern: str) -> str:
    """Name of the listener for a certificate's host: stable, and told apart at a glance in `kubectl describe`."""
    return f"https-wildcard.{pattern[2:]}" if is_wildcard(pattern) else f"https.{pattern}"


class GatewayEntrypoint(pulumi.ComponentResource):
    """Creates the controller's load balancer where the class needs one, a Gateway, and one or two HTTPRoutes per site.

    One listener on http, shared by redirects and challenges; one on https per name of a certificate. A host is answered
    only on the listener of the certificate that covers it; a host of no site is answered by nobody.
    """

    def __init__(
        self, settings: Settings, own: settings_of.GatewayEntrypoint, cloud: Cloud, address: Address, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("portico:entrypoints:Gateway", "entrypoint", None, opts)
        self._settings, self._own, self._address = settings, own, address
        self._child = inside(self, opts)
        self.front: list[pulumi.Resource] = []
        self._listeners = own.listeners or own.ports
        if own.controller is not None:
            values = traefik_chart.values(own, address, gateway=True)
            self.front = [open_front(settings.name, own.controller, traefik_chart.CHART, values, own, address, opts)]
            if own.controller.helm is not None:
                self._listeners = own.listeners or traefik_chart.CONTAINER_PORTS
        self.door: list[pulumi.Resource] = []
        self.target: Target | Balancer | None = cloud.behind(address, self.front[0]) if self.front else address.target
        self.register_outputs({})

    @property
    def http01(self) -> dict[str, Any]:
        """cert-manager adds an HTTPRoute to the http listener; its exact path wins over a site's redirect."""
        name = self._settings.name
        parent = {"name": name, "namespace": name, "kind": "Gateway", "sectionName": "http"}
        return {"gatewayHTTPRoute": {"parentRefs": [parent]}}

    def listen(self, certificates: Sequence[pulumi.Resource]) -> None:
        """Creates the Gateway, awaited until its controller has accepted it.

        That takes a Secret for each listener: one that is still to be proven holds a temporary certificate (see `Certificate`).
        """
        name = self._settings.name
        made_by_class: dict[str, Any] = {}
        if not self.front and self._address.target is not None:
            value = self._address.target.values.apply(lambda addresses: addresses[0])
            made_by_class = {"addresses": [{"type": "IPAddress", "value": value}]}
            if self._own.service_annotations:
                made_by_class["infrastructure"] = {"annotations": self._own.service_annotations}
        namespaces = sorted({site.namespace for site in self._settings.sites.values()} | {name})
        among = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": namespaces}
        allowed = {"namespaces": {"from": "Selector", "selector": {"matchExpressions": [among]}}}
        ports = self._listeners
        listeners: list[dict[str, Any]] = [{"name": "http", "port": ports.http, "protocol": "HTTP", "allowedRoutes": allowed}]
        listeners += [
            {
                "name": listener_name(pattern),
                "hostname": pattern,
                "port": ports.https,
                "protocol": "HTTPS",
                "tls": {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": secret_name(self._settings, key)}]},
                "allowedRoutes": allowed,
            }
            for key, entry in self._settings.certificates.items()
            for pattern in entry.chosen.hosts
        ]
        spec = {"gatewayClassName": self._own.class_name, "listeners": listeners, **made_by_class}
        gateway = k8s.apiextensions.CustomResource(
            "gateway",
            api_version=API,
            kind="Gateway",
            metadata=metadata(name, name, name, annotations=awaited("condition=Accepted", spec)),
            spec=spec,
            opts=pulumi.ResourceOptions.merge(
                self._child,
                pulumi.ResourceOptions(
                    depends_on=[*self.front, *certificates, *self._address.reservation],
                    custom_timeouts=time_limit(self._own.timeout),
                ),
            ),
        )
        self.door = [gateway]

    def route(self, key: str, site: SiteSettings, issued: Issued, opts: pulumi.ResourceOptions) -> None:
        """One HTTPRoute for the site, and one that redirects its plain http; the listener waits for certificates."""
        sections = sorted({self._section(host) for host in site.hosts})
        if not site.https_redirect:
            sections = ["http", *sections]
        self._route(key, site, sections, self._rules(site), opts)
        if site.https_redirect:
            self._route(f"{key}.https-redirect", site, ["http"], [self._redirect({"statusCode": 301})], opts)

    def _section(self, host: str) -> str:
        """The listener that answers a host: the most specific of the certificate that covers it."""
        key = self._settings.serving_certificate(host)
        return listener_name(covering(self._settings.certificates[key].chosen.hosts, host) or host)

    def _rules(self, site: SiteSettings) -> list[dict[str, Any]]:
        if site.redirect is not None:
            return [self._redirect({"hostname": site.redirect.host, "statusCode": site.redirect.status})]
        return [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": path}}],
                "backendRefs": [{"name": backend.service, "port": backend.port}],
            }
            for path, backend in site.paths.items()
        ]

    def _redirect(self, to: dict[str, Any]) -> dict[str, Any]:
        """A rule that sends everything to https on the port that clients use, which the listener's own may not be."""
        port = self._own.ports.https
        target = {"scheme": "https", **({} if port == 443 else {"port": port}), **to}
        return {"filters": [{"type": "RequestRedirect", "requestRedirect": target}]}

    def _route(
        self,
        name: str,
        site: SiteSettings,
        sections: Sequence[str],
        rules: list[dict[str, Any]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        stack = self._settings.name
        k8s.apiextensions.CustomResource(
            name,
            api_version=API,
            kind="HTTPRoute",
            metadata=metadata(stack, name, site.namespace, annotations=site.annotations),
            spec={
                "parentRefs": [
                    {"kind": "Gateway", "name": stack, "namespace": stack, "sectionName": section} for section in sections
                ],
                "hostnames": site.hosts,
                "rules": rules,
            },
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=self.door)),
        )
