"""A small workload, so that a new front door has something to show."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.names import inside, metadata, skip_await

#: Answers every request with what it was asked. https://github.com/traefik/whoami
IMAGE = "traefik/whoami:v1.11.0"
_PORT = 8080


class Workload(pulumi.ComponentResource):
    """Creates a Deployment of one pod and a Service before it, awaited until the pod is ready."""

    def __init__(
        self,
        stack: str,
        name: str,
        namespace: str,
        ports: Sequence[int],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:sites:Workload", f"{namespace}/{name}", None, opts)
        child = inside(self, opts)
        picked = {"app.kubernetes.io/name": name}
        container = k8s.core.v1.ContainerArgs(
            name="web",
            image=IMAGE,
            args=[f"--port={_PORT}", f"--name={namespace}/{name}"],
            ports=[k8s.core.v1.ContainerPortArgs(name="http", container_port=_PORT)],
            readiness_probe=k8s.core.v1.ProbeArgs(http_get=k8s.core.v1.HTTPGetActionArgs(path="/health", port="http")),
            resources=k8s.core.v1.ResourceRequirementsArgs(requests={"cpu": "10m", "memory": "16Mi"}, limits={"memory": "64Mi"}),
            security_context=k8s.core.v1.SecurityContextArgs(
                allow_privilege_escalation=False,
                read_only_root_filesystem=True,
                run_as_non_root=True,
                run_as_user=65532,
                capabilities=k8s.core.v1.CapabilitiesArgs(drop=["ALL"]),
                seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
            ),
        )
        k8s.apps.v1.Deployment(
            f"{namespace}/{name}",
            metadata=metadata(stack, name, namespace, extra_labels=picked),
            spec=k8s.apps.v1.DeploymentSpecArgs(
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=picked),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=k8s.meta.v1.ObjectMetaArgs(labels=picked),
                    spec=k8s.core.v1.PodSpecArgs(containers=[container], automount_service_account_token=False),
                ),
            ),
            opts=child,
        )
        k8s.core.v1.Service(
            f"{namespace}/{name}",
            metadata=metadata(
                stack, name, namespace, annotations=skip_await("a ClusterIP has nothing to become; its pods are awaited")
            ),
            spec=k8s.core.v1.ServiceSpecArgs(
                selector=picked,
                ports=[k8s.core.v1.ServicePortArgs(name=f"p{port}", port=port, target_port="http") for port in ports],
            ),
            opts=child,
        )
        self.register_outputs({})
