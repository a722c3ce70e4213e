"""For who calls the twin from the sandbox's own code or from tests."""

from __future__ import annotations

import os
from typing import Any

from sandbox.twin.client import no_proxy

REGION = "eu-central-1"
CLUSTER = "sandbox"
KEY = "sandbox"  # access key and secret key alike; only TokenReviews look at them


def environment(endpoint: str, region: str = REGION) -> dict[str, str]:
    """The variables by which AWS's own clients reach the twin at `endpoint` (`http://HOST:PORT`)."""
    direct = no_proxy(endpoint)
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
