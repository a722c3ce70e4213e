"""The project's config schema, the committed stack file and the settings say the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_origin

import pytest
import yaml

from components.settings import Settings, load
from components.settings.base import Base
from components.settings.root import stack_label
from tests.support import pem

PROJECT = Path(__file__).parents[3]
SCHEMA: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
DEV: dict[str, Any] = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text())

FACTS = {
    "dns-server": "127.0.0.1:5353\n",
    "tsig-secret": "c2VjcmV0LW9mLXRoZS10c2lnLWtleS0zMi1ieXRlcyE=\n",
    "http-port": "8080\n",
    "https-port": "8443\n",
    "address-pool": "127.20.7.0/28\n",
    "acme-staging-directory": "https://127.0.0.1:14000/dir\n",
    "acme-production-directory": "https://127.0.0.1:14001/dir\n",
    "acme-ca.pem": pem.certificate(),
}


FIELDS: dict[str, Any] = dict(Settings.model_fields)


def test_the_schema_has_exactly_the_keys_of_the_settings() -> None:
    assert set(SCHEMA) == {f"portico:{name}" for name in FIELDS}


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_keys_type_and_default_are_those_of_its_setting(name: str) -> None:
    field, entry = FIELDS[name], SCHEMA[f"portico:{name}"]
    if field.annotation is bool:
        assert entry["type"] == "boolean"
        assert entry["default"] is field.default
    elif name == "stack":
        # The program knows the default, which is the Pulumi stack's own name.
        assert entry["type"] == "string"
        assert entry["default"] == ""
    elif get_origin(field.annotation) is list:
        assert entry["type"] == "array"
        assert entry["default"] == []
    else:
        assert entry["type"] == "object"
        # "Left out": `load` tells it from a value, and required keys are asked for by name.
        assert entry["default"] == {}


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_keys_description_says_whether_it_is_required(name: str) -> None:
    description = SCHEMA[f"portico:{name}"]["description"]
    assert len(description) > 20
    assert ("Required" in description) is FIELDS[name].is_required()


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_keys_description_names_the_keys_below_it(name: str) -> None:
    model: Any = FIELDS[name].annotation
    below = [part for part in getattr(model, "__args__", [model]) if isinstance(part, type) and issubclass(part, Base)]
    described = SCHEMA[f"portico:{name}"]["description"]
    for part in below:
        assert [key for key in part.keys() if key not in described] == []  # noqa: SIM118  a class method, no mapping


def test_the_committed_dev_stack_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / ".sandbox" / "facts"
    folder.mkdir(parents=True)
    for name, text in FACTS.items():
        (folder / name).write_text(text)
    settings = load(DEV["config"], stack="dev", root=tmp_path)
    assert settings.name == "portico-dev"
    assert settings.entrypoint.kind == "gateway"
    assert settings.acme.environment == "staging"
    assert not settings.protect
    assert {site.redirect is not None for site in settings.sites.values()} == {True, False}
    assert settings.early_certificates == ["wildcard"]
    assert settings.late_certificates == ["apex"]


@pytest.mark.parametrize("kind", ["traefik", "nginx"])
def test_the_dev_stack_serves_by_ingress_as_well(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / ".sandbox" / "facts"
    folder.mkdir(parents=True)
    for name, text in FACTS.items():
        (folder / name).write_text(text)
    config = {**DEV["config"]}
    config["portico:entrypoint"] = {kind: config["portico:entrypoint"]["gateway"]}
    assert load(config, stack="dev", root=tmp_path).entrypoint.kind == kind


def test_fails_when_the_sandbox_has_not_run_yet_and_says_so(tmp_path: Path) -> None:
    from components.settings import SettingsError

    with pytest.raises(SettingsError) as caught:
        load(DEV["config"], stack="dev", root=tmp_path)
    assert len(caught.value.problems) >= len(FACTS)
    assert all("does not exist; what writes it has not run yet" in problem.message for problem in caught.value.problems)


def test_the_dev_stack_writes_nothing_to_a_cluster_that_it_does_not_name() -> None:
    assert "kubernetes" in DEV["config"]["pulumi:disable-default-providers"]


@pytest.mark.parametrize("file", sorted(path.name for path in PROJECT.glob("Pulumi.*.yaml")))
def test_every_committed_stack_file_uses_keys_of_the_schema_only(file: str) -> None:
    config = yaml.safe_load((PROJECT / file).read_text())["config"]
    assert {key for key in config if key.startswith("portico:")} <= set(SCHEMA)
    assert stack_label(file.split(".")[1]) == file.split(".")[1]
