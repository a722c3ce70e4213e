"""The plugin in the sandbox's Pulumi home, and an environment that leads to the twin and nowhere else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sandbox.aws.provider import VERSION
from sandbox.aws.provider.install import install
from sandbox.layout import Layout
from sandbox.pulumi import Pulumi
from sandbox.toolset import Toolset

THEIRS = {
    "AWS_PROFILE": "production",
    "AWS_SESSION_TOKEN": "theirs",
    "AWS_ACCESS_KEY_ID": "theirs",
    "AWS_SECRET_ACCESS_KEY": "theirs",
    "AWS_ENDPOINT_URL": "https://theirs.example",
    "AWS_ENDPOINT_URL_ROUTE53": "https://theirs.example",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://theirs.example",
    "AWS_ROLE_ARN": "theirs",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "theirs",
    "AWS_CONFIG_FILE": "theirs",
    "AWS_SHARED_CREDENTIALS_FILE": "theirs",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "no_proxy": "theirs.example",
}


@pytest.fixture
def pulumi(tmp_path: Path) -> Pulumi:
    layout = Layout(tmp_path / "sandbox")
    layout.create()
    return Pulumi(layout, Toolset({"pulumi-resource-kubernetes": layout.home}, layout.home / "pulumi", own_pulumi=False))


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in THEIRS.items():
        monkeypatch.setenv(name, value)


def plugin(environment: dict[str, str]) -> Path:
    return Path(environment["PULUMI_HOME"]) / "plugins" / f"resource-aws-v{VERSION}" / "pulumi-resource-aws"


@pytest.mark.usefixtures("theirs")
def test_without_a_twin_nothing_of_aws_changes(pulumi: Pulumi) -> None:
    environment = pulumi.environment()
    assert THEIRS.items() <= environment.items()
    assert "PORTICO_RESOLVER" not in environment
    assert not plugin(environment).exists()


@pytest.mark.usefixtures("theirs")
def test_with_a_twin_nothing_of_the_user_s_is_left(pulumi: Pulumi) -> None:
    pulumi._layout.write_fact("aws-endpoint", "http://127.0.0.1:4566")
    pulumi._layout.write_fact("resolver", "127.0.0.1:5353")
    environment = pulumi.environment()
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["AWS_ACCESS_KEY_ID"] == environment["AWS_SECRET_ACCESS_KEY"] == "sandbox"
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] == "false"
    assert environment["PORTICO_RESOLVER"] == "127.0.0.1:5353"
    assert "127.0.0.1" in environment["no_proxy"]
    assert not [name for name, value in environment.items() if name.startswith("AWS_") and "theirs" in value]
    assert "AWS_PROFILE" not in environment
    assert plugin(environment).is_file()


def test_resolver_alone(pulumi: Pulumi) -> None:
    pulumi._layout.write_fact("resolver", "127.0.0.1:5353")
    environment = pulumi.environment()
    assert environment["PORTICO_RESOLVER"] == "127.0.0.1:5353"
    assert not plugin(environment).exists()


def test_the_installed_plugin_starts_anywhere(tmp_path: Path) -> None:
    (tmp_path / "grpc.py").write_text("raise RuntimeError('a file of the folder that pulumi runs in')")
    program = install(tmp_path / "home")
    before = program.stat().st_mtime_ns
    assert install(tmp_path / "home").stat().st_mtime_ns == before, "left alone once it is there"
    with subprocess.Popen([program], cwd=tmp_path, env={}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 1023
        process.terminate()
        assert process.wait(10) == 0
