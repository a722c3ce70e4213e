"""Where the cluster comes from: explicit, and checked for its form before anything is contacted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.cluster import open_cluster, read_kubeconfig
from components.settings import SettingsError
from tests.support.doors import KUBECONFIG
from tests.support.recorder import OTHER_STACKS_KUBECONFIG, Secret, record
from tests.support.stacks import settings_of, stack_file

TWO = KUBECONFIG.replace("contexts: [", "contexts: [{name: other, context: {cluster: nowhere, user: u}}, ")


def read(cluster: dict[str, Any], root: Path) -> Any:
    return read_kubeconfig(settings_of(stack_file(cluster=cluster)), root)


def refusal(cluster: dict[str, Any], root: Path) -> tuple[str, str]:
    with pytest.raises(SettingsError) as caught:
        read(cluster, root)
    [problem] = caught.value.problems
    return problem.key, problem.message


def file(root: Path, text: str, **more: str) -> dict[str, Any]:
    (root / "kubeconfig").write_text(text)
    return {"kubeconfig": {"path": "kubeconfig", **more}}


def test_a_relative_path_is_looked_up_from_the_project(tmp_path: Path) -> None:
    found = read(file(tmp_path, KUBECONFIG), tmp_path)
    assert (found.text, found.context, found.server) == (KUBECONFIG, None, "https://127.0.0.1:6443")


def test_an_absolute_path_and_one_from_home_are_taken_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    file(tmp_path, KUBECONFIG)
    for path in (str(tmp_path / "kubeconfig"), "~/kubeconfig"):
        assert read({"kubeconfig": {"path": path}}, Path("/nonexistent")).text == KUBECONFIG


def test_the_ambient_kubeconfig_is_never_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ambient = tmp_path / "ambient"
    ambient.write_text(KUBECONFIG)
    monkeypatch.setenv("KUBECONFIG", str(ambient))
    key, message = refusal({"kubeconfig": {"path": "gone"}}, tmp_path)
    assert key == "portico:cluster.kubeconfig.path"
    assert message.startswith('cannot read "gone": ')
    assert "No such file or directory" in message


@pytest.mark.parametrize(
    ("text", "more", "key", "says"),
    [
        ("- a\n- b", {}, "path", "is not a kubeconfig (YAML with clusters, contexts and users)"),
        ("just text", {}, "path", "is not a kubeconfig"),
        ("a: [", {}, "path", "is not a kubeconfig"),
        ("{}", {}, "path", "is not a kubeconfig"),
        ("", {}, "path", "is not a kubeconfig"),
        ("contexts: null", {}, "path", "is not a kubeconfig"),
        (KUBECONFIG, {"context": "d"}, "context", 'the kubeconfig has no context "d"; it has c'),
        (TWO, {"context": "othr"}, "context", 'the kubeconfig has no context "othr" (did you mean "other"?); it has c, other'),
        (TWO, {"context": "other"}, "path", 'context "other" names a cluster that the kubeconfig does not have'),
        (KUBECONFIG.replace("current-context: c", ""), {}, "context", "the kubeconfig has no current-context: name one of c"),
    ],
)
def test_fails_when_the_kubeconfig_is_of_no_use(text: str, more: dict[str, str], key: str, says: str, tmp_path: Path) -> None:
    where, message = refusal(file(tmp_path, text, **more), tmp_path)
    assert where == f"portico:cluster.kubeconfig.{key}"
    assert says in message


def test_fails_when_the_kubeconfig_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_bytes(b"\xff\xfe\x00")
    key, _ = refusal({"kubeconfig": {"path": "kubeconfig"}}, tmp_path)
    assert key == "portico:cluster.kubeconfig.path"


def test_fails_when_the_path_is_a_folder(tmp_path: Path) -> None:
    assert "Is a directory" in refusal({"kubeconfig": {"path": "."}}, tmp_path)[1]


def test_an_inline_kubeconfig_is_checked_alike_and_never_shown(tmp_path: Path) -> None:
    assert read({"inline": {"content": KUBECONFIG}}, tmp_path).server == "https://127.0.0.1:6443"
    key, message = refusal({"inline": {"content": "token-of-the-test"}}, tmp_path)
    assert key == "portico:cluster.inline.content"
    assert "token-of-the-test" not in message


def test_a_kubeconfig_of_another_stack_stays_secret_and_is_not_read_here(tmp_path: Path) -> None:
    settings = settings_of(stack_file(cluster={"stack": {"name": "org/project/stack"}}))
    made = record(lambda: open_cluster(read_kubeconfig(settings, tmp_path)))
    assert made.one("kubernetes").inputs["kubeconfig"] == Secret(OTHER_STACKS_KUBECONFIG)
    assert "clusterIdentifier" not in made.one("kubernetes").inputs


def test_the_provider_gets_the_context_that_the_stack_file_names(tmp_path: Path) -> None:
    settings = settings_of(stack_file(cluster=file(tmp_path, KUBECONFIG, context="c")))
    provider = record(lambda: open_cluster(read_kubeconfig(settings, tmp_path))).one("kubernetes")
    assert provider.inputs["context"] == "c"
    assert provider.inputs["enableServerSideApply"] == "true"
