"""Compute Engine's addresses, from the sandbox's pool and never twice, and the forwarding rules that use them."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Any

from sandbox.gcp.errors import Refusal
from sandbox.gcp.kinds import Kind, refers
from sandbox.gcp.operations import LateError
from sandbox.gcp.places import Place, link, place_of
from sandbox.gcp.store import Store

_IPV6 = IPv6Network("2001:db8::/32")  # for documentation (RFC 3849): nothing in the sandbox is reached there


class Pool:
    """The next free address after the last given, so one that was released comes again as late as can be."""

    def __init__(self, store: Store, addresses: IPv4Network) -> None:
        self._store = store
        self._all = [str(address) for address in addresses]

    def give(self, wish: str | None = None) -> str:
        """A free one, or one that a forwarding rule got without having it reserved: it becomes a reserved one.

        Raises:
            Refusal: the wish is no such address; others cannot be chosen, Google gives them.
            LateError: there is none left.
        """
        bodies = [thing["body"] for thing in self._store.things.values()]
        reserved, used = ({body.get(key) for body in bodies} for key in ("address", "IPAddress"))
        held = reserved | used
        if wish:
            if wish not in self._all or wish in reserved or wish not in used:
                raise Refusal(
                    400, f"Invalid value for field 'resource.address': '{wish}'. Specified IP address is not available."
                )
            return wish
        last = self._store.notes.get("last_address")
        after = self._all.index(last) + 1 if last in self._all else 0
        free = [address for address in (*self._all[after:], *self._all[:after]) if address not in held]
        if not free:
            raise LateError(403, "QUOTA_EXCEEDED", f"Quota 'STATIC_ADDRESSES' exceeded.  Limit: {len(self._all)}.0")
        self._store.notes["last_address"] = free[0]
        return free[0]

    def give_range(self) -> str:
        """The first address of 96 bits' prefix of IPv6, never given before."""
        number = int(self._store.notes.get("last_range", 0)) + 1
        self._store.notes["last_range"] = number
        return str(_IPV6[number << 32])


class Addresses(Kind):
    """They are in use while a forwarding rule has their IP."""

    def __init__(self, store: Store, project: str, pool: Pool) -> None:
        super().__init__(store, project)
        self._pool = pool

    def prepare(self, place: Place, body: dict[str, Any]) -> None:
        """Complete a new one, or refuse it."""
        body.setdefault("addressType", "EXTERNAL")
        if place.scope.endswith("/global"):
            body.setdefault("ipVersion", "IPV4")
        body.setdefault("networkTier", "PREMIUM")
        if body.get("ipVersion") == "IPV6":
            self._prepare_ipv6(place, body)
        else:
            body["address"] = self._pool.give(body.get("address"))

    def _prepare_ipv6(self, place: Place, body: dict[str, Any]) -> None:
        """One of a region is a range of a subnetwork, and in the premium tier; Google gives it."""
        if body.get("address"):
            raise Refusal(
                400, f"Invalid value for field 'resource.address': '{body['address']}'. Specified IP address is not available."
            )
        if body["networkTier"] != "PREMIUM":
            raise Refusal(
                400, f"Invalid value for field 'resource.networkTier': '{body['networkTier']}'. IPv6 addresses are PREMIUM."
            )
        if not place.scope.endswith("/global"):
            if not body.get("subnetwork"):
                raise Refusal(400, "Invalid value for field 'resource.subnetwork': ''. An IPv6 address of a region needs one.")
            body["prefixLength"] = 96
        body["address"] = self._pool.give_range()

    def show(self, path: str, thing: dict[str, Any]) -> dict[str, Any]:
        """With who uses it."""
        users = self.users(path)
        shown = {**thing["body"], "status": "IN_USE" if users else "RESERVED"}
        return {**shown, "users": [link(user) for user in users]} if users else shown

    def users(self, path: str) -> list[str]:
        """The forwarding rules with its IP."""
        held = self.store.things[path]["body"].get("address")
        return [
            other
            for other, thing in self.store.things.items()
            if "/forwardingRules/" in other and thing["body"].get("IPAddress") == held
        ]


class ForwardingRules(Kind):
    """One names an address of its own scope, or gets one that is gone with it."""

    def __init__(self, store: Store, project: str, pool: Pool) -> None:
        super().__init__(store, project)
        self._pool = pool

    def prepare(self, place: Place, body: dict[str, Any]) -> None:
        """Complete a new one, or refuse it."""
        if not (body.get("target") or body.get("backendService")):
            raise Refusal(400, "Required field 'resource.target' not specified", "required")
        body.setdefault("IPProtocol", "TCP")
        body.setdefault("loadBalancingScheme", "EXTERNAL")
        body.setdefault("networkTier", "PREMIUM")
        if "portRange" in body:
            first, _, last = str(body["portRange"]).partition("-")
            body["portRange"] = f"{first}-{last or first}"
        given = body.get("IPAddress")
        body["IPAddress"] = self._own(place, body, str(given)) if given else self._pool.give()

    def _own(self, place: Place, body: dict[str, Any], given: str) -> str:
        path = refers(self, given)
        if path:
            address = str(self.store.things[path]["body"]["address"])
        else:
            address = given
            path = next((p for p, t in self.store.things.items() if "/addresses/" in p and t["body"].get("address") == given), "")
        if not path or place_of(path).scope != place.scope:
            scope = "global" if place.scope.endswith("/global") else place.scope.split("/", 2)[2]
            raise Refusal(
                400,
                f"Invalid value for field 'resource.IPAddress': '{given}'."
                f" Invalid IP address specified: a reserved address of scope {scope} is needed.",
            )
        for other, thing in self.store.things.items():
            if "/forwardingRules/" in other and _meets(thing["body"], body | {"IPAddress": address}):
                raise Refusal(
                    400,
                    f"Invalid value for field 'resource.IPAddress': '{address}'."
                    " Specified IP address is in-use and would result in a conflict.",
                )
        return address


def _meets(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in ("IPAddress", "IPProtocol", "portRange"))
