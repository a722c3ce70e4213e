"""The sandbox as one thing: up, down, and what it is doing."""

from __future__ import annotations

import base64
import secrets
import shutil
import ssl
import threading
from collections.abc import Collection
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import httpx2
import psutil

from sandbox import aws_processes, gcp_processes
from sandbox import processes as specs
from sandbox.accounts import forget_accounts
from sandbox.aws_facts import write_aws_facts
from sandbox.bootstrap import bootstrap, bootstrap_aws
from sandbox.credentials import write_credentials
from sandbox.gcp_bootstrap import bootstrap_gcp
from sandbox.gcp_facts import write_gcp_facts
from sandbox.layout import Layout, write_atomically
from sandbox.locks import held
from sandbox.ports import Ports, choose
from sandbox.progress import Progress, Reminder
from sandbox.start import Step, run_steps
from sandbox.supervisor import Process, Status, Supervisor
from sandbox.toolset import Toolset, ensure

NAMES = [name for group in specs.STOP_ORDER for name in group]
"""Every process that a sandbox can have."""

_CLOUD_OF = {name: cloud for cloud, names in specs.CLOUDS.items() for name in names}


class Sandbox:
    """One sandbox directory and what runs for it.

    Args:
        directory: `.sandbox`, or what PORTICO_SANDBOX_DIR says, when left out; a relative one lies in the project.
    """

    def __init__(self, directory: str | Path | None = None) -> None:
        self.layout = Layout.default() if directory is None else Layout.at(directory)
        self.supervisor = Supervisor(self.layout)

    @property
    def ports(self) -> Ports:
        """The remembered ports and ranges."""
        return Ports.load(self.layout.ports)

    def fact(self, name: str) -> str:
        """One fact's value.

        Raises:
            FileNotFoundError: the sandbox was never up, or there is no such fact.
        """
        return self.layout.fact(name)

    def status(self) -> list[Status]:
        """Every process as it is now; those of a cloud only while the sandbox has it."""
        clouds = self.clouds()
        return [self.supervisor.status(name) for name in NAMES if _CLOUD_OF.get(name) in (None, *clouds)]

    def clouds(self) -> frozenset[str]:
        """The clouds whose processes were started and not stopped since, dead ones included."""
        return frozenset(cloud for name, cloud in _CLOUD_OF.items() if self.supervisor.record(name) is not None)

    def up(self, clouds: Collection[str] = frozenset()) -> None:
        """Have everything running and healthy: start what does not run, restart what should run differently.

        Args:
            clouds: of which the sandbox is to have a twin, such as `aws`. It keeps those it has until it is stopped.

        Raises:
            ValueError: there is no twin of such a cloud.
            ToolchainError: the tools could not be built.
            ProcessFailedError: a process that had started has ended again.
            ExceptionGroup: of what kept processes from starting: ProcessFailedError for each that would not.
        """
        if unknown := set(clouds) - specs.CLOUDS.keys():
            raise ValueError(f"no twin of {', '.join(sorted(unknown))}; the sandbox can have: {', '.join(specs.CLOUDS)}")
        clouds = self.clouds() | frozenset(clouds)
        tools = ensure(clouds)
        with self._lock():
            self.layout.create()
            self.supervisor.stop_strays()
            ports = choose(self.layout, [name for name in NAMES if self.supervisor.running(name)])
            self._write_facts(ports)
            wanted = specs.processes(self.layout, ports, tools, clouds)
            stale = self._stale(wanted)
            self._stop(stale)
            self._start(wanted, stale, ports, tools)
            for process in wanted:
                self.supervisor.wait_healthy(process)

    def down(self, *, purge: bool = False) -> None:
        """Stop everything that runs.

        Args:
            purge: also remove what the directory holds: cluster, zones, Pulumi's state, logs. Built tools stay.
        """
        if not self.layout.home.is_dir():
            self.supervisor.stop_strays()
            return
        with self._lock():
            self._stop(set(NAMES))
            self.supervisor.stop_strays()
            if purge:
                for path in self.layout.home.iterdir():
                    if path == self._lock_path:
                        continue
                    if path.is_dir():
                        shutil.rmtree(path)
                    else:
                        path.unlink()

    @property
    def _lock_path(self) -> Path:
        return self.layout.home / "lock"

    def _lock(self) -> AbstractContextManager[int]:
        remind = Reminder()

        def waiting(others: list[psutil.Process]) -> None:
            pids = ", ".join(str(other.pid) for other in others) or "unknown"
            remind(f"waiting for another command on {self.layout.home} to end (processes {pids})")

        return held(self._lock_path, waiting)

    def _stale(self, wanted: list[Process]) -> set[str]:
        """Names of what does not run as wanted, and of what follows those."""
        stale: set[str] = set()
        for process in wanted:
            follows = not stale.isdisjoint(process.follows)
            if follows or not self.supervisor.up_to_date(process) or not self.supervisor.responsive(process):
                stale.add(process.name)
        return stale

    def _stop(self, names: set[str]) -> None:
        for group in specs.STOP_ORDER:
            self.supervisor.stop([name for name in group if name in names])

    def _start(self, wanted: list[Process], stale: set[str], ports: Ports, tools: Toolset) -> None:
        pebbles = [f"pebble-{environment}" for environment in specs.ENVIRONMENTS]
        starting = [process for process in wanted if process.name in stale]
        steps = [
            *(Step(process.name, process.needs, partial(self.supervisor.start, process)) for process in starting),
            # These are quick to see that nothing is left to do.
            Step(specs.BOOTSTRAP, ("kube-apiserver",), lambda: bootstrap(self.layout, ports, tools)),
            Step(specs.ACCOUNTS, (specs.BOOTSTRAP, *pebbles), lambda: forget_accounts(self.layout, self._roots(ports))),
            Step("roots", pebbles, lambda: self._collect_roots(ports)),
        ]
        if any(process.name in aws_processes.NAMES for process in wanted):
            needs = (specs.BOOTSTRAP, "kube-apiserver")
            steps += [
                Step(aws_processes.BOOTSTRAP, needs, lambda: bootstrap_aws(self.layout, tools)),
                Step(aws_processes.FACTS, ("aws",), lambda: write_aws_facts(self.layout, ports)),
            ]
        if any(process.name in gcp_processes.NAMES for process in wanted):
            needs = (specs.BOOTSTRAP, "kube-apiserver")
            steps += [
                Step(gcp_processes.BOOTSTRAP, needs, lambda: bootstrap_gcp(self.layout, tools)),
                Step(gcp_processes.FACTS, ("gcp",), lambda: write_gcp_facts(self.layout, ports)),
            ]
        under_way: set[str] = set()
        lock = threading.Lock()
        with Progress("sandbox") as progress:

            def changed(name: str, over: bool) -> None:
                with lock:
                    (under_way.discard if over else under_way.add)(name)
                    progress.note("starting " + ", ".join(sorted(under_way)))

            run_steps(steps, changed)
            progress.note(f"{len(wanted)} processes healthy, {len(stale)} of them newly started")

    def _write_facts(self, ports: Ports) -> None:
        """What stack files read."""
        layout = self.layout
        if not (layout.facts / "tsig-secret").is_file():
            layout.write_fact("tsig-secret", base64.b64encode(secrets.token_bytes(32)).decode())
        layout.write_fact("dns-server", ports.address("dns"))
        layout.write_fact("http-port", str(ports["http"]))
        layout.write_fact("https-port", str(ports["https"]))
        layout.write_fact("address-pool", ports.pool)
        layout.write_fact("resolver", ports.address("dns"))
        layout.write_fact("proxy", ports.address("proxy"))
        for environment in specs.ENVIRONMENTS:
            directory = f"https://{ports.address(f'pebble-{environment}')}/dir"
            layout.write_fact(f"acme-{environment}-directory", directory)
        write_credentials(layout, ports)
        layout.write_fact("acme-ca.pem", (layout.pki / "acme-ca.pem").read_text())

    def _roots(self, ports: Ports) -> str:
        """The roots of both ACME authorities (PEM): Pebble makes new ones whenever it starts."""
        trust = ssl.create_default_context(cafile=str(self.layout.facts / "acme-ca.pem"))
        with httpx2.Client(verify=trust, trust_env=False) as client:
            addresses = [ports.address(f"pebble-{environment}-management") for environment in specs.ENVIRONMENTS]
            answers = [client.get(f"https://{address}/roots/0").raise_for_status() for address in addresses]
        return "".join(answer.text.strip() + "\n" for answer in answers)

    def _collect_roots(self, ports: Ports) -> None:
        """Add the roots of the ACME authorities and of the twins' to ca.pem, which keeps those of earlier runs."""
        known = self.layout.roots.read_text() if self.layout.roots.is_file() else ""
        of_clouds = [(self.layout.pki / f"{cloud}-ca.pem").read_text() for cloud in specs.CLOUDS]
        for roots in (self._roots(ports), *of_clouds):
            if roots not in known:
                known += roots
        write_atomically(self.layout.roots, known)
