"""One member in one role of a thing's policy: of a project, of a service account, of a DNS zone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.refusals import GONE
from sandbox.gcp.provider.schema import PROJECT, link
from sandbox.plugin import schema as plugin
from sandbox.plugin.problems import ProviderError, doing, gone_is_fine
from sandbox.plugin.schema import Field
from sandbox.plugin.wire import Properties

# Somebody else has changed the policy since it was read: it is read again.
_CONFLICT = ("ABORTED", "conflict", "aborted", "conditionNotMet", "FAILED_PRECONDITION")
_PATIENCE = 60.0
_COMMON = {
    "condition": Field(dict, replaces=True),
    "member": Field(required=True, replaces=True),
    "role": Field(required=True, replaces=True),
}


class Member(plugin.Resource[Call]):
    """A member of a role.

    Attributes:
        target: the input that says of what.
    """

    target: ClassVar[str]
    computed = ("etag",)
    # Old and new are one thing to Google if they differ only in how the target is written.
    delete_first = True

    @abstractmethod
    def whole(self, call: Call, known: Properties) -> str:
        """The id of what has the policy."""

    @abstractmethod
    def get_policy(self, call: Call, target: str) -> Any:
        """The request that gets the policy."""

    @abstractmethod
    def set_policy(self, call: Call, target: str, policy: Properties) -> Any:
        """The request that sets it."""

    def parse(self, id: str) -> tuple[str, Properties]:  # noqa: A002
        """The three parts, with spaces between them."""
        parts = id.split()
        if len(parts) != 3:
            raise ProviderError(f"Wrong number of parts to import id {id!r}; expected 'resource role member'")
        return "/".join(parts), {self.target: parts[0], "role": parts[1], "member": parts[2]}

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """Add it; fine if it is there."""
        target, member = self.whole(call, inputs), inputs["member"]

        def add(bindings: list[Properties]) -> None:
            if not (mine := [one for one in bindings if _is(one, inputs)]):
                mine = [{"role": inputs["role"], "members": []}]
                if inputs.get("condition"):
                    mine[0]["condition"] = inputs["condition"]
                bindings += mine
            mine[0]["members"] = sorted({*mine[0].get("members", ()), member})

        with doing(f"Error applying IAM policy for {target!r}"):
            self._change(call, target, add)
        yield f"{target}/{inputs['role']}/{member}"

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """Whether it is there."""
        policy: Properties = {}
        target = self.whole(call, known)
        with doing(f"Error retrieving IAM policy for {target!r}"), gone_is_fine(*GONE):
            policy = call.execute(self.get_policy(call, target))
        if not any(_is(one, known) and known["member"] in one.get("members", ()) for one in policy.get("bindings") or ()):
            return None
        outputs = {name: known.get(name) for name in self.fields}
        return {**outputs, "etag": policy.get("etag")}

    def delete(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """Take it away."""

        def take(bindings: list[Properties]) -> None:
            for one in (one for one in bindings if _is(one, state)):
                one["members"] = [member for member in one.get("members", ()) if member != state["member"]]
            bindings[:] = [one for one in bindings if one.get("members")]

        target = self.whole(call, state)
        with doing(f"Error applying IAM policy for {target!r}"), gone_is_fine(*GONE):
            self._change(call, target, take)

    def _change(self, call: Call, target: str, change: Callable[[list[Properties]], None]) -> None:
        def once() -> None:
            policy = call.execute(self.get_policy(call, target))
            bindings = policy.setdefault("bindings", [])
            change(bindings)
            call.execute(self.set_policy(call, target, {**policy, "version": 3}))

        call.insist(once, _CONFLICT, call.seconds(_PATIENCE))


class ProjectMember(Member):
    """gcp.projects.IAMMember."""

    type_name = "gcp:projects/iAMMember:IAMMember"
    target = "project"
    fields: ClassVar = {**_COMMON, "project": Field(required=True, replaces=True)}

    def whole(self, call: Call, known: Properties) -> str:
        """The project, with or without the word."""
        return str(known["project"]).removeprefix("projects/")

    def get_policy(self, call: Call, target: str) -> Any:
        """Version 3 has conditions."""
        body = {"options": {"requestedPolicyVersion": 3}}
        return call.service("cloudresourcemanager").projects().getIamPolicy(resource=f"projects/{target}", body=body)

    def set_policy(self, call: Call, target: str, policy: Properties) -> Any:
        """Of the project."""
        return (
            call.service("cloudresourcemanager").projects().setIamPolicy(resource=f"projects/{target}", body={"policy": policy})
        )


class AccountMember(Member):
    """gcp.serviceaccount.IAMMember."""

    type_name = "gcp:serviceaccount/iAMMember:IAMMember"
    target = "serviceAccountId"
    fields: ClassVar = {**_COMMON, "serviceAccountId": Field(required=True, replaces=True)}

    def whole(self, call: Call, known: Properties) -> str:
        """The account's path."""
        return str(known["serviceAccountId"])

    def get_policy(self, call: Call, target: str) -> Any:
        """Version 3 has conditions."""
        api = call.service("iam").projects().serviceAccounts()
        return api.getIamPolicy(resource=target, options_requestedPolicyVersion=3)

    def set_policy(self, call: Call, target: str, policy: Properties) -> Any:
        """Of the account."""
        return call.service("iam").projects().serviceAccounts().setIamPolicy(resource=target, body={"policy": policy})


class ZoneMember(Member):
    """gcp.dns.DnsManagedZoneIamMember."""

    type_name = "gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember"
    target = "managedZone"
    fields: ClassVar = {**_COMMON, **PROJECT, "managedZone": Field(required=True, replaces=True, same=link)}

    def whole(self, call: Call, known: Properties) -> str:
        """The zone's path."""
        return f"projects/{call.place('project')}/managedZones/{str(known['managedZone']).rsplit('/', 1)[-1]}"

    def get_policy(self, call: Call, target: str) -> Any:
        """Version 3 has conditions."""
        body = {"options": {"requestedPolicyVersion": 3}}
        return call.service("dns").managedZones().getIamPolicy(resource=target, body=body)

    def set_policy(self, call: Call, target: str, policy: Properties) -> Any:
        """Of the zone."""
        return call.service("dns").managedZones().setIamPolicy(resource=target, body={"policy": policy})


def _is(binding: Properties, known: Properties) -> bool:
    """Whether it is the binding of that role on that condition."""
    return binding["role"] == known["role"] and (binding.get("condition") or None) == (known.get("condition") or None)
