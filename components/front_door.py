"""The whole way from a stack file to working URLs, top to bottom."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.clouds import Balancer, Target, Zones, open_cloud
from components.cluster import Cluster
from components.entrypoints import open_entrypoint
from components.names import metadata
from components.places import Places
from components.settings import Settings
from components.sites import Service, Site, answering
from components.trust import Trust


class FrontDoor(pulumi.ComponentResource):
    """Everything between the internet and the Services of one stack.

    Creates, in this order: the cloud's zones and reserved address; the controller's load balancer; cert-manager (unless it
    exists) and the issuers; certificates; the objects that lead hosts and paths to Services; the records; and last it awaits
    certificates that only a host that answers can get. On destroy the same in reverse. `opts.providers` must hold the cluster's
    provider: see `components.cluster`.

    Outputs: `urls`, `address`, `name_servers`, `issuer`, `certificates` (expiry by key), `next_steps` (what is left for a
    person).
    """

    def __init__(self, name: str, settings: Settings, cluster: Cluster, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:FrontDoor", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespaces = {key: self._namespace(key, settings) for key in {settings.name: None, **settings.namespaces}}

        cloud = open_cloud(settings, child)
        zones = Zones(settings, {name: cloud.zone(zone) for name, zone in settings.zones.items()})
        installed = cloud.install()
        places = Places(settings, namespaces, installed, parent=self)
        address = cloud.address(settings.entrypoint.chosen)
        entrypoint = open_entrypoint(settings, cloud, address, places)
        trust = Trust(settings, cluster=cluster, cloud=cloud, http01=entrypoint.http01, front=entrypoint.front, places=places)

        # A certificate that is proven through the entrypoint is asked for before it, and awaited after the records lead there.
        for key in settings.certificates:
            trust.request(key)
        for key in settings.early_certificates:
            trust.issue(key)
        entrypoint.listen(trust.shown(list(settings.certificates)))

        reached: list[Target | Balancer] = [entrypoint.target] if entrypoint.target else []
        services: dict[str, Service] = {}
        for key, service in settings.services.items():
            shown = trust.shown(settings.certificates_for(service.tls_hosts))
            opts = pulumi.ResourceOptions(parent=self, depends_on=places.of(service.namespace))
            services[key] = Service(key, settings, cloud, shown, opts)
            if (target := services[key].target) is not None:
                zones.point(service.hosts, at=target)

        sites: dict[str, Site] = {}
        for key, site in settings.sites.items():
            shown = trust.shown(settings.certificates_for(site.hosts))
            behind = [services[name] for name in settings.services_of(site)]
            opts = pulumi.ResourceOptions(parent=self, depends_on=[*places.of(site.namespace), *behind])
            sites[key] = Site(key, site, settings=settings, entrypoint=entrypoint, issued=shown, opts=opts)
        finished = entrypoint.finish()

        # Names lead to a site once it answers; where another entrypoint was before, it goes only after that.
        records: dict[str, pulumi.Resource] = {}
        for key, site in settings.sites.items():
            led = [sites[key], *([finished[site.namespace]] if site.namespace in finished else [])]
            if (target := sites[key].target or entrypoint.target) is not None:
                opts = pulumi.ResourceOptions(parent=self, depends_on=led)
                records |= zones.point(site.hosts, at=target, after=[*led, *answering(key, site, settings, target, opts)])
                reached.append(target)
        if entrypoint.target is not None:
            unserved = [host for host in settings.pointed_hosts if host not in records]
            records |= zones.point(unserved, at=entrypoint.target, after=entrypoint.door)
        for key in settings.late_certificates:
            visited = [records[host] for host in settings.certificates[key].chosen.hosts if host in records]
            trust.issue(key, depends_on=[*entrypoint.door, *visited])

        self.outputs: dict[str, pulumi.Input[object]] = {
            "urls": settings.urls,
            "address": pulumi.Output.all(*[each.text for each in reached]).apply(_listed),
            "name_servers": zones.name_servers,
            "issuer": trust.issuers,
            "certificates": trust.expiries,
            "next_steps": settings.next_steps(),
        }
        if others := zones.other_name_servers:
            self.outputs["other_name_servers"] = others
        self.register_outputs(self.outputs)

    def _namespace(self, name: str, settings: Settings) -> k8s.core.v1.Namespace:
        """The stack's own namespace, or one that the stack file asks for."""
        wanted = settings.namespaces.get(name)
        labels = wanted.labels if wanted else None
        return k8s.core.v1.Namespace(
            name, metadata=metadata(settings.name, name, extra_labels=labels), opts=pulumi.ResourceOptions(parent=self)
        )


def _listed(addresses: Sequence[str]) -> str:
    """Each once."""
    return ", ".join(dict.fromkeys(addresses))
