"""Annotations of GKE: of an Ingress for Google's load balancer, and of the Services behind and before controllers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Literal

from components.annotations.builder import V, given, listed

#: GKE reads the class from the annotation only; it ignores spec.ingressClassName (kubernetes/ingress-gce: pkg/utils/utils.go).
CLASS = "kubernetes.io/ingress.class"

#: A map of Certificate Manager, on a Gateway.
CERTIFICATE_MAP = "networking.gke.io/certmap"


def gce(
    *,
    static_ip_name: str,
    allow_http: bool | None = None,
    frontend_config: str | None = None,
    managed_certificates: Sequence[str] = (),
) -> dict[str, str]:
    """An Ingress for the global load balancer at a reserved address; what is left out is GKE's default (http is let in)."""
    said: dict[str, str] = {
        **given(
            "kubernetes.io/ingress.",
            {"class": "gce", "global-static-ip-name": static_ip_name, "allow-http": allow_http},
        ),
        **given(
            "networking.gke.io/",
            {"v1beta1.FrontendConfig": frontend_config, "managed-certificates": listed(managed_certificates)},
        ),
    }
    return said


def behind_gce(backend_configs: Mapping[int, str]) -> dict[str, str]:
    """A Service behind such an Ingress: its pods are reached directly, each port as its BackendConfig says."""
    configs = {"ports": {str(port): name for port, name in sorted(backend_configs.items())}}
    said: dict[str, str] = given("cloud.google.com/", {"neg": _text({"ingress": True}), "backend-config": _text(configs)})
    return said


def passthrough(*, address_names: Sequence[str], network_tier: Literal["Premium", "Standard"]) -> dict[str, str | V]:
    """A Service of type LoadBalancer at reserved regional addresses."""
    return {
        # Said at creation or never: the newer kind, which has health checks per node and takes IPv6.
        **given("cloud.google.com/", {"l4-rbs": "enabled", "network-tier": network_tier}),
        **given("networking.gke.io/", {"load-balancer-ip-addresses": listed(address_names)}),
    }


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
