"""What the resource types of Google Cloud have in common: a project, labels, a policy of deletion, and ids that are paths."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from sandbox.gcp.provider import labels
from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.refusals import GONE
from sandbox.plugin import schema as plugin
from sandbox.plugin.problems import ProviderError, code, doing, gone_is_fine
from sandbox.plugin.same import equal
from sandbox.plugin.schema import AutoName, Change, Field
from sandbox.plugin.wire import Properties

PROJECT = {"project": Field(computed=True, ambient=True)}
LABELS = {"labels": Field(dict)}
POLICY = {"deletionPolicy": Field(default="DELETE", choices=("DELETE", "ABANDON", "PREVENT"))}
_LABELED = ("effectiveLabels", "pulumiLabels")


def link(old: Any, new: Any) -> bool:
    """The same thing, by its name or by any of its URLs."""
    return equal(str(old or "").rsplit("/", 1)[-1], str(new or "").rsplit("/", 1)[-1])


class Resource(plugin.Resource[Call]):
    """One type whose id is its path in the API.

    Attributes:
        kind: what errors call it.
        path: the id, with its parts in braces.
    """

    kind: ClassVar[str]
    path: ClassVar[str]
    auto_name: ClassVar[AutoName | None] = AutoName(63)

    def parse(self, id: str) -> tuple[str, Properties]:  # noqa: A002
        """The whole path; the rest is asked for."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        if not (found := re.fullmatch(f"(?:.*/)?{pattern}", id)):
            raise ProviderError(f"Import id {id!r} doesn't match the accepted format {self.path}")
        return self.path.format(**found.groupdict()), dict(found.groupdict())

    def planned(self, call: Call, inputs: Properties, state: Properties) -> Properties:
        """With all labels, which are known before."""
        plan = super().planned(call, inputs, state)
        if "labels" in self.fields:
            plan |= dict.fromkeys(_LABELED, labels.wanted(call.account, inputs, state))
        return plan

    def beyond(self, call: Call, state: Properties, news: Properties) -> Iterator[Change]:
        """Other default labels of the provider."""
        if "labels" in self.fields and equal(state.get("labels"), news.get("labels")):
            every = labels.wanted(call.account, news, state)
            if not equal(state.get("pulumiLabels"), every):
                yield Change("pulumiLabels", state.get("pulumiLabels"), every)

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """Make it, then what only a thing that stands can be given."""
        id_ = self.path.format(**{**call.places, **inputs})
        with doing(f"Error creating {self.kind}"):
            self.insert(call, inputs)
        yield id_
        with doing(f"Error creating {self.kind} {id_!r}"):
            self.complete(call, id_, inputs)

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """As the API tells it."""
        with doing(f"Error when reading or editing {self.kind} {id!r}"):
            try:
                told = self.get(call, id)
            except Exception as error:
                if code(error) in GONE:
                    return None
                raise
            outputs = self.outputs(call, told, {**self.parse(id)[1], **known})
        if "labels" in self.fields:
            outputs |= labels.outputs(call.account, told.get("labels"), known)
        if "deletionPolicy" in self.fields:
            outputs["deletionPolicy"] = known.get("deletionPolicy") or "DELETE"
        return outputs

    def delete(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """Delete it, unless the program forbids that."""
        if state.get("deletionPolicy") == "ABANDON":
            return
        if state.get("deletionPolicy") == "PREVENT":
            raise ProviderError(f"cannot destroy {self.kind} {id!r} without setting deletionPolicy to DELETE or ABANDON")
        with doing(f"Error when reading or editing {self.kind}"), gone_is_fine(*GONE):
            self.remove(call, id, state)

    @abstractmethod
    def insert(self, call: Call, inputs: Properties) -> None:
        """Make it."""

    def complete(self, call: Call, id: str, inputs: Properties) -> None:  # noqa: A002 -- most have nothing to add
        """Give what stands the rest."""

    @abstractmethod
    def get(self, call: Call, id: str) -> Properties:  # noqa: A002
        """What the API tells."""

    @abstractmethod
    def outputs(self, call: Call, told: Properties, known: Properties) -> Properties:
        """Outputs from it, labels left out."""

    @abstractmethod
    def remove(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """Delete it."""
