"""Processes: started, known again, found when their record is lost, named with the end of their log."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sandbox.health import answers, listens
from sandbox.layout import Layout
from sandbox.start import Step, run_steps
from sandbox.supervisor import Process, ProcessFailedError, Supervisor

SERVER = """
import signal, socket, sys, time
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
time.sleep(600)
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    layout = Layout(tmp_path)
    layout.create()
    supervisor = Supervisor(layout)
    yield supervisor
    for record in layout.run.glob("*.json"):
        supervisor.stop([record.stem])
    supervisor.stop_strays()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
        return number


def server(port: int, *arguments: str, files: tuple[Path, ...] = ()) -> Process:
    argv = [sys.executable, "-c", SERVER, str(port), *arguments]
    return Process("server", argv, listens("127.0.0.1", port), files=files, seconds=20)


def test_started_healthy_and_stopped(supervisor: Supervisor, port: int) -> None:
    process = server(port)
    supervisor.start(process)
    status = supervisor.status("server")
    assert status.state == "running"
    assert status.started is not None
    assert time.time() - status.started.timestamp() < 30
    assert supervisor.up_to_date(process)
    assert "listening" in supervisor.end_of_log("server")
    supervisor.stop(["server", "never-started"])
    assert supervisor.status("server").state == "stopped"
    assert not psutil.pid_exists(status.pid or 0) or not _runs(status.pid)


def test_another_command_knows_it_again(supervisor: Supervisor, port: int) -> None:
    process = server(port)
    supervisor.start(process)
    other = Supervisor(supervisor.layout)
    assert other.up_to_date(process)
    other.stop(["server"])
    assert other.running("server") is None


def test_one_that_does_not_heed_sigterm_is_killed(supervisor: Supervisor, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.supervisor._TERM_SECONDS", 0.3)
    supervisor.start(server(port, "stubborn"))
    supervisor.stop(["server"])
    assert supervisor.running("server") is None


def test_changed_arguments_or_files_are_seen(supervisor: Supervisor, port: int, tmp_path: Path) -> None:
    config = tmp_path / "settings"
    config.write_text("one")
    supervisor.start(server(port, files=(config,)))
    assert supervisor.up_to_date(server(port, files=(config,)))
    assert not supervisor.up_to_date(server(port, "other", files=(config,)))
    config.write_text("two")
    assert not supervisor.up_to_date(server(port, files=(config,)))


def test_one_that_dies_at_once_is_named_with_the_end_of_its_log(supervisor: Supervisor) -> None:
    argv = [sys.executable, "-c", "import sys; sys.exit('the reason it gave')"]
    with pytest.raises(ProcessFailedError) as raised:
        supervisor.start(Process("doomed", argv, lambda: "not yet", seconds=20))
    message = str(raised.value)
    assert "doomed ended with code 1" in message
    assert "the reason it gave" in message
    assert str(supervisor.layout.log("doomed")) in message


def test_one_that_never_gets_ready_says_what_is_missing(supervisor: Supervisor, port: int) -> None:
    argv = [sys.executable, "-c", "import time; time.sleep(60)"]
    check = answers(f"http://127.0.0.1:{port}/healthz")
    with pytest.raises(ProcessFailedError, match=r"slow was not ready after 0 s: .*/healthz does not answer"):
        supervisor.start(Process("slow", argv, check, seconds=0.3))


def test_a_program_that_is_not_there(supervisor: Supervisor) -> None:
    with pytest.raises(ProcessFailedError, match="absent could not be started"):
        supervisor.start(Process("absent", ["/nonexistent/program"], lambda: None))


def test_a_dead_one_is_dead_and_its_id_given_to_another_is_not_it(supervisor: Supervisor, port: int) -> None:
    supervisor.start(server(port))
    record = supervisor.record("server")
    assert record is not None
    # The same id, but of a process that was made at another time.
    path = supervisor.layout.run / "server.json"
    path.write_text(record.model_copy(update={"created": record.created - 100}).model_dump_json())
    assert supervisor.status("server").state == "dead"
    supervisor.stop(["server"])
    assert _runs(record.pid), "a stranger's process was ended"
    path.write_text(record.model_dump_json())


@pytest.mark.parametrize("lost", ["record", "folder"])
def test_found_by_its_mark_when_nothing_is_known_of_it(supervisor: Supervisor, port: int, lost: str) -> None:
    supervisor.start(server(port))
    (supervisor.layout.run / "server.json").unlink()
    if lost == "folder":
        supervisor.layout.run.rmdir()
    strays = supervisor.strays()
    assert [" ".join(stray.cmdline()[-1:]) for stray in strays] == [str(port)]
    supervisor.stop_strays()
    assert not any(_runs(stray.pid) for stray in strays)


def test_it_outlives_the_command_that_started_it(supervisor: Supervisor, port: int) -> None:
    child = os.fork()
    if child == 0:
        try:
            Supervisor(supervisor.layout).start(server(port))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert supervisor.up_to_date(server(port))


def test_steps_run_after_what_they_need_and_are_skipped_when_that_fails() -> None:
    done: list[str] = []

    def fail() -> None:
        raise ProcessFailedError("etcd ended")

    steps = [
        Step("network", ("bootstrap", "dns"), lambda: done.append("network")),
        Step("bootstrap", ("api",), lambda: done.append("bootstrap")),
        Step("api", ("etcd", "already-running"), lambda: done.append("api")),
        Step("etcd", (), fail),
        Step("dns", (), lambda: done.append("dns")),
    ]
    with pytest.raises(ExceptionGroup) as raised:
        run_steps(steps)
    assert [str(error) for error in raised.value.exceptions] == ["etcd ended"]
    assert done == ["dns"]
    run_steps([step if step.name != "etcd" else Step("etcd", (), lambda: done.append("etcd")) for step in steps])
    assert sorted(done[1:]) == ["api", "bootstrap", "dns", "etcd", "network"]
    assert done.index("etcd") < done.index("api") < done.index("bootstrap") < done.index("network")


def _runs(pid: int | None) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
