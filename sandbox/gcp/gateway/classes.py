"""GKE's GatewayClasses for one cluster: which load balancer stands behind each, and what it can do.

https://cloud.google.com/kubernetes-engine/docs/how-to/gatewayclass-capabilities
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GatewayClass:
    """One of them.

    Attributes:
        scheme: `loadBalancingScheme` of what it makes.
        regional: whether all that it makes is of the cluster's region; such have proxies in a subnet of their own.
        internal: whether its addresses are of the network.
        filters: whether rules may have filters, and be more than a path; the classic load balancer's may not.
        maps: whether a map of Certificate Manager can be shown, says Compute Engine's discovery document of `certificateMap`.
    """

    name: str
    scheme: str
    regional: bool = False
    internal: bool = False
    filters: bool = True
    maps: bool = True


CLASSES = {
    each.name: each
    for each in (
        GatewayClass("gke-l7-global-external-managed", "EXTERNAL_MANAGED"),
        GatewayClass("gke-l7-gxlb", "EXTERNAL", filters=False),
        GatewayClass("gke-l7-regional-external-managed", "EXTERNAL_MANAGED", regional=True, maps=False),
        GatewayClass("gke-l7-rilb", "INTERNAL_MANAGED", regional=True, internal=True, maps=False),
    )
}
"""By name."""
