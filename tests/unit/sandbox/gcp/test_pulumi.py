"""Pulumi's environment: with the twin it leads there and nowhere else, and to a cluster by its credential plugin."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from sandbox.gcp import client as gcp
from sandbox.gcp.provider import VERSION
from sandbox.layout import Layout
from sandbox.pulumi import Pulumi
from sandbox.toolset import Toolset

TWIN = "http://127.0.0.1:4577"
THEIRS = {
    "GOOGLE_APPLICATION_CREDENTIALS": "theirs",
    "GOOGLE_CREDENTIALS": "theirs",
    "GOOGLE_OAUTH_ACCESS_TOKEN": "theirs",
    "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT": "theirs",
    "GOOGLE_PROJECT": "theirs",
    "GOOGLE_CLOUD_PROJECT": "theirs",
    "GOOGLE_REGION": "theirs",
    "GOOGLE_CLOUD_RUN_CUSTOM_ENDPOINT": "theirs",
    "GOOGLE_DNS_CUSTOM_ENDPOINT": "theirs",
    "GCLOUD_PROJECT": "theirs",
    "CLOUDSDK_CORE_PROJECT": "theirs",
    "CLOUDSDK_AUTH_ACCESS_TOKEN": "theirs",
    "CLOUDSDK_CONFIG": "theirs",
    "no_proxy": "theirs.example",
}


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    for name, value in THEIRS.items():
        monkeypatch.setenv(name, value)
    layout = Layout(tmp_path / "sandbox")
    layout.create()
    return layout


def environment_of(layout: Layout) -> dict[str, str]:
    tools = Toolset({"pulumi-resource-kubernetes": layout.home}, layout.home / "pulumi", own_pulumi=False)
    return Pulumi(layout, tools).environment()


def add_twin(layout: Layout) -> Path:
    key = layout.pki / "gcp-key.json"
    gcp.write_key(key, TWIN, gcp.PROJECT)
    layout.write_fact("gcp-endpoint", TWIN)
    layout.write_fact("gcp-key", str(key))
    return key


def plugin(environment: dict[str, str]) -> Path:
    return Path(environment["PULUMI_HOME"]) / "plugins" / f"resource-gcp-v{VERSION}" / "pulumi-resource-gcp"


def test_without_a_twin_nothing_of_google_changes(layout: Layout) -> None:
    environment = environment_of(layout)
    assert THEIRS.items() <= environment.items()
    assert not plugin(environment).exists()
    found = shutil.which("gke-gcloud-auth-plugin", path=environment["PATH"])
    assert found is None or layout.home not in Path(found).parents


def test_with_a_twin_nothing_of_the_user_s_is_left(layout: Layout) -> None:
    key = add_twin(layout)
    environment = environment_of(layout)
    assert environment["GOOGLE_APPLICATION_CREDENTIALS"] == str(key)
    assert environment["GOOGLE_PROJECT"] == environment["GOOGLE_CLOUD_PROJECT"] == gcp.PROJECT
    assert environment["GOOGLE_DNS_CUSTOM_ENDPOINT"] == f"{TWIN}/dns/v1/"
    assert environment["CLOUDSDK_CONFIG"] == os.devnull
    left = {name for name in THEIRS if environment.get(name) == "theirs"}
    assert not left
    assert environment["NO_PROXY"] == environment["no_proxy"]
    assert {"theirs.example", "127.0.0.1"} <= set(environment["no_proxy"].split(","))
    assert plugin(environment).is_file()


def test_the_credential_plugin_is_the_sandbox_s_whatever_the_user_has(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = layout.home / "theirs" / "gke-gcloud-auth-plugin"
    theirs.parent.mkdir()
    theirs.write_text("#!/bin/sh\n")
    theirs.chmod(0o755)
    monkeypatch.setenv("PATH", f"{theirs.parent}{os.pathsep}{os.environ['PATH']}")
    add_twin(layout)
    found = shutil.which("gke-gcloud-auth-plugin", path=environment_of(layout)["PATH"])
    assert found == str(layout.pulumi / "bin" / "gke-gcloud-auth-plugin")


def test_both_twins_at_once(layout: Layout) -> None:
    add_twin(layout)
    layout.write_fact("aws-endpoint", "http://127.0.0.1:4566")
    environment = environment_of(layout)
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["GOOGLE_COMPUTE_CUSTOM_ENDPOINT"] == f"{TWIN}/compute/v1/"
    assert "127.0.0.1" in environment["NO_PROXY"].split(",")
