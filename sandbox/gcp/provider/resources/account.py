"""gcp.serviceaccount.Account."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, ClassVar

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.schema import POLICY, PROJECT, Resource
from sandbox.plugin.problems import gone_is_fine
from sandbox.plugin.schema import AutoName, Field
from sandbox.plugin.wire import Properties

_TAKEN = ("alreadyExists", "ALREADY_EXISTS")


class Account(Resource):
    """An identity that programs have."""

    type_name = "gcp:serviceaccount/account:Account"
    kind, path = "service account", "projects/{project}/serviceAccounts/{email}"
    auto_name = AutoName(30, field="accountId")
    fields: ClassVar = {
        "accountId": Field(required=True, replaces=True),
        "createIgnoreAlreadyExists": Field(bool),
        "description": Field(),
        "disabled": Field(bool, default=False),
        "displayName": Field(),
        **POLICY,
        **PROJECT,
    }
    computed = ("email", "member", "name", "uniqueId")

    def insert(self, call: Call, inputs: Properties) -> None:
        """Create it."""
        told = {name: inputs[name] for name in ("description", "displayName") if inputs.get(name) is not None}
        body = {"accountId": inputs["accountId"], "serviceAccount": told}
        with gone_is_fine(*_TAKEN) if inputs.get("createIgnoreAlreadyExists") else nullcontext():
            call.execute(_api(call).create(name=f"projects/{call.place('project')}", body=body))

    def create(self, call: Call, inputs: Properties) -> Any:
        """Its e-mail address follows from its name."""
        email = f"{inputs['accountId']}@{call.place('project')}.iam.gserviceaccount.com"
        return super().create(call, {**inputs, "email": email})

    def complete(self, call: Call, id: str, inputs: Properties) -> None:  # noqa: A002
        """It stands enabled at first."""
        if inputs.get("disabled"):
            call.execute(_api(call).disable(name=id, body={}))

    def get(self, call: Call, id: str) -> Properties:  # noqa: A002
        """Get it."""
        return dict(call.execute(_api(call).get(name=id)))

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """The API's fields."""
        return {
            "accountId": told["email"].partition("@")[0],
            "createIgnoreAlreadyExists": known.get("createIgnoreAlreadyExists"),
            "description": told.get("description", ""),
            "disabled": bool(told.get("disabled")),
            "displayName": told.get("displayName", ""),
            "email": told["email"],
            "member": f"serviceAccount:{told['email']}",
            "name": told["name"],
            "project": told["projectId"],
            "uniqueId": told["uniqueId"],
        }

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Other words about it, enabled or not."""
        changed = {
            name: inputs.get(name) or ""
            for name in ("description", "displayName")
            if (inputs.get(name) or "") != (state.get(name) or "")
        }
        if changed:
            body = {"serviceAccount": changed, "updateMask": ",".join(changed)}
            call.execute(_api(call).patch(name=id, body=body))
        if bool(inputs.get("disabled")) != bool(state.get("disabled")):
            change = _api(call).disable if inputs.get("disabled") else _api(call).enable
            call.execute(change(name=id, body={}))

    def remove(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """Delete it."""
        call.execute(_api(call).delete(name=id))


def _api(call: Call) -> Any:
    return call.service("iam").projects().serviceAccounts()
