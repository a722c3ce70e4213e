"""Running Pulumi in the sandbox's environment: its own home, state and plugins, nothing ambient."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from sandbox.aws import client as aws
from sandbox.aws.provider.install import install as install_aws_provider
from sandbox.gcp import client as gcp
from sandbox.gcp.auth.install import install as install_gke_auth
from sandbox.gcp.provider.install import install as install_gcp_provider
from sandbox.layout import PROJECT, Layout, write_atomically
from sandbox.tools import KUBERNETES_PROVIDER_VERSION
from sandbox.toolset import Toolset, ensure

PASSPHRASE = "portico-sandbox"  # noqa: S105 -- no secret: the committed dev stack is meant to be read
"""Encrypts the sandbox's stacks unless the caller has set a passphrase: they hold nothing secret."""

_AMBIENT_AWS = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
"""Variables that lead AWS's clients past the keys that they are given: to an account of the user's."""

_AMBIENT_GOOGLE = ("GOOGLE_", "CLOUDSDK_", "GCLOUD_", "USE_GKE_GCLOUD_AUTH_PLUGIN")
"""How variables begin that lead Google's clients to credentials, a project or an endpoint of the user's."""

_MARK = "PORTICO_SANDBOX_PULUMI"
"""Environment variable of pulumi and all that it starts: the sandbox's folder for Pulumi."""


def is_pulumi(pid: int) -> bool:
    """Whether that process is a pulumi command that runs."""
    try:
        process = psutil.Process(pid)
        return process.name() == "pulumi" and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def orphaned_plugins(layout: Layout) -> list[psutil.Process]:
    """Language hosts, programs and providers whose pulumi was killed: nobody will ever talk to them again."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(_MARK) != str(layout.pulumi) or is_pulumi(process.pid):
                continue
            if not any(is_pulumi(parent.pid) for parent in process.parents()):
                found.append(process)
        except psutil.Error:
            continue
    return found


class Pulumi:
    """The pulumi command for one sandbox directory.

    Args:
        layout: of the sandbox.
        tools: the built tools; made sure of when left out.
    """

    def __init__(self, layout: Layout, tools: Toolset | None = None) -> None:
        self._layout = layout
        self._tools = tools or ensure()

    @property
    def backend(self) -> str:
        """Where state is kept: what the caller has set, else a folder of the sandbox."""
        return os.environ.get("PULUMI_BACKEND_URL") or f"file://{self._layout.pulumi / 'state'}"

    def environment(self) -> dict[str, str]:
        """The caller's environment with what Pulumi needs for the sandbox."""
        home, state = self._layout.pulumi / "home", self._layout.pulumi / "state"
        for folder in (home, state):
            folder.mkdir(parents=True, exist_ok=True)
        # The Python that runs this comes first: programs and plugins in Python find the same packages.
        path = [str(self._tools.pulumi.parent), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        environment = os.environ | {
            "PATH": os.pathsep.join(path),
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": self.backend,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            _MARK: str(self._layout.pulumi),
        }
        self._install_provider(home)
        if not self._tools.own_pulumi:
            # Every plugin is there; a download would only be a surprise.
            environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
        if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & environment.keys():
            file = self._layout.pulumi / "passphrase"
            if not file.is_file():
                write_atomically(file, PASSPHRASE + "\n", mode=0o600)
            environment["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(file)
        if (resolver := self._fact("resolver")) is not None:
            environment["PORTICO_RESOLVER"] = resolver
        if (http := self._fact("http-port")) is not None and (https := self._fact("https-port")) is not None:
            environment["PORTICO_PORTS"] = f"{http},{https}"
        if (endpoint := self._fact("aws-endpoint")) is not None:
            environment = self._reach_aws_twin(environment, endpoint)
            install_aws_provider(home)
        if (endpoint := self._fact("gcp-endpoint")) is not None and (key := self._fact("gcp-key")) is not None:
            environment = self._reach_gcp_twin(environment, endpoint, Path(key))
            install_gcp_provider(home)
            programs = install_gke_auth(self._layout.pulumi / "bin").parent
            environment["PATH"] = os.pathsep.join((str(programs), environment["PATH"]))
        return environment

    def _fact(self, name: str) -> str | None:
        try:
            return self._layout.fact(name)
        except FileNotFoundError:
            return None

    @staticmethod
    def _reach_aws_twin(environment: Mapping[str, str], endpoint: str) -> dict[str, str]:
        """The environment in which AWS is the twin, and no account of the user's can be meant."""
        # An endpoint of a single service would win over the general one, so the user's go.
        own = {
            name: value
            for name, value in environment.items()
            if name not in _AMBIENT_AWS and not name.startswith(("AWS_ENDPOINT_URL", "AWS_CONTAINER_"))
        }
        twin = aws.environment(endpoint)
        # Python's clients read the small one first.
        return own | twin | {"no_proxy": twin["NO_PROXY"], "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}

    @staticmethod
    def _reach_gcp_twin(environment: Mapping[str, str], endpoint: str, key: Path) -> dict[str, str]:
        """The environment in which Google Cloud is the twin, and no project of the user's can be meant."""
        own = {name: value for name, value in environment.items() if not name.startswith(_AMBIENT_GOOGLE)}
        twin = gcp.environment(endpoint, key)
        direct = ",".join(dict.fromkeys(",".join((environment.get("NO_PROXY", ""), twin["NO_PROXY"])).strip(",").split(",")))
        return own | twin | {"NO_PROXY": direct, "no_proxy": direct}

    def _install_provider(self, home: Path) -> None:
        """Put the provider where Pulumi would install it: found on PATH it would be warned of at every run."""
        folder = home / "plugins" / f"resource-kubernetes-v{KUBERNETES_PROVIDER_VERSION}"
        link, program = folder / "pulumi-resource-kubernetes", self._tools.kubernetes_provider
        if not (link.is_symlink() and link.readlink() == program):
            folder.mkdir(parents=True, exist_ok=True)
            temporary = folder / f".link-{os.getpid()}"
            temporary.symlink_to(program)
            temporary.replace(link)

    def capture(
        self,
        *arguments: str,
        folder: Path = PROJECT,
        variables: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end and return code and output, never asking anything.

        Args:
            arguments: of pulumi.
            folder: the Pulumi project's.
            variables: added to the environment.
            seconds: time limit; none when left out.

        Raises:
            subprocess.TimeoutExpired: the limit was reached; pulumi was killed.
        """
        return subprocess.run(
            [self._tools.pulumi, *arguments, "--non-interactive"],
            cwd=folder,
            env=self.environment() | dict(variables or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )

    def show(self, *arguments: str, lock: int | None = None, folder: Path = PROJECT) -> int:
        """Run on the caller's terminal; returns the exit code.

        Ctrl-C reaches pulumi, which ends what it is doing in good order; this waits for it.

        Args:
            arguments: of pulumi.
            lock: descriptor of a held lock that pulumi is to keep held even if this process is killed.
            folder: the Pulumi project's.
        """
        before = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            with subprocess.Popen(
                [self._tools.pulumi, *arguments],
                cwd=folder,
                env=self.environment(),
                pass_fds=() if lock is None else (lock,),
            ) as process:
                return process.wait()
        finally:
            signal.signal(signal.SIGINT, before)
