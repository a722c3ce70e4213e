"""The sandbox's processes: what is started, with which arguments, after what, and when it counts as ready."""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Collection
from pathlib import Path

from sandbox import aws_processes, gcp_processes
from sandbox.cloud_processes import endpoint
from sandbox.credentials import Credentials, write_credentials
from sandbox.health import answers, listens
from sandbox.layout import PROJECT, Layout, write_unless_same
from sandbox.ports import LOOPBACK, Ports
from sandbox.supervisor import Process
from sandbox.tools import CLUSTER, TRAEFIK
from sandbox.toolset import Toolset

BLOCKED_ZONE = "blocked.test"
"""A zone that the ACME servers refuse, as a CA refuses by policy: two labels, since Pebble fails on shorter names else."""

ZONES = ("portico.test", "other.test", BLOCKED_ZONE)
"""Zones that the sandbox's DNS server is authoritative for."""

TSIG_NAME, TSIG_ALGORITHM = "portico", "hmac-sha256"
"""The key that may update the zones; its secret is the fact `tsig-secret`."""

BOOTSTRAP = "bootstrap"
"""The step that puts CRDs, a node, classes and Traefik's Deployment into the cluster."""

ACCOUNTS = "accounts"
"""The step that makes cert-manager register anew with a Pebble that was started anew."""

STOP_ORDER = (
    ("cert-manager", "traefik", "network", "aws-lbc", "aws-front", "gcp-glbc", "gcp-certs", "gcp-gateway", "gcp-front"),
    ("kube-controller-manager", "kube-scheduler", "kwok", "pebble-staging", "pebble-production"),
    ("kube-apiserver",),
    ("etcd", "dns", "aws", "gcp"),
)
"""Every process; those of one group end at the same time, before the next group does."""

CLOUDS = {"aws": aws_processes.NAMES, "gcp": gcp_processes.NAMES}
"""Processes that run only in a sandbox with that cloud."""

ENVIRONMENTS = ("staging", "production")
"""The two ACME authorities."""


