"""A Service that the stack file declares, with a load balancer of its own where it wants one."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components.clouds import Address, Balancer, Cloud, Target
from components.entrypoints import reached_directly
from components.names import ADDRESSED, awaited, inside, metadata, skip_await, time_limit
from components.settings import Settings
from components.settings.services import ServiceSettings
from components.sites.workload import demo_pods, demo_ports
from components.trust import Issued


class Service(pulumi.ComponentResource):
    """Creates a Service of the key's name and, with `demo`, pods behind it.

    With a load balancer it is awaited until that has its address; `target` is where records then point. `issued` holds the
    certificate of its hosts where the load balancer ends TLS.
    """

    def __init__(
        self,
        key: str,
        settings: Settings,
        cloud: Cloud,
        issued: Issued,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        own = settings.services[key]
        super().__init__("portico:sites:Service", key, None, opts)
        child = inside(self, opts)
        #: Where records of its hosts point.
        self.target: Target | Balancer | None = None
        pods = (
            [demo_pods(settings.name, key, own.namespace, own.labels(key), demo_ports(own.ports.values()), child)]
            if own.demo
            else []
        )
        if own.load_balancer is None:
            said = reached_directly(settings, own.namespace, key)
            self.made = self._inside(key, settings, own, said, child)
        else:
            tls = {port.port: issued.references[0] for port in own.ports.values() if port.tls}
            address = cloud.exposed(key, own.load_balancer, tls)
            # Pods first: what a load balancer finds unhealthy at first it asks less often.
            after = pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(depends_on=[*pods, *address.reservation, *issued.resources])
            )
            self.made = self._outside(key, settings.name, own, address, after)
            self.target = cloud.behind(address, self.made)
        self.register_outputs({})

    def _inside(
        self,
        key: str,
        settings: Settings,
        own: ServiceSettings,
        said: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> k8s.core.v1.Service:
        waits = skip_await("a ClusterIP has nothing to become; its pods are their owner's business")
        return k8s.core.v1.Service(
            key,
            metadata=metadata(settings.name, key, own.namespace, annotations={**waits, **said, **own.annotations}),
            spec=k8s.core.v1.ServiceSpecArgs(type=settings.service_type, selector=own.labels(key), ports=_ports(own)),
            opts=opts,
        )

    def _outside(
        self, key: str, stack: str, own: ServiceSettings, address: Address, opts: pulumi.ResourceOptions
    ) -> k8s.core.v1.Service:
        spec = k8s.core.v1.ServiceSpecArgs(
            type="LoadBalancer",
            load_balancer_class=address.load_balancer_class,
            load_balancer_ip=address.load_balancer_ip,
            # Ports of nodes are for load balancers that go by way of the nodes; open ones that nobody needs are a risk.
            allocate_load_balancer_node_ports=not address.to_pods,
            selector=own.labels(key),
            ports=_ports(own),
        )
        annotations = awaited(ADDRESSED, spec, {**address.service_annotations, **own.annotations})
        # Another load balancer is another Service, and its name is taken: the one that stands has to go first.
        fixed = pulumi.ResourceOptions(
            custom_timeouts=time_limit(own.timeout), delete_before_replace=True, replace_on_changes=address.replacing
        )
        return k8s.core.v1.Service(
            key,
            metadata=metadata(stack, key, own.namespace, annotations=annotations),
            spec=spec,
            opts=pulumi.ResourceOptions.merge(opts, fixed),
        )


def _ports(own: ServiceSettings) -> list[k8s.core.v1.ServicePortArgs]:
    return [
        k8s.core.v1.ServicePortArgs(name=name, port=port.port, target_port=port.target_port) for name, port in own.ports.items()
    ]
