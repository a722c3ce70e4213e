"""`gke-gcloud-auth-plugin`: prints an ExecCredential with a token for the cluster, as Google's own does.

The real one asks gcloud, or with --use_application_default_credentials the credentials of the environment. The sandbox has no
gcloud, so here it is always the latter: a service account's key, whose tokens come from the twin.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/userinfo.email")


def main(argv: list[str] | None = None) -> int:
    """Print it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="gke-gcloud-auth-plugin", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--use_application_default_credentials", action="store_true", help="as it is always here")
    parser.parse_args(argv)
    from google.auth.exceptions import GoogleAuthError  # here: to print how it is called need not take a second

    try:
        sys.stdout.write(json.dumps(credential(), indent=4) + "\n")
    except (GoogleAuthError, OSError) as error:
        sys.stderr.write(f"print credential failed with error: Failed to retrieve access token:: {error}\n")
        return 1
    return 0


def credential() -> dict[str, Any]:
    """The ExecCredential.

    Raises:
        GoogleAuthError: there are no credentials, or they are worth no token.
        OSError: who gives tokens cannot be reached.
    """
    import google.auth
    import httplib2  # type: ignore[import-untyped]
    from google_auth_httplib2 import Request  # type: ignore[import-untyped]

    credentials, _ = google.auth.default(scopes=list(_SCOPES))
    credentials.refresh(Request(httplib2.Http(timeout=30)))  # type: ignore[no-untyped-call]
    until = f"{credentials.expiry:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "kind": "ExecCredential",
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "spec": {"interactive": False},
        "status": {"expirationTimestamp": until, "token": credentials.token},
    }


if __name__ == "__main__":
    sys.exit(main())
