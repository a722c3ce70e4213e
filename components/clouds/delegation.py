"""A zone that its parent does not delegate is a zone that nobody sees: waited for, and named where it stays missing."""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Sequence
from typing import Any

import dns.exception
import dns.resolver
import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

#: Names the resolver to ask (`IP:port`) where the machine's own sees another DNS than the internet does.
RESOLVER_VARIABLE = "PORTICO_RESOLVER"

#: Seconds between two looks.
_PAUSE = 1.0


def resolver() -> dns.resolver.Resolver:
    """The machine's own resolver, or the one that the environment names."""
    named = os.environ.get(RESOLVER_VARIABLE)
    if not named:
        return dns.resolver.Resolver()
    host, _, port = named.rpartition(":")
    found = dns.resolver.Resolver(configure=False)
    try:
        found.nameservers = [str(ipaddress.ip_address(host.strip("[]")))]
        found.port = int(port)
    except ValueError:
        raise ValueError(
            f"environment variable {RESOLVER_VARIABLE} is {named!r}; it must be IP:port, such as 192.0.2.53:53"
        ) from None
    return found


def delegated_to(zone: str) -> list[str]:
    """The name servers that the internet finds for a zone; empty if it finds none."""
    try:
        answer = resolver().resolve(f"{zone}.", "NS", lifetime=10, raise_on_no_answer=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoNameservers, dns.resolver.LifetimeTimeout):
        return []
    return sorted(str(item.target).rstrip(".").lower() for item in answer.rrset or [])


def wait_until_delegated(zone: str, name_servers: Sequence[str], timeout: float) -> None:
    """Returns once the internet finds one of these name servers for the zone.

    Raises:
        TimeoutError: it does not within `timeout` seconds; the text says what the parent zone has to hold.
    """
    wanted = sorted(name.rstrip(".").lower() for name in name_servers)
    deadline = time.monotonic() + timeout
    while True:
        found = delegated_to(zone)
        if set(found) & set(wanted):
            return
        if time.monotonic() > deadline:
            instead = f"leads to {', '.join(found)}" if found else "has no NS records in its parent zone"
            raise TimeoutError(
                f"zone {zone} is not delegated after {timeout:.0f} s: it {instead}, so nobody can see that it is ours."
                f" Its parent must hold NS records {', '.join(wanted)}; then run `pulumi up` again"
            )
        time.sleep(_PAUSE)


class _DelegationProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        wait_until_delegated(props["zone"], props["name_servers"], float(props["timeout"]))
        return CreateResult(props["zone"], dict(props))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        wait_until_delegated(news["zone"], news["name_servers"], float(news["timeout"]))
        return UpdateResult(dict(news))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        replaces = ["zone"] if olds["zone"] != news["zone"] else []
        return DiffResult(
            changes=bool(replaces) or sorted(olds["name_servers"]) != sorted(news["name_servers"]), replaces=replaces
        )


class Delegation(Resource, module="clouds", name="Delegation"):
    """The moment a zone is delegated to these name servers. What depends on it can be proven by records in the zone.

    A failed wait is not recorded, so the next `pulumi up` looks again.
    """

    def __init__(
        self,
        zone: str,
        *,
        name_servers: pulumi.Input[Sequence[str]],
        timeout: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(_DelegationProvider(), zone, {"zone": zone, "name_servers": name_servers, "timeout": timeout}, opts)


class Delegated:
    """A zone that is waited for, once somebody needs it to be seen."""

    name: str

    def _await_delegation(self, name_servers: pulumi.Output[list[str]], timeout: int, opts: pulumi.ResourceOptions) -> None:
        """Says how: at most `timeout` seconds, or not at all if that is 0."""
        self._servers, self._limit, self._wait_opts = name_servers, timeout, opts
        self._delegation: Delegation | None = None

    @property
    def seen(self) -> list[pulumi.Resource]:
        """What to wait for before anybody is to prove something by records of the zone."""
        if self._delegation is None and self._limit:
            self._delegation = Delegation(self.name, name_servers=self._servers, timeout=self._limit, opts=self._wait_opts)
        return [self._delegation] if self._delegation is not None else []
