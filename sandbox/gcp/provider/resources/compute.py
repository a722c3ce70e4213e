"""What the types of Compute Engine have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from sandbox.gcp.provider import labels, operations
from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.schema import Resource
from sandbox.plugin.wire import Properties


class Compute(Resource):
    """A thing in a collection of Compute Engine; its outputs are the API's fields, if not told otherwise.

    Attributes:
        collection: of the API.
        parameter: by which the API's methods take its name.
        sent: the inputs that the API takes as they are.
        renamed: outputs that have another name in the API.
    """

    collection: ClassVar[str]
    parameter: ClassVar[str]
    sent: ClassVar[tuple[str, ...]]
    renamed: ClassVar[dict[str, str]] = {}

    def where(self, call: Call) -> Properties:
        """The parameters of all methods."""
        return {"project": call.place("project")}

    def body(self, inputs: Properties) -> Properties:
        """What is sent."""
        return {name: inputs[name] for name in self.sent if inputs.get(name) is not None}

    def insert(self, call: Call, inputs: Properties) -> None:
        """Insert it."""
        operations.compute(call, self.api(call).insert(**self.where(call), body=self.body(inputs)))

    def complete(self, call: Call, id: str, inputs: Properties) -> None:  # noqa: A002
        """Compute Engine takes labels only once a thing stands."""
        if "labels" in self.fields:
            self.label(call, id, inputs, {})

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Other labels."""
        if "labels" in self.fields:
            self.label(call, id, inputs, state)

    def label(self, call: Call, id: str, inputs: Properties, state: Properties) -> None:  # noqa: A002
        """Set all labels, if they are others."""
        told, wanted = self.get(call, id), labels.wanted(call.account, inputs, state)
        if (told.get("labels") or {}) != wanted:
            body = {"labels": wanted, "labelFingerprint": told.get("labelFingerprint", "")}
            operations.compute(call, self.api(call).setLabels(**self.where(call), resource=told["name"], body=body))

    def get(self, call: Call, id: str) -> Properties:  # noqa: A002
        """Get it."""
        return dict(call.execute(self.api(call).get(**self.where(call), **{self.parameter: id.rsplit("/", 1)[-1]})))

    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """The API's fields."""
        names = {*self.fields, *self.computed}
        outputs = {name: told.get(self.renamed.get(name, name)) for name in names}
        return {**outputs, "project": known.get("project") or call.place("project")}

    def remove(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """Delete it."""
        request = self.api(call).delete(**self.where(call), **{self.parameter: id.rsplit("/", 1)[-1]})
        operations.compute(call, request)

    def api(self, call: Call) -> Any:
        """The collection."""
        return getattr(call.service("compute"), self.collection)()
