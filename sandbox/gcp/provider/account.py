"""One configuration of the provider: project, region, credentials, default labels, and the clients made from them."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

from sandbox.plugin.problems import ProviderError
from sandbox.plugin.wire import UNKNOWN, Properties

AMBIENT = {
    "project": ("GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"),
    "region": ("GOOGLE_REGION", "GCLOUD_REGION", "CLOUDSDK_COMPUTE_REGION"),
    "zone": ("GOOGLE_ZONE", "GCLOUD_ZONE", "CLOUDSDK_COMPUTE_ZONE"),
}
"""What the environment may say, and by which variables, in the real provider's order."""

# API to its version, the variable that names another endpoint, and what of that endpoint Google's Python client adds itself.
_APIS = {
    "compute": ("v1", "GOOGLE_COMPUTE_CUSTOM_ENDPOINT", ""),
    "dns": ("v1", "GOOGLE_DNS_CUSTOM_ENDPOINT", "dns/v1/"),
    "certificatemanager": ("v1", "GOOGLE_CERTIFICATE_MANAGER_CUSTOM_ENDPOINT", "v1/"),
    "container": ("v1", "GOOGLE_CONTAINER_CUSTOM_ENDPOINT", "v1/"),
    "iam": ("v1", "GOOGLE_IAM_CUSTOM_ENDPOINT", "v1/"),
    "cloudresourcemanager": ("v3", "GOOGLE_RESOURCE_MANAGER_V3_CUSTOM_ENDPOINT", "v3/"),
}
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/userinfo.email")
_TIMEOUT = 120.0


def ambient(name: str) -> str | None:
    """What the environment says of `project`, `region` or `zone`."""
    return next((value for variable in AMBIENT[name] if (value := os.environ.get(variable))), None)


class Account:
    """Who calls Google Cloud, and where. Nothing is contacted before the first request.

    Args:
        config: the provider's plain properties.
    """

    def __init__(self, config: Properties) -> None:
        self._config = config
        self._lock = threading.RLock()
        self._services: dict[str, Any] = {}
        self._credentials: Any = None
        self._own = threading.local()
        self.places: dict[str, Any] = {name: config.get(name) or ambient(name) or UNKNOWN for name in AMBIENT}
        labels = config.get("defaultLabels") or {}
        self.default_labels: dict[str, str] = json.loads(labels) if isinstance(labels, str) else labels
        self.attributes = str(config.get("addPulumiAttributionLabel", True)).lower() != "false"

    def service(self, api: str) -> Any:
        """Google's client of one API, made once; only its connections may not be shared by threads."""
        with self._lock:
            if api not in self._services:
                from googleapiclient.discovery import build  # type: ignore[import-untyped] # takes a second to import

                version, variable, added = _APIS[api]
                endpoint = os.environ.get(variable)
                options = {"api_endpoint": endpoint.removesuffix(added)} if endpoint else None
                self._services[api] = build(api, version, http=self._http(), client_options=options, static_discovery=True)
            return self._services[api]

    def execute(self, request: Any) -> Any:
        """Send it over this thread's own connection; what Google asks to try again is tried again for half a minute."""
        return request.execute(http=self._http(), num_retries=4)

    def token(self) -> str:
        """An access token."""
        from google.auth.transport.requests import Request

        credentials = self._authority()
        if not credentials.valid:
            credentials.refresh(Request())
        return str(credentials.token)

    def _http(self) -> Any:
        if not hasattr(self._own, "http"):
            import httplib2  # type: ignore[import-untyped]
            from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped]

            self._own.http = AuthorizedHttp(self._authority(), httplib2.Http(timeout=_TIMEOUT))
        return self._own.http

    def _authority(self) -> Any:
        with self._lock:
            if self._credentials is None:
                self._credentials = self._found()
            return self._credentials

    def _found(self) -> Any:
        """Credentials in the real provider's order: a token, a key or its file, what the machine has."""
        import google.auth
        from google.oauth2.credentials import Credentials

        if token := self._config.get("accessToken") or os.environ.get("GOOGLE_OAUTH_ACCESS_TOKEN"):
            return Credentials(token)  # type: ignore[no-untyped-call]
        if given := self._config.get("credentials") or os.environ.get("GOOGLE_CREDENTIALS"):
            try:
                key = json.loads(given if given.lstrip().startswith("{") else Path(given).read_text())
            except (OSError, ValueError) as error:
                raise ProviderError(f"credentials are neither a key in JSON nor a file with one: {error}") from error
            return google.auth.load_credentials_from_dict(key, scopes=_SCOPES)[0]  # type: ignore[no-untyped-call]
        return google.auth.default(scopes=_SCOPES)[0]
