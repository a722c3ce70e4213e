"""What a resource type is: its properties, which of them force a new resource, and what is done to it in AWS."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sandbox.aws.provider import tags
from sandbox.aws.provider.account import Account
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.same import equal
from sandbox.aws.provider.wire import UNKNOWN, Properties


@dataclass(frozen=True)
class Field:
    """One input.

    Attributes:
        kind: of its values.
        required: whether it must be given.
        default: what it is if not given.
        choices: the values that AWS knows; empty for any.
        replaces: whether another value needs a new resource.
        computed: whether AWS decides if it is not given; leaving it out then changes nothing.
        same: whether an old and a new value mean the same.
        wrong: says what is wrong with a value, None if nothing is.
    """

    kind: type = str
    required: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    replaces: bool = False
    computed: bool = False
    same: Callable[[Any, Any], bool] = equal
    wrong: Callable[[Any], str | None] | None = None


TAGS = {"tags": Field(dict)}
REGION = {"region": Field(computed=True)}  # compared apart: left out, it is the provider's


@dataclass(frozen=True)
class AutoName:
    """A name that is made up from the resource's if the program gives none.

    Attributes:
        longest: that AWS takes.
        field: which input it is.
        prefix: an input that makes AWS's client choose instead.
    """

    longest: int
    field: str = "name"
    prefix: str | None = None


class Resource(ABC):
    """One type of resources. Properties are plain values under the names of the SDK's wire format.

    Attributes:
        type_name: of the type, as URNs have it.
        fields: the inputs.
        computed: outputs beyond the inputs, `tagsAll` and `region` left out.
        auto_name: the name's rule, if it has one.
        delete_first: whether AWS would take old and new for the same thing.
    """

    type_name: ClassVar[str]
    fields: ClassVar[Mapping[str, Field]]
    computed: ClassVar[tuple[str, ...]]
    auto_name: ClassVar[AutoName | None] = None
    delete_first: ClassVar[bool] = False

    @property
    def regional(self) -> bool:
        """Whether it lies in a region."""
        return "region" in self.fields

    def wrong(self, inputs: Properties) -> Iterator[tuple[str, str]]:
        """Rules between inputs: the property, and what is wrong with it. Values may be unknown."""
        yield from ()

    def meant(self, inputs: Properties) -> Properties:
        """The inputs with what AWS adds to them, for comparing them with what stands."""
        return inputs

    def planned(self, account: Account, inputs: Properties, state: Properties) -> Properties:
        """The outputs that a create (no state) or an update will have, as far as they can be known before."""
        later = dict.fromkeys(
            (*(() if state else self.computed), *(name for name, field in self.fields.items() if field.computed)), UNKNOWN
        )
        kept = {name: value for name, value in state.items() if name not in self.fields or self.fields[name].computed}
        plan = {**later, **kept, **inputs}
        if "tags" in self.fields:
            plan["tagsAll"] = tags.wanted(account, inputs)
        if self.regional:
            plan["region"] = inputs.get("region") or account.region
        return plan

    def parse(self, id: str) -> tuple[str, Properties]:  # noqa: A002 -- Pulumi's word
        """The id that the program gives to import: the resource's own id, and what else it says."""
        return id, {}

    @abstractmethod
    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """Make it: yields the id as soon as there is something to lose, then goes on until it is whole."""

    @abstractmethod
    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """All outputs, None if it is gone.

        Args:
            call: the request.
            id: of the resource.
            known: outputs so far, or inputs after a change: for what AWS does not tell, and to keep texts of the same meaning.
        """

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Make it what the inputs say; may be called again after half of it was done."""
        raise NotImplementedError(f"{self.type_name} has nothing that can be changed in place")

    @abstractmethod
    def delete(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """Delete it; fine if it is gone."""
