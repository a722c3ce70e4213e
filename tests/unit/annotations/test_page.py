"""The page about annotations is the one that the generator writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from docs.generate_annotations import EXAMPLES, PAGE, page

_ROOT = Path(__file__).resolve().parents[3]


def test_page_is_up_to_date() -> None:
    command = [sys.executable, "-m", "docs.generate_annotations", "--check"]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert PAGE.read_text() == page()


def test_every_example_says_something() -> None:
    for kind, example in EXAMPLES:
        quiet = [key for key in example if f"| {kind} | `{key}: " not in page()]
        # The listeners are there for the redirect.
        assert quiet in ([], ["alb.ingress.kubernetes.io/listen-ports"])
