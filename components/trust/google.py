"""A certificate that Google gets for an Ingress of GKE, and waiting for it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

from components.cluster import Cluster
from components.dynamic import gone, with_secret_kubeconfig
from components.kube import connect
from components.names import inside, metadata
from components.settings.certificates import GoogleManagedCertificate
from components.trust.certificate import uid_of
from components.trust.watch_google import look, wait_until_active


def managed_name(stack: str, key: str, hosts: Sequence[str]) -> str:
    """The ManagedCertificate of a certificate, by its key in the stack file and by its hosts.

    Other hosts make another one beside it: GKE's controller deletes what is behind one whose hosts change, which Google refuses
    while a load balancer shows it (GoogleCloudPlatform/gke-managed-certs: pkg/controller/sync).
    """
    return f"{stack}-{key}-{hashlib.sha256(' '.join(hosts).encode()).hexdigest()[:8]}"


class GoogleManaged(pulumi.ComponentResource):
    """Creates a ManagedCertificate; `wait` waits until it is active.

    Google proves it by visiting its hosts, so it is active only after they lead to the Ingress that names it.
    https://cloud.google.com/kubernetes-engine/docs/how-to/managed-certs
    """

    def __init__(
        self,
        name: str,
        *,
        stack: str,
        cluster: Cluster,
        namespace: str,
        called: str,
        wanted: GoogleManagedCertificate,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:trust:GoogleManaged", name, None, opts)
        self._name, self._cluster, self._namespace, self._called, self._wanted = name, cluster, namespace, called, wanted
        self.requested = k8s.apiextensions.CustomResource(
            name,
            api_version="networking.gke.io/v1",
            kind="ManagedCertificate",
            metadata=metadata(stack, called, namespace),
            spec={"domains": list(wanted.hosts)},
            opts=inside(self, opts),
        )
        self.register_outputs({})

    def wait(self, depends_on: Sequence[pulumi.Resource]) -> Resource:
        """The moment it is active; `depends_on` is what lets Google visit its hosts."""
        return Activation(
            self._name,
            {
                "kubeconfig": self._cluster.kubeconfig,
                "context": self._cluster.context,
                "namespace": self._namespace,
                "name": self._called,
                # One made anew, or with other hosts, is waited for anew.
                "uid": uid_of(self.requested),
                "domains": list(self._wanted.hosts),
                "timeout": self._wanted.timeout,
            },
            pulumi.ResourceOptions(parent=self, depends_on=[self.requested, *depends_on]),
        )


class _ActivationProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        self._wait(props)
        return CreateResult(f"{props['namespace']}/{props['name']}", dict(props))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        self._wait(news)
        return UpdateResult(dict(news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        with connect(props["kubeconfig"], props.get("context")) as client:
            active = look(client, props["namespace"], props["name"])
        return ReadResult(id_, dict(props), dict(props)) if active else gone()

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        replaces = [key for key in ("namespace", "name") if olds[key] != news[key]]
        changes = replaces or [key for key in ("uid", "domains", "kubeconfig", "context") if olds.get(key) != news.get(key)]
        return DiffResult(changes=bool(changes), replaces=replaces)

    @staticmethod
    def _wait(props: dict[str, Any]) -> None:
        with connect(props["kubeconfig"], props.get("context")) as client:
            wait_until_active(client, props["namespace"], props["name"], props["domains"], float(props["timeout"]))


class Activation(Resource, module="trust", name="Activation"):
    """The moment a ManagedCertificate is active. A failed wait is not recorded, so the next `pulumi up` waits again."""

    def __init__(self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(_ActivationProvider(), name, props, with_secret_kubeconfig(opts))
