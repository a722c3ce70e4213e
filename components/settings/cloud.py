"""`portico:cloud` and `portico:zone`: who owns addresses and names."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from typing import Annotated, ClassVar, Literal

import dns.exception
import dns.name
from pydantic import AfterValidator, Field, SecretStr, field_validator

from components.settings.aws import AwsCloud
from components.settings.base import Base, OneOf
from components.settings.gcp import GcpCloud, GcpName, Scope
from components.settings.hosts import Host
from components.settings.problems import shown

#: TSIG algorithms that both cert-manager's rfc2136 solver and common servers know (RFC 8945, section 6).
TsigAlgorithm = Literal["hmac-sha1", "hmac-sha256", "hmac-sha512"]


_KEY_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")


def _check_server(server: str) -> str:
    if server.count("[") != server.count("]"):
        raise ValueError(f"{shown(server)}: a bracket is open; an IPv6 address with a port is written [2001:db8::53]:53")
    host, separator, port = server.rpartition(":")
    if not separator or _is_ip(server) or server.endswith("]"):
        host, port = server, "53"
    if not (port.isascii() and port.isdecimal()) or not 1 <= int(port) <= 65535:
        raise ValueError(f"{shown(server)}: the port must be a whole number from 1 to 65535")
    plain = host.removeprefix("[").removesuffix("]")
    if not _is_ip(plain):
        # cert-manager's solver takes a name as well, but a name server's name may lie in the very zone it serves.
        raise ValueError(f"{shown(server)} must be an IP address with or without :port, such as 192.0.2.53:53")
    return f"[{plain}]:{port}" if ":" in plain else f"{plain}:{port}"


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _check_key_name(name: str) -> str:
    try:
        dns.name.from_text(name)
    except dns.exception.DNSException as error:
        raise ValueError(f"{shown(name)} is not a key's name, which is written like a DNS name: {error}") from None
    if not _KEY_NAME.fullmatch(name):
        raise ValueError(f"{shown(name)} is not a key's name, which is written like a DNS name: letters, digits and . - _")
    return name


class Tsig(Base):
    """The key that signs DNS updates (RFC 8945)."""

    name: Annotated[str, AfterValidator(_check_key_name)] = Field(description="The key's name, as the server knows it.")
    algorithm: TsigAlgorithm = "hmac-sha256"
    secret: SecretStr = Field(description="The key, in base64; set it with --secret.")

    @field_validator("secret")
    @classmethod
    def _base64(cls, secret: SecretStr) -> SecretStr:
        try:
            raw = base64.b64decode(secret.get_secret_value(), validate=True)
        except binascii.Error:
            raise ValueError("must be base64, as tsig-keygen prints it") from None
        if len(raw) < 16:
            raise ValueError(f"is only {len(raw)} bytes long; a TSIG key of at least 16 is wanted")
        return secret


IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def pool_bounds(part: str) -> tuple[IpAddress, IpAddress]:
    """First and last address of one part of a pool: `192.0.2.10`, `192.0.2.16/28` or `192.0.2.10-192.0.2.20`."""
    first, dash, last = part.partition("-")
    try:
        if dash:
            low, high = ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip())
        else:
            network = ipaddress.ip_network(part.strip())
            low, high = network[0], network[-1]
    except ValueError as error:
        raise ValueError(
            f"{shown(part)} is not an address, a network (192.0.2.16/28) or a range (192.0.2.10-192.0.2.20): {error}"
        ) from None
    if low.version != high.version or int(low) > int(high):
        raise ValueError(f"{shown(part)}: the range must run upwards within one address family")
    return low, high


def _check_pool(part: str) -> str:
    pool_bounds(part)
    return part


def _check_ip(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError(f"{shown(value)} is not an IP address") from None


Ip = Annotated[str, AfterValidator(_check_ip)]


class Rfc2136Cloud(Base):
    """A cluster of one's own, and a DNS server that takes signed updates: BIND, Knot, PowerDNS, Windows DNS."""

    server: Annotated[str, AfterValidator(_check_server)] = Field(
        description="The primary DNS server: IP address and port. Default port: 53."
    )
    tsig: Tsig
    pool: list[Annotated[str, AfterValidator(_check_pool)]] = Field(
        default_factory=list,
        description="Addresses that the cluster's load balancer may hand out: networks, ranges, single addresses.",
    )
    ttl: int = Field(300, ge=1, le=86400, description="Seconds that resolvers may keep a record.")

    def in_pool(self, address: str) -> bool:
        """Whether the address lies in the pool; an empty pool holds none."""
        wanted = ipaddress.ip_address(address)
        bounds = [pool_bounds(part) for part in self.pool]
        return any(low.version == wanted.version and int(low) <= int(wanted) <= int(high) for low, high in bounds)


class CloudSettings(OneOf):
    """Who owns addresses, zones and identities."""

    what: ClassVar[str] = "cloud"
    rfc2136: Rfc2136Cloud | None = None
    aws: AwsCloud | None = None
    gcp: GcpCloud | None = None


class ZoneOptions(Base):
    """What is done about a DNS zone."""

    existing: bool | None = Field(
        None, description="true: the zone is there and is looked up. false: this stack makes it. Default: made where a cloud can."
    )
    dnssec: bool = Field(False, description="Sign the zone (gcp). The parent zone must then hold its DS record.")


class ZoneSettings(ZoneOptions):
    """The DNS zone that holds the records."""

    name: Host = Field(description="The zone, without a final dot: shop.example.")


class AddressSettings(Base):
    """The address that the front door answers on."""

    ip: Ip | None = Field(None, description="rfc2136: this very address. Default: the first free one of the pool.")
    existing: GcpName | None = Field(
        None, description="Name of an address that is reserved already (gcp). Default: one is reserved."
    )
    scope: Scope | None = Field(
        None, description="gcp: where it is reached. Default: what the entrypoint needs, and nothing else works."
    )
    tier: Literal["premium", "standard"] = Field(
        "premium", description="gcp: whose network carries traffic to a regional address."
    )
    ipv6: bool = Field(False, description="gcp: an IPv6 address in place of an IPv4 one.")
    subnetwork: GcpName | None = Field(None, description="gcp: the dual-stack subnet that a regional IPv6 address is taken from.")
