"""Values that another program writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.settings.sources import resolve
from tests.support.stacks import ZONE, problems_of, settings_of, stack_file, with_value


def test_a_file_and_a_variable_stand_for_their_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "port").write_text("8443\n")
    monkeypatch.setenv("PORTICO_TEST_ZONE", ZONE)
    raw = with_value(stack_file(), ("zone", "name"), {"from_env": "PORTICO_TEST_ZONE"})
    raw = with_value(raw, ("entrypoint", "gateway", "ports"), {"https": {"from_file": "port"}})
    settings = settings_of(raw, root=tmp_path)
    assert settings.zone.name == ZONE
    assert settings.entrypoint.chosen.ports.https == 8443


def test_one_final_line_break_is_dropped_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "value").write_text(" a \n\n")
    assert resolve({"x": {"from_file": "value"}}, tmp_path) == ({"x": " a \n"}, [])


def test_a_relative_file_is_looked_up_from_the_project_and_an_absolute_one_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "value").write_text("here")
    for name in ("sub/value", str(tmp_path / "sub" / "value")):
        assert resolve([{"from_file": name}], tmp_path) == (["here"], [])


@pytest.mark.parametrize(
    ("reference", "where", "says"),
    [
        ({"from_file": "gone"}, "portico:zone.name", 'file "gone" does not exist; what writes it has not run yet'),
        ({"from_file": "folder"}, "portico:zone.name", 'file "folder" cannot be read: Is a directory'),
        ({"from_file": "binary"}, "portico:zone.name", 'file "binary" cannot be read: '),
        ({"from_env": "PORTICO_NOT_SET"}, "portico:zone.name", "environment variable PORTICO_NOT_SET is not set"),
        ({"from_file": ""}, "portico:zone.name.from_file", "must be the name of a file or environment variable"),
        ({"from_env": 5}, "portico:zone.name.from_env", "must be the name of a file or environment variable"),
    ],
)
def test_fails_when_a_source_is_not_to_be_had(reference: dict[str, Any], where: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    problems = problems_of(with_value(stack_file(), ("zone", "name"), reference), root=tmp_path)
    assert says in problems[where][0]


def test_a_missing_source_is_told_once_and_nothing_that_follows_from_it(tmp_path: Path) -> None:
    raw = with_value(stack_file(), ("cloud", "rfc2136", "pool"), [{"from_file": "a"}, "192.0.2.16/28"])
    raw = with_value(raw, ("entrypoint", "gateway", "ports"), {"http": {"from_file": "b"}})
    raw = with_value(raw, ("cloud", "rfc2136", "tsig", "secret"), {"from_file": "c"})
    assert {key: len(messages) for key, messages in problems_of(raw, root=tmp_path).items()} == {
        "portico:cloud.rfc2136.pool[0]": 1,
        "portico:entrypoint.gateway.ports.http": 1,
        "portico:cloud.rfc2136.tsig.secret": 1,
    }


def test_other_mistakes_are_told_beside_a_missing_source(tmp_path: Path) -> None:
    raw = with_value(stack_file(), ("zone", "name"), {"from_file": "gone"})
    raw = with_value(raw, ("cloud", "rfc2136", "ttl"), 0)
    assert {"portico:zone.name", "portico:cloud.rfc2136.ttl"} <= set(problems_of(raw, root=tmp_path))


@pytest.mark.parametrize("word", ["file", "env"])
@pytest.mark.parametrize(
    "path",
    [
        ("namespaces", "shop", "labels"),
        ("sites", "shop", "annotations"),
        ("entrypoint", "gateway", "controller", "existing", "selector"),
        ("entrypoint", "gateway", "service_annotations"),
    ],
)
def test_a_users_own_keys_may_be_called_file_or_env(path: tuple[str, ...], word: str) -> None:
    """`labels: {env: production}` is what most clusters have; it is no reference."""
    raw = with_value(stack_file(), path, {word: "production"})
    settings: Any = settings_of(raw)
    for part in path:
        settings = settings[part] if isinstance(settings, dict) else getattr(settings, part)
    assert settings == {word: "production"}


def test_chart_values_may_hold_env() -> None:
    values = {"env": [{"name": "A", "value": "b"}]}
    raw = with_value(stack_file(), ("cert_manager",), {"helm": {"values": values}})
    assert settings_of(raw).cert_manager.chosen.values == values


@pytest.mark.parametrize("name", ["file", "env"])
def test_a_site_may_be_called_file_or_env(name: str) -> None:
    raw = stack_file(sites={name: {"hosts": ["shop.portico.test"], "paths": {"/": "web:80"}}})
    assert list(settings_of(raw).sites) == [name]


def test_keys_beside_a_reference_make_it_none(tmp_path: Path) -> None:
    raw = {"x": {"from_file": "a", "from_env": "b"}, "y": {"from_file": "a", "other": 1}}
    assert resolve(raw, tmp_path) == (raw, [])
