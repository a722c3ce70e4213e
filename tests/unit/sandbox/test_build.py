"""Tools: one build per content, nothing half done, nothing done twice. Go is played by a script."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import tools
from sandbox.build import build, tools_folder
from sandbox.toolchain import Go, ToolchainError
from sandbox.tools import Kept, Tool

FAKE_GO = """\
#!{python}
import json, os, pathlib, sys, time
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    calls.write(sys.argv[1] + "\\n")
match sys.argv[1]:
    case "list":
        print("fmt", "example.org/a", "example.org/main", sep="\\n")
    case "mod":
        print(json.dumps({{"Dir": str(here / "module")}}))
    case "build":
        if (here / "broken").exists():
            sys.exit("main.go:1: that is no Go")
        print("example.org/a", "example.org/main", sep="\\n", file=sys.stderr, flush=True)
        while (here / "slow").exists():
            time.sleep(0.05)
        output = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
        (output / "main").write_text("program")
"""
TOOL = Tool(
    name="thing",
    packages=("example.org/main/v3",),
    programs=("renamed",),
    kept=(Kept("example.org/a", "*.yaml", "files"),),
)


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Go:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tools, "SOURCES", tmp_path / "sources")
    (tmp_path / "sources" / "thing").mkdir(parents=True)
    (tmp_path / "sources" / "thing" / "go.mod").write_text("module thing\n")
    (tmp_path / "module").mkdir()
    (tmp_path / "module" / "crd.yaml").write_text("kind: CustomResourceDefinition\n")
    command = tmp_path / "go"
    command.write_text(FAKE_GO.format(python=sys.executable))
    command.chmod(0o755)
    return Go(command, (1, 26, 0))


def calls(go: Go) -> list[str]:
    return (go.command.parent / "calls").read_text().split()


def test_built_named_and_kept(go: Go) -> None:
    folder = build([TOOL], go)["thing"]
    assert folder.parent == tools_folder()
    assert (folder / "bin" / "renamed").read_text() == "program"
    assert (folder / "files" / "crd.yaml").is_file()
    assert not list(tools_folder().glob(".partial-*"))


def test_built_once_and_then_found_without_any_go(go: Go) -> None:
    first = build([TOOL], go)
    before = calls(go)
    go.command.unlink()
    assert build([TOOL]) == first
    assert calls(go) == before


def test_the_key_is_of_the_content() -> None:
    key = tools.TRAEFIK.key("go1.26")
    assert key == tools.TRAEFIK.key("go1.26")
    others = [
        tools.TRAEFIK.key("go1.27"),
        replace(tools.TRAEFIK, linker="-X a.b=c").key("go1.26"),
        replace(tools.TRAEFIK, flags=()).key("go1.26"),
        replace(tools.TRAEFIK, kept=()).key("go1.26"),
    ]
    assert key not in others
    assert len(set(others)) == len(others)


@pytest.mark.parametrize("name", ["go.mod", "go.sum", "main.go"])
def test_a_changed_source_changes_the_key(go: Go, name: str) -> None:
    del go
    before = TOOL.key("go1.26")
    (TOOL.folder / name).write_text("changed\n")
    assert TOOL.key("go1.26") != before


def test_a_failed_build_carries_what_go_said_and_leaves_no_tool(go: Go) -> None:
    (go.command.parent / "broken").touch()
    with pytest.raises(ToolchainError, match="that is no Go"):
        build([TOOL], go)
    assert not list(tools_folder().glob("thing-*"))
    (go.command.parent / "broken").unlink()
    assert build([TOOL], go)["thing"].is_dir()


def test_two_at_once_build_once(go: Go, tmp_path: Path) -> None:
    """Whoever comes second waits, and finds what the first has built."""
    (tmp_path / "slow").touch()
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(build, [TOOL], go) for _ in range(2)]
        deadline = time.monotonic() + 20
        while "build" not in (calls(go) if (tmp_path / "calls").exists() else []):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(0.2)  # long enough for the second one to stand before the lock
        (tmp_path / "slow").unlink()
        first, second = (one.result() for one in both)
    assert first == second
    assert calls(go).count("build") == 1


def test_killed_in_the_middle_and_run_again(go: Go, tmp_path: Path) -> None:
    (tmp_path / "slow").touch()
    program = textwrap.dedent(f"""
        import pathlib
        from sandbox import tools
        from sandbox.build import build
        from sandbox.toolchain import Go
        from sandbox.tools import Tool
        tools.SOURCES = pathlib.Path({str(tools.SOURCES)!r})
        build([Tool("thing", ("example.org/main/v3",), ("renamed",))], Go(pathlib.Path({str(go.command)!r}), (1, 26, 0)))
    """)
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL) as killed:
        deadline = time.monotonic() + 20
        while "build" not in ((tmp_path / "calls").read_text() if (tmp_path / "calls").exists() else ""):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(killed.pid, signal.SIGKILL)
    assert not list(tools_folder().glob("thing-*"))
    (tmp_path / "slow").unlink()
    assert (build([TOOL], go)["thing"] / "bin" / "renamed").is_file()
    assert not list(tools_folder().glob(".partial-*"))


def test_every_tool_names_one_program_for_each_package() -> None:
    for tool in tools.TOOLS:
        assert len(tool.packages) == len(tool.programs)
        assert (tool.folder / "go.mod").is_file()
        assert (tool.folder / "go.sum").is_file()


@pytest.mark.skipif(shutil.which("gofmt") is None, reason="no gofmt on PATH")
def test_our_own_go_is_formatted() -> None:
    ours = list(tools.SOURCES.rglob("*.go"))
    assert subprocess.run(["gofmt", "-l", *ours], capture_output=True, text=True, check=True).stdout == ""
