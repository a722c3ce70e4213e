"""From a request to the service and operation it is for, and to moto's answer in that service's own protocol."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from botocore.model import OperationNotFoundError  # type: ignore[import-untyped]
from moto.core.request import Request
from moto.core.responses import ActionResult, BaseResponse
from moto.ec2.responses import EC2Response
from moto.iam.responses import IamResponse
from moto.sts.responses import TokenResponse
from werkzeug.wrappers import Response

from sandbox.aws.acm import Acm
from sandbox.aws.balancers import Elb
from sandbox.aws.base import Refusal
from sandbox.aws.eks import Eks
from sandbox.aws.zones import Dns

_SCOPE = re.compile(r"Credential=[^/,&]+/\d{8}/[^/]+/(?P<service>[a-z0-9-]+)/aws4_request")
_READS = ("Describe", "Get", "List")


def _tagging() -> BaseResponse:
    from moto.resourcegroupstaggingapi.responses import (
        ResourceGroupsTaggingAPIResponse,
    )  # asked for by few, and not at every start

    return ResourceGroupsTaggingAPIResponse()


_SERVICES: dict[str, tuple[str, Callable[[], BaseResponse]]] = {  # by the name in signatures: boto3's name, moto's answers
    "acm": ("acm", Acm),
    "ec2": ("ec2", EC2Response),
    "eks": ("eks", Eks),
    "elasticloadbalancing": ("elbv2", Elb),
    "iam": ("iam", IamResponse),
    "route53": ("route53", Dns),
    "sts": ("sts", TokenResponse),
    "tagging": ("resourcegroupstaggingapi", _tagging),
}
NAMES = tuple(name for name, _ in _SERVICES.values())


class UnknownServiceError(LookupError):
    """A request that is for none of the twin's services."""


class WireRequest(Request):
    """A request that came through a real server."""

    from_wsgi_server = True


class Call:
    """One request, understood.

    Attributes:
        service: as boto3 calls it.
        operation: as in AWS's reference; empty if there is none such.
    """

    def __init__(self, request: Request) -> None:
        """Find out what is asked for.

        Raises:
            UnknownServiceError: nothing the twin has.
        """
        signed = _SCOPE.search(request.headers.get("Authorization", "")) or _SCOPE.search(_query_scope(request))
        name = signed["service"] if signed else None
        if name not in _SERVICES:
            raise UnknownServiceError(f"the request is signed for {name or 'no service'}; the twin has {', '.join(_SERVICES)}")
        self.service, make = _SERVICES[name]
        self._response = make()
        try:
            self._response.setup_class(request)
            self.operation: str = self._response._get_action() or ""
        except OperationNotFoundError:
            self.operation = ""

    @property
    def changes(self) -> bool:
        """Whether it may change anything."""
        return not self.operation.startswith(_READS)

    def run(self) -> Response:
        """Moto's answer, or the refusal in its place."""
        if not self.operation:
            return self.refuse(Refusal("InvalidAction", "The action or operation requested is invalid."))
        try:
            return _response(self._response.call_action())
        except NotImplementedError as error:
            return self.refuse(Refusal("NotImplemented", f"The twin does not know {self.service} {self.operation}: {error}"), 501)

    def refuse(self, refusal: Refusal, status: int | None = None) -> Response:
        """An error in the service's protocol; `status` if AWS's model does not say it."""
        response = _response(self._response.serialized(ActionResult(refusal)))
        if status is not None:
            response.status_code = status
        return response


def _query_scope(request: Request) -> str:
    return f"Credential={request.args.get('X-Amz-Credential', '')}"


def _response(answer: Any) -> Response:
    status, headers, body = answer
    kept = {key: str(value) for key, value in headers.items() if key.lower() not in ("status", "content-length", "date")}
    return Response(body, status, kept)
