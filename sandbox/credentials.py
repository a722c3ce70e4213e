"""What the sandbox's processes prove themselves with: authorities, certificates, kubeconfigs."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography.x509.oid import ExtendedKeyUsageOID

from sandbox.bootstrap import AWS_CONTROLLER_USER
from sandbox.gcp.client import PROJECT, write_key
from sandbox.gcp_bootstrap import CERTS_USER, GLBC_USER
from sandbox.layout import Layout
from sandbox.pki import Authority, KeyPair, signing_key, write_kubeconfig
from sandbox.ports import LOOPBACK, Ports

_SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
_BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


@dataclass(frozen=True)
class Credentials:
    """Files of the authorities, a kubeconfig per component, and the key of a service account of the GCP twin's."""

    cluster_ca: KeyPair
    etcd: KeyPair
    api_server: KeyPair
    service_accounts: KeyPair
    acme_ca: KeyPair
    acme: KeyPair
    aws_ca: KeyPair
    controller_manager: Path
    scheduler: Path
    aws_controller: Path
    gcp_ca: KeyPair
    gcp_key: Path
    gcp_glbc: Path
    gcp_certs: Path


def write_credentials(layout: Layout, ports: Ports) -> Credentials:
    """Make what is missing: authorities, certificates, kubeconfigs."""
    cluster = Authority(layout.pki, "cluster-ca")
    acme = Authority(layout.pki, "acme-ca")
    server = f"https://{ports.address('kube-apiserver')}"

    def kubeconfig(name: str, user: str, group: str, path: Path | None = None) -> Path:
        path = path or layout.pki / f"{name}.kubeconfig"
        pair = cluster.issue(name, user, groups=[group] if group else [])
        write_kubeconfig(path, server, cluster.pair.certificate, pair)
        return path

    kubeconfig("admin", "sandbox-admin", "system:masters", layout.kubeconfig)
    first_service_address = _first_address(ports.service_cidr)
    return Credentials(
        cluster_ca=cluster.pair,
        etcd=cluster.issue("etcd", "etcd", hosts=[LOOPBACK], usages=_BOTH),
        api_server=cluster.issue(
            "kube-apiserver",
            "kube-apiserver",
            hosts=[LOOPBACK, "localhost", first_service_address, "kubernetes.default.svc"],
            usages=_BOTH,
        ),
        service_accounts=signing_key(layout.pki, "service-accounts"),
        acme_ca=acme.pair,
        acme=acme.issue("acme", "pebble", hosts=[LOOPBACK, "localhost"], usages=_SERVER),
        controller_manager=kubeconfig("kube-controller-manager", "system:kube-controller-manager", ""),
        scheduler=kubeconfig("kube-scheduler", "system:kube-scheduler", ""),
        aws_ca=Authority(layout.pki, "aws-ca").pair,
        aws_controller=kubeconfig("aws-lbc", AWS_CONTROLLER_USER, "system:serviceaccounts"),
        gcp_ca=Authority(layout.pki, "gcp-ca").pair,
        gcp_key=_gcp_key(layout, f"http://{ports.address('gcp')}"),
        gcp_glbc=kubeconfig("gcp-glbc", GLBC_USER, ""),
        gcp_certs=kubeconfig("gcp-certs", CERTS_USER, "system:serviceaccounts"),
    )


def _gcp_key(layout: Layout, endpoint: str) -> Path:
    """The key; made anew only where the twin has moved, since it says where tokens come from."""
    path = layout.pki / "gcp-key.json"
    if not path.is_file() or f'"{endpoint}/token"' not in path.read_text():
        write_key(path, endpoint, PROJECT)
    return path


def _first_address(cidr: str) -> str:
    return str(next(ipaddress.ip_network(cidr).hosts()))
