"""What the resource types of AWS have in common: tags, and the region that they lie in."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.aws.provider import tags
from sandbox.aws.provider.call import Call
from sandbox.plugin import schema as plugin
from sandbox.plugin.same import equal
from sandbox.plugin.schema import Change, Field
from sandbox.plugin.wire import Properties

TAGS = {"tags": Field(dict)}
REGION = {"region": Field(computed=True, ambient=True)}


class Resource(plugin.Resource[Call]):
    """One type of resources of AWS; `tagsAll` is an output of those that have tags."""

    def planned(self, call: Call, inputs: Properties, state: Properties) -> Properties:
        """With all tags, which are known before."""
        plan = super().planned(call, inputs, state)
        if "tags" in self.fields:
            plan["tagsAll"] = tags.wanted(call.account, inputs)
        return plan

    def beyond(self, call: Call, state: Properties, news: Properties) -> Iterator[Change]:
        """Other default tags of the provider."""
        if "tagsAll" in state:
            every = tags.wanted(call.account, news)
            if equal(state.get("tags"), news.get("tags")) and not equal(state["tagsAll"], every):
                yield Change("tagsAll", state["tagsAll"], every)
