"""aws.iam.Role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any, ClassVar

from sandbox.aws.provider import tags
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.document import document
from sandbox.aws.provider.resources import iam
from sandbox.aws.provider.schema import TAGS, Resource
from sandbox.plugin.naming import unique
from sandbox.plugin.problems import doing, gone_is_fine
from sandbox.plugin.same import unordered
from sandbox.plugin.schema import AutoName, Field
from sandbox.plugin.wire import Properties

_HOUR, _HALF_DAY = 3600, 43200


def _inline(old: Any, new: Any) -> bool:
    before = {item.get("name"): item.get("policy") for item in old or () if item.get("name")}
    after = {item.get("name"): item.get("policy") for item in new or () if item.get("name")}
    return before.keys() == after.keys() and all(document(before[name], after[name]) for name in before)


class Role(Resource):
    """A role, with the policies that the program puts into it."""

    type_name = "aws:iam/role:Role"
    fields: ClassVar = {
        "assumeRolePolicy": Field(required=True, same=document, wrong=iam.not_json),
        "description": Field(
            wrong=lambda text: None if len(text) <= 1000 else "expected length of description to be at most 1000"
        ),
        "forceDetachPolicies": Field(bool, default=False),
        "inlinePolicies": Field(list, computed=True, same=_inline),
        "managedPolicyArns": Field(list, computed=True, same=unordered),
        "maxSessionDuration": Field(
            int,
            default=_HOUR,
            wrong=lambda seconds: (
                None if _HOUR <= seconds <= _HALF_DAY else f"expected a number in ({_HOUR} - {_HALF_DAY}), got {seconds}"
            ),
        ),
        "name": Field(
            replaces=True, computed=True, wrong=lambda name: None if len(name) <= 64 else "cannot be greater than 64 characters"
        ),
        "namePrefix": Field(replaces=True, computed=True),
        "path": Field(default="/", replaces=True),
        "permissionsBoundary": Field(),
        **TAGS,
    }
    computed = ("arn", "createDate", "uniqueId")
    auto_name = AutoName(64, prefix="namePrefix")

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """The role, then its policies."""
        name = inputs.get("name") or unique(inputs.get("namePrefix") or "terraform-")
        request = {
            "AssumeRolePolicyDocument": iam.compact(inputs["assumeRolePolicy"]),
            "Description": inputs.get("description"),
            "MaxSessionDuration": inputs.get("maxSessionDuration"),
            "Path": inputs.get("path"),
            "PermissionsBoundary": inputs.get("permissionsBoundary"),
            "RoleName": name,
            "Tags": tags.as_list(tags.target(call.account, inputs)),
        }
        request = {key: value for key, value in request.items() if value}
        with doing(f"creating IAM Role ({name})"):
            self._insist(call, lambda: call.client("iam").create_role(**request))
        yield name
        self._fill(call, name, inputs)

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """As GetRole and the listings of its policies tell it."""
        with doing(f"reading IAM Role ({id})"):
            answer = iam.find(call, "get_role", RoleName=id)
            if answer is None:
                return None
            role = answer["Role"]
            attached = iam.pages(call, "list_attached_role_policies", "AttachedPolicies", RoleName=id)
            inline = self._inline(call, id)
            same = known.get("inlinePolicies") is not None and _inline(known["inlinePolicies"], inline)
            return {
                "arn": role["Arn"],
                "assumeRolePolicy": iam.policy_text(role["AssumeRolePolicyDocument"], known.get("assumeRolePolicy")),
                "createDate": role["CreateDate"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "description": role.get("Description") or None,
                "forceDetachPolicies": bool(known.get("forceDetachPolicies")),
                "inlinePolicies": known["inlinePolicies"] if same else inline,
                "managedPolicyArns": sorted(item["PolicyArn"] for item in attached),
                "maxSessionDuration": role.get("MaxSessionDuration", _HOUR),
                "name": role["RoleName"],
                "namePrefix": iam.prefix(role["RoleName"]),
                "path": role["Path"],
                "permissionsBoundary": (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
                "uniqueId": role["RoleId"],
                **tags.outputs(call.account, tags.as_dict(role.get("Tags")), known),
            }

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Whatever is not its name or path."""
        client = call.client("iam")
        if not document(state.get("assumeRolePolicy"), inputs["assumeRolePolicy"]):
            with doing(f"updating IAM Role ({id}) assume role policy"):
                text = iam.compact(inputs["assumeRolePolicy"])
                self._insist(call, lambda: client.update_assume_role_policy(RoleName=id, PolicyDocument=text))
        if any(state.get(name) != inputs.get(name) for name in ("description", "maxSessionDuration")):
            with doing(f"updating IAM Role ({id})"):
                client.update_role(
                    RoleName=id,
                    Description=inputs.get("description") or "",
                    MaxSessionDuration=inputs.get("maxSessionDuration") or _HOUR,
                )
        boundary = inputs.get("permissionsBoundary")
        if state.get("permissionsBoundary") != boundary:
            with doing(f"updating IAM Role ({id}) permissions boundary"), gone_is_fine(iam.NO_ENTITY):
                if boundary:
                    client.put_role_permissions_boundary(RoleName=id, PermissionsBoundary=boundary)
                else:
                    client.delete_role_permissions_boundary(RoleName=id)
        self._fill(call, id, inputs)
        with doing(f"updating tags for IAM Role ({id})"):
            actual = tags.as_dict(client.get_role(RoleName=id)["Role"].get("Tags"))
            iam.retag(call, "role", actual, inputs, RoleName=id)

    def delete(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """With the policies that the state says are its own; others make AWS refuse, unless `forceDetachPolicies` is set."""
        client, force = call.client("iam"), bool(state.get("forceDetachPolicies"))
        with doing(f"deleting IAM Role ({id})"), gone_is_fine(iam.NO_ENTITY):
            for profile in iam.pages(call, "list_instance_profiles_for_role", "InstanceProfiles", RoleName=id):
                client.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=id)
            if force or state.get("managedPolicyArns"):
                for item in iam.pages(call, "list_attached_role_policies", "AttachedPolicies", RoleName=id):
                    client.detach_role_policy(RoleName=id, PolicyArn=item["PolicyArn"])
            if force or state.get("inlinePolicies"):
                for item in self._inline(call, id):
                    client.delete_role_policy(RoleName=id, PolicyName=item["name"])
            client.delete_role(RoleName=id)

    @staticmethod
    def _insist(call: Call, change: Any) -> None:
        """A principal that was made just now is not known everywhere yet."""
        call.insist(change, ("MalformedPolicyDocument",), call.seconds(iam.PROPAGATION), "Invalid principal in policy")

    @staticmethod
    def _inline(call: Call, name: str) -> list[Properties]:
        found = []
        for policy in iam.pages(call, "list_role_policies", "PolicyNames", RoleName=name):
            answer = call.client("iam").get_role_policy(RoleName=name, PolicyName=policy)
            found.append({"name": policy, "policy": iam.policy_text(answer["PolicyDocument"], None)})
        return found

    def _fill(self, call: Call, name: str, inputs: Properties) -> None:
        """Put in the policies that are given; ones that are not given are none of this resource's business."""
        client = call.client("iam")
        with doing(f"updating IAM Role ({name}) policies"):
            if (inline := inputs.get("inlinePolicies")) is not None:
                kept = {item["name"] for item in inline if item.get("name")}
                for item in (item for item in self._inline(call, name) if item["name"] not in kept):
                    client.delete_role_policy(RoleName=name, PolicyName=item["name"])
                for item in (item for item in inline if item.get("name")):
                    client.put_role_policy(RoleName=name, PolicyName=item["name"], PolicyDocument=item.get("policy") or "")
            if (managed := inputs.get("managedPolicyArns")) is not None:
                attached = {
                    item["PolicyArn"]
                    for item in iam.pages(call, "list_attached_role_policies", "AttachedPolicies", RoleName=name)
                }
                for arn in attached - set(managed):
                    client.detach_role_policy(RoleName=name, PolicyArn=arn)
                for arn in set(managed) - attached:
                    client.attach_role_policy(RoleName=name, PolicyArn=arn)
