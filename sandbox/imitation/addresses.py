"""Who gets which address of the load balancer's pool: part of the imitated load balancer (sandbox only)."""

import ipaddress
from collections.abc import Awaitable, Callable, Hashable

Address = ipaddress.IPv4Address


class RefusedError(Exception):
    """No address is given; `reason` is the one word for events, the message the sentence for a person."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Pool:
    """The addresses of the pool and who holds them."""

    def __init__(self, network: ipaddress.IPv4Network) -> None:
        self._network = network
        self._holders: dict[Address, Hashable] = {}
        self._held: dict[Hashable, Address] = {}

    def __contains__(self, address: object) -> bool:
        return address in self._network

    def held_by(self, owner: Hashable) -> Address | None:
        """The address that `owner` holds."""
        return self._held.get(owner)

    def holder(self, address: Address) -> Hashable | None:
        """Who holds `address`, if anybody does."""
        return self._holders.get(address)

    def hold(self, owner: Hashable, address: Address) -> None:
        """Give `address`, which must be free, to `owner`."""
        self._holders[address] = owner
        self._held[owner] = address

    def release(self, owner: Hashable) -> None:
        """Take back what `owner` holds, if anything."""
        address = self._held.pop(owner, None)
        if address is not None:
            del self._holders[address]

    async def choose(self, owner: Hashable, requested: str | None, reserved: Callable[[Address], Awaitable[bool]]) -> Address:
        """Decide which address `owner` gets; nothing is given yet.

        One that is asked for by name must have been reserved before, as with a real cloud; who asks for none
        gets one of those that nobody has reserved.

        Raises:
            RefusedError: AddressInvalid, AddressOutsidePool, AddressInUse, AddressNotReserved, PoolExhausted.
        """
        if requested is not None:
            return await self._check(owner, requested, reserved)
        # From the end, as people who reserve begin at the beginning.
        for address in reversed(list(self._network.hosts())):
            if address not in self._holders and not await reserved(address):
                return address
        raise RefusedError("PoolExhausted", f"all addresses of {self._network} are in use or reserved")

    async def _check(self, owner: Hashable, requested: str, reserved: Callable[[Address], Awaitable[bool]]) -> Address:
        try:
            address = Address(requested)
        except ValueError:
            raise RefusedError("AddressInvalid", f"{requested!r} is not an IPv4 address") from None
        if address not in self._network:
            raise RefusedError("AddressOutsidePool", f"{address} is not in the pool {self._network}")
        holder = self._holders.get(address, owner)
        if holder != owner:
            raise RefusedError("AddressInUse", f"{address} is in use by {holder}")
        if not await reserved(address):
            raise RefusedError("AddressNotReserved", f"{address} was never reserved, or is reserved no more")
        return address
