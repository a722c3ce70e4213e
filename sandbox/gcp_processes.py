"""Processes of a sandbox with the cloud `gcp`: the twin, GKE's real controllers, what is imitated of the rest."""

from __future__ import annotations

import sys

from sandbox.cloud_processes import endpoint, front, twin, without_proxy
from sandbox.credentials import Credentials
from sandbox.gcp.client import CLUSTER, ENDPOINTS, PROJECT, REGION, ZONE, environment
from sandbox.health import answers, runs
from sandbox.layout import PROJECT as CHECKOUT
from sandbox.layout import Layout, write_unless_same
from sandbox.ports import Ports
from sandbox.supervisor import Process
from sandbox.tools import GKE_MANAGED_CERTS, INGRESS_GCE
from sandbox.toolset import Toolset

NAMES = ("gcp", "gcp-glbc", "gcp-certs", "gcp-gateway", "gcp-front")
"""The processes."""

BOOTSTRAP = "bootstrap-gcp"
"""The step that puts into the cluster what GKE has there: CRDs, classes, the default backend, the controllers' rights."""

FACTS = "gcp-facts"
"""The step that writes down what stack files must know of the twin."""


def access(ports: Ports, credentials: Credentials) -> dict[str, str]:
    """The variables by which a process reaches the twin; none of them depends on who starts it."""
    return without_proxy(environment(endpoint("gcp", ports), credentials.gcp_key))


def gcp_processes(layout: Layout, ports: Ports, tools: Toolset, credentials: Credentials) -> list[Process]:
    """All of them, each after what it needs."""
    ours = access(ports, credentials)
    return [
        twin(
            "gcp",
            layout,
            ports,
            credentials,
            *("--project", PROJECT, "--region", REGION, "--cluster", CLUSTER),
            authority=credentials.gcp_ca,
            pool=ports.gcp_addresses,
            environment=ours,
        ),
        _glbc(layout, ports, tools, credentials),
        Process(
            name="gcp-certs",
            argv=[
                str(tools.program(GKE_MANAGED_CERTS.name, GKE_MANAGED_CERTS.programs[0])),
                f"--kube-config-file-path={credentials.gcp_certs}",
                f"--project={PROJECT}",
                f"--prometheus-address={ports.address('gcp-certs')}",
            ],
            environment=ours,
            needs=("gcp", BOOTSTRAP),
            files=(credentials.gcp_certs, credentials.gcp_key),
            health=answers(f"http://{ports.address('gcp-certs')}/metrics"),
        ),
        Process(
            name="gcp-gateway",
            argv=[
                *(sys.executable, "-m", "sandbox.gcp.gateway", "--endpoint", endpoint("gcp", ports)),
                *("--project", PROJECT, "--region", REGION),
                *("--kubeconfig", str(layout.kubeconfig), "--key-file", str(credentials.gcp_key)),
            ],
            environment={**ours, "PYTHONPATH": str(CHECKOUT)},
            needs=("gcp", BOOTSTRAP),
            files=(layout.kubeconfig, credentials.gcp_key),
            health=runs(),
        ),
        front("gcp", layout, ports, "--project", PROJECT, needs=("gcp", BOOTSTRAP), environment=ours),
    ]


def _glbc(layout: Layout, ports: Ports, tools: Toolset, credentials: Credentials) -> Process:
    ours = access(ports, credentials)
    config = layout.config / "gce.conf"
    content = {
        "token-url": "nil",  # so that the key file counts, and no metadata server is looked for
        "project-id": PROJECT,
        "network-project-id": PROJECT,
        "network-name": "default",
        "subnetwork-name": "default",
        "node-tags": "sandbox",
        "node-instance-prefix": "sandbox",
        "local-zone": ZONE,
        "multizone": "true",
        "api-endpoint": ours[ENDPOINTS["compute"][0]],
        "container-api-endpoint": ours[ENDPOINTS["container"][0]],
    }
    write_unless_same(config, "[global]\n" + "".join(f"{key} = {value}\n" for key, value in content.items()))
    return Process(
        name="gcp-glbc",
        argv=[
            str(tools.program(INGRESS_GCE.name, INGRESS_GCE.programs[0])),
            "--running-in-cluster=false",
            f"--kubeconfig={credentials.gcp_glbc}",
            f"--config-file-path={config}",
            f"--healthz-port={ports['gcp-glbc']}",
            "--v=2",
            # As GKE runs it.
            "--enable-frontend-config",
            "--enable-backendconfig-healthcheck",
            "--enable-finalizer-add",
            "--enable-finalizer-remove",
            "--enable-v2-frontend-namer",
            "--enable-endpoint-slices",
            "--run-l4-netlb-controller",
            "--gke-cluster-type=REGIONAL",
            # The twin is quick, and so may the controller be.
            "--gce-operation-poll-interval=100ms",
            "--neg-gc-period=10s",
            "--num-ingress-workers=5",
        ],
        environment=ours,
        needs=("gcp", BOOTSTRAP),
        files=(config, credentials.gcp_glbc, credentials.gcp_key),
        health=answers(f"http://{ports.address('gcp-glbc')}/healthz"),
    )
