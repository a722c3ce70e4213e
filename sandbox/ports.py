"""Ports and address ranges: chosen free at first, remembered, chosen anew when someone else has taken them."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import psutil
from pydantic import BaseModel, Field

from sandbox.layout import Layout, cache_folder, write_atomically
from sandbox.locks import held

LOOPBACK = "127.0.0.1"
OWNERS = {
    "etcd": "etcd",
    "etcd-peer": "etcd",
    "etcd-metrics": "etcd",
    "kube-apiserver": "kube-apiserver",
    "kube-controller-manager": "kube-controller-manager",
    "kube-scheduler": "kube-scheduler",
    "kwok": "kwok",
    "dns": "dns",
    "pebble-staging": "pebble-staging",
    "pebble-staging-management": "pebble-staging",
    "pebble-production": "pebble-production",
    "pebble-production-management": "pebble-production",
    "cert-manager": "cert-manager",
    "traefik-ping": "traefik",
    "proxy": "network",
    "token-reviews": "network",
    "aws": "aws",
    "aws-lbc": "aws-lbc",
    "aws-lbc-metrics": "aws-lbc",
    "aws-front": "aws-front",
    "gcp": "gcp",
    "gcp-glbc": "gcp-glbc",
    "gcp-certs": "gcp-certs",
    "gcp-front": "gcp-front",
}
"""Ports on 127.0.0.1 that only the sandbox's own processes and its facts name, and the process that has each."""

PUBLIC = ("http", "https")
"""Ports of Traefik on 127.0.0.1, and of the load balancers (`network` and the clouds' fronts) on the addresses of their pools."""

_UDP = frozenset({"dns", "aws-front", "gcp-front"})
_FIRST_PRIVATE, _LAST_PRIVATE = 20000, 31999  # below the range that kernels give to outgoing connections
_POOL_PREFIX = 28
_CLOUD_POOL_PREFIX = 26
_SLOTS = 64


class NoRoomError(Exception):
    """The machine has no port or range of addresses left for a sandbox."""


class Ports(BaseModel):
    """The sandbox's ports by name, and its ranges of loopback addresses."""

    ports: dict[str, int] = Field(default_factory=dict)
    service_cidr: str = ""
    pool: str = ""

    def __getitem__(self, name: str) -> int:
        return self.ports[name]

    def address(self, name: str) -> str:
        """`127.0.0.1:PORT` of one of the private ports."""
        return f"{LOOPBACK}:{self.ports[name]}"

    @property
    def aws_pool(self) -> str:
        """Public addresses of the AWS twin: 256 after the pool, in the same sandbox's slot."""
        return self._cloud_pool(256)

    @property
    def aws_nodes(self) -> str:
        """The lower half of `aws_pool`: addresses of ELB's nodes."""
        return str(next(IPv4Network(self.aws_pool).subnets()))

    @property
    def aws_eips(self) -> str:
        """The upper half of `aws_pool`: elastic IP addresses."""
        return str(list(IPv4Network(self.aws_pool).subnets())[1])

    @property
    def gcp_addresses(self) -> str:
        """External addresses of the GCP twin: 512 after the pool, in the same sandbox's slot."""
        return self._cloud_pool(512)

    def _cloud_pool(self, distance: int) -> str:
        return f"{IPv4Network(self.pool).network_address + distance}/{_CLOUD_POOL_PREFIX}"

    @classmethod
    def load(cls, path: Path) -> Ports:
        """What is remembered; nothing when the file is missing or was damaged."""
        try:
            return cls.model_validate_json(path.read_text())
        except (FileNotFoundError, ValueError):
            return cls()

    def save(self, path: Path) -> None:
        """Remember."""
        write_atomically(path, json.dumps(self.model_dump(), indent=2) + "\n")


