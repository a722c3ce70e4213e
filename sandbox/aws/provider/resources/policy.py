"""aws.iam.Policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sandbox.aws.provider import tags
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.document import document
from sandbox.aws.provider.resources import iam
from sandbox.aws.provider.schema import TAGS, Resource
from sandbox.plugin.naming import unique
from sandbox.plugin.problems import doing, gone_is_fine
from sandbox.plugin.schema import AutoName, Field
from sandbox.plugin.wire import Properties

_VERSIONS = 5  # that IAM keeps of one policy


class Policy(Resource):
    """A managed policy."""

    type_name = "aws:iam/policy:Policy"
    fields: ClassVar = {
        "delayAfterPolicyCreationInMs": Field(int),
        "description": Field(replaces=True),
        "name": Field(
            replaces=True, computed=True, wrong=lambda name: None if len(name) <= 128 else "cannot be greater than 128 characters"
        ),
        "namePrefix": Field(replaces=True, computed=True),
        "path": Field(default="/", replaces=True),
        "policy": Field(required=True, same=document, wrong=iam.not_json),
        **TAGS,
    }
    computed = ("arn", "attachmentCount", "policyId")
    auto_name = AutoName(128, prefix="namePrefix")

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """The policy with its first version."""
        name = inputs.get("name") or unique(inputs.get("namePrefix") or "terraform-")
        request = {
            "Description": inputs.get("description"),
            "Path": inputs.get("path"),
            "PolicyDocument": iam.compact(inputs["policy"]),
            "PolicyName": name,
            "Tags": tags.as_list(tags.target(call.account, inputs)),
        }
        with doing(f"creating IAM Policy ({name})"):
            answer = call.client("iam").create_policy(**{key: value for key, value in request.items() if value})
        yield str(answer["Policy"]["Arn"])

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """As GetPolicy and its default version tell it."""
        with doing(f"reading IAM Policy ({id})"):
            answer = iam.find(call, "get_policy", PolicyArn=id)
            version = answer and iam.find(
                call, "get_policy_version", PolicyArn=id, VersionId=answer["Policy"]["DefaultVersionId"]
            )
            if not version:
                return None
            policy = answer["Policy"]
            return {
                "arn": policy["Arn"],
                "attachmentCount": policy.get("AttachmentCount", 0),
                "delayAfterPolicyCreationInMs": known.get("delayAfterPolicyCreationInMs"),
                "description": policy.get("Description") or None,
                "name": policy["PolicyName"],
                "namePrefix": iam.prefix(policy["PolicyName"]),
                "path": policy["Path"],
                "policy": iam.policy_text(version["PolicyVersion"]["Document"], known.get("policy")),
                "policyId": policy["PolicyId"],
                **tags.outputs(call.account, tags.as_dict(policy.get("Tags")), known),
            }

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Another document as a new version, other tags."""
        client = call.client("iam")
        if not document(state.get("policy"), inputs["policy"]):
            with doing(f"updating IAM Policy ({id})"):
                self._prune(call, id, _VERSIONS - 1)
                client.create_policy_version(PolicyArn=id, PolicyDocument=iam.compact(inputs["policy"]), SetAsDefault=True)
        with doing(f"updating tags for IAM Policy ({id})"):
            actual = tags.as_dict(iam.pages(call, "list_policy_tags", "Tags", PolicyArn=id))
            iam.retag(call, "policy", actual, inputs, PolicyArn=id)

    def delete(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """With all its versions; one that is attached is refused by AWS."""
        with doing(f"deleting IAM Policy ({id})"), gone_is_fine(iam.NO_ENTITY):
            self._prune(call, id, 1)
            call.client("iam").delete_policy(PolicyArn=id)

    @staticmethod
    def _prune(call: Call, arn: str, kept: int) -> None:
        """Delete the oldest versions, never the one in force."""
        versions: list[Any] = iam.pages(call, "list_policy_versions", "Versions", PolicyArn=arn)
        spare = sorted((item for item in versions if not item["IsDefaultVersion"]), key=lambda item: item["CreateDate"])
        for item in spare[: max(0, len(versions) - kept)]:
            call.client("iam").delete_policy_version(PolicyArn=arn, VersionId=item["VersionId"])
