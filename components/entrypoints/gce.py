"""GKE: Google's global load balancer, made by GKE's own controller from one Ingress per namespace of sites."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.annotations.gke import gce
from components.clouds import Address, Cloud, Target
from components.entrypoints import google_backends
from components.entrypoints.ingress import rules_of, secrets_of, tls_of
from components.names import ADDRESSED, awaited, inside, metadata, resources_of, time_limit
from components.places import Places
from components.settings import Settings
from components.settings.entrypoint import GceEntrypoint as GceSettings
from components.settings.sites import SiteSettings
from components.trust import Issued, managed_name

_FRONTEND_API = "networking.gke.io/v1beta1"


class GceEntrypoint(pulumi.ComponentResource):
    """Creates per namespace of sites a global address, a FrontendConfig and an Ingress; per Service a BackendConfig.

    An Ingress leads to Services of its own namespace only, and no two Ingresses share an address: hence one of each per
    namespace. Services and their pods come first, because the controller looks at them when it makes the load balancer. Health
    is asked for as each BackendConfig says, so that nothing depends on what the controller once inferred from pods.
    https://cloud.google.com/kubernetes-engine/docs/concepts/ingress-xlb
    """

    def __init__(self, settings: Settings, own: GceSettings, cloud: Cloud, address: Address, places: Places) -> None:
        super().__init__("portico:entrypoints:Gce", "entrypoint", None, places.shared)
        self._settings, self._own = settings, own
        self._child, self._places = inside(self, places.shared), places
        self.front: list[pulumi.Resource] = []
        self.door: list[pulumi.Resource] = []
        self.target: Target | None = None
        self._addresses = {namespace: cloud.address(own, namespace) for namespace in settings.site_namespaces}
        policy = cloud.ssl_policy(own.ssl_policy)
        #: What each Ingress comes after, by namespace.
        self._before: dict[str, list[pulumi.Resource]] = {
            namespace: [self._frontend(namespace, policy), *self._addresses[namespace].reservation]
            for namespace in settings.site_namespaces
        }
        configs = google_backends.backend_configs(settings, own.load_balancing, places, self._child)
        for made in (configs, google_backends.patches(settings, places, self._child)):
            for namespace, resources in made.items():
                self._before[namespace] += resources
        self.register_outputs({})

    @property
    def http01(self) -> dict[str, Any]:
        """cert-manager adds a path to the Ingress that stands: another Ingress would have another address."""
        return {"ingress": {"name": self._settings.name}}

    def listen(self, shown: Issued) -> None:
        """Nothing to open: each load balancer is made with the sites of its namespace."""

    def route(self, key: str, site: SiteSettings, issued: Issued, opts: pulumi.ResourceOptions) -> Target | None:
        """Takes note of what the Ingress comes after; its rules are the settings', and its address is where records point."""
        self._before[site.namespace] += [*issued.resources, *resources_of(opts)]
        target = self._addresses[site.namespace].target
        return target if isinstance(target, Target) else None

    def finish(self) -> dict[str, pulumi.Resource]:
        """The Ingress of each namespace, awaited until it has its address."""
        return {namespace: self._ingress(namespace) for namespace in self._settings.site_namespaces}

    def _frontend(self, namespace: str, policy: pulumi.Input[str]) -> k8s.apiextensions.CustomResource:
        redirect = self._own.allow_http and all(site.https_redirect for site in self._settings.sites_by_namespace[namespace])
        # Said also where there is none: the controller forgets the redirect's URL map only if it is told so.
        to_https = {"enabled": True, "responseCodeName": "MOVED_PERMANENTLY_DEFAULT"} if redirect else {"enabled": False}
        spec: dict[str, Any] = {"sslPolicy": policy, "redirectToHttps": to_https}
        name = self._settings.name
        return k8s.apiextensions.CustomResource(
            f"{namespace}/frontend",
            api_version=_FRONTEND_API,
            kind="FrontendConfig",
            metadata=metadata(name, name, namespace),
            spec=spec,
            opts=self._places.inside(self._child, namespace),
        )

    def _ingress(self, namespace: str) -> k8s.networking.v1.Ingress:
        settings, name = self._settings, self._settings.name
        sites = settings.sites_by_namespace[namespace]
        managed = [
            managed_name(name, key, settings.certificates[key].chosen.hosts)
            for key in settings.certificates_for(host for site in sites for host in site.hosts)
            if settings.certificates[key].google_managed is not None
        ]
        own = gce(
            static_ip_name=self._addresses[namespace].name,
            # Only a closed port is said: the redirect of the FrontendConfig needs an open one.
            allow_http=None if self._own.allow_http else False,
            frontend_config=name,
            managed_certificates=managed,
        )
        # One Ingress for all sites: what they add is for all of them.
        added = {key: value for site in sites for key, value in site.annotations.items()}
        spec = k8s.networking.v1.IngressSpecArgs(
            tls=tls_of(secrets_of(settings, *sites)),
            rules=[
                rule
                for site in sites
                for rule in rules_of(site.hosts, {path: (to.service, to.port) for path, to in site.paths.items()})
            ],
        )
        said = awaited(ADDRESSED, spec, {**own, **self._own.annotations, **added})
        # cert-manager edits the rules of this Ingress while it proves a host, and then owns them in the API server's eyes.
        said["pulumi.com/patchForce"] = "true"
        return k8s.networking.v1.Ingress(
            namespace,
            metadata=metadata(name, name, namespace, annotations=said),
            spec=spec,
            opts=pulumi.ResourceOptions.merge(
                self._places.inside(self._child, namespace),
                pulumi.ResourceOptions(
                    depends_on=self._before[namespace],
                    custom_timeouts=time_limit(self._own.timeout),
                ),
            ),
        )
