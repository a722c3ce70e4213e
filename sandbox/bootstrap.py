"""What the cluster holds before Portico comes: CRDs, a node, Traefik's Deployment, the classes; AWS's controller if asked for."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml
from lightkube import Client, KubeConfig
from lightkube.core import decoders
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_global_resource
from lightkube.models.apps_v1 import DeploymentSpec
from lightkube.models.core_v1 import (
    Container,
    ContainerPort,
    NodeSpec,
    NodeStatus,
    PodSpec,
    PodTemplateSpec,
)
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.models.networking_v1 import IngressClassSpec
from lightkube.models.rbac_v1 import RoleRef, Subject
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Namespace, Node, Service
from lightkube.resources.networking_v1 import IngressClass
from lightkube.resources.rbac_authorization_v1 import ClusterRole, ClusterRoleBinding

from sandbox.layout import Layout
from sandbox.ports import LOOPBACK, Ports
from sandbox.tools import AWS_LOAD_BALANCER_CONTROLLER, CLUSTER, TRAEFIK
from sandbox.toolset import Toolset

PROCESS_ANNOTATION = "sandbox.portico.dev/process"
"""On a pod: a real process answers for it at this address, on the container's ports."""

AWS_CONTROLLER_USER = "system:serviceaccount:kube-system:aws-load-balancer-controller"
"""Whom the API server takes the AWS Load Balancer Controller for: the service account it has in an EKS cluster."""

_INSTANCE = "aws:///eu-central-1a/i-0a1b2c3d4e5f60718"
_DEFINITIONS = create_global_resource("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions")
_GATEWAY_CLASSES = create_global_resource("gateway.networking.k8s.io", "v1", "GatewayClass", "gatewayclasses")
MANAGER = "portico-sandbox"
_TRAEFIK_LABELS = {"app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": "traefik"}


def _learn() -> None:
    """Meets every type once that answers are decoded into, while only one thread runs: the one that imports this.

    msgspec, which lightkube decodes with, crashes the process when two threads meet a type at the same time (seen with 0.22.0);
    the steps of a start run side by side.
    """
    for kind in (ClusterRole, ClusterRoleBinding, ConfigMap, Deployment, IngressClass, Namespace, Node, Service):
        decoders.decode_list(b'{"items": []}', kind)
    decoders.decode_status(b"{}")
    ObjectMeta.from_dict({})  # of objects without a class of their own


_learn()


def connect(layout: Layout) -> Client:
    """A client of the sandbox's API server, as its administrator."""
    return Client(KubeConfig.from_file(layout.kubeconfig), field_manager=MANAGER, trust_env=False)


def bootstrap(layout: Layout, ports: Ports, tools: Toolset) -> None:
    """Put it all there, unless the same was put there before."""
    files = [*tools.files(CLUSTER.name, "crds"), *tools.files(TRAEFIK.name, "crds")]
    put(layout, MANAGER, files, _objects(ports))


def bootstrap_aws(layout: Layout, tools: Toolset) -> None:
    """Put there what an EKS cluster has once the AWS Load Balancer Controller is installed: CRDs, rights, IngressClass `alb`.

    Its webhooks are left out: they are called by the name of a Service, behind which the sandbox has no pod. So an Ingress or
    TargetGroupBinding that they would refuse at once is refused by the controller, in an event.
    """
    name = AWS_LOAD_BALANCER_CONTROLLER.name
    role = yaml.safe_load(tools.files(name, "rbac")[0].read_text())
    objects = [
        ClusterRole.from_dict(role | {"metadata": {"name": name}}),
        ClusterRoleBinding(
            metadata=ObjectMeta(name=name),
            roleRef=RoleRef(apiGroup="rbac.authorization.k8s.io", kind="ClusterRole", name=name),
            subjects=[Subject(apiGroup="rbac.authorization.k8s.io", kind="User", name=AWS_CONTROLLER_USER)],
        ),
        IngressClass(metadata=ObjectMeta(name="alb"), spec=IngressClassSpec(controller="ingress.k8s.aws/alb")),
        Node(metadata=ObjectMeta(name="sandbox"), spec=NodeSpec(providerID=_INSTANCE)),
    ]
    put(layout, f"{MANAGER}-aws", tools.files(name, "crds"), objects)


