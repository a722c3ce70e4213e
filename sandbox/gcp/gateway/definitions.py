"""The kinds of objects that the controller reads and writes."""

from __future__ import annotations

from lightkube.generic_resource import create_global_resource, create_namespaced_resource

from sandbox.gcp.gateway.model import GROUP
from sandbox.imitation.claims import Gateway

_OF_GKE = "networking.gke.io"

GatewayClass = create_global_resource(GROUP, "v1", "GatewayClass", "gatewayclasses")
HTTPRoute = create_namespaced_resource(GROUP, "v1", "HTTPRoute", "httproutes")
ReferenceGrant = create_namespaced_resource(GROUP, "v1beta1", "ReferenceGrant", "referencegrants")
HealthCheckPolicy = create_namespaced_resource(_OF_GKE, "v1", "HealthCheckPolicy", "healthcheckpolicies")
GCPBackendPolicy = create_namespaced_resource(_OF_GKE, "v1", "GCPBackendPolicy", "gcpbackendpolicies")
GCPGatewayPolicy = create_namespaced_resource(_OF_GKE, "v1", "GCPGatewayPolicy", "gcpgatewaypolicies")

__all__ = [
    "GCPBackendPolicy",
    "GCPGatewayPolicy",
    "Gateway",
    "GatewayClass",
    "HTTPRoute",
    "HealthCheckPolicy",
    "ReferenceGrant",
]
