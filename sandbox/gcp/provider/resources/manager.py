"""What the types of Certificate Manager have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from sandbox.gcp.provider import labels, operations
from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.schema import LABELS, POLICY, PROJECT, Resource
from sandbox.plugin.schema import Field
from sandbox.plugin.wire import Properties

COMMON = {"description": Field(), "name": Field(required=True, replaces=True), **LABELS, **POLICY, **PROJECT}
LOCATION = {"location": Field(replaces=True, default="global")}


class Manager(Resource):
    """A thing in one of Certificate Manager's collections.

    Attributes:
        collection: of the API.
        parameter: by which the API's method takes its name.
        sent: the inputs that the API takes as they are.
        changing: those of them that it takes again later.
    """

    collection: ClassVar[str]
    parameter: ClassVar[str]
    sent: ClassVar[tuple[str, ...]] = ("description",)
    changing: ClassVar[tuple[str, ...]] = ("description",)

    def body(self, inputs: Properties) -> Properties:
        """What is sent."""
        return {name: inputs[name] for name in self.sent if inputs.get(name) is not None}

    def insert(self, call: Call, inputs: Properties) -> None:
        """Create it."""
        parent = self.path.format(**{**call.places, **inputs}).rsplit("/", 2)[0]
        body = {**self.body(inputs), "labels": labels.wanted(call.account, inputs, {})}
        self._done(call, self.api(call).create(parent=parent, **{self.parameter: inputs["name"]}, body=body))

    def get(self, call: Call, id: str) -> Properties:  # noqa: A002
        """Get it."""
        return dict(call.execute(self.api(call).get(name=id)))

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """The API's fields; the name without its path."""
        given = {name: known.get(name) for name in ("location",) if name in self.fields}
        named = {"name": told["name"].rsplit("/", 1)[-1], "project": known["project"]}
        return {**{name: told.get(name) for name in {*self.fields, *self.computed}}, **given, **named}

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Patch what changes."""
        body = {**self.body(inputs), "labels": labels.wanted(call.account, inputs, state)}
        changed = ["labels", *(name for name in self.changing if inputs.get(name) != state.get(name))]
        sent = {name: body[name] for name in changed if name in body}
        self._done(call, self.api(call).patch(name=id, updateMask=",".join(changed), body=sent))

    def remove(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """Delete it."""
        self._done(call, self.api(call).delete(name=id))

    def api(self, call: Call) -> Any:
        """The collection."""
        return getattr(_locations(call), self.collection)()

    @staticmethod
    def _done(call: Call, request: Any) -> None:
        operations.long_running(call, _locations(call).operations(), request)


def _locations(call: Call) -> Any:
    return call.service("certificatemanager").projects().locations()
