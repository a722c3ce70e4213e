"""The commands that the documentation shows do what it says. Which test runs which: tests/docs/test_commands.py."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.pages import ROOT, blocks
from tests.docs.test_commands import commands
from tests.docs.test_stack_files import laid_over
from tests.engine.world import World

#: Seconds for one command; `make up` with built tools takes a fraction of it.
_LIMIT = 600

#: Hosts of the stack gke.
_STORE = ("store.example", "www.store.example")

#: Every URL of the stack gke-hosts, and the Service that answers it.
_HOSTS = {
    "https://blog.hosts.example/": "hosts/blog",
    "https://docs.hosts.example/": "hosts/docs",
    "https://shop.hosts.example/": "hosts/shop",
    "https://shop.hosts.example/api": "hosts/api",
    "https://www.hosts.example/": "hosts/shop",
    "https://www.hosts.example/api": "hosts/api",
}

#: What a checkout does not have.
_MADE = shutil.ignore_patterns(".git", ".venv", ".sandbox*", ".*_cache", ".hypothesis", "__pycache__")


def shown(page: str, beginning: str) -> list[str]:
    """The commands of a page that begin so, in their order."""
    found = [command for block in blocks("console") if block.page.name == page for command in commands(block)]
    return [command for command in found if command.startswith(beginning)]


def run(command: str, folder: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A command as a person would type it, all it says in one text."""
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=dict(env or os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_LIMIT,
        check=False,
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout of one's own, with its own sandbox: nobody's `.sandbox` is touched."""
    folder = tmp_path_factory.mktemp("checkout") / "portico"
    shutil.copytree(ROOT, folder, ignore=_MADE)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    yield folder
    run(".venv/bin/python -m sandbox down --purge", folder)


@pytest.fixture(scope="module")
def deployed(checkout: Path) -> str:
    """What `make up` says in that checkout."""
    done = run("make up", checkout, os.environ | {"COLUMNS": "200"})
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_make_help_names_what_the_pages_name() -> None:
    said = run("make help", ROOT).stdout
    for target in ("up", "test", "down", "unit", "clean"):
        assert f"make {target} " in said


def test_make_up_ends_with_the_table_that_the_readme_shows(deployed: str) -> None:
    text = next(block for block in blocks("text") if block.comment == "what `make up` prints").text
    head, *rows = [[cell.strip() for cell in re.split("[┃│]", line)[1:-1]] for line in text.splitlines() if line[0] in "┃│"]
    assert all(column in deployed for column in head)
    for url, certificate, status, by in rows:
        authority, _, until = certificate.partition(", until ")
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", until)
        # The authority's name ends in a number of its own for each run.
        named = re.escape(authority.rpartition(" ")[0]) + r" \w+, until \d{4}-\d\d-\d\d"
        cells = [re.escape(url).replace(":8443", r":\d+"), named, status, re.escape(by).replace(":8443", r":\d+")]
        assert re.search(" +│ +".join(cells), deployed), f"{cells}\n{deployed}"
    for line in text.splitlines():
        if line[0].isalpha():
            assert f"\n{line.partition(':')[0]}:" in deployed


def test_sandbox_commands_work_as_written(checkout: Path, deployed: str) -> None:
    assert deployed
    pages = ("README.md", "troubleshooting.md")
    for command in dict.fromkeys(each for page in pages for each in shown(page, ".venv/bin/python -m sandbox ")):
        done = run(command, checkout)
        assert done.returncode == 0, f"{command}\n{done.stdout}"


def test_make_down_leaves_nothing_running(checkout: Path, deployed: str) -> None:
    assert deployed
    done = run("make down", checkout)
    assert done.returncode == 0, done.stdout
    states = run(".venv/bin/python -m sandbox status --json", checkout).stdout
    assert '"running"' not in states
    assert '"dead"' not in states


def followed(page: str, checkout: Path) -> dict[str, str]:
    """What each command of a page says, run in the page's order; those of `pulumi` are for a stack of one's own."""
    answers: dict[str, str] = {}
    for block in blocks("console"):
        if block.page.name == page:
            for command in commands(block):
                if not command.startswith("pulumi "):
                    done = run(command, checkout, os.environ | {"COLUMNS": "200"})
                    assert done.returncode == 0, f"{command}\n{done.stdout}"
                    answers[command] = done.stdout
    return answers


def shows(table: str, urls: Mapping[str, str]) -> None:
    """The table of `make up` has each URL, answered by its Service."""
    for url, service in urls.items():
        assert re.search(rf"{re.escape(url)} .*│ 200 +│ {service} ", table), table


def curled(answers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Which Services answered those commands that asked for a URL, by namespace and name."""
    asked = [said for command, said in answers.items() if "sandbox curl" in command]
    said = [json.loads(answer[answer.index("{") :]) for answer in asked]
    return [(one["namespace"], one["service"]) for one in said]


def test_eks_page_from_its_first_command_to_its_last(checkout: Path) -> None:
    """In the page's order: the stack on the sandbox's AWS up, asked, and away again; then one's own file from it."""
    answers = followed("eks.md", checkout)
    urls = {"https://www.shop.example/path1": "shop/hello", "https://www.shop.example/path2": "shop/world"}
    shows(answers["make up STACK=eks"], urls)
    assert curled(answers) == [("shop", "hello"), ("shop", "orders")]
    assert (checkout / "Pulumi.prod.yaml").read_text() == (ROOT / "Pulumi.eks.yaml").read_text()


def test_gke_page_from_its_first_command_to_its_last(checkout: Path) -> None:
    """The same on the sandbox's Google Cloud: Google's load balancer, by an Ingress."""
    answers = followed("gke.md", checkout)
    urls = {f"https://{host}{path}": to for host in _STORE for path, to in (("/", "store/web"), ("/api", "store/api"))}
    shows(answers["make up STACK=gke"], urls)
    assert curled(answers) == [("store", "web"), ("store", "api")]
    assert (checkout / "Pulumi.prod.yaml").read_text() == (ROOT / "Pulumi.gke.yaml").read_text()


def test_gke_hosts_page_from_its_first_command_to_its_last(checkout: Path) -> None:
    """The same with a controller in the cluster."""
    answers = followed("gke-hosts.md", checkout)
    shows(answers["make up STACK=gke-hosts"], _HOSTS)
    assert curled(answers) == [("hosts", "blog"), ("hosts", "api")]
    assert (checkout / "Pulumi.prod.yaml").read_text() == (ROOT / "Pulumi.gke-hosts.yaml").read_text()


def test_gke_hosts_page_goes_to_production_and_moves_as_it_says(checkout: Path) -> None:
    """The page's fragments on the committed stack: production and back, then each way of Google's, and back to where it was."""
    file = checkout / "Pulumi.gke-hosts.yaml"
    standing = yaml.safe_load(file.read_text())
    fragments = [yaml.safe_load(block.text) for block in blocks("yaml") if block.page.name == "gke-hosts.md"]
    [production] = [one for one in fragments if "portico:acme" in one]
    ways = {kind: one for one in fragments for kind in one.get("portico:entrypoint", {})}

    def up(changes: Mapping[str, Any]) -> tuple[str, str]:
        """The stack with those keys changed, every URL asked: its issuer and its address."""
        file.write_text(yaml.safe_dump({**standing, "config": {**standing["config"], **changes}}))
        done = run("make up STACK=gke-hosts", checkout, os.environ | {"COLUMNS": "200"})
        assert done.returncode == 0, done.stdout
        shows(done.stdout, _HOSTS)
        [issuer] = re.findall(r"- acme: (\S+)", done.stdout)
        [address] = re.findall(r"^address: (\S+)", done.stdout, re.MULTILINE)
        return issuer, address

    acme = laid_over(standing["config"]["portico:acme"], production["portico:acme"])
    seen = [up(changes) for changes in ({}, {"portico:acme": acme}, {})]
    assert [issuer.rpartition("-")[2] for issuer, _ in seen] == ["staging", "production", "staging"]
    addresses = [address for _, address in seen]
    assert len(set(addresses)) == 1

    addresses += [up({"portico:entrypoint": ways[kind]["portico:entrypoint"]})[1] for kind in ("gce", "gateway")]
    assert len(set(addresses)) == 3
    assert up({})[1] not in addresses[-2:]
    assert run("make down STACK=gke-hosts", checkout).returncode == 0


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")
def test_kubectl_commands_work_as_written(world: World) -> None:
    env = os.environ | {"KUBECONFIG": str(world.sandbox.layout.kubeconfig)}
    for page in ("teardown.md", "troubleshooting.md"):
        for command in shown(page, "kubectl get "):
            done = run(command, ROOT, env)
            assert done.returncode == 0, f"{command}\n{done.stdout}"


def test_own_stack_from_its_first_command_to_its_last(world: World, tmp_path: Path) -> None:
    """The pages in the order in which a person reads them: a new stack, its key, up, looked after, and torn down."""
    folder = world.project(tmp_path, "unused").folder
    file = folder / "Pulumi.prod.yaml"
    done: list[str] = []

    def follow(page: str, upto: str | None = None) -> None:
        """Runs the page's commands that were not run yet, as far as the named one; questions are answered with yes."""
        for command in shown(page, "pulumi "):
            if command in done:
                continue
            asks = command.startswith(("pulumi up", "pulumi destroy", "pulumi stack rm")) and "--yes" not in command
            result = run(f"{command} --yes" if asks else command, folder, world.env)
            assert result.returncode == 0, f"{command}\n{result.stdout}"
            done.append(command)
            if upto is not None and command.startswith(upto):
                return

    (folder / "tsig.key").write_text(world.fact("tsig-secret") + "\n")
    follow("dev.md", upto="pulumi config set")
    written = yaml.safe_load(file.read_text())
    assert "secure" in written["config"]["portico:cloud"]["rfc2136"]["tsig"]["secret"]
    assert world.fact("tsig-secret") not in file.read_text()

    config = world.dev_config()
    config["portico:cloud"]["rfc2136"]["tsig"]["secret"] = written["config"]["portico:cloud"]["rfc2136"]["tsig"]["secret"]
    file.write_text(yaml.safe_dump({**written, "config": {**config, "portico:protect": True}}))
    follow("dev.md")
    follow("troubleshooting.md")

    refused = run("pulumi destroy --stack prod --yes", folder, world.env)
    assert refused.returncode != 0
    assert "cannot be deleted" in refused.stdout
    assert "because it is protected" in refused.stdout

    file.write_text(yaml.safe_dump({**written, "config": config}))
    done.clear()
    follow("teardown.md", upto="pulumi up")
    for command in shown("teardown.md", "pulumi "):
        # The way of a destroy that was cut off, then the ordinary one: each leaves the next something to do or nothing at all.
        if "stack rm" not in command and command not in done:
            asks = "destroy" in command and "--yes" not in command
            result = run(f"{command} --yes" if asks else command, folder, world.env)
            assert result.returncode == 0, f"{command}\n{result.stdout}"
    removed = next(command for command in shown("teardown.md", "pulumi stack rm"))
    assert run(f"{removed} --yes", folder, world.env).returncode == 0
    assert world.objects("prod") == []
    assert world.records() == world.records_at_start
