"""What a GKE cluster holds before Portico comes: CRDs, GatewayClasses, the default backend, and the controllers' rights."""

from __future__ import annotations

from typing import Any

import yaml
from lightkube.generic_resource import create_global_resource
from lightkube.models.apps_v1 import DeploymentSpec
from lightkube.models.core_v1 import Container, ContainerPort, NodeSpec, PodSpec, PodTemplateSpec, ServicePort, ServiceSpec
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.models.rbac_v1 import PolicyRule, RoleRef, Subject
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Node, Service
from lightkube.resources.rbac_authorization_v1 import ClusterRole, ClusterRoleBinding

from sandbox.bootstrap import MANAGER, put
from sandbox.gcp.client import REGION, ZONE
from sandbox.imitation.pods import DEFAULT_BACKEND_IMAGE
from sandbox.layout import Layout
from sandbox.tools import GKE_MANAGED_CERTS, INGRESS_GCE
from sandbox.toolset import Toolset

GLBC_USER = "system:controller:glbc"
"""Whom the API server takes GKE's Ingress controller for, as in a GKE cluster."""

CERTS_USER = "system:serviceaccount:default:managed-certificate-account"
"""Whom it takes the controller of ManagedCertificates for: the service account of its own manifest."""

CLASSES = ("gke-l7-global-external-managed", "gke-l7-regional-external-managed", "gke-l7-gxlb", "gke-l7-rilb")
"""GKE's GatewayClasses for one cluster's HTTP."""

_GATEWAY_CLASSES = create_global_resource("gateway.networking.k8s.io", "v1", "GatewayClass", "gatewayclasses")
_RBAC = "rbac.authorization.k8s.io"
_BACKEND = {"k8s-app": "glbc", "kubernetes.io/name": "GLBC"}
_READ = ("get", "list", "watch")
_GLBC = (
    ("", ("endpoints", "namespaces", "nodes", "pods", "secrets"), _READ),
    ("", ("services",), (*_READ, "update", "patch")),
    ("", ("services/status", "pods/status"), ("update", "patch")),
    ("", ("configmaps",), (*_READ, "create", "update")),
    ("", ("events",), ("create", "update", "patch")),
    ("discovery.k8s.io", ("endpointslices",), _READ),
    ("networking.k8s.io", ("ingresses",), (*_READ, "update", "patch")),
    ("networking.k8s.io", ("ingresses/status",), ("update", "patch")),
    ("cloud.google.com", ("backendconfigs",), (*_READ, "update", "patch")),
    ("networking.gke.io", ("frontendconfigs",), (*_READ, "update", "patch")),
    ("networking.gke.io", ("servicenetworkendpointgroups", "servicenetworkendpointgroups/status"), ("*",)),
    ("apiextensions.k8s.io", ("customresourcedefinitions",), (*_READ, "create", "update", "patch")),
)


def bootstrap_gcp(layout: Layout, tools: Toolset) -> None:
    """Put it all there. BackendConfig and FrontendConfig are left to the Ingress controller, which brings its own CRDs.

    The node says in which zone it is, which is all that the controller asks of it. It gets no `providerID`: that is set once and
    for all, and a sandbox that has AWS too has said there that the node is an instance of EC2.
    """
    files = [*tools.files(INGRESS_GCE.name, "crds"), *tools.files(GKE_MANAGED_CERTS.name, "crds")]
    manifest = yaml.safe_load_all(tools.files(GKE_MANAGED_CERTS.name, "rbac")[0].read_text())
    certificates = next(content for content in manifest if content["kind"] == "ClusterRole")
    labels = {"topology.kubernetes.io/region": REGION, "topology.kubernetes.io/zone": ZONE}
    objects = [
        *_glbc(),
        ClusterRole.from_dict(certificates),
        _binding(certificates["metadata"]["name"], CERTS_USER),
        *(
            _GATEWAY_CLASSES(metadata=ObjectMeta(name=name), spec={"controllerName": "networking.gke.io/gateway"})
            for name in CLASSES
        ),
        # The certificates' controller keeps its state here, and leaves it when its last certificate goes.
        ConfigMap(metadata=ObjectMeta(name="managed-certificate-config", namespace="kube-system")),
        *_default_backend(),
        Node(metadata=ObjectMeta(name="sandbox", labels=labels), spec=NodeSpec()),
    ]
    put(layout, f"{MANAGER}-gcp", files, objects)


def _glbc() -> list[Any]:
    rules = [PolicyRule(apiGroups=[group], resources=list(resources), verbs=list(verbs)) for group, resources, verbs in _GLBC]
    role = ClusterRole(metadata=ObjectMeta(name=GLBC_USER), rules=rules)
    return [role, _binding(GLBC_USER, GLBC_USER)]


def _binding(role: str, user: str) -> ClusterRoleBinding:
    return ClusterRoleBinding(
        metadata=ObjectMeta(name=role),
        roleRef=RoleRef(apiGroup=_RBAC, kind="ClusterRole", name=role),
        subjects=[Subject(apiGroup=_RBAC, kind="User", name=user)],
    )


def _default_backend() -> list[Any]:
    """Who answers for hosts and paths that no Ingress has, as GKE has it in every cluster."""
    where = ObjectMeta(name="l7-default-backend", namespace="kube-system", labels=_BACKEND)
    pod = PodSpec(
        containers=[
            Container(
                name="default-http-backend",
                image=DEFAULT_BACKEND_IMAGE,
                ports=[ContainerPort(containerPort=8080)],
            )
        ]
    )
    template = PodTemplateSpec(metadata=ObjectMeta(labels=_BACKEND), spec=pod)
    ports = [ServicePort(name="http", port=80, targetPort=8080, protocol="TCP")]
    annotations = {"cloud.google.com/neg": '{"ingress":true}'}
    return [
        Deployment(
            metadata=where,
            spec=DeploymentSpec(replicas=1, selector=LabelSelector(matchLabels=_BACKEND), template=template),
        ),
        Service(
            metadata=ObjectMeta(name="default-http-backend", namespace="kube-system", labels=_BACKEND, annotations=annotations),
            spec=ServiceSpec(type="NodePort", selector=_BACKEND, ports=ports),
        ),
    ]