def processes(layout: Layout, ports: Ports, tools: Toolset, clouds: Collection[str] = ()) -> list[Process]:
    """Every process of a sandbox with these clouds, in an order in which each comes after what it needs."""
    credentials = write_credentials(layout, ports)
    token_webhook = _token_webhook(layout, ports)
    cluster_trust = ssl.create_default_context(cafile=str(credentials.cluster_ca.certificate))
    acme_trust = ssl.create_default_context(cafile=str(credentials.acme_ca.certificate))
    dns_address = ports.address("dns")
    tsig = layout.facts / "tsig-secret"

    def own(name: str, port: str) -> list[str]:
        """Flags that the cluster's own components share."""
        pair = credentials.api_server
        return [
            str(tools.cluster(name)),
            f"--bind-address={LOOPBACK}",
            f"--secure-port={ports[port]}",
            f"--tls-cert-file={pair.certificate}",
            f"--tls-private-key-file={pair.key}",
        ]

    return [
        Process(
            name="dns",
            argv=[
                *(sys.executable, "-m", "sandbox.dns", "--listen", dns_address),
                *("--data", str(layout.data / "dns")),
                *(argument for zone in ZONES for argument in ("--zone", zone)),
                *("--key", f"{TSIG_NAME}:{TSIG_ALGORITHM}:{tsig}"),
                # Zones of Route 53 and of Cloud DNS; while nobody listens there, other names are refused.
                *("--forward", ports.address("aws-front"), "--forward", ports.address("gcp-front")),
            ],
            environment={"PYTHONPATH": str(PROJECT)},
            files=(tsig,),
            health=listens(LOOPBACK, ports["dns"]),
        ),
        Process(
            name="etcd",
            argv=[
                str(tools.cluster("etcd")),
                f"--data-dir={layout.data / 'etcd'}",
                f"--listen-client-urls=https://{ports.address('etcd')}",
                f"--advertise-client-urls=https://{ports.address('etcd')}",
                f"--listen-peer-urls=http://{ports.address('etcd-peer')}",
                f"--initial-advertise-peer-urls=http://{ports.address('etcd-peer')}",
                f"--initial-cluster=default=http://{ports.address('etcd-peer')}",
                f"--listen-metrics-urls=http://{ports.address('etcd-metrics')}",
                "--client-cert-auth",
                f"--trusted-ca-file={credentials.cluster_ca.certificate}",
                f"--cert-file={credentials.etcd.certificate}",
                f"--key-file={credentials.etcd.key}",
                # The data outlives a killed process; only a crash of the whole machine could lose some of it.
                "--unsafe-no-fsync",
                "--log-level=warn",
            ],
            health=answers(f"http://{ports.address('etcd-metrics')}/health"),
        ),
        Process(
            name="kube-apiserver",
            argv=[
                *own("kube-apiserver", "kube-apiserver"),
                f"--advertise-address={LOOPBACK}",
                # Endpoints may not be loopback addresses, so the Service `kubernetes` has none.
                "--endpoint-reconciler-type=none",
                f"--etcd-servers=https://{ports.address('etcd')}",
                f"--etcd-cafile={credentials.cluster_ca.certificate}",
                f"--etcd-certfile={credentials.etcd.certificate}",
                f"--etcd-keyfile={credentials.etcd.key}",
                f"--service-cluster-ip-range={ports.service_cidr}",
                f"--client-ca-file={credentials.cluster_ca.certificate}",
                "--authorization-mode=Node,RBAC",
                # Tokens of `aws eks get-token` and of Google. Only a token that is no service account's is asked about.
                f"--authentication-token-webhook-config-file={token_webhook}",
                "--authentication-token-webhook-version=v1",
                "--authentication-token-webhook-cache-ttl=10s",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={credentials.service_accounts.certificate}",
                f"--service-account-signing-key-file={credentials.service_accounts.key}",
                f"--cert-dir={layout.pki}",
                "--allow-privileged=true",
                "--profiling=false",
                # A sandbox is stopped often and asked by programs that come in bursts.
                "--shutdown-delay-duration=0s",
                "--max-requests-inflight=1000",
                "--max-mutating-requests-inflight=500",
            ],
            needs=("etcd",),
            follows=("etcd",),
            files=(token_webhook,),
            health=answers(f"https://{ports.address('kube-apiserver')}/readyz", verify=cluster_trust),
        ),
        Process(
            name="kube-controller-manager",
            argv=[
                *own("kube-controller-manager", "kube-controller-manager"),
                f"--kubeconfig={credentials.controller_manager}",
                f"--service-account-private-key-file={credentials.service_accounts.key}",
                f"--root-ca-file={credentials.cluster_ca.certificate}",
                # Each controller with its own account and rights, as clusters have it.
                "--use-service-account-credentials=true",
                "--leader-elect=false",
                "--profiling=false",
                # The defaults spare a big cluster's API server; here they would only make users wait.
                "--kube-api-qps=500",
                "--kube-api-burst=1000",
                "--concurrent-deployment-syncs=10",
                "--concurrent-namespace-syncs=20",
            ],
            needs=("kube-apiserver",),
            files=(credentials.controller_manager,),
            health=answers(f"https://{ports.address('kube-controller-manager')}/healthz", verify=cluster_trust),
        ),
        Process(
            name="kube-scheduler",
            argv=[
                *own("kube-scheduler", "kube-scheduler"),
                f"--kubeconfig={credentials.scheduler}",
                "--leader-elect=false",
                "--profiling=false",
                "--kube-api-qps=500",
                "--kube-api-burst=1000",
            ],
            needs=("kube-apiserver",),
            files=(credentials.scheduler,),
            health=answers(f"https://{ports.address('kube-scheduler')}/healthz", verify=cluster_trust),
        ),
        Process(
            name="kwok",
            argv=[
                str(tools.cluster("kwok")),
                f"--kubeconfig={layout.kubeconfig}",
                *(f"--config={stage}" for stage in tools.files(CLUSTER.name, "stages")),
                "--manage-all-nodes=true",
                "--cidr=10.240.0.0/16",
                "--node-ip=10.239.0.1",
                "--node-lease-duration-seconds=40",
                f"--server-address={ports.address('kwok')}",
            ],
            environment={"KWOK_CONFIG": "-"},
            needs=("kube-apiserver",),
            files=(layout.kubeconfig,),
            health=answers(f"http://{ports.address('kwok')}/healthz"),
        ),
        *(_pebble(environment, layout, ports, tools, credentials, acme_trust) for environment in ENVIRONMENTS),
        Process(
            name="network",
            argv=[
                *(sys.executable, "-m", "sandbox.network", "--kubeconfig", str(layout.kubeconfig)),
                *("--pool", ports.pool, "--dns", dns_address),
                *("--http-port", str(ports["http"]), "--https-port", str(ports["https"])),
                *("--proxy", ports.address("proxy"), "--token-reviews", ports.address("token-reviews")),
                # In any sandbox, so that a cloud can be added later.
                *("--tokens", f"k8s-aws-v1.={endpoint('aws', ports)}/_portico/token-review"),
                *("--tokens", f"ya29.={endpoint('gcp', ports)}/_portico/token-review"),
            ],
            environment={"PYTHONPATH": str(PROJECT)},
            needs=(BOOTSTRAP, "dns"),
            files=(layout.kubeconfig,),
            health=listens(LOOPBACK, ports["proxy"]),
        ),
        Process(
            name="cert-manager",
            argv=[
                str(tools.cluster("cert-manager")),
                f"--kubeconfig={layout.kubeconfig}",
                f"--nameservers={dns_address}",
                f"--healthz-address={ports.address('cert-manager')}",
                "--check-retry-period=1s",
            ],
            # HTTP-01's self-check asks port 80 of a host name, and 443 where that redirects: the forward proxy is the way there.
            # The solvers for Route 53 and Cloud DNS find the twins, and never credentials of the machine's user.
            environment={
                **aws_processes.access(ports),
                **gcp_processes.access(ports, credentials),
                "HTTP_PROXY": f"http://{ports.address('proxy')}",
                "HTTPS_PROXY": f"http://{ports.address('proxy')}",
            },
            needs=(ACCOUNTS, "dns", *(f"pebble-{environment}" for environment in ENVIRONMENTS)),
            # Pebble forgets its accounts; only a new cert-manager registers again at once.
            follows=tuple(f"pebble-{environment}" for environment in ENVIRONMENTS),
            files=(layout.kubeconfig,),
            health=answers(f"http://{ports.address('cert-manager')}/readyz"),
        ),
        _traefik(layout, ports, tools),
        *(aws_processes.aws_processes(layout, ports, tools, credentials) if "aws" in clouds else ()),
        *(gcp_processes.gcp_processes(layout, ports, tools, credentials) if "gcp" in clouds else ()),
    ]


