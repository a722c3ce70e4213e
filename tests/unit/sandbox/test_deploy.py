"""What a run that was cut off leaves behind: plugins without their pulumi, locks without their holder, a held lock."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import certifi
import psutil
import pytest

from sandbox.curl import UnreachableError, fetch, resolve
from sandbox.deploy import _break_dead_locks
from sandbox.layout import Layout
from sandbox.locks import held, holders
from sandbox.pulumi import Pulumi, orphaned_plugins
from sandbox.toolset import Toolset


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "sandbox")
    layout.create()
    return layout


class FakePulumi(Pulumi):
    """A pulumi whose commands are only noted; `cancel` removes locks as the real one does."""

    def __init__(self, layout: Layout) -> None:
        provider = layout.home / "provider"
        provider.touch()
        program = Toolset({"pulumi-resource-kubernetes": layout.home}, layout.home / "pulumi", own_pulumi=False)
        super().__init__(layout, program)
        self.calls: list[tuple[str, ...]] = []
        self.locks = layout.pulumi / "state" / ".pulumi" / "locks" / "organization" / "portico"

    def capture(self, *arguments: str, **_options: object) -> subprocess.CompletedProcess[str]:
        self.calls.append(arguments)
        shutil.rmtree(self.locks / arguments[-1], ignore_errors=True)
        return subprocess.CompletedProcess(arguments, 0, "", "")

    def lock(self, stack: str, content: str) -> None:
        path = self.locks / stack / "one.json"
        path.parent.mkdir(parents=True)
        path.write_text(content)


@pytest.mark.parametrize("content", ["dead", "reused", "cut off"])
def test_a_lock_whose_holder_is_gone_is_broken(layout: Layout, content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    pulumi = FakePulumi(layout)
    pid = {"dead": 2**22 - 3, "reused": os.getpid()}.get(content, 0)
    whole = json.dumps({"pid": pid, "hostname": socket.gethostname(), "username": "someone"})
    pulumi.lock("dev", whole[:9] if content == "cut off" else whole)
    _break_dead_locks(pulumi, "dev")
    assert pulumi.calls == [("cancel", "--yes", "--stack", "dev")]


def test_no_lock_no_cancel(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    pulumi = FakePulumi(layout)
    pulumi.lock("other", "{}")
    _break_dead_locks(pulumi, "dev")
    assert pulumi.calls == []


@pytest.fixture
def sleeper(tmp_path: Path) -> Path:
    """A program that is called pulumi."""
    program = tmp_path / "pulumi"
    shutil.copy2(shutil.which("sleep") or "/bin/sleep", program)
    return program


def test_plugins_without_a_pulumi_are_orphans_and_others_are_not(layout: Layout, sleeper: Path) -> None:
    environment = FakePulumi(layout).environment()
    plugin = [sys.executable, "-c", "import time; time.sleep(60)"]
    # A plugin that a killed pulumi left behind; a pulumi that runs; a program that has nothing to do with either.
    with (
        subprocess.Popen(plugin, env=environment) as orphan,
        subprocess.Popen([sleeper, "60"], env=environment) as pulumi,
        subprocess.Popen(plugin) as stranger,
    ):
        try:
            deadline = time.monotonic() + 10
            while psutil.Process(pulumi.pid).name() != "pulumi" and time.monotonic() < deadline:
                time.sleep(0.01)
            assert [process.pid for process in orphaned_plugins(layout)] == [orphan.pid]
        finally:
            for process in (orphan, pulumi, stranger):
                process.kill()


def test_a_lock_is_kept_by_a_child_that_inherited_it_and_free_when_that_ends(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held(path) as descriptor:
        child = subprocess.Popen(["sleep", "1"], pass_fds=(descriptor,))
    seen: list[int] = []
    started = time.monotonic()
    with held(path, lambda others: seen.extend(other.pid for other in others)):
        assert time.monotonic() - started > 0.5
    assert child.pid in seen
    assert child.wait() == 0
    assert holders(path) == []


def test_the_environment_is_the_sandboxs_own(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    environment = FakePulumi(layout).environment()
    assert environment["PULUMI_BACKEND_URL"] == f"file://{layout.pulumi}/state"
    assert environment["PULUMI_HOME"].startswith(str(layout.home))
    assert Path(environment["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text() == "portico-sandbox\n"
    assert environment["PATH"].split(os.pathsep)[0] == str(layout.home)
    assert environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://elsewhere")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "own")
    environment = FakePulumi(layout).environment()
    assert environment["PULUMI_BACKEND_URL"] == "s3://elsewhere"
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in environment


@pytest.mark.parametrize(("url", "code"), [("ftp://a/", 3), ("portico.test", 3), ("http://127.0.0.1:1/", 7)])
def test_a_url_that_cannot_be_asked(layout: Layout, url: str, code: int) -> None:
    shutil.copy(certifi.where(), layout.roots)
    layout.write_fact("dns-server", "127.0.0.1:1")
    with pytest.raises(UnreachableError) as raised:
        fetch(layout, url)
    assert raised.value.code == code


def test_before_the_sandbox_was_ever_up(layout: Layout) -> None:
    with pytest.raises(UnreachableError, match="never been up"):
        fetch(layout, "https://portico.test/")


def test_an_address_needs_no_dns(layout: Layout) -> None:
    assert resolve(layout, "127.20.0.1") == "127.20.0.1"
