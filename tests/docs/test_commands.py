"""Every command of the documentation is run by a test: here is which."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest

from components.settings.cloud import Tsig
from tests.docs.pages import ROOT, Block, blocks

_E2E = "tests/e2e/test_docs_commands.py"

#: Which test runs a command, by the command's beginning.
RUN_BY = {
    "make up": f"{_E2E}::test_make_up_ends_with_the_table_that_the_readme_shows",
    "make down": f"{_E2E}::test_make_down_leaves_nothing_running",
    "make up STACK=eks": f"{_E2E}::test_eks_page_from_its_first_command_to_its_last",
    "make down STACK=eks": f"{_E2E}::test_eks_page_from_its_first_command_to_its_last",
    "cp Pulumi.eks.yaml ": f"{_E2E}::test_eks_page_from_its_first_command_to_its_last",
    "make up STACK=gke": f"{_E2E}::test_gke_page_from_its_first_command_to_its_last",
    "make down STACK=gke": f"{_E2E}::test_gke_page_from_its_first_command_to_its_last",
    "cp Pulumi.gke.yaml ": f"{_E2E}::test_gke_page_from_its_first_command_to_its_last",
    "make up STACK=gke-hosts": f"{_E2E}::test_gke_hosts_page_from_its_first_command_to_its_last",
    "make down STACK=gke-hosts": f"{_E2E}::test_gke_hosts_page_from_its_first_command_to_its_last",
    "cp Pulumi.gke-hosts.yaml ": f"{_E2E}::test_gke_hosts_page_from_its_first_command_to_its_last",
    "make help": f"{_E2E}::test_make_help_names_what_the_pages_name",
    "make check": ".ci/run",
    "make unit": ".ci/run",
    "make test": ".ci/run",
    ".venv/bin/python -m sandbox ": f"{_E2E}::test_sandbox_commands_work_as_written",
    "kubectl get ": f"{_E2E}::test_kubectl_commands_work_as_written",
    "pulumi ": f"{_E2E}::test_own_stack_from_its_first_command_to_its_last",
    "python3 -m venv ": ".ci/run",
    ".venv/bin/pip install --requirement requirements.txt": ".ci/run",
    "python3 -c ": "tests/docs/test_commands.py::test_key_is_one_that_the_settings_accept",
    "rm tsig.key": "tests/docs/test_commands.py::test_key_is_one_that_the_settings_accept",
}


def commands(block: Block) -> list[str]:
    """The commands of a console block."""
    return [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]


def _all() -> list[str]:
    return sorted({command for block in blocks("console") for command in commands(block)})


def _runner(command: str) -> str | None:
    fitting = [beginning for beginning in RUN_BY if command.startswith(beginning)]
    return RUN_BY[max(fitting, key=len)] if fitting else None


@pytest.mark.parametrize("command", _all())
def test_command_is_run_by_a_test(command: str) -> None:
    runner = _runner(command)
    assert runner is not None, f"no test runs `{command}`"
    path, _, name = runner.partition("::")
    text = (ROOT / path).read_text()
    if name:
        functions = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
        assert name in functions, f"{path} has no {name}"
    else:
        assert "make test" in text


def test_make_runs_what_continuous_integration_is_said_to_run() -> None:
    """`make test` lints, checks types, installs what is required and runs all tests, those of `make unit` included."""
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^test: .*\bcheck\b", makefile, re.MULTILINE)
    recipe = re.search(r"^test:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    run = {word for line in recipe[1].splitlines() if "-m pytest" in line for word in line.split() if word.startswith("tests/")}
    assert run == {f"tests/{path.name}" for path in (ROOT / "tests").iterdir() if list(path.glob("**/test_*.py"))}
    assert "-m venv $(VENV)" in makefile
    assert "RUNTIME := requirements.txt" in makefile


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {word for block in blocks() for word in re.findall(r"\bmake ([a-z]+)\b", block.text)}
    pages = {word for page in {block.page for block in blocks()} for word in re.findall(r"`make ([a-z]+)`", page.read_text())}
    assert named & {"up", "test", "down"} == {"up", "test", "down"}
    assert pages <= targets


def test_every_line_of_a_console_block_is_a_command() -> None:
    for block in blocks("console"):
        assert len(commands(block)) == len(block.text.strip().splitlines()), str(block)


def test_key_is_one_that_the_settings_accept() -> None:

    command = next(command for command in _all() if command.startswith("python3 -c "))
    program = command.removeprefix("python3 -c '").partition("' > tsig.key")[0]
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    Tsig.model_validate({"name": "portico", "secret": made.strip()})
