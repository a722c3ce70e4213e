"""The two processes that every cloud of the sandbox has: its twin, and the data plane that serves what the twin holds."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from sandbox.credentials import Credentials
from sandbox.health import answers, listens
from sandbox.layout import PROJECT, Layout
from sandbox.pki import KeyPair
from sandbox.ports import LOOPBACK, Ports
from sandbox.supervisor import Process


def endpoint(cloud: str, ports: Ports) -> str:
    """Where a cloud's twin is, whether it runs or not."""
    return f"http://{ports.address(cloud)}"


def without_proxy(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables by which a process reaches a twin, made independent of who starts it."""
    return {**variables, "NO_PROXY": LOOPBACK, "no_proxy": LOOPBACK}


def twin(
    cloud: str,
    layout: Layout,
    ports: Ports,
    credentials: Credentials,
    *arguments: str,
    authority: KeyPair,
    pool: str,
    environment: Mapping[str, str],
) -> Process:
    """The server that keeps a cloud's state.

    Args:
        cloud: `aws`, `gcp`: of its port, its data and the package of its server.
        layout: where its data is kept.
        ports: of the sandbox.
        credentials: of the sandbox's cluster, which the twin tells of.
        arguments: what only this cloud's server takes, such as its region.
        authority: that issues the cloud's certificates.
        pool: CIDR of the public addresses that it gives out.
        environment: as its own clients take it.
    """
    return Process(
        name=cloud,
        argv=[
            *(sys.executable, "-m", f"sandbox.{cloud}.server", "--listen", ports.address(cloud)),
            *("--data", str(layout.data / cloud)),
            *("--ca", str(authority.certificate), "--ca-key", str(authority.key)),
            *("--cluster-endpoint", f"https://{ports.address('kube-apiserver')}"),
            *("--cluster-ca", str(credentials.cluster_ca.certificate)),
            *("--pool", pool),
            *arguments,
        ],
        environment={**environment, "PYTHONPATH": str(PROJECT)},
        files=(authority.certificate, credentials.cluster_ca.certificate),
        health=answers(f"{endpoint(cloud, ports)}/_portico/health"),
    )


def front(
    cloud: str, layout: Layout, ports: Ports, *arguments: str, needs: tuple[str, ...], environment: Mapping[str, str]
) -> Process:
    """The imitated data plane: it serves what the twin's load balancers say, and answers for the twin's zones.

    Args:
        cloud: `aws`, `gcp`: of its twin and of the package of its front.
        layout: where the cluster's kubeconfig is.
        ports: of the sandbox.
        arguments: what only this cloud's front takes.
        needs: what must be healthy before it starts.
        environment: as the cloud's own clients take it.
    """
    name = f"{cloud}-front"
    return Process(
        name=name,
        argv=[
            *(sys.executable, "-m", f"sandbox.{cloud}.front", "--endpoint", endpoint(cloud, ports)),
            *("--dns", ports.address(name), "--kubeconfig", str(layout.kubeconfig)),
            *("--http-port", str(ports["http"]), "--https-port", str(ports["https"])),
            *arguments,
        ],
        environment={**environment, "PYTHONPATH": str(PROJECT)},
        needs=needs,
        files=(layout.kubeconfig,),
        health=listens(LOOPBACK, ports[name]),
    )
