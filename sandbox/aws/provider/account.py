"""One configuration of the provider: region, credentials, default tags, and the clients made from them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sandbox.plugin.problems import ProviderError
from sandbox.plugin.wire import UNKNOWN, Unknown

if TYPE_CHECKING:  # boto3 takes a third of a second to import, and a preview from nothing never calls AWS
    import boto3  # type: ignore[import-untyped]

_RETRIES = 10  # in botocore's mode "standard", which waits 20 seconds at most; the real provider's 25 are hours without a network


def parse(config: Mapping[str, Any]) -> dict[str, Any]:
    """The provider's configuration: what the SDK sends as JSON text is read."""
    return {key: _read(value) if isinstance(value, str) and key not in _TEXTS else value for key, value in config.items()}


_TEXTS = {"accessKey", "secretKey", "token", "profile", "region", "retryMode", "stsRegion", "version"}


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def ambient_region() -> str | None:
    """The region that the environment names, in the SDK's order."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None


class Account:
    """Who calls AWS, and where. Nothing is contacted before the first client is asked for.

    Args:
        config: the provider's properties, as `parse` gives them.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._lock = threading.RLock()
        self._clients: dict[tuple[str, str], Any] = {}
        given = config.get("region")
        self.region: str | Unknown = given if isinstance(given, (str, Unknown)) and given else ambient_region() or UNKNOWN
        tags = (config.get("defaultTags") or {}).get("tags") if isinstance(config.get("defaultTags"), dict) else None
        self.default_tags: dict[str, str] = dict(tags or {})

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of one service, made once; clients may be shared by threads, making them may not."""
        where = region or self.region
        if isinstance(where, Unknown):
            raise ProviderError(
                "the provider's region is not known yet: set aws:region, or region of the provider, to a value known in advance"
            )
        with self._lock:
            if (service, where) not in self._clients:
                session = self._session
                from botocore.config import Config  # type: ignore[import-untyped]

                retries = {"mode": self._config.get("retryMode") or "standard", "total_max_attempts": self._attempts}
                self._clients[service, where] = session.client(
                    service, region_name=where, config=Config(retries=retries, connect_timeout=10, max_pool_connections=50)
                )
            return self._clients[service, where]

    @property
    def _attempts(self) -> int:
        given = self._config.get("maxRetries")
        return given + 1 if isinstance(given, int) else _RETRIES

    @cached_property
    def _session(self) -> boto3.Session:
        import boto3

        keys = {
            "aws_access_key_id": self._config.get("accessKey"),
            "aws_secret_access_key": self._config.get("secretKey"),
            "aws_session_token": self._config.get("token"),
            "profile_name": self._config.get("profile"),
        }
        session = boto3.Session(**{key: value for key, value in keys.items() if value})
        roles = self._config.get("assumeRoles") or ([self._config["assumeRole"]] if self._config.get("assumeRole") else [])
        for role in roles:
            session = self._assume(session, role)
        self._guard(session)
        return session

    def _assume(self, session: boto3.Session, role: Mapping[str, Any]) -> boto3.Session:
        """A session of that role, whose credentials are renewed before they end."""
        import boto3
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials  # type: ignore[import-untyped]
        from botocore.session import get_session  # type: ignore[import-untyped]

        source = session._session  # the botocore session: boto3 offers it under no other name
        extra = {
            "RoleSessionName": role.get("sessionName") or "pulumi",
            "ExternalId": role.get("externalId"),
            "Policy": role.get("policy"),
        }
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=lambda service, **options: source.create_client(service, region_name=str(self.region), **options),
            source_credentials=session.get_credentials(),
            role_arn=role["roleArn"],
            extra_args={key: value for key, value in extra.items() if value},
        )
        assumed = get_session()
        assumed._credentials = DeferredRefreshableCredentials(refresh_using=fetcher.fetch_credentials, method="assume-role")
        return boto3.Session(botocore_session=assumed)

    def _guard(self, session: boto3.Session) -> None:
        """Refuse an account that the configuration does not allow."""
        allowed, forbidden = self._config.get("allowedAccountIds"), self._config.get("forbiddenAccountIds")
        if not allowed and not forbidden:
            return
        account = session.client("sts", region_name=str(self.region)).get_caller_identity()["Account"]
        if (allowed and account not in allowed) or account in (forbidden or ()):
            raise ProviderError(f"AWS account ID not allowed: {account}")

    @cached_property
    def id(self) -> str:
        """The account's number."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def partition(self, region: str | None = None) -> str:
        """The part of AWS that a region belongs to, such as `aws` or `aws-cn`."""
        with self._lock:
            return str(self._session.get_partition_for_region(region or str(self.region)))
