"""Every message that the documentation quotes is one that the code can say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.docs.pages import PAGES, ROOT, Block, blocks, prose

#: Who else is quoted; their words are kept short, and are theirs to change.
OTHERS = {"said by Pulumi", "said by cert-manager", "said by the CA", "said by Helm", "said by Google", "said by GKE"}

#: Text blocks that are no messages.
_SHOWN = {
    "configuration of BIND",
    "answer to the changes above",
    "what `make up` prints",
}

_GAP = "\0"

#: Fewer letters than this tell no message apart from others.
_TELLING = 9


@cache
def messages() -> tuple[str, ...]:
    """Every text in the code, with a gap where a value is filled in."""
    found: set[str] = set()
    for folder in ("components", "sandbox"):
        for path in (ROOT / folder).rglob("*.py"):
            found.update(_texts(ast.parse(path.read_text())))
    return tuple(found)


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else _GAP for part in node.values)


def can_be_said(quoted: str) -> bool:
    """Whether the code can say it; `…` stands for whatever is filled in.

    Either the words stand in one text of the code, or they are one whole text with its gaps filled, by short words or by what the
    code can say as well.
    """
    words = [re.escape(part.strip()) for part in quoted.split("…") if part.strip()]
    pattern = re.compile("(?:.|\0)*?".join(words), re.DOTALL)
    return any(pattern.search(text) for text in messages()) or any(
        all(_letters(filled) < _TELLING or can_be_said(filled) for filled in found.groups())
        for template in _templates()
        if (found := template.fullmatch(quoted))
    )


@cache
def _templates() -> tuple[re.Pattern[str], ...]:
    """Each line of each text with gaps, as a pattern that captures what fills them."""
    lines = {line for text in messages() for line in text.split("\n") if _GAP in line and _letters(line) >= 4}
    return tuple(re.compile("(.*?)".join(re.escape(part) for part in line.split(_GAP))) for line in lines)


def _letters(text: str) -> int:
    return len(re.sub(r"[\W_]", "", text))


def _lines() -> Iterator[tuple[Block, str]]:
    for block in blocks("text"):
        if block.page.name != "troubleshooting.md" or block.comment in OTHERS | _SHOWN:
            continue
        for line in block.text.strip().splitlines():
            yield block, line


@pytest.mark.parametrize(
    ("block", "line"), list(_lines()), ids=lambda value: str(value) if isinstance(value, Block) else value[:40]
)
def test_message_is_said_by_the_code(block: Block, line: str) -> None:
    assert _letters(line) >= _TELLING, f"{block}: too short to tell apart: {line}"
    assert can_be_said(line), f"{block}: nothing in the code says {line!r}"


def test_messages_of_the_table_are_said_by_the_code() -> None:
    page = next(page for page in PAGES if page.name == "troubleshooting.md")
    table = re.search(r"^## Nothing was created$(.*?)^## ", prose(page), re.MULTILINE | re.DOTALL)
    assert table
    quoted = re.findall(r"^\| `([^`]+)` \|", table[1], re.MULTILINE)
    assert len(quoted) > 10
    assert [words for words in quoted if not can_be_said(words)] == []


def test_every_text_block_says_whose_words_it_holds() -> None:
    for block in blocks("text"):
        told = block.comment in OTHERS | _SHOWN or block.page.name in {"troubleshooting.md", "architecture.md"}
        assert told, f"{block}: {block.comment!r}"
