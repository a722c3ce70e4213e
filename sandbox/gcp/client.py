"""For who calls the twin from the sandbox's own code or from tests."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from sandbox.layout import write_atomically
from sandbox.twin.client import no_proxy

PROJECT = "portico-sandbox"
REGION = "europe-west3"
ZONE = f"{REGION}-a"
"""Where the cluster's one node says that it is."""
CLUSTER = "sandbox"
#: Versions of the APIs that the twin has, by the name that Google's clients know them by.
VERSIONS = {
    "compute": "v1",
    "dns": "v1",
    "certificatemanager": "v1",
    "container": "v1",
    "iam": "v1",
    "cloudresourcemanager": "v3",
}
#: The variables by which the real plugin takes another endpoint, and the path that belongs to it.
ENDPOINTS = {
    "compute": ("GOOGLE_COMPUTE_CUSTOM_ENDPOINT", "compute/v1/"),
    "dns": ("GOOGLE_DNS_CUSTOM_ENDPOINT", "dns/v1/"),
    "certificatemanager": ("GOOGLE_CERTIFICATE_MANAGER_CUSTOM_ENDPOINT", "v1/"),
    "container": ("GOOGLE_CONTAINER_CUSTOM_ENDPOINT", "v1/"),
    "iam": ("GOOGLE_IAM_CUSTOM_ENDPOINT", "v1/"),
    "cloudresourcemanager": ("GOOGLE_RESOURCE_MANAGER_V3_CUSTOM_ENDPOINT", "v3/"),
}
_BASES = {"compute": "compute/v1/"}  # the others' discovery documents have the version in each method's path


def environment(endpoint: str, key_file: Path) -> dict[str, str]:
    """The variables by which the plugin and Google's own clients reach the twin.

    Args:
        endpoint: of the twin, `http://HOST:PORT`.
        key_file: of a service account, as `write_key` makes it.
    """
    direct = no_proxy(endpoint)
    project = str(json.loads(key_file.read_text())["project_id"])
    return {
        **{variable: f"{endpoint}/{path}" for variable, path in ENDPOINTS.values()},
        "GOOGLE_APPLICATION_CREDENTIALS": str(key_file),
        "GOOGLE_PROJECT": project,
        "GOOGLE_CLOUD_PROJECT": project,
        "CLOUDSDK_CONFIG": os.devnull,  # what the user has set for the real Google Cloud must not be mixed in
        "NO_GCE_CHECK": "true",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def write_key(path: Path, endpoint: str, project: str) -> None:
    """Write a service account's key, whose tokens come from the twin at `endpoint`."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # here: who only needs the variables need not wait
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    content = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": "sandbox",
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "client_email": f"sandbox@{project}.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{endpoint}/token",
    }
    write_atomically(path, json.dumps(content, indent=2), 0o600)


def client(endpoint: str, api: str, key_file: Path | None = None, timeout: float = 60) -> Any:
    """Google's client of one of the twin's APIs.

    Args:
        endpoint: of the twin, `http://HOST:PORT`.
        api: one of `VERSIONS`.
        key_file: of a service account; without it requests are made without a token, which the twin allows.
        timeout: of a request, in seconds.
    """
    import httplib2  # type: ignore[import-untyped]
    from google.auth.credentials import AnonymousCredentials
    from google.oauth2.service_account import Credentials
    from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped]
    from googleapiclient.discovery import build  # type: ignore[import-untyped]

    credentials: Any = AnonymousCredentials()  # type: ignore[no-untyped-call]
    if key_file:
        scopes = ["https://www.googleapis.com/auth/cloud-platform"]
        credentials = Credentials.from_service_account_file(str(key_file), scopes=scopes)  # type: ignore[no-untyped-call]
    return build(
        api,
        VERSIONS[api],
        http=AuthorizedHttp(credentials, httplib2.Http(timeout=timeout, proxy_info=None)),
        client_options={"api_endpoint": f"{endpoint}/{_BASES.get(api, '')}"},
        static_discovery=True,
    )
