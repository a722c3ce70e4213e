"""Every python block runs, as a program of somebody else's would."""

from __future__ import annotations

from pathlib import Path

import pytest
from pulumi.runtime import set_config

from tests.docs.pages import Block, blocks
from tests.support.recorder import record
from tests.support.stacks import TSIG_SECRET


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSIG_SECRET", TSIG_SECRET)
    monkeypatch.chdir(tmp_path)

    def program() -> None:
        set_config("portico:tsig", TSIG_SECRET)
        exec(compile(block.text, str(block), "exec"), {"__name__": "__main__"})

    found = record(program)
    kinds = {item.kind for item in found}
    assert {"Record", "Reservation"} <= kinds
    assert all(item.parent for item in found)