def put(layout: Layout, marker_name: str, files: list[Path], objects: list[Any]) -> None:
    """Apply CRDs and objects, unless the same were applied before.

    Args:
        layout: of the sandbox.
        marker_name: of the ConfigMap that remembers what was applied, and who the API server is told applies it.
        files: of the CRDs, one each.
        objects: applied once the CRDs are served.
    """
    digest = _digest(files, objects)
    with closing(connect(layout)) as client:
        if _recorded(client, marker_name) == digest:
            return
        with ThreadPoolExecutor(8) as pool:
            definitions = list(pool.map(lambda path: _define(client, path), files))
        _await_established(client, definitions)
        for item in objects:
            client.apply(item, field_manager=marker_name, force=True)
        marker = ConfigMap(metadata=ObjectMeta(name=marker_name, namespace="kube-system"), data={"digest": digest})
        client.apply(marker, force=True)


def _objects(ports: Ports) -> list[Any]:
    pod = PodSpec(
        containers=[
            Container(
                name="traefik",
                image="sandbox.portico.dev/traefik",
                ports=[
                    ContainerPort(name="web", containerPort=ports["http"]),
                    ContainerPort(name="websecure", containerPort=ports["https"]),
                ],
            )
        ]
    )
    return [
        Namespace(metadata=ObjectMeta(name="cert-manager")),
        Namespace(metadata=ObjectMeta(name="traefik")),
        Node(
            metadata=ObjectMeta(
                name="sandbox",
                annotations={"kwok.x-k8s.io/node": "fake"},
                labels={
                    "kubernetes.io/hostname": "sandbox",
                    "kubernetes.io/os": "linux",
                    "kubernetes.io/arch": "amd64",
                    "type": "kwok",
                },
            ),
            spec=NodeSpec(),
            status=NodeStatus(),
        ),
        Deployment(
            metadata=ObjectMeta(name="traefik", namespace="traefik", labels=_TRAEFIK_LABELS),
            spec=DeploymentSpec(
                replicas=1,
                selector=LabelSelector(matchLabels=_TRAEFIK_LABELS),
                template=PodTemplateSpec(
                    metadata=ObjectMeta(labels=_TRAEFIK_LABELS, annotations={PROCESS_ANNOTATION: LOOPBACK}),
                    spec=pod,
                ),
            ),
        ),
        IngressClass(metadata=ObjectMeta(name="traefik"), spec=IngressClassSpec(controller="traefik.io/ingress-controller")),
        IngressClass(metadata=ObjectMeta(name="nginx"), spec=IngressClassSpec(controller="k8s.io/ingress-nginx")),
        _GATEWAY_CLASSES(metadata=ObjectMeta(name="traefik"), spec={"controllerName": "traefik.io/gateway-controller"}),
    ]


def _define(client: Client, path: Path) -> str:
    """Apply one CRD, as its project wrote it; returns its name."""
    content = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
    content.pop("status", None)
    client.apply(_DEFINITIONS(content), force=True)
    name: str = content["metadata"]["name"]
    return name


def _await_established(client: Client, names: Iterable[str]) -> None:
    """Return once the API server serves every one of the CRDs.

    Raises:
        TimeoutError: it does not after half a minute.
    """
    waiting = set(names)
    deadline = time.monotonic() + 30
    while waiting:
        for definition in client.list(_DEFINITIONS):
            conditions = (definition.get("status") or {}).get("conditions") or []
            if any(c["type"] == "Established" and c["status"] == "True" for c in conditions):
                waiting.discard((definition.metadata or ObjectMeta()).name or "")
        if waiting and time.monotonic() > deadline:
            raise TimeoutError(f"the API server does not establish {', '.join(sorted(waiting))}")
        time.sleep(0.05 if waiting else 0)


def _recorded(client: Client, marker_name: str) -> str | None:
    try:
        marker = client.get(ConfigMap, marker_name, namespace="kube-system")
    except ApiError as error:
        if error.status.code == 404:
            return None
        raise
    return (marker.data or {}).get("digest")


def _digest(files: Iterable[Path], objects: Iterable[Any]) -> str:
    digest = hashlib.sha256(json.dumps([item.to_dict() for item in objects], sort_keys=True).encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()