def _token_webhook(layout: Layout, ports: Ports) -> Path:
    """The API server's configuration for asking whose a token is; `network` passes it on to the cloud that made it."""
    path = layout.config / "token-webhook.json"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "network",
        "clusters": [{"name": "network", "cluster": {"server": f"http://{ports.address('token-reviews')}/"}}],
        "users": [{"name": "api-server"}],
        "contexts": [{"name": "network", "context": {"cluster": "network", "user": "api-server"}}],
    }
    write_unless_same(path, json.dumps(content, indent=2))
    return path


def _pebble(
    environment: str,
    layout: Layout,
    ports: Ports,
    tools: Toolset,
    credentials: Credentials,
    trust: ssl.SSLContext,
) -> Process:
    name = f"pebble-{environment}"
    config = layout.config / f"{name}.json"
    content = {
        "pebble": {
            "listenAddress": ports.address(name),
            "managementListenAddress": ports.address(f"{name}-management"),
            "certificate": str(credentials.acme.certificate),
            "privateKey": str(credentials.acme.key),
            "httpPort": ports["http"],
            "tlsPort": ports["https"],
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
            "domainBlocklist": [BLOCKED_ZONE],
            "retryAfter": {"authz": 1, "order": 1},
            "keyAlgorithm": "ecdsa",
            # One only: where an order names none, Pebble picks any.
            "profiles": {"classic": {"description": "90 days", "validityPeriod": 90 * 86400}},
        }
    }
    write_unless_same(config, json.dumps(content, indent=2))
    return Process(
        name=name,
        argv=[str(tools.cluster("pebble")), "-config", str(config), "-dnsserver", ports.address("dns")],
        # Its nonce rejections stay on, as the internet has them; its pauses before validation do not.
        environment={"PEBBLE_VA_NOSLEEP": "1"},
        files=(config,),
        health=answers(f"https://{ports.address(name)}/dir", verify=trust),
    )


def _traefik(layout: Layout, ports: Ports, tools: Toolset) -> Process:
    throttle = "200ms"
    return Process(
        name="traefik",
        argv=[
            str(tools.program(TRAEFIK.name, "traefik")),
            "--global.checknewversion=false",
            "--global.sendanonymoususage=false",
            "--log.level=INFO",
            "--log.nocolor=true",
            "--accesslog=true",
            f"--entrypoints.web.address={ports.address('http')}",
            f"--entrypoints.websecure.address={ports.address('https')}",
            # Behind a load balancer that says who asks (PROXY protocol): taken where it comes, not asked for.
            *(f"--entrypoints.{name}.proxyprotocol.trustedips={LOOPBACK}" for name in ("web", "websecure")),
            f"--entrypoints.ping.address={ports.address('traefik-ping')}",
            "--ping.entrypoint=ping",
            f"--providers.providersthrottleduration={throttle}",
            "--providers.kubernetesingress.ingressclass=traefik",
            "--providers.kubernetesingress.nativelbbydefault=true",
            "--providers.kubernetesingress.strictprefixmatching=true",
            # Several stacks may each have a Service before it, and it could tell the address of one only.
            f"--providers.kubernetesingress.ingressendpoint.ip={LOOPBACK}",
            f"--providers.kubernetesingress.throttleduration={throttle}",
            "--providers.kubernetescrd=true",
            "--providers.kubernetescrd.nativelbbydefault=true",
            f"--providers.kubernetescrd.throttleduration={throttle}",
            "--providers.kubernetesgateway=true",
            "--providers.kubernetesgateway.nativelbbydefault=true",
            f"--providers.kubernetesgateway.statusaddress.ip={LOOPBACK}",
            f"--providers.kubernetesgateway.throttleduration={throttle}",
            # Serves Ingresses of class nginx with nginx's annotations.
            "--experimental.kubernetesingressnginx=true",
            "--providers.kubernetesingressnginx=true",
            f"--providers.kubernetesingressnginx.publishstatusaddress={LOOPBACK}",
            f"--providers.kubernetesingressnginx.throttleduration={throttle}",
        ],
        environment={"KUBECONFIG": str(layout.kubeconfig)},
        needs=(BOOTSTRAP,),
        files=(layout.kubeconfig,),
        health=answers(f"http://{ports.address('traefik-ping')}/ping"),
    )
