"""From what Pulumi hands a program to settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings import Settings, SettingsError, load
from components.settings.base import KubeName
from components.settings.root import stack_label
from tests.support import pem
from tests.support.stacks import TSIG_SECRET, as_config, problems_of, settings_of, stack_file, with_value

ROOT = Path()


def test_only_this_projects_keys_are_read() -> None:
    config = {**as_config(stack_file()), "kubernetes:context": "prod", "pulumi:disable-default-providers": '["kubernetes"]'}
    assert load(config, stack="test", root=ROOT) == settings_of(stack_file())


def test_values_may_be_text_or_already_objects() -> None:
    objects = {f"portico:{key}": value for key, value in stack_file().items()}
    assert load(objects, stack="test", root=ROOT) == settings_of(stack_file())


def test_what_the_schemas_defaults_fill_in_counts_as_left_out() -> None:
    """Pulumi fills in `{}` for every object key that the stack file leaves out."""
    empty = {f"portico:{key}": "{}" for key in ("acme", "private_ca", "cert_manager", "namespaces")} | {"portico:stack": ""}
    raw = stack_file(acme=None, private_ca=None, cert_manager=None, namespaces=None)
    assert load({**as_config(raw), **empty}, stack="test", root=ROOT) == settings_of(raw)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False)])
def test_plain_keys_arrive_as_text(text: str, value: bool) -> None:
    assert settings_of({**stack_file(), "protect": text}).protect is value


@pytest.mark.parametrize("empty", [{}, "", "{}"], ids=repr)
@pytest.mark.parametrize("key", sorted(Settings.model_fields))
def test_an_empty_known_key_counts_as_left_out(key: str, empty: Any) -> None:
    assert problems_of({**stack_file(), key: empty}) == problems_of(
        {name: it for name, it in stack_file().items() if name != key}
    )


def test_the_name_in_the_cluster_may_be_said() -> None:
    settings = settings_of({**stack_file(), "stack": "blue"}, stack="dev")
    assert (settings.stack, settings.name) == ("blue", "portico-blue")
    assert settings_of({**stack_file(), "stack": ""}, stack="dev").name == "portico-dev"
    assert list(problems_of({**stack_file(), "stack": "Blue Green"})) == ["portico:stack"]


def test_fails_when_an_object_is_not_json() -> None:
    problems = problems_of({**stack_file(), "zone": '{"name": '})
    assert problems == {"portico:zone": ['must hold keys and values, got "{\\"name\\": "']}


@pytest.mark.parametrize(
    ("stack", "name"), [("dev", "portico-dev"), ("portico", "portico"), ("My_Org.EU", "portico-my-org-eu"), ("---", "portico")]
)
def test_the_stacks_name_is_in_every_name(stack: str, name: str) -> None:
    assert settings_of(stack_file(), stack=stack).name == name


@given(st.text(max_size=100))
def test_any_stack_name_becomes_one_that_kubernetes_takes(stack: str) -> None:
    import re

    from pydantic import TypeAdapter

    label = stack_label(stack)
    assert TypeAdapter(KubeName).validate_python(label) == label
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", label)
    assert len(f"portico-{label}") <= 63


@pytest.mark.parametrize("length", [1, 40, 63])
def test_a_stack_name_that_is_said_is_refused_or_fits_into_every_name(length: int) -> None:
    raw = {**stack_file(), "stack": "s" * length}
    if problems_of(raw) == {}:
        assert len(settings_of(raw).name) <= 63


SECRET = "hunter2-hunter2-hunter2"


def leaves(raw: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value in a stack file that is neither a mapping nor a list."""
    if isinstance(raw, dict):
        return [leaf for key, value in raw.items() for leaf in leaves(value, (*path, key))]
    if isinstance(raw, list):
        return [leaf for index, value in enumerate(raw) for leaf in leaves(value, (*path, index))]
    return [path]


LEAVES = [path for path in leaves(stack_file()) if len(path) > 1]


#: Forms of the secret that a check takes apart before it complains of a part.
PARTS = [f"*.{SECRET.upper()}.test", f"*.{SECRET}_.test", f"https://{SECRET}", f"{SECRET}:x", f"/{SECRET} x", f"{SECRET}\nx"]


@pytest.mark.parametrize(
    "value",
    [SECRET, [SECRET], 3_141_592_653, *PARTS],
    ids=["text", "list", "number", "upper wildcard", "wildcard", "url", "port", "path", "lines"],
)
@pytest.mark.parametrize("path", LEAVES, ids=lambda path: ".".join(map(str, path)))
def test_a_value_below_a_secret_key_is_never_shown(path: tuple[str | int, ...], value: Any) -> None:
    """`pulumi config set --secret --path portico:cloud…` makes the whole top-level key secret."""
    problems = problems_of(with_value(stack_file(), path, value), secret_keys=[f"portico:{path[0]}"])
    told = json.dumps(problems)
    assert SECRET not in told.lower()
    assert "3141592653" not in told


@pytest.mark.parametrize("value", [SECRET, [SECRET], 314_159_265_358_979_323, True], ids=["text", "list", "number", "bool"])
@pytest.mark.parametrize(
    ("base", "path"),
    [
        (stack_file(), ("cloud", "rfc2136", "tsig", "secret")),
        (stack_file(cluster={"inline": {"content": "x"}}), ("cluster", "inline", "content")),
        (stack_file(private_ca={"certificate": pem.certificate(), "key": "x"}), ("private_ca", "key")),
    ],
    ids=["tsig", "kubeconfig", "ca key"],
)
def test_a_field_for_a_secret_never_shows_it_even_if_the_key_is_plain(
    base: dict[str, Any], path: tuple[str, ...], value: Any
) -> None:
    told = json.dumps(problems_of(with_value(base, path, value)))
    assert SECRET not in told
    assert "314159265358979323" not in told
    if value is True:
        assert "True" not in told


def test_settings_do_not_show_secrets_when_printed() -> None:
    settings = settings_of(stack_file())
    assert TSIG_SECRET not in repr(settings)
    assert TSIG_SECRET not in str(settings.model_dump())


def test_a_settings_error_holds_no_traceback_of_pydantic() -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of(stack_file(zone=None))
    assert caught.value.__suppress_context__
