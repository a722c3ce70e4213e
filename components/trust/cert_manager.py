"""cert-manager itself: installed by Helm, or already there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.helm import release
from components.names import inside
from components.settings.certificates import CertManagerSettings, HelmCertManager


class CertManager(pulumi.ComponentResource):
    """Creates a Helm release of cert-manager with its CRDs, or nothing where one exists.

    `ready`: what must be there before anything of cert-manager's API is used. The release is awaited with its start-up
    check, which proves that the webhook answers: without it the first issuer fails by chance.
    """

    def __init__(
        self,
        settings: CertManagerSettings,
        *,
        gateway: bool,
        account_annotations: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:trust:CertManager", "cert-manager", None, opts)
        self.namespace = settings.namespace
        self.ready: list[pulumi.Resource] = []
        if settings.helm is not None:
            self.ready = [self._release(settings.helm, gateway, account_annotations, inside(self, opts))]
        self.register_outputs({"namespace": self.namespace})

    def _release(
        self, helm: HelmCertManager, gateway: bool, annotations: Mapping[str, pulumi.Input[str]], child: pulumi.ResourceOptions
    ) -> k8s.helm.v3.Release:
        values: dict[str, Any] = {
            # CRDs are kept when the release goes: they hold every Certificate of the cluster, also those of others.
            "crds": {"enabled": True, "keep": True},
        }
        if annotations:
            values["serviceAccount"] = {"annotations": dict(annotations)}
        if gateway:
            # Only then: without the Gateway API's CRDs cert-manager would refuse to start (pkg/controller/context.go).
            values["config"] = {
                "apiVersion": "controller.config.cert-manager.io/v1alpha1",
                "kind": "ControllerConfiguration",
                "gatewayAPI": {"enabled": True},
            }
        # Its start-up check, which is a hook, proves that the webhook answers.
        return release(
            "cert-manager",
            called="cert-manager",
            namespace=helm.namespace,
            create_namespace=True,
            chart=helm.chart,
            version=helm.version,
            repository=helm.repository,
            values=values,
            added=helm.values,
            timeout=helm.timeout,
            opts=child,
        )
