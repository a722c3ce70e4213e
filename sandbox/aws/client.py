"""For who calls the twin from the sandbox's own code or from tests."""

from __future__ import annotations

import json
import os
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

REGION = "eu-central-1"
CLUSTER = "sandbox"
Kind = Literal["throttling", "error", "hang", "in-use"]
KINDS: tuple[str, ...] = get_args(Kind)
#: In every request of the data plane, which is no user of AWS: faults are not meant for it.
FRONT_AGENT = "portico-front"
KEY = "sandbox"  # access key and secret key alike; only TokenReviews look at them
_direct = urllib.request.build_opener(
    urllib.request.ProxyHandler({})
)  # the twin is on the loopback interface, whatever proxy is set


@dataclass(frozen=True)
class Fault:
    """One order to fail, for requests that it matches.

    Attributes:
        service: as AWS's clients call it: `acm`, `ec2`, `elbv2`, `eks`, `iam`, `route53`, `sts`.
        kind: `throttling` and `error` answer as that service does, `hang` acts at once and answers late, `in-use` refuses as for
            a thing in use.
        operation: as in AWS's reference, such as `AllocateAddress`; None matches every operation of the service.
        count: how many requests it hits; None: every one until it is taken away.
        seconds: of a `hang`.
    """

    service: str
    kind: Kind
    operation: str | None = None
    count: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Issued:
    """An issued certificate, as PEM."""

    certificate: str
    chain: str
    key: str


def environment(endpoint: str, region: str = REGION) -> dict[str, str]:
    """The variables by which AWS's own clients reach the twin at `endpoint` (`http://HOST:PORT`)."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    direct = ",".join(filter(None, [given, "127.0.0.0/8", urllib.parse.urlsplit(endpoint).hostname]))
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_SESSION_TOKEN": "",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,  # what the user has set for the real AWS must not be mixed in
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def client(endpoint: str, service: str, region: str = REGION, **config: Any) -> Any:
    """A boto3 client of the twin.

    Args:
        endpoint: of the twin, `http://HOST:PORT`.
        service: as boto3 calls it.
        region: that requests are signed for.
        config: further settings of `botocore.config.Config`, such as `retries` or `read_timeout`.
    """
    import boto3  # type: ignore[import-untyped]  # here: it takes half a second, and who only needs the variables need not wait
    from botocore.config import Config  # type: ignore[import-untyped]

    return boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=KEY,
        aws_secret_access_key=KEY,
        config=Config(proxies={}, **config),
    )


def set_faults(endpoint: str, faults: Sequence[Fault]) -> None:
    """Make the twin fail as ordered; this replaces all earlier orders."""
    _control(endpoint, "PUT", "faults", [{k: v for k, v in asdict(fault).items() if v is not None} for fault in faults])


def faults(endpoint: str) -> list[Fault]:
    """The orders still in force; `count` is what is left of it."""
    return [Fault(**fault) for fault in _control(endpoint, "GET", "faults")]


def clear_faults(endpoint: str) -> None:
    """Make the twin fail no more."""
    _control(endpoint, "DELETE", "faults")


def set_delegation(endpoint: str, zone: str, delegated: bool) -> None:
    """Say whether the parent of a Route 53 zone delegates it; every zone is delegated until this is said."""
    _control(endpoint, "PUT", f"delegation/{urllib.parse.quote(zone, safe='')}", delegated)


def delegated(endpoint: str, zone: str) -> bool:
    """Whether the parent of a Route 53 zone delegates it."""
    return bool(_control(endpoint, "GET", f"delegation/{urllib.parse.quote(zone, safe='')}"))


def certificate(endpoint: str, arn: str) -> Issued:
    """An issued certificate with its chain and its key.

    Raises:
        urllib.error.HTTPError: 404 if there is none of that ARN, or it is not issued.
    """
    return Issued(**_control(endpoint, "GET", f"certificates/{urllib.parse.quote(arn, safe='')}"))


def facts(endpoint: str) -> dict[str, Any]:
    """What the twin has from the start: account, region, cluster, vpc, public_subnets, private_subnets."""
    return dict(_control(endpoint, "GET", "facts"))


def _control(endpoint: str, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 -- the endpoint is the sandbox's own
        f"{endpoint}/_portico/{path}", data=data, method=method, headers={"Content-Type": "application/json"}
    )
    with _direct.open(request, timeout=30) as response:
        text = response.read()
    return json.loads(text) if text else None
