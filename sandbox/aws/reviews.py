"""Who holds a token of `aws eks get-token`: a URL of STS, signed for this cluster by someone whom STS knows.

As in EKS: the name of the cluster is no part of the URL, only of what was signed, so a token for another cluster has a wrong
signature. The URL's own 60 seconds do not count, a token is good for 15 minutes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import urllib.parse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.auth import SigV4QueryAuth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]

from sandbox.aws.client import KEY
from sandbox.twin.reviews import GROUP, TokenError

USER = "sandbox-admin"
GOOD_FOR = timedelta(minutes=15)
_AHEAD = timedelta(minutes=1)
_PREFIX = "k8s-aws-v1."
_HEADER = "x-k8s-aws-id"
_TIME = "%Y%m%dT%H%M%SZ"
_PARAMETERS = frozenset(
    (
        "Action",
        "Version",
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
    )
)


def user(token: str, cluster: str, host: str, identity: Callable[[str], str]) -> dict[str, Any]:
    """Who holds a token.

    Args:
        token: of EKS.
        cluster: whose tokens are accepted.
        host: where the twin's STS is, `HOST:PORT`.
        identity: asks STS for the ARN behind a query; raises TokenError.

    Raises:
        TokenError: it is not accepted.
    """
    arn = identity(_check(token, cluster, host))
    return {"username": USER, "uid": arn, "groups": [GROUP], "extra": {"arn": [arn]}}


def arn_of(answer: str) -> str | None:
    """The ARN in STS's answer to GetCallerIdentity."""
    found = re.search(r"<Arn>([^<]+)</Arn>", answer)
    return found[1] if found else None


def _check(token: str, cluster: str, host: str) -> str:
    if not token.startswith(_PREFIX):
        raise TokenError(f"not a token of EKS: it does not begin with {_PREFIX}")
    try:
        encoded = token.removeprefix(_PREFIX)
        url = urllib.parse.urlsplit(base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True).decode("ascii"))
        pairs = urllib.parse.parse_qsl(url.query, keep_blank_values=True, strict_parsing=True)
    except (binascii.Error, ValueError) as error:
        raise TokenError("not a token of EKS: what follows is not a URL in base64") from error
    given = dict(pairs)
    if url.netloc != host or url.path != "/":
        raise TokenError(f"the URL is for {url.netloc}{url.path}, STS is at {host}/")
    if set(given) != _PARAMETERS or len(pairs) != len(given):
        raise TokenError(f"the URL must have exactly the parameters {', '.join(sorted(_PARAMETERS))}")
    if given["Action"] != "GetCallerIdentity":
        raise TokenError(f"the URL is for {given['Action']}, it must be for GetCallerIdentity")
    if set(given["X-Amz-SignedHeaders"].split(";")) != {"host", _HEADER}:
        raise TokenError(f"the URL must be signed with the headers host and {_HEADER}")
    _check_signature(url, given, cluster)
    _check_time(given["X-Amz-Date"])
    return url.query


def _check_signature(url: urllib.parse.SplitResult, given: dict[str, str], cluster: str) -> None:
    key, _, scope = given["X-Amz-Credential"].partition("/")
    try:
        _, region, service, _ = scope.split("/")
    except ValueError as error:
        raise TokenError(f"X-Amz-Credential is {given['X-Amz-Credential']}, key/date/region/sts/aws4_request is meant") from error
    unsigned = "&".join(part for part in url.query.split("&") if not part.startswith("X-Amz-Signature="))
    request = AWSRequest("GET", url._replace(query=unsigned).geturl(), headers={_HEADER: cluster})
    request.context["timestamp"] = given["X-Amz-Date"]
    signer = SigV4QueryAuth(Credentials(key, KEY), service, region)
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    if key != KEY or not hmac.compare_digest(signature, given["X-Amz-Signature"]):
        raise TokenError(f"the signature is not that of {KEY} for cluster {cluster}")


def _check_time(signed: str) -> None:
    try:
        age = datetime.now(UTC) - datetime.strptime(signed, _TIME).replace(tzinfo=UTC)
    except ValueError as error:
        raise TokenError(f"X-Amz-Date is {signed}, not a time") from error
    if not -_AHEAD <= age <= GOOD_FOR:
        raise TokenError(f"the token was signed at {signed}, it is good for {GOOD_FOR} from then")
