"""IAM: nothing that is attached goes away, and what is not there cannot be deleted."""

from __future__ import annotations

from typing import cast

from moto.iam import models

from sandbox.aws.base import ACCOUNT, PARTITION, Refusal


class Identities(models.IAMBackend):
    """IAM's roles, policies and providers; roles are refused rightly by moto itself."""

    def delete_policy(self, policy_arn: str) -> None:
        """Moto deletes an attached one, and one with further versions."""
        policy = self.get_policy(policy_arn)
        if policy.attachment_count:
            raise Refusal("DeleteConflict", "Cannot delete a policy attached to entities.")
        if len(policy.versions) > 1:
            raise Refusal(
                "DeleteConflict",
                "This policy has more than one version. Before you delete a policy, you must delete the other versions.",
            )
        super().delete_policy(policy_arn)

    def delete_open_id_connect_provider(self, arn: str) -> None:
        """Moto says yes to one that is not there."""
        if arn not in self.open_id_providers:
            raise Refusal("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}")
        super().delete_open_id_connect_provider(arn)


def identities() -> Identities:
    """The account's identities."""
    return cast("Identities", models.iam_backends[ACCOUNT][PARTITION])


def install() -> None:
    """Let moto keep identities this way."""
    models.iam_backends.backend = Identities
