"""One site: its hosts and paths, led through the entrypoint to its Services."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.entrypoints import Entrypoint
from components.names import inside
from components.settings.sites import SiteSettings
from components.sites.workload import Workload


class Site(pulumi.ComponentResource):
    """Creates the site's routes on the entrypoint and, with `demo`, a workload behind each of its Services.

    `issued` are the certificates of its hosts.
    """

    def __init__(
        self,
        key: str,
        site: SiteSettings,
        *,
        stack: str,
        entrypoint: Entrypoint,
        issued: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:sites:Site", key, None, opts)
        child = inside(self, opts)
        ports: dict[str, list[int]] = {}
        for backend in site.paths.values():
            ports.setdefault(backend.service, []).append(backend.port)
        workloads = [
            Workload(stack, name, site.namespace, sorted(set(numbers)), child) for name, numbers in ports.items() if site.demo
        ]
        # Routes after the Services they name: some controllers look once and remember a missing one.
        routes = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=workloads))
        entrypoint.route(key, site, issued, routes)
        self.register_outputs({"hosts": site.hosts})
