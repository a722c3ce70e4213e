"""aws.iam.RolePolicyAttachment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from sandbox.aws.provider.call import Call
from sandbox.aws.provider.resources import iam
from sandbox.aws.provider.schema import Resource
from sandbox.plugin.naming import unique
from sandbox.plugin.problems import ProviderError, doing, gone_is_fine
from sandbox.plugin.schema import Field
from sandbox.plugin.wire import Properties


class RolePolicyAttachment(Resource):
    """A managed policy in a role."""

    type_name = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    fields: ClassVar = {"policyArn": Field(required=True, replaces=True), "role": Field(required=True, replaces=True)}
    computed = ()
    # Made anew and then deleted, it would be gone: both are one thing in AWS (pulumi/pulumi-aws, provider/resources.go).
    delete_first = True

    def parse(self, id: str) -> tuple[str, Properties]:  # noqa: A002
        """ROLE/POLICY-ARN."""
        role, slash, arn = id.partition("/")
        if not (role and slash and arn):
            raise ProviderError(f'unexpected format of ID ("{id}"), expected <role-name>/<policy_arn>')
        return f"{role}-{arn}", {"role": role, "policyArn": arn}

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """Attach it; fine if it is attached."""
        role, arn = inputs["role"], inputs["policyArn"]
        with doing(f"attaching IAM Policy ({arn}) to IAM Role ({role})"):
            call.client("iam").attach_role_policy(RoleName=role, PolicyArn=arn)
        yield unique(f"{role}-")

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """Whether it is attached."""
        role, arn = known["role"], known["policyArn"]
        attached: list[Properties] = []
        with doing(f"reading IAM Role ({role}) Policy Attachment ({arn})"), gone_is_fine(iam.NO_ENTITY):
            attached = iam.pages(call, "list_attached_role_policies", "AttachedPolicies", RoleName=role)
        return {"policyArn": arn, "role": role} if any(item["PolicyArn"] == arn for item in attached) else None

    def delete(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """Detach it."""
        role, arn = state["role"], state["policyArn"]
        with doing(f"detaching IAM Policy ({arn}) from IAM Role ({role})"), gone_is_fine(iam.NO_ENTITY):
            call.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn)
