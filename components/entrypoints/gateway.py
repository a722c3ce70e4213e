"""Gateway API: one Gateway that ends TLS, and the routes of each site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.annotations.gke import CERTIFICATE_MAP
from components.clouds import Address, Balancer, Cloud, Target
from components.entrypoints import google_backends, traefik_chart
from components.entrypoints.base import OnePerSite
from components.entrypoints.front import open_front
from components.names import awaited, inside, metadata, time_limit
from components.places import Places
from components.settings import Settings
from components.settings import entrypoint as settings_of
from components.settings.hosts import covering, is_wildcard
from components.settings.sites import SiteSettings
from components.trust import Issued, secret_name

API = "gateway.networking.k8s.io/v1"


def listener_name(pattern: str) -> str:
    """Name of the listener for a certificate's host: stable, and told apart at a glance in `kubectl describe`."""
    return f"https-wildcard.{pattern[2:]}" if is_wildcard(pattern) else f"https.{pattern}"


class GatewayEntrypoint(OnePerSite, pulumi.ComponentResource):
    """Creates the controller's load balancer where the class needs one, a Gateway, and one or two HTTPRoutes per site.

    One listener on http, shared by redirects and challenges; one on https per name of a certificate. A host is answered
    only on the listener of the certificate that covers it; a host of no site is answered by nobody.

    With a class of GKE's also a policy for TLS, and for each Service how it is checked for health and what else the load
    balancer does. Certificates are Secrets, or a map of Certificate Manager.
    """

    def __init__(
        self, settings: Settings, own: settings_of.GatewayEntrypoint, cloud: Cloud, address: Address, places: Places
    ) -> None:
        super().__init__("portico:entrypoints:Gateway", "entrypoint", None, places.shared)
        self._settings, self._own, self._address, self._cloud = settings, own, address, cloud
        self._name = f"{settings.name}{settings.mark.replace('.', '-')}"
        #: Behind the names of what another Gateway may stand beside; a dot stands in no key of the stack file.
        self._mark = settings.mark.removeprefix(".gateway").replace("-", ".", 1)
        self._child, self._places = inside(self, places.shared), places
        self.front: list[pulumi.Resource] = []
        self._listeners = own.listeners or own.ports
        if own.controller is not None:
            values = traefik_chart.values(own, address, gateway=True)
            self.front = [open_front(settings.name, own.controller, traefik_chart.CHART, values, own, address, places.shared)]
            if own.controller.helm is not None:
                self._listeners = own.listeners or traefik_chart.CONTAINER_PORTS
        self.door: list[pulumi.Resource] = []
        self._policies: Mapping[str, Sequence[pulumi.Resource]] = {}
        self.target: Target | Balancer | None = cloud.behind(address, self.front[0]) if self.front else address.target
        self.register_outputs({})

    @property
    def http01(self) -> dict[str, Any]:
        """cert-manager adds an HTTPRoute to the http listener; its exact path wins over a site's redirect."""
        parent = {"name": self._name, "namespace": self._settings.name, "kind": "Gateway", "sectionName": "http"}
        return {"gatewayHTTPRoute": {"parentRefs": [parent]}}

    def listen(self, shown: Issued) -> None:
        """Creates the Gateway, awaited until its controller has accepted it, or made its load balancer where it makes one.

        That takes a Secret for each listener: one that is still to be proven holds a temporary certificate (see `Certificate`).
        """
        name = self._settings.name
        made_by_class: dict[str, Any] = {}
        if not self.front and self._address.target is not None:
            made_by_class = {"addresses": [self._asked_address(self._address.target)]}
            if self._own.service_annotations:
                made_by_class["infrastructure"] = {"annotations": self._own.service_annotations}
        namespaces = sorted({*self._settings.site_namespaces, name})
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
                **self._terminates(key),
                "allowedRoutes": allowed,
            }
            for key, entry in self._settings.certificates.items()
            if entry.acm is None  # shown by load balancers of Services of their own
            for pattern in entry.chosen.hosts
        ]
        spec = {"gatewayClassName": self._own.class_name, "listeners": listeners, **made_by_class}
        # A map of Certificate Manager is said once for all listeners, and once all of its certificates are there.
        said: dict[str, pulumi.Input[str]] = (
            {CERTIFICATE_MAP: shown.references[0]} if self._own.of_gke and shown.references else {}
        )
        condition = "condition=Programmed" if self._own.of_gke else "condition=Accepted"
        gateway = k8s.apiextensions.CustomResource(
            f"gateway{self._mark}",
            api_version=API,
            kind="Gateway",
            metadata=metadata(name, self._name, name, annotations=awaited(condition, spec, said)),
            spec=spec,
            opts=pulumi.ResourceOptions.merge(
                self._child,
                pulumi.ResourceOptions(
                    depends_on=[*self.front, *shown.resources, *self._grants(), *self._address.reservation],
                    custom_timeouts=time_limit(self._own.timeout),
                ),
            ),
        )
        self.door = [gateway, *self._tls_policy()]
        self._policies = (
            google_backends.policies(self._settings, self._own.load_balancing, self._places, self._child)
            if self._own.of_gke
            else {}
        )

    def _asked_address(self, target: Target) -> dict[str, pulumi.Input[str]]:
        if self._address.named:
            return {"type": "NamedAddress", "value": self._address.name}
        return {"type": "IPAddress", "value": target.values.apply(lambda addresses: addresses[0])}

    def _terminates(self, key: str) -> dict[str, Any]:
        """How a listener ends TLS; nothing where a map of certificates says it for all (GKE takes one or the other)."""
        settings = self._settings
        if not settings.certificates[key].in_secret:
            return {}
        [home] = settings.certificate_namespaces(key)
        elsewhere = {} if home == settings.name else {"namespace": home}
        reference = {"kind": "Secret", "name": secret_name(settings, key), **elsewhere}
        return {"tls": {"mode": "Terminate", "certificateRefs": [reference]}}

    def _grants(self) -> list[pulumi.Resource]:
        """Permissions to show Secrets of other namespaces, by their names."""
        settings = self._settings
        secrets: dict[str, list[str]] = {}
        for key, entry in settings.certificates.items():
            if entry.in_secret and (home := settings.certificate_namespaces(key)[0]) != settings.name:
                secrets.setdefault(home, []).append(secret_name(settings, key))
        return [
            k8s.apiextensions.CustomResource(
                f"{home}/certificates{self._mark}",
                api_version="gateway.networking.k8s.io/v1beta1",
                kind="ReferenceGrant",
                metadata=metadata(settings.name, self._name, home),
                spec={
                    "from": [{"group": API.partition("/")[0], "kind": "Gateway", "namespace": settings.name}],
                    "to": [{"group": "", "kind": "Secret", "name": name} for name in names],
                },
                opts=self._places.inside(self._child, home),
            )
            for home, names in secrets.items()
        ]

    def _tls_policy(self) -> list[pulumi.Resource]:
        if not self._own.of_gke:
            return []
        name = self._settings.name
        return [
            k8s.apiextensions.CustomResource(
                f"tls{self._mark}",
                api_version="networking.gke.io/v1",
                kind="GCPGatewayPolicy",
                metadata=metadata(name, self._name, name),
                spec={
                    "default": {"sslPolicy": self._cloud.ssl_policy(self._own.ssl_policy)},
                    "targetRef": {"group": API.partition("/")[0], "kind": "Gateway", "name": self._name},
                },
                opts=self._child,
            )
        ]

    def route(self, key: str, site: SiteSettings, issued: Issued, opts: pulumi.ResourceOptions) -> None:
        """One HTTPRoute for the site, and one that redirects its plain http; the listener waits for certificates."""
        policies = pulumi.ResourceOptions(depends_on=self._policies.get(site.namespace, []))
        opts = pulumi.ResourceOptions.merge(opts, policies)
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
        stack, name = self._settings.name, f"{name}{self._mark}"
        k8s.apiextensions.CustomResource(
            name,
            api_version=API,
            kind="HTTPRoute",
            metadata=metadata(stack, name, site.namespace, annotations=site.annotations),
            spec={
                "parentRefs": [
                    {"kind": "Gateway", "name": self._name, "namespace": stack, "sectionName": section} for section in sections
                ],
                "hostnames": site.hosts,
                "rules": rules,
            },
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=self.door)),
        )
