"""EKS: pod identity associations, which moto lacks."""

from __future__ import annotations

import json
import string
from datetime import UTC, datetime
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.eks import models
from moto.eks.responses import EKSResponse

from sandbox.aws.base import ACCOUNT, Refusal, letters
from sandbox.aws.iam import identities

_Association = dict[str, Any]
_PRINCIPAL = "pods.eks.amazonaws.com"
_NEEDED = {"sts:AssumeRole", "sts:TagSession"}


class Clusters(models.EKSBackend):
    """EKS's clusters of one region; `associations` by cluster and id."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.associations: dict[str, dict[str, _Association]] = {}

    def create_association(
        self, cluster: str, namespace: str, service_account: str, role: str, tags: dict[str, str]
    ) -> _Association:
        """One role for one service account."""
        known = self.of(cluster)
        for other in known.values():
            if (other["namespace"], other["serviceAccount"]) == (namespace, service_account):
                raise Refusal("ResourceInUseException", f"Association already exists: {other['associationId']}")
        _check_role(role)
        arn = f"arn:{self.partition}:eks:{self.region_name}:{self.account_id}:podidentityassociation/{cluster}"
        number, now = f"a-{letters(17, string.ascii_lowercase + string.digits)}", datetime.now(UTC)
        known[number] = {
            "clusterName": cluster,
            "namespace": namespace,
            "serviceAccount": service_account,
            "roleArn": role,
            "associationArn": f"{arn}/{number}",
            "associationId": number,
            "tags": tags,
            "createdAt": now,
            "modifiedAt": now,
        }
        return known[number]

    def association(self, cluster: str, number: str) -> _Association:
        """One that is there."""
        try:
            return self.of(cluster)[number]
        except KeyError:
            raise Refusal(
                "ResourceNotFoundException", f"Association with id {number} is not found in cluster {cluster}"
            ) from None

    def of(self, cluster: str) -> dict[str, _Association]:
        """All of a cluster."""
        self.describe_cluster(cluster)
        return self.associations.setdefault(cluster, {})


class Eks(EKSResponse):
    """EKS's operations."""

    @property
    def clusters(self) -> Clusters:
        """The backend by its own type."""
        return cast("Clusters", self.eks_backend)

    def create_pod_identity_association(self) -> ActionResult:
        """CreatePodIdentityAssociation."""
        cluster, namespace, account, role = (self._get_param(key) for key in ("name", "namespace", "serviceAccount", "roleArn"))
        return ActionResult(
            {"association": self.clusters.create_association(cluster, namespace, account, role, self._get_param("tags") or {})}
        )

    def describe_pod_identity_association(self) -> ActionResult:
        """DescribePodIdentityAssociation."""
        return ActionResult({"association": self.clusters.association(self._get_param("name"), self._get_param("associationId"))})

    def list_pod_identity_associations(self) -> ActionResult:
        """ListPodIdentityAssociations, by namespace and service account if they are given."""
        asked = {key: self._get_param(key) for key in ("namespace", "serviceAccount")}
        found = self.clusters.of(self._get_param("name")).values()
        return ActionResult(
            {"associations": [one for one in found if all(value in (None, one[key]) for key, value in asked.items())]}
        )

    def update_pod_identity_association(self) -> ActionResult:
        """UpdatePodIdentityAssociation: another role."""
        found = self.clusters.association(self._get_param("name"), self._get_param("associationId"))
        if role := self._get_param("roleArn"):
            _check_role(role)
            found.update(roleArn=role, modifiedAt=datetime.now(UTC))
        return ActionResult({"association": found})

    def delete_pod_identity_association(self) -> ActionResult:
        """DeletePodIdentityAssociation."""
        found = self.clusters.association(self._get_param("name"), self._get_param("associationId"))
        del self.clusters.of(found["clusterName"])[found["associationId"]]
        return ActionResult({"association": found})


def clusters(region: str) -> Clusters:
    """The account's clusters in a region."""
    return cast("Clusters", models.eks_backends[ACCOUNT][region])


def install() -> None:
    """Let moto keep clusters this way."""
    models.eks_backends.backend = Clusters


def _check_role(arn: str) -> None:
    role = next((role for role in identities().roles.values() if role.arn == arn), None)
    if role is None:
        raise Refusal("InvalidParameterException", f"Role provided in the request does not exist: {arn}")
    allowed: set[str] = set()
    statements = json.loads(role.assume_role_policy_document)["Statement"]
    for statement in [statements] if isinstance(statements, dict) else statements:
        services, actions = statement.get("Principal", {}).get("Service", []), statement.get("Action", [])
        if statement["Effect"] == "Allow" and _PRINCIPAL in ([services] if isinstance(services, str) else services):
            allowed.update([actions] if isinstance(actions, str) else actions)
    if _NEEDED - allowed:
        raise Refusal(
            "InvalidParameterException",
            f"Trust policy of role {arn} is not usable: it must allow {_PRINCIPAL} {' and '.join(sorted(_NEEDED))}",
        )