def choose(layout: Layout, running: Collection[str] = ()) -> Ports:
    """Ports and ranges of this sandbox, remembered ones where they are still free.

    Args:
        layout: the sandbox.
        running: the sandbox's own processes that run: what they listen on counts as free.

    Raises:
        NoRoomError: no free port or range is left.
    """
    before = Ports.load(layout.ports)
    seed = int.from_bytes(hashlib.sha256(str(layout.home).encode()).digest()[:4])
    chosen = Ports(service_cidr=before.service_cidr, pool=before.pool)
    if not (chosen.service_cidr and chosen.pool):
        chosen.service_cidr, chosen.pool = _free_ranges(layout, seed)

    def choose_one(name: str, candidates: Iterator[int], addresses: dict[str, str]) -> None:
        remembered = before.ports.get(name)
        others = [address for address, owner in addresses.items() if owner not in running]
        udp = name in _UDP
        if remembered is None or not is_free(remembered, others, udp=udp):
            remembered = next(
                port for port in candidates if port not in chosen.ports.values() and is_free(port, addresses, udp=udp)
            )
        chosen.ports[name] = remembered

    private = _private_candidates(seed)
    for name, owner in OWNERS.items():
        choose_one(name, private, {LOOPBACK: owner})
    for name in PUBLIC:
        addresses = {LOOPBACK: "traefik"} | dict.fromkeys(pool_addresses(chosen.pool), "network")
        addresses |= dict.fromkeys(pool_addresses(chosen.aws_pool), "aws-front")
        addresses |= dict.fromkeys(pool_addresses(chosen.gcp_addresses), "gcp-front")
        choose_one(name, _public_candidates(name, layout, seed), addresses)
    if chosen != before:
        chosen.save(layout.ports)
    return chosen


def is_free(port: int, addresses: Collection[str] = (LOOPBACK,), *, udp: bool = False) -> bool:
    """Whether the port can be listened on at every one of the addresses."""
    kinds = [socket.SOCK_STREAM, *([socket.SOCK_DGRAM] if udp else [])]
    for address in addresses:
        for kind in kinds:
            with socket.socket(socket.AF_INET, kind) as probe:
                if kind == socket.SOCK_STREAM:
                    # As servers do: a connection that is only just closed does not make the port taken.
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((address, port))
                except OSError:
                    return False
    return True


def pool_addresses(pool: str) -> list[str]:
    """The addresses of the load balancer's pool."""
    return [str(address) for address in IPv4Network(pool)]


def _private_candidates(seed: int) -> Iterator[int]:
    count = _LAST_PRIVATE - _FIRST_PRIVATE + 1
    start = seed % (count // 20) * 20
    for step in range(count):
        yield _FIRST_PRIVATE + (start + step) % count
    raise NoRoomError(f"no free port between {_FIRST_PRIVATE} and {_LAST_PRIVATE} on {LOOPBACK}")


def _public_candidates(name: str, layout: Layout, seed: int) -> Iterator[int]:
    """8080 and 8443 for the sandbox a person sees; others keep away from them, whether it runs or not."""
    usual = {"http": 8080, "https": 8443}[name]
    if layout.home.name == ".sandbox":
        yield usual
    for step in range(100):
        yield usual + 1000 + (seed + step) % 100 * 10
    raise NoRoomError(f"no free port for {name} near {usual} on {LOOPBACK} and the load balancer's addresses")


def _free_ranges(layout: Layout, seed: int) -> tuple[str, str]:
    """A /20 of cluster IPs below 127.10-13 and a /28 of load-balancer addresses below 127.20, nobody else's.

    Each slot has a /22 below 127.20: the addresses of the clouds' twins are further up in it.

    Sandboxes of one user keep a common list: nothing listens on the ranges of one that has no Services yet.
    """
    claims = cache_folder() / "ranges.json"
    with held(claims.with_suffix(".lock")):
        claimed = {
            home: slot
            for home, slot in _read_claims(claims).items()
            if home != str(layout.home) and Layout(Path(home)).ports.is_file()
        }
        slot = _free_slot(seed, set(claimed.values()))
        write_atomically(claims, json.dumps({**claimed, str(layout.home): slot}, indent=2) + "\n")
    services, pool = _ranges(slot)
    return str(services), str(pool)


def _ranges(slot: int) -> tuple[IPv4Network, IPv4Network]:
    return (
        IPv4Network(f"127.{10 + slot // 16}.{slot % 16 * 16}.0/20"),
        IPv4Network(f"127.20.{slot * 4}.0/{_POOL_PREFIX}"),
    )


def _free_slot(seed: int, claimed: Collection[int]) -> int:
    listening = [IPv4Address(c.laddr.ip) for c in psutil.net_connections("inet4") if c.laddr]
    for step in range(_SLOTS):
        slot = (seed + step) % _SLOTS
        used = any(address in network for network in _ranges(slot) for address in listening)
        if slot not in claimed and not used:
            return slot
    raise NoRoomError("every range of loopback addresses that a sandbox may use is taken by another sandbox")


def _read_claims(path: Path) -> dict[str, int]:
    try:
        return {str(home): int(slot) for home, slot in json.loads(path.read_text()).items()}
    except (FileNotFoundError, ValueError, AttributeError):
        return {}
