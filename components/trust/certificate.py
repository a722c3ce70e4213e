"""One certificate in one namespace, awaited until it is issued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s

from components.cluster import Cluster
from components.names import inside, labels, metadata
from components.trust.issuer import CHALLENGE_LABEL
from components.trust.resources import Issuance

#: Label of Secrets that are deleted with the stack (see `Sweep`).
SWEEP_LABEL = "portico.dev/sweep"


#: cert-manager 1.21, pkg/apis/certmanager/v1/types.go: IssueTemporaryCertificateAnnotation.
_TEMPORARY = "cert-manager.io/issue-temporary-certificate"


class Certificate(pulumi.ComponentResource):
    """Creates a cert-manager Certificate; `issue` waits for it, at most `timeout` seconds.

    The Secret is named by `secret_name` and kept when the Certificate goes: see `Sweep`. With `temporary`, the Secret holds a
    self-signed certificate until the real one is there, for an entrypoint that has to stand before anything can be proven.
    """

    def __init__(
        self,
        name: str,
        *,
        stack: str,
        cluster: Cluster,
        namespace: str,
        hosts: Sequence[str],
        issuer: str,
        challenge: str | None,
        secret_name: str,
        temporary: bool,
        timeout: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:trust:Certificate", name, None, opts)
        self._name, self._cluster, self._namespace, self._timeout = name, cluster, namespace, timeout
        self._object_name = secret_name.removesuffix("-tls")
        self._spec = {
            "secretName": secret_name,
            "dnsNames": list(hosts),
            "issuerRef": {"name": issuer, "kind": "ClusterIssuer", "group": "cert-manager.io"},
            # RSA is 2048 bits by default; ECDSA P-256 is smaller, faster and accepted by every client of the last decade.
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "secretTemplate": {"labels": {**labels(stack), SWEEP_LABEL: stack}},
        }
        self.requested = k8s.apiextensions.CustomResource(
            name,
            api_version="cert-manager.io/v1",
            kind="Certificate",
            metadata=metadata(
                stack,
                self._object_name,
                namespace,
                annotations={_TEMPORARY: "true"} if temporary else None,
                extra_labels={CHALLENGE_LABEL: challenge} if challenge else None,
            ),
            spec=self._spec,
            opts=inside(self, opts),
        )
        self.register_outputs({})

    def issue(self, depends_on: Sequence[pulumi.Resource]) -> Issuance:
        """Waits until the certificate is issued; `depends_on` is what its challenge needs."""
        return Issuance(
            self._name,
            cluster=self._cluster,
            namespace=self._namespace,
            certificate=self._object_name,
            uid=uid_of(self.requested),
            spec=self._spec,
            timeout=self._timeout,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.requested, *depends_on]),
        )


def uid_of(certificate: k8s.apiextensions.CustomResource) -> pulumi.Output[str]:
    """The object's identity; the SDK sets an untyped object's fields only at run time."""
    metadata: pulumi.Output[dict[str, str]] = cast("Any", certificate).metadata
    # Before the object stands, preview knows its metadata without the uid.
    return metadata.apply(lambda known: known.get("uid", ""))
