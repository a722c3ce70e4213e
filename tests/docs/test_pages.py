"""Links lead somewhere, every block is of a kind that is tested, and the generated pages are up to date."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.docs.pages import PAGES, ROOT, blocks, prose

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")

#: What no page may hold: somebody's own folders, and hosts of package registries.
_UNWANTED = re.compile(
    r"(?<![\w.])/(?:home|root|work|tmp|Users)/\w|pypi\.org|pythonhosted\.org|proxy\.golang\.org|registry\.npmjs"
)


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(prose(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_text_is_for_every_reader(page: Path) -> None:
    assert not _UNWANTED.findall(page.read_text())
    assert not re.findall(r"\b(?:TODO|FIXME|TBD)\b", page.read_text())


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in _LINK.findall((ROOT / "README.md").read_text())}
    assert {page for page in PAGES if page.name != "README.md"} <= linked


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    unknown = [str(block) for block in blocks() if block.language not in {"yaml", "python", "console", "text"}]
    assert not unknown
    for page in PAGES:
        fences = len(re.findall(r"^ *```", page.read_text(), re.MULTILINE))
        assert fences == 2 * sum(block.page == page for block in blocks()), f"{page.name}: a block is not closed, or not seen"


@pytest.mark.parametrize("generator", ["generate_settings", "generate_matrix"])
def test_generated_page_is_up_to_date(generator: str) -> None:
    command = [sys.executable, "-m", f"docs.{generator}", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_picture_is_well_formed_and_says_what_it_shows() -> None:
    root = ElementTree.parse(ROOT / "docs" / "way.svg").getroot()
    names = {child.tag.rpartition("}")[2]: child for child in root}
    assert names["title"].text
    assert names["desc"].text
    assert "prefers-color-scheme: dark" in (names["style"].text or "")
