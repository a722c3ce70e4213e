"""Pulumi resources around cert-manager's objects: `Issuance` waits for a certificate, `Sweep` removes what outlives its maker.

Dynamic, for the reasons given in clouds/rfc2136_resources.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from lightkube import ApiError, Client
from lightkube.resources.core_v1 import Secret
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

from components.cluster import Cluster
from components.dynamic import gone, with_secret_kubeconfig
from components.kube import connect
from components.trust.watch import look, wait_until_issued


class _IssuanceProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(f"{props['namespace']}/{props['name']}", self._wait(props))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self._wait(news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        with connect(props["kubeconfig"], props.get("context")) as client:
            issued = look(client, props["namespace"], props["name"])
        if issued is None:
            return gone()
        return ReadResult(id_, {**props, "not_after": issued.not_after}, _inputs(props))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        replaces = [key for key in ("namespace", "name") if olds[key] != news[key]]
        changes = replaces or [key for key in ("uid", "spec", "kubeconfig", "context") if olds.get(key) != news.get(key)]
        return DiffResult(changes=bool(changes), replaces=replaces)

    @staticmethod
    def _wait(props: dict[str, Any]) -> dict[str, Any]:
        with connect(props["kubeconfig"], props.get("context")) as client:
            issued = wait_until_issued(client, props["namespace"], props["name"], float(props["timeout"]))
        return {**props, "not_after": issued.not_after}


def _inputs(props: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in props.items() if key != "not_after"}


class Issuance(Resource, module="trust", name="Issuance"):
    """The moment a Certificate is Ready. What depends on it may use the Secret.

    Fails with the challenge's and the CA's own words as soon as they are known. A failed issuance is not recorded, so the next
    `pulumi up` waits again; `pulumi refresh` reads the expiry anew.
    """

    not_after: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        cluster: Cluster,
        namespace: str,
        certificate: str,
        uid: pulumi.Input[str],
        spec: Mapping[str, Any],
        timeout: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "kubeconfig": cluster.kubeconfig,
            "context": cluster.context,
            "namespace": namespace,
            "name": certificate,
            # A Certificate made anew, or changed, is waited for anew.
            "uid": uid,
            "spec": dict(spec),
            "timeout": timeout,
            "not_after": None,
        }
        super().__init__(_IssuanceProvider(), name, props, with_secret_kubeconfig(opts))


class _SweepProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["selector"], {**props})

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult({**news})

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        replaces = [key for key in ("selector",) if olds[key] != news[key]]
        changes = replaces or [key for key in ("kubeconfig", "context", "secrets") if olds.get(key) != news.get(key)]
        return DiffResult(changes=bool(changes), replaces=replaces)

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        with connect(props["kubeconfig"], props.get("context")) as client:
            _delete_secrets(client, props["selector"], props["secrets"])


def _delete_secrets(client: Client, selector: str, names: Sequence[str]) -> None:
    """Deletes the Secrets with the label, in any namespace, and the named ones; what is already gone is fine."""
    key, _, value = selector.partition("=")
    labelled = [
        (str(secret.metadata.namespace), str(secret.metadata.name))
        for secret in client.list(Secret, namespace="*", labels={key: value})
        if secret.metadata is not None
    ]
    for namespace, name in [*labelled, *((first, last) for first, _, last in (name.partition("/") for name in names))]:
        try:
            client.delete(Secret, name, namespace=namespace)
        except ApiError as error:
            if error.status.code != 404:
                raise


class Sweep(Resource, module="trust", name="Sweep"):
    """Deletes, on destroy, the Secrets that cert-manager made for this stack and by design never deletes itself.

    While the stack lives they stay: going back from production to staging, or deleting and re-adding a certificate, finds its key
    and certificate again instead of asking the CA for new ones.
    """

    def __init__(
        self,
        name: str,
        *,
        cluster: Cluster,
        selector: str,
        secrets: Sequence[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "kubeconfig": cluster.kubeconfig,
            "context": cluster.context,
            "selector": selector,
            "secrets": list(secrets),
        }
        super().__init__(_SweepProvider(), name, props, with_secret_kubeconfig(opts))
