"""Traefik's Helm chart: shared by the `traefik` and `gateway` entrypoints."""

from __future__ import annotations

from typing import Any

from components.clouds import Address
from components.entrypoints.front import Chart
from components.settings.entrypoint import GatewayEntrypoint, Ports, TraefikEntrypoint

CHART = Chart("traefik", "41.3.0", "https://traefik.github.io/charts")

#: Ports of the chart's containers, which is what Traefik compares a Gateway's listeners with
#: (traefik-helm-chart, values.yaml: ports.web.port, ports.websecure.port).
CONTAINER_PORTS = Ports(http=8000, https=8443)


def values(own: TraefikEntrypoint | GatewayEntrypoint, address: Address, *, gateway: bool) -> dict[str, Any]:
    """Chart values: the address, the ports that clients use, the class, and which API is served."""
    return {
        "service": {
            "spec": {
                **({"loadBalancerIP": address.load_balancer_ip} if address.load_balancer_ip else {}),
                **({"loadBalancerClass": address.load_balancer_class} if address.load_balancer_class else {}),
            },
            **({"ipFamilies": ["IPv6"], "ipFamilyPolicy": "SingleStack"} if address.ipv6 else {}),
            "annotations": {**address.service_annotations, **own.service_annotations},
        },
        "ports": {"web": {"exposedPort": own.ports.http}, "websecure": {"exposedPort": own.ports.https}},
        "ingressClass": {"enabled": not gateway, "isDefaultClass": False, "name": own.class_name},
        "providers": {
            "kubernetesIngress": {"enabled": not gateway, "publishedService": {"enabled": True}},
            "kubernetesGateway": {"enabled": gateway},
        },
        # The Gateway is Portico's own, with this stack's listeners; the chart would add a second one.
        "gateway": {"enabled": False},
        "gatewayClass": {"enabled": gateway, "name": own.class_name},
        "globalArguments": [],
    }
