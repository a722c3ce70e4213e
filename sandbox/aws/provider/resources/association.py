"""aws.eks.PodIdentityAssociation."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any, ClassVar

from sandbox.aws.provider import tags
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.document import document
from sandbox.aws.provider.resources import iam
from sandbox.aws.provider.schema import REGION, TAGS, Resource
from sandbox.plugin.problems import ProviderError, code, doing, gone_is_fine
from sandbox.plugin.schema import Field
from sandbox.plugin.wire import Properties

_GONE = "ResourceNotFoundException"
_CHANGEABLE = ("disableSessionTags", "policy", "roleArn", "targetRoleArn")
_IDENTITY = ("clusterName", "namespace", "serviceAccount")


class PodIdentityAssociation(Resource):
    """The role that the pods of a service account get."""

    type_name = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
    fields: ClassVar = {
        "clusterName": Field(required=True, replaces=True),
        "disableSessionTags": Field(bool, computed=True),
        "namespace": Field(required=True, replaces=True),
        "policy": Field(same=document, wrong=iam.not_json),
        "roleArn": Field(required=True),
        "serviceAccount": Field(required=True, replaces=True),
        "targetRoleArn": Field(),
        **REGION,
        **TAGS,
    }
    computed = ("associationArn", "associationId", "externalId")

    def parse(self, id: str) -> tuple[str, Properties]:  # noqa: A002
        """CLUSTER,ASSOCIATION."""
        cluster, comma, association = id.partition(",")
        if not (cluster and comma and association):
            raise ProviderError(f"wrong format of import ID ({id}), use: 'cluster-name,association-id'")
        return association, {"clusterName": cluster}

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """Make it, once EKS knows the role."""
        request = {name: inputs[name] for name in (*_IDENTITY, *_CHANGEABLE) if inputs.get(name)}
        if wanted := tags.target(call.account, inputs):
            request["tags"] = wanted
        with doing("creating EKS Pod Identity Association"):
            answer = self._insist(call, "create_pod_identity_association", clientRequestToken=secrets.token_hex(16), **request)
        yield str(answer["association"]["associationId"])

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """As DescribePodIdentityAssociation tells it."""
        with doing(f"reading EKS Pod Identity Association ({id})"):
            found = self._find(call, id, known["clusterName"])
        if found is None:
            return None
        policy = found.get("policy")
        return {
            **{name: found[name] for name in (*_IDENTITY, "associationArn", "associationId", "roleArn")},
            "disableSessionTags": bool(found.get("disableSessionTags")),
            "externalId": found.get("externalId") or "",
            "policy": iam.policy_text(policy, known.get("policy")) if policy else None,
            "targetRoleArn": found.get("targetRoleArn") or None,
            **tags.outputs(call.account, found.get("tags") or {}, known),
        }

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Another role, other tags."""
        cluster = inputs["clusterName"]
        with doing(f"updating EKS Pod Identity Association ({id})"):
            now: Any = self._find(call, id, cluster) or {}
            wanted = {name: inputs.get(name) for name in _CHANGEABLE}
            if any((now.get(name) or None) != (value or None) for name, value in wanted.items()):
                request = {name: value for name, value in wanted.items() if value is not None}
                self._insist(call, "update_pod_identity_association", clusterName=cluster, associationId=id, **request)
            put, removed = tags.changes(now.get("tags") or {}, tags.target(call.account, inputs))
            if removed:
                call.client("eks").untag_resource(resourceArn=now["associationArn"], tagKeys=removed)
            if put:
                call.client("eks").tag_resource(resourceArn=now["associationArn"], tags=put)

    def delete(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """Delete it."""
        with doing(f"deleting EKS Pod Identity Association ({id})"), gone_is_fine(_GONE):
            call.client("eks").delete_pod_identity_association(clusterName=state["clusterName"], associationId=id)

    @staticmethod
    def _insist(call: Call, operation: str, **request: Any) -> Any:
        """A role that was made just now is not known to EKS yet."""
        method = getattr(call.client("eks"), operation)
        saying = "Role provided in the request does not exist"
        return call.insist(lambda: method(**request), ("InvalidParameterException",), call.seconds(iam.PROPAGATION), saying)

    @staticmethod
    def _find(call: Call, id_: str, cluster: str) -> Any:
        try:
            return call.client("eks").describe_pod_identity_association(clusterName=cluster, associationId=id_)["association"]
        except Exception as error:
            if code(error) == _GONE:
                return None
            raise
