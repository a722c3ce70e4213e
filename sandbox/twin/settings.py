"""What every twin is made from, and how its process is told."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from sandbox.arguments import host_port


@dataclass(frozen=True, kw_only=True)
class TwinSettings:
    """What a twin is made from.

    Attributes:
        data: directory of its file.
        certificate, key: of the authority that signs the cloud's certificates.
        region: its only one.
        cluster: name of the cloud's cluster.
        cluster_endpoint: URL of the API server.
        cluster_authority: certificate of the authority that signed the API server's.
        pool: of external addresses.
    """

    data: Path
    certificate: Path
    key: Path
    region: str
    cluster: str
    cluster_endpoint: str
    cluster_authority: Path
    pool: IPv4Network


def arguments(program: str, description: str | None, regions: Collection[str] | None = None) -> argparse.ArgumentParser:
    """A parser of what every twin's process is told.

    Args:
        program: the module that is run.
        description: its docstring, of which the first line is shown.
        regions: that there are; any will do if left out.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=(description or "").partition("\n")[0])
    parser.add_argument("--listen", type=host_port, required=True, metavar="HOST:PORT")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="of the file with all that the twin knows")
    parser.add_argument("--ca", type=Path, required=True, metavar="CERT.pem", help="authority that signs certificates")
    parser.add_argument("--ca-key", type=Path, required=True, metavar="KEY.pem")
    parser.add_argument("--region", required=True, choices=regions, metavar="NAME")
    parser.add_argument("--cluster", required=True, metavar="NAME", help="as the cloud knows it")
    parser.add_argument("--cluster-endpoint", required=True, metavar="URL", help="of the cluster's API server")
    parser.add_argument(
        "--cluster-ca", type=Path, required=True, metavar="CERT.pem", help="authority of the API server's certificate"
    )
    parser.add_argument("--pool", type=IPv4Network, required=True, metavar="CIDR", help="of external addresses")
    parser.add_argument("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    return parser


def common(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of `TwinSettings` among what a process was told."""
    return {
        "data": options.data,
        "certificate": options.ca,
        "key": options.ca_key,
        "region": options.region,
        "cluster": options.cluster,
        "cluster_endpoint": options.cluster_endpoint,
        "cluster_authority": options.cluster_ca,
        "pool": options.pool,
    }
