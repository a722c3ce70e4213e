"""One site: its hosts and paths, led through the entrypoint to its Services."""

from __future__ import annotations

import pulumi

from components.clouds import Balancer, Target
from components.entrypoints import Entrypoint, reached_directly
from components.names import inside
from components.settings import Settings
from components.settings.sites import SiteSettings
from components.sites.workload import Workload
from components.trust import Issued


class Site(pulumi.ComponentResource):
    """Creates the site's routes on the entrypoint and, with `demo`, a workload behind each of its Services.

    `issued` are the certificates of its hosts.
    """

    def __init__(
        self,
        key: str,
        site: SiteSettings,
        *,
        settings: Settings,
        entrypoint: Entrypoint,
        issued: Issued,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:sites:Site", key, None, opts)
        child = inside(self, opts)
        declared = settings.services_of(site)
        ports: dict[str, list[int]] = {}
        for backend in site.paths.values():
            if site.demo and backend.service not in declared:
                ports.setdefault(backend.service, []).append(backend.port)
        workloads = [
            Workload(
                settings.name,
                name,
                site.namespace,
                sorted(set(numbers)),
                settings.service_type,
                reached_directly(settings, site.namespace, name),
                child,
            )
            for name, numbers in ports.items()
        ]
        # Routes after the Services they name: some controllers look once and remember a missing one.
        routes = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=workloads))
        #: Where the records of its hosts point, if not to the entrypoint's address.
        self.target: Target | Balancer | None = entrypoint.route(key, site, issued, routes)
        self.register_outputs({"hosts": site.hosts})
