"""Rights at AWS for service accounts of the cluster: a role each, for this stack's zones and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from components.settings.aws import AwsCloud
from components.settings.keeper import ServiceAccount

#: What a pod must be allowed to take on a role by EKS Pod Identity.
#: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html
_POD_IDENTITY = {"Service": "pods.eks.amazonaws.com"}


def statement(actions: Sequence[str], resources: Sequence[str], **more: object) -> dict[str, object]:
    """One permission of a policy."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources), **more}


def solver_policy(zone_arns: Sequence[str]) -> str:
    """What cert-manager's route53 solver needs when it is told the zone's id: TXT records of challenges, no other.

    https://cert-manager.io/docs/configuration/acme/dns01/route53/
    """
    only = {
        "ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]},
        "ForAllValues:StringLike": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": ["_acme-challenge.*"]},
    }
    return policy(
        statement(["route53:GetChange"], ["arn:aws:route53:::change/*"]),
        statement(["route53:ChangeResourceRecordSets"], zone_arns, Condition=only),
        statement(["route53:ListResourceRecordSets"], zone_arns),
    )


def external_dns_policy(zone_arns: Sequence[str]) -> str:
    """What external-dns needs; listing zones is a right that AWS gives for all zones or none.

    https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/aws/
    """
    return policy(
        statement(
            ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets", "route53:ListTagsForResources"], zone_arns
        ),
        statement(["route53:ListHostedZones"], ["*"]),
    )


def policy(*statements: dict[str, object]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


class AwsIdentity(pulumi.ComponentResource):
    """Creates a role with one policy, and lets one service account of the cluster take it on.

    By EKS Pod Identity (an association; pods started before it have to be restarted) or by IRSA (the role trusts the
    cluster's OIDC
    provider; the service account must carry the annotation eks.amazonaws.com/role-arn).
    """

    def __init__(
        self,
        name: str,
        *,
        stack: str,
        cluster: str,
        account: ServiceAccount,
        settings: AwsCloud,
        allows: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:clouds:AwsIdentity", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        by_pod = settings.identity.pod_identity is not None
        role = aws.iam.Role(
            name,
            name=f"{stack}-{name}"[:64],
            description=f"{name} of stack {stack} in cluster {cluster}",
            assume_role_policy=_by_pod_identity() if by_pod else self._by_oidc(cluster, account),
            opts=child,
        )
        # A policy of its own and not one written into the role: it shows in the account's list of policies.
        made = aws.iam.Policy(name, name=f"{stack}-{name}"[:128], policy=allows, opts=child)
        self.attached = aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=made.arn, opts=child)
        self.role_arn = role.arn
        #: What the service account must carry.
        self.account_annotations: dict[str, pulumi.Input[str]] = {} if by_pod else {"eks.amazonaws.com/role-arn": role.arn}
        self.ready: list[pulumi.Resource] = [self.attached]
        if by_pod:
            self.ready += [
                aws.eks.PodIdentityAssociation(
                    name,
                    cluster_name=cluster,
                    namespace=account.namespace,
                    service_account=account.name,
                    role_arn=role.arn,
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[self.attached]),
                )
            ]
        self.register_outputs({"role_arn": self.role_arn})

    def _by_oidc(self, cluster: str, account: ServiceAccount) -> pulumi.Output[str]:
        """Only this service account, with a token made for AWS.

        https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
        """
        look = pulumi.InvokeOutputOptions(parent=self)
        issuer = aws.eks.get_cluster_output(name=cluster, opts=look).identities[0].oidcs[0].issuer
        provider = aws.iam.get_open_id_connect_provider_output(url=issuer, opts=look)
        subject = f"system:serviceaccount:{account.namespace}:{account.name}"

        def document(found: Mapping[str, str]) -> str:
            host = found["issuer"].removeprefix("https://")
            equal = {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": subject}
            whom = {"Federated": found["provider"]}
            return _trust("sts:AssumeRoleWithWebIdentity", whom, Condition={"StringEquals": equal})

        return pulumi.Output.all(issuer=issuer, provider=provider.arn).apply(document)


def _by_pod_identity() -> str:
    return _trust("sts:AssumeRole", _POD_IDENTITY, actions=["sts:AssumeRole", "sts:TagSession"])


def _trust(action: str, principal: Mapping[str, str], actions: Sequence[str] = (), **more: object) -> str:
    return policy({"Effect": "Allow", "Principal": dict(principal), "Action": list(actions) or action, **more})
