"""Whether pods that run already will pass the health checks of Google's load balancers, which ask by a path and take 200 only."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from lightkube import Client
from lightkube.resources.core_v1 import Pod, Service

from components.settings import Problem, Settings
from components.settings.checks_gcp_sites import silent
from components.settings.problems import key_of, shown, words


def health_problems(settings: Settings, client: Client, namespaces: Collection[str]) -> Iterator[Problem]:
    """Sites whose Services are missing, or whose pods say that they are ready at a path that the load balancer would not ask for.

    Only Services that others make are looked at: they have to stand before the load balancer is made (see `GceEntrypoint`).
    """
    if not settings.entrypoint.by_google:
        return
    services: dict[str, dict[str, Any]] = {}
    unsaid = {where for where, _, _ in silent(settings)}
    for key, site in settings.sites.items():
        there = site.namespace in namespaces
        if not there and not (settings.entrypoint.gce is not None and site.namespace in settings.namespaces):
            continue  # said elsewhere, or made by this stack for a Gateway, which takes a Service that comes later
        if site.namespace not in services:
            found = client.list(Service, namespace=site.namespace) if there else ()
            services[site.namespace] = {str(item.metadata.name): item for item in found if item.metadata is not None}
        for path, backend in site.paths.items():
            if settings.makes_service(site.namespace, backend.service):
                continue
            where = ("sites", key, "paths", path)
            service = services[site.namespace].get(backend.service)
            if service is None:
                others = words(services[site.namespace]) or "none"
                yield Problem(
                    key_of(where),
                    f"namespace {site.namespace} has no service {shown(backend.service)} (it has {others}): Google's load"
                    " balancer is made when its Services stand",
                )
            elif where in unsaid and (ready := _ready_path(client, service)) not in (None, "/"):
                yield Problem(
                    key_of((*where, "health")),
                    f"the pods of {backend.service} say that they are ready at {ready}, and Google's load balancer would ask for"
                    f' "/", which may not answer 200: say health: {ready} (or health: /)',
                )


def _ready_path(client: Client, service: Any) -> str | None:
    """The path at which the pods behind a Service say that they are ready; None where they do not say it by HTTP."""
    selector = service.spec.selector if service.spec else None
    if not selector:
        return None
    for pod in client.list(Pod, namespace=service.metadata.namespace, labels=dict(selector)):
        for container in (pod.spec.containers if pod.spec else None) or ():
            probe = container.readinessProbe
            if probe is not None and probe.httpGet is not None and probe.httpGet.path is not None:
                return str(probe.httpGet.path)
    return None
