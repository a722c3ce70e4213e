"""What every resource goes through: made, read, changed, with nothing lost when it fails half-way."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from sandbox.plugin.call import Call
from sandbox.plugin.naming import DEFAULTS
from sandbox.plugin.problems import PartialError, ProviderError, text
from sandbox.plugin.same import absent
from sandbox.plugin.schema import Resource
from sandbox.plugin.wire import Properties

C = TypeVar("C", bound=Call)


@dataclass(frozen=True)
class Found:
    """A resource as it stands."""

    id: str
    outputs: Properties
    inputs: Properties


class Lifecycle(Generic[C]):
    """One request for one resource."""

    def __init__(self, resource: Resource[C], call: C) -> None:
        self._resource = resource
        self._call = call

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Make it; returns id and outputs.

        Raises:
            PartialError: it stands, and what follows failed.
        """
        made = ""
        try:
            for id_ in self._resource.create(self._call, inputs):
                made = id_
            return made, self._whole(made, inputs)
        except Exception as error:
            if not made:
                raise
            raise PartialError(made, self._rest(made, inputs, inputs), text(error)) from error

    def read(self, id_: str, state: Properties, inputs: Properties) -> Found | None:
        """How it stands, None if it is gone. Without a state it is imported."""
        known = state
        if not state:
            id_, known = self._resource.parse(id_)
        outputs = self._outputs(id_, known)
        if outputs is None:
            return None
        return Found(id_, outputs, self._refreshed(inputs, outputs) if state or inputs else self._imported(outputs))

    def update(self, id_: str, state: Properties, inputs: Properties) -> Properties:
        """Change it; returns the outputs.

        Raises:
            PartialError: some of it may have been done.
        """
        try:
            self._resource.update(self._call, id_, state, inputs)
            return self._whole(id_, inputs)
        except Exception as error:
            raise PartialError(id_, self._rest(id_, state, state), text(error)) from error

    def _outputs(self, id_: str, known: Properties) -> Properties | None:
        outputs = self._resource.read(self._call, id_, known)
        if outputs is not None:
            outputs |= {name: known.get(name) or self._call.ambient[name] for name in self._resource.ambient()}
        return outputs

    def _whole(self, id_: str, inputs: Properties) -> Properties:
        outputs = self._outputs(id_, inputs)
        if outputs is None:
            raise ProviderError(f"reading {self._resource.type_name} ({id_}): couldn't find resource")
        return outputs

    def _rest(self, id_: str, known: Properties, otherwise: Properties) -> Properties:
        """What stands after a failure; if not even that can be asked, what is known."""
        with suppress(Exception):
            if (outputs := self._outputs(id_, known)) is not None:
                return outputs
        return otherwise

    def _refreshed(self, inputs: Properties, outputs: Properties) -> Properties:
        """The inputs that would make what stands: those that still mean the same stay as they are written."""
        result: Properties = {}
        meant = self._resource.meant(inputs)
        for name, value in inputs.items():
            field = self._resource.fields.get(name)
            actual = outputs.get(name)
            if field is None or field.ambient or field.same(actual, meant[name]):
                result[name] = value
            elif actual is not None:
                result[name] = actual
        return result

    def _imported(self, outputs: Properties) -> Properties:
        chosen = {name: outputs.get(name) for name in self._resource.fields if not absent(outputs.get(name))}
        return {**chosen, DEFAULTS: []}
