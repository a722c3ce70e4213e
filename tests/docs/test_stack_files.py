"""Every yaml block is a stack file that the settings accept, or changes to one; every answer shown is the one given."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.settings import Settings, SettingsError, load
from tests.docs.pages import PAGES, ROOT, Block, blocks
from tests.support.pem import certificate, key_pem
from tests.support.stacks import TSIG_SECRET

STACK_FILE = "stack file: Pulumi.prod.yaml"
#: Changes replace whole keys, additions stand beside what is there. A stack other than prod is a committed one.
_FRAGMENT = re.compile(r"(changes|additions) to Pulumi\.([a-z-]+)\.yaml")
ANSWER = "answer to the changes above"

_BLOCKS = [block for block in blocks("yaml", "text") if block.language == "yaml" or block.comment == ANSWER]


def decrypted(value: Any, key: str = "") -> Any:
    """The tree as Pulumi hands it over: a `secure:` value is the secret."""
    if isinstance(value, Mapping):
        if set(value) == {"secure"}:
            return {"key": key_pem(), "secret": TSIG_SECRET, "content": "a kubeconfig"}[key]
        return {name: decrypted(item, name) for name, item in value.items()}
    return [decrypted(item, key) for item in value] if isinstance(value, list) else value


def laid_over(base: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """`added` beside what is there."""
    merged = dict(base)
    for key, value in added.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = laid_over(merged[key], value) if both else value
    return merged


def whole(page: Path, stack: str) -> Mapping[str, Any]:
    """The stack file that a page's fragments belong to: a committed one, the page's own, or the README's."""
    if stack != "prod":
        committed: Mapping[str, Any] = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
        return committed
    found = [block for block in blocks("yaml") if block.comment == STACK_FILE]
    own = [block for block in found if block.page == page] or found
    config: Mapping[str, Any] = yaml.safe_load(own[0].text)["config"]
    return config


def config_of(block: Block) -> dict[str, Any]:
    """The whole configuration that a block stands for."""
    content = yaml.safe_load(block.text)
    if block.comment == STACK_FILE:
        return decrypted(content["config"])  # type: ignore[no-any-return]  # a mapping stays one
    fragment = _FRAGMENT.fullmatch(block.comment)
    if fragment is not None:
        base = whole(block.page, fragment[2])
        laid = {**base, **content} if fragment[1] == "changes" else laid_over(base, content)
        return decrypted(laid)  # type: ignore[no-any-return]  # as above
    raise AssertionError(f"{block}: a yaml block must say what it is in a comment above it, not {block.comment!r}")


def checked(block: Block, root: Path) -> Settings:
    """The settings of a block. Raises SettingsError."""
    (root / "ca.pem").write_text(certificate())
    (root / "store.pem").write_text(certificate(ca=False, hosts=["store.example", "www.store.example"]))
    # What the sandbox writes, and a committed stack reads.
    facts = root / ".sandbox" / "facts"
    facts.mkdir(parents=True)
    (facts / "acme-ca.pem").write_text(certificate())
    for environment in ("staging", "production"):
        (facts / f"acme-{environment}-directory").write_text("https://acme.example/directory")
    return load(copy.deepcopy(config_of(block)), stack="prod", root=root)


def answers() -> list[tuple[Block, Block]]:
    """Each wrong stack file with the answer that stands below it."""
    return [(before, block) for before, block in pairwise(_BLOCKS) if block.comment == ANSWER]


WRONG = [before for before, _ in answers()]
RIGHT = [block for block in _BLOCKS if block.language == "yaml" and block not in WRONG]


@pytest.mark.parametrize("block", RIGHT, ids=str)
def test_is_accepted(block: Block, tmp_path: Path) -> None:
    checked(block, tmp_path)


@pytest.mark.parametrize(("block", "answer"), answers(), ids=str)
def test_wrong_one_is_answered_as_shown(block: Block, answer: Block, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        checked(block, tmp_path)
    assert caught.value.report("Pulumi.prod.yaml") == answer.text.rstrip()


def test_all_pages_show_the_same_stack_file() -> None:
    found = {block.text for block in blocks("yaml") if block.comment == STACK_FILE}
    configs = [yaml.safe_load(text) for text in found]
    assert configs.count(configs[0]) == len(configs), "the whole stack files differ"
    assert PAGES


def test_roads_and_entrypoints_are_all_in_the_readme() -> None:
    readme = next(page for page in PAGES if page.name == "README.md").read_text()
    for name in ("cloud", "entrypoint"):
        model = Settings.model_fields[name].annotation
        assert model is not None
        for kind in model.model_fields:
            assert f"| `{kind}` |" in readme, f"{name} {kind} is in no table of the README"
