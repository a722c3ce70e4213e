"""A small workload, so that a new front door has something to show."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.names import inside, metadata, skip_await
from components.settings.services import ServicePort

#: Answers every request with what it was asked. https://github.com/traefik/whoami
IMAGE = "traefik/whoami:v1.11.0"

#: Where it listens if nothing says otherwise.
PORT = 8080


def demo_ports(wanted: Iterable[ServicePort]) -> dict[str, int]:
    """The container ports, by name, that Services with these ports want: a port given by name gets a number."""
    targets = list(dict.fromkeys(port.target_port for port in wanted))
    numbers = [target for target in targets if isinstance(target, int)]
    free = (number for number in itertools.count(PORT) if number not in numbers)
    return {
        f"p{target}" if isinstance(target, int) else target: target if isinstance(target, int) else next(free)
        for target in targets
    }


def demo_pods(
    stack: str, name: str, namespace: str, picked: Mapping[str, str], ports: Mapping[str, int], opts: pulumi.ResourceOptions
) -> k8s.apps.v1.Deployment:
    """A Deployment of one pod that answers on every port, awaited until it is ready."""
    return k8s.apps.v1.Deployment(
        f"{namespace}/{name}",
        metadata=metadata(stack, name, namespace, extra_labels=picked),
        spec=k8s.apps.v1.DeploymentSpecArgs(
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=picked),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(labels=picked),
                spec=k8s.core.v1.PodSpecArgs(
                    containers=[_container(f"{namespace}/{name}", each, port) for each, port in ports.items()],
                    automount_service_account_token=False,
                ),
            ),
        ),
        opts=opts,
    )


def _container(whose: str, port_name: str, port: int) -> k8s.core.v1.ContainerArgs:
    return k8s.core.v1.ContainerArgs(
        name="web" if port_name == "http" else f"web-{port_name}"[:63],
        image=IMAGE,
        args=[f"--port={port}", f"--name={whose}"],
        ports=[k8s.core.v1.ContainerPortArgs(name=port_name, container_port=port)],
        readiness_probe=k8s.core.v1.ProbeArgs(http_get=k8s.core.v1.HTTPGetActionArgs(path="/health", port=port_name)),
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


class Workload(pulumi.ComponentResource):
    """Creates a Deployment of one pod, awaited until it is ready, and a Service before it with the annotations `said`."""

    def __init__(
        self,
        stack: str,
        name: str,
        namespace: str,
        ports: Sequence[int],
        service_type: str,
        said: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:sites:Workload", f"{namespace}/{name}", None, opts)
        child = inside(self, opts)
        picked = {"app.kubernetes.io/name": name}
        demo_pods(stack, name, namespace, picked, {"http": PORT}, child)
        k8s.core.v1.Service(
            f"{namespace}/{name}",
            metadata=metadata(
                stack,
                name,
                namespace,
                annotations={**skip_await("a ClusterIP has nothing to become; its pods are awaited"), **said},
            ),
            spec=k8s.core.v1.ServiceSpecArgs(
                type=service_type,
                selector=picked,
                ports=[k8s.core.v1.ServicePortArgs(name=f"p{port}", port=port, target_port="http") for port in ports],
            ),
            opts=child,
        )
        self.register_outputs({})
