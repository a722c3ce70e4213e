"""aws.iam.OpenIdConnectProvider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sandbox.aws.provider import tags
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.resources import iam
from sandbox.aws.provider.schema import TAGS, Resource
from sandbox.plugin.problems import doing, gone_is_fine
from sandbox.plugin.same import equal, unordered
from sandbox.plugin.schema import Field
from sandbox.plugin.wire import Properties

_DIGEST = 40  # hex digits of a thumbprint


def _bare(url: Any) -> Any:
    return url.removeprefix("https://") if isinstance(url, str) else url


class OpenIdConnectProvider(Resource):
    """An issuer of tokens whose word the account takes."""

    type_name = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    fields: ClassVar = {
        "clientIdLists": Field(list, required=True, same=unordered),
        "thumbprintLists": Field(
            list,
            computed=True,
            wrong=lambda given: None if all(len(str(item)) == _DIGEST for item in given) else f"expected length to be {_DIGEST}",
        ),
        "url": Field(
            required=True,
            replaces=True,
            same=lambda old, new: equal(_bare(old), _bare(new)),
            wrong=lambda url: (
                None if url.startswith("https://") else f'expected "url" to have a url with schema of: "https", got {url}'
            ),
        ),
        **TAGS,
    }
    computed = ("arn",)

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """Make it."""
        request = {
            "Url": inputs["url"],
            "ClientIDList": inputs["clientIdLists"],
            "ThumbprintList": inputs.get("thumbprintLists"),
            "Tags": tags.as_list(tags.target(call.account, inputs)),
        }
        with doing("creating IAM OIDC Provider"):
            answer = call.client("iam").create_open_id_connect_provider(**{key: value for key, value in request.items() if value})
        yield str(answer["OpenIDConnectProviderArn"])

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """As GetOpenIDConnectProvider tells it."""
        with doing(f"reading IAM OIDC Provider ({id})"):
            answer = iam.find(call, "get_open_id_connect_provider", OpenIDConnectProviderArn=id)
        if answer is None:
            return None
        clients = answer.get("ClientIDList") or []
        return {
            "arn": id,
            "clientIdLists": known["clientIdLists"] if unordered(known.get("clientIdLists"), clients) else sorted(clients),
            "thumbprintLists": answer.get("ThumbprintList") or [],
            "url": answer["Url"],
            **tags.outputs(call.account, tags.as_dict(answer.get("Tags")), known),
        }

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Other thumbprints, clients, tags."""
        client = call.client("iam")
        with doing(f"updating IAM OIDC Provider ({id})"):
            now = client.get_open_id_connect_provider(OpenIDConnectProviderArn=id)
            prints = inputs.get("thumbprintLists")
            if prints and prints != now.get("ThumbprintList"):
                client.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=id, ThumbprintList=prints)
            old, new = set(now.get("ClientIDList") or ()), set(inputs["clientIdLists"])
            for name in sorted(new - old):
                client.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=id, ClientID=name)
            for name in sorted(old - new):
                client.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=id, ClientID=name)
            iam.retag(call, "open_id_connect_provider", tags.as_dict(now.get("Tags")), inputs, OpenIDConnectProviderArn=id)

    def delete(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """Delete it."""
        with doing(f"deleting IAM OIDC Provider ({id})"), gone_is_fine(iam.NO_ENTITY):
            call.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=id)
