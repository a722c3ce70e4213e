"""What Google's load balancers ask of pods and do with requests, as objects beside the Services of the sites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.annotations.gke import behind_gce
from components.names import metadata
from components.places import Places
from components.settings import Settings
from components.settings.gcp import LoadBalancing
from components.settings.health import HealthCheck


def config_name(stack: str, service: str, port: int) -> str:
    """A BackendConfig's name."""
    return f"{stack}-{service}-{port}"


def backend_configs(
    settings: Settings, own: LoadBalancing, places: Places, opts: pulumi.ResourceOptions
) -> dict[str, list[pulumi.Resource]]:
    """A BackendConfig for each port that sites lead to; by namespace.

    https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration
    """
    made: dict[str, list[pulumi.Resource]] = {}
    for (namespace, service), ports in settings.health_checks.items():
        for port, check in ports.items():
            name = config_name(settings.name, service, port)
            config = k8s.apiextensions.CustomResource(
                f"{namespace}/{service}-{port}",
                api_version="cloud.google.com/v1",
                kind="BackendConfig",
                metadata=metadata(settings.name, name, namespace),
                spec={
                    "healthCheck": {**_timing(check), "type": "HTTP", "requestPath": check.path, **_port(check)},
                    **_config(own),
                },
                opts=places.inside(opts, namespace),
            )
            made.setdefault(namespace, []).append(config)
    return made


def reached_directly(settings: Settings, namespace: str, service: str) -> dict[str, str]:
    """What a Service carries to be reached by an Ingress of GKE; nothing on other clouds.

    Whether there is such an Ingress or not: it may stand beside another entrypoint for a while, before that one or after it.
    """
    if settings.cloud.gcp is None:
        return {}
    ports = settings.health_checks.get((namespace, service), {})
    return behind_gce({port: config_name(settings.name, service, port) for port in ports}) if ports else {}


def patches(settings: Settings, places: Places, opts: pulumi.ResourceOptions) -> dict[str, list[pulumi.Resource]]:
    """The same on Services that others make, by namespace: these annotations are the stack's, all else is their owner's.

    Forced, because GKE writes one of them itself where it thinks it should.
    """
    made: dict[str, list[pulumi.Resource]] = {}
    for namespace, service in settings.health_checks:
        if settings.makes_service(namespace, service):
            continue
        said = {
            **reached_directly(settings, namespace, service),
            "pulumi.com/patchForce": "true",
            "pulumi.com/patchFieldManager": settings.name,
        }
        patch = k8s.core.v1.ServicePatch(
            f"{namespace}/{service}",
            metadata=k8s.meta.v1.ObjectMetaPatchArgs(name=service, namespace=namespace, annotations=said),
            opts=places.inside(opts, namespace),
        )
        made.setdefault(namespace, []).append(patch)
    return made


def policies(
    settings: Settings, own: LoadBalancing, places: Places, opts: pulumi.ResourceOptions
) -> dict[str, list[pulumi.Resource]]:
    """What a Gateway of GKE reads instead: a HealthCheckPolicy and a GCPBackendPolicy for each Service; by namespace.

    https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources
    """
    made: dict[str, list[pulumi.Resource]] = {}
    for (namespace, service), ports in settings.health_checks.items():
        # Settings see to it that all ports of a Service are asked the same.
        check = next((each for each in ports.values() if each != HealthCheck()), HealthCheck())
        by_kind: Mapping[str, dict[str, Any]] = {
            "HealthCheckPolicy": {**_timing(check), "config": {"type": "HTTP", "httpHealthCheck": _asked_by_gateway(check)}},
            "GCPBackendPolicy": _policy(own),
        }
        for kind, default in by_kind.items():
            policy = k8s.apiextensions.CustomResource(
                f"{namespace}/{service}/{kind}",
                api_version="networking.gke.io/v1",
                kind=kind,
                metadata=metadata(settings.name, f"{settings.name}-{service}", namespace),
                spec={"default": default, "targetRef": {"group": "", "kind": "Service", "name": service}},
                opts=places.inside(opts, namespace),
            )
            made.setdefault(namespace, []).append(policy)
    return made


def _timing(check: HealthCheck) -> dict[str, Any]:
    return {
        "checkIntervalSec": check.interval,
        "timeoutSec": check.timeout,
        "healthyThreshold": check.healthy,
        "unhealthyThreshold": check.unhealthy,
    }


def _port(check: HealthCheck) -> dict[str, Any]:
    return {"port": check.port} if isinstance(check.port, int) else {}


def _asked_by_gateway(check: HealthCheck) -> dict[str, Any]:
    where = "USE_FIXED_PORT" if isinstance(check.port, int) else "USE_SERVING_PORT"
    return {"portSpecification": where, "requestPath": check.path, **_port(check)}


def _config(own: LoadBalancing) -> dict[str, Any]:
    """The rest of a BackendConfig (kubernetes/ingress-gce: pkg/apis/backendconfig/v1/types.go)."""
    said: dict[str, Any] = {"timeoutSec": own.timeout, "connectionDraining": {"drainingTimeoutSec": own.draining}}
    if own.security_policy is not None:
        said["securityPolicy"] = {"name": own.security_policy}
    if own.cdn is not None:
        # Headers of the answers say how long it is kept where they alone are to say it.
        ttl = {} if own.cdn.cache_mode == "USE_ORIGIN_HEADERS" else {"defaultTtl": own.cdn.default_ttl}
        said["cdn"] = {"enabled": True, "cacheMode": own.cdn.cache_mode, **ttl}
    if own.iap is not None:
        said["iap"] = {"enabled": True, "oauthclientCredentials": {"secretName": own.iap.secret}}
    return said


def _policy(own: LoadBalancing) -> dict[str, Any]:
    said: dict[str, Any] = {"timeoutSec": own.timeout, "connectionDraining": {"drainingTimeoutSec": own.draining}}
    if own.security_policy is not None:
        said["securityPolicy"] = own.security_policy
    if own.iap is not None:
        said["iap"] = {"enabled": True, "oauth2ClientSecret": {"name": own.iap.secret}, "clientID": own.iap.client_id}
    return said
