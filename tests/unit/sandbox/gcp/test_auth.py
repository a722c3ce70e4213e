"""The credential plugin: a token of the twin's, in the form that Kubernetes' clients take."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from sandbox.gcp import client as gcp
from sandbox.gcp.auth.install import install

FLAG = "--use_application_default_credentials"


def _run(tmp_path: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    program = install(tmp_path / "bin")
    assert program.name == "gke-gcloud-auth-plugin"
    return subprocess.run([program, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("arguments", [(), (FLAG,)])
def test_its_token_is_one_that_the_cluster_takes(twin: Any, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = _run(tmp_path, gcp.environment(twin.endpoint, twin.key_file), *arguments)
    said = json.loads(done.stdout)
    assert (said["apiVersion"], said["kind"]) == ("client.authentication.k8s.io/v1beta1", "ExecCredential")
    assert said["status"]["expirationTimestamp"].endswith("Z")
    review = {"spec": {"token": said["status"]["token"]}}
    request = urllib.request.Request(f"{twin.endpoint}/_portico/token-review", json.dumps(review).encode(), method="POST")
    with urllib.request.urlopen(request) as response:
        status = json.loads(response.read())["status"]
    assert status["authenticated"] is True
    assert status["user"]["groups"] == ["system:masters"]


def test_without_credentials_it_says_so(tmp_path: Path) -> None:
    environment = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "missing.json"), "NO_GCE_CHECK": "true"}
    done = _run(tmp_path, environment, FLAG)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Failed to retrieve access token" in done.stderr
    assert "missing.json" in done.stderr


def test_where_the_twin_does_not_run_it_says_so(tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    gcp.write_key(key, "http://127.0.0.1:9", "shop")
    done = _run(tmp_path, gcp.environment("http://127.0.0.1:9", key), FLAG)
    assert done.returncode == 1
    assert "Failed to retrieve access token" in done.stderr
    assert "Traceback" not in done.stderr
