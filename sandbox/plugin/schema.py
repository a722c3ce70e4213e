"""What a resource type is: its properties, which of them force a new resource, and what is done to it in its cloud."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from sandbox.plugin.call import Call
from sandbox.plugin.same import equal
from sandbox.plugin.wire import UNKNOWN, Properties

C_contra = TypeVar("C_contra", bound=Call, contravariant=True)


@dataclass(frozen=True)
class Field:
    """One input.

    Attributes:
        kind: of its values.
        required: whether it must be given.
        default: what it is if not given.
        choices: the values that the cloud knows; empty for any.
        replaces: whether another value needs a new resource.
        computed: whether the cloud decides if it is not given; leaving it out then changes nothing.
        ambient: whether the provider's configuration decides if it is not given; another value needs a new resource.
        same: whether an old and a new value mean the same.
        wrong: says what is wrong with a value, None if nothing is.
    """

    kind: type = str
    required: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    replaces: bool = False
    computed: bool = False
    ambient: bool = False
    same: Callable[[Any, Any], bool] = equal
    wrong: Callable[[Any], str | None] | None = None


@dataclass(frozen=True)
class AutoName:
    """A name that is made up from the resource's if the program gives none.

    Attributes:
        longest: that the cloud takes.
        field: which input it is.
        prefix: an input that makes the cloud's client choose instead.
    """

    longest: int
    field: str = "name"
    prefix: str | None = None


@dataclass(frozen=True)
class Change:
    """One property that differs."""

    name: str
    old: Any
    new: Any
    replaces: bool = False


class Resource(ABC, Generic[C_contra]):
    """One type of resources. Properties are plain values under the names of the SDK's wire format.

    Attributes:
        type_name: of the type, as URNs have it.
        fields: the inputs.
        computed: outputs beyond the inputs.
        auto_name: the name's rule, if it has one.
        delete_first: whether the cloud would take old and new for the same thing.
    """

    type_name: ClassVar[str]
    fields: ClassVar[Mapping[str, Field]]
    computed: ClassVar[tuple[str, ...]]
    auto_name: ClassVar[AutoName | None] = None
    delete_first: ClassVar[bool] = False

    def wrong(self, inputs: Properties) -> Iterator[tuple[str, str]]:
        """Rules between inputs: the property, and what is wrong with it. Values may be unknown."""
        yield from ()

    def meant(self, inputs: Properties) -> Properties:
        """The inputs with what the cloud adds to them, for comparing them with what stands."""
        return inputs

    def planned(self, call: C_contra, inputs: Properties, state: Properties) -> Properties:
        """The outputs that a create (no state) or an update will have, as far as they can be known before."""
        later = dict.fromkeys(
            (*(() if state else self.computed), *(name for name, field in self.fields.items() if field.computed)), UNKNOWN
        )
        kept = {name: value for name, value in state.items() if name not in self.fields or self.fields[name].computed}
        plan = {**later, **kept, **inputs}
        for name in self.ambient():
            plan[name] = inputs.get(name) or call.ambient[name]
        return plan

    def ambient(self) -> list[str]:
        """Inputs that the provider's configuration decides if they are not given."""
        return [name for name, field in self.fields.items() if field.ambient]

    def beyond(self, call: C_contra, state: Properties, news: Properties) -> Iterator[Change]:
        """Differences that no input tells, such as other default tags of the provider."""
        yield from ()

    def parse(self, id: str) -> tuple[str, Properties]:  # noqa: A002 -- Pulumi's word
        """The id that the program gives to import: the resource's own id, and what else it says."""
        return id, {}

    @abstractmethod
    def create(self, call: C_contra, inputs: Properties) -> Iterator[str]:
        """Make it: yields the id as soon as there is something to lose, then goes on until it is whole."""

    @abstractmethod
    def read(self, call: C_contra, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """All outputs, None if it is gone.

        Args:
            call: the request.
            id: of the resource.
            known: outputs so far, or inputs after a change: for what is not told, and to keep texts of the same meaning.
        """

    def update(self, call: C_contra, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Make it what the inputs say; may be called again after half of it was done."""
        raise NotImplementedError(f"{self.type_name} has nothing that can be changed in place")

    @abstractmethod
    def delete(self, call: C_contra, id: str, state: Properties) -> None:  # noqa: A002
        """Delete it; fine if it is gone."""
