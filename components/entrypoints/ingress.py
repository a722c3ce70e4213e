"""What the Ingress controllers share: the object that leads a site's hosts and paths to its Services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.names import ADDRESSED, awaited, metadata, time_limit
from components.settings import Settings
from components.settings.sites import SiteSettings
from components.trust import secret_name


def http01_solver(class_name: str) -> dict[str, Any]:
    """cert-manager adds an Ingress of this class for each challenge; its exact path wins over a site's."""
    return {"ingress": {"ingressClassName": class_name}}


def secrets_of(settings: Settings, *sites: SiteSettings) -> dict[str, list[str]]:
    """The Secrets that sites are served with, each with its hosts; a certificate that the cloud keeps is in none."""
    secrets: dict[str, list[str]] = {}
    for host in (host for site in sites for host in site.hosts):
        key = settings.serving_certificate(host)
        if settings.certificates[key].in_secret:
            secrets.setdefault(secret_name(settings, key), []).append(host)
    return secrets


def tls_of(secrets: Mapping[str, list[str]]) -> list[k8s.networking.v1.IngressTLSArgs]:
    """The same as an Ingress says it."""
    return [k8s.networking.v1.IngressTLSArgs(hosts=hosts, secret_name=secret) for secret, hosts in secrets.items()]


def rules_of(hosts: Sequence[str], backends: Mapping[str, tuple[str, int]]) -> list[k8s.networking.v1.IngressRuleArgs]:
    """A rule per host that leads path prefixes to (Service, port)."""
    paths = [
        k8s.networking.v1.HTTPIngressPathArgs(
            path=path,
            path_type="Prefix",
            backend=k8s.networking.v1.IngressBackendArgs(
                service=k8s.networking.v1.IngressServiceBackendArgs(
                    name=service, port=k8s.networking.v1.ServiceBackendPortArgs(number=port)
                )
            ),
        )
        for path, (service, port) in backends.items()
    ]
    return [
        k8s.networking.v1.IngressRuleArgs(host=host, http=k8s.networking.v1.HTTPIngressRuleValueArgs(paths=paths))
        for host in hosts
    ]


def site_ingress(
    settings: Settings,
    name: str,
    site: SiteSettings,
    *,
    class_name: str,
    annotations: Mapping[str, str],
    backends: Mapping[str, tuple[str, int]],
    issued: Sequence[pulumi.Resource],
    timeout: int,
    opts: pulumi.ResourceOptions,
) -> k8s.networking.v1.Ingress:
    """One Ingress per site, with TLS from the certificates of its hosts; `backends` are path: (Service, port).

    Made or changed only after its certificates are issued, or hold a temporary one while they are proven through it, so that a
    host never answers with a Secret that is not there. Awaited until it has its address: the controller's word that it took it.
    """
    spec = k8s.networking.v1.IngressSpecArgs(
        ingress_class_name=class_name, tls=tls_of(secrets_of(settings, site)), rules=rules_of(site.hosts, backends)
    )
    return k8s.networking.v1.Ingress(
        name,
        metadata=metadata(
            settings.name, name, site.namespace, annotations=awaited(ADDRESSED, spec, {**annotations, **site.annotations})
        ),
        spec=spec,
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(depends_on=[*issued], custom_timeouts=time_limit(timeout))
        ),
    )
