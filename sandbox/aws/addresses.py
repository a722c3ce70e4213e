"""EC2: Elastic IPs come from the sandbox's pool, and one that a load balancer uses is not given back."""

from __future__ import annotations

import ipaddress
from typing import Any, ClassVar, cast

from moto.ec2 import models
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.utils import random_eip_association_id

from sandbox.aws.base import ACCOUNT, Refusal


class Network(models.EC2Backend):
    """EC2's network of one region; `used_by` are the load balancers by the allocation that they use."""

    pool: ClassVar[tuple[str, ...]]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.used_by: dict[str, str] = {}
        self.last_given = ""

    def allocate_address(self, domain: str, address: str | None = None, tags: dict[str, str] | None = None) -> ElasticAddress:
        """The next free one after the last given, so one that was released comes again as late as can be."""
        taken = {other.public_ip for other in self.addresses}
        if address and (address not in self.pool or address in taken):
            raise Refusal(
                "InvalidAddress.NotFound", f"Address '{address}' is not free in the pool {self.pool[0]} to {self.pool[-1]}."
            )
        after = self.pool.index(self.last_given) + 1 if self.last_given in self.pool else 0
        free = [candidate for candidate in (*self.pool[after:], *self.pool[:after]) if candidate not in taken]
        if not free:
            raise Refusal("AddressLimitExceeded", "The maximum number of addresses has been reached.")
        if not address:
            address = self.last_given = free[0]
        return super().allocate_address(domain, address, tags)

    def release_address(self, address: str | None = None, allocation_id: str | None = None) -> None:
        """Moto takes it from whoever uses it."""
        held = (self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id or ""]))[0]
        if held.association_id:
            raise Refusal(
                "InvalidIPAddress.InUse", f"Address {held.public_ip} ({held.allocation_id}) is in use: it is associated."
            )
        super().release_address(address, allocation_id)

    def disassociate_address(self, address: str | None = None, association_id: str | None = None) -> None:
        """What a load balancer uses only the load balancer gives up."""
        held = (self.address_by_ip([address]) if address else self.address_by_association([association_id or ""]))[0]
        if held.allocation_id in self.used_by:
            raise Refusal("OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.")
        super().disassociate_address(address, association_id)

    def use(self, allocation_id: str, balancer: str) -> str:
        """Give an address to a load balancer; returns the address.

        Raises:
            Refusal: there is none of that id, or another one uses it.
        """
        held = next((other for other in self.addresses if other.allocation_id == allocation_id), None)
        if held is None:
            raise Refusal("AllocationIdNotFound", f"The allocation IDs '{allocation_id}' do not exist")
        if held.association_id and self.used_by.get(allocation_id) != balancer:
            raise Refusal("ResourceInUse", f"The allocation ID '{allocation_id}' is already in use")
        held.association_id = held.association_id or random_eip_association_id()
        self.used_by[allocation_id] = balancer
        return str(held.public_ip)

    def give_up(self, balancer: str, keep: frozenset[str] = frozenset()) -> None:
        """Take from a load balancer every address but those it keeps."""
        for held in self.addresses:
            if held.allocation_id not in keep and self.used_by.get(str(held.allocation_id)) == balancer:
                held.association_id = None
                del self.used_by[str(held.allocation_id)]


def network(region: str) -> Network:
    """The account's network in a region."""
    return cast("Network", models.ec2_backends[ACCOUNT][region])


def install(pool: ipaddress.IPv4Network) -> None:
    """Let moto keep addresses this way."""
    backends: Any = models.ec2_backends
    backends.backend = Network
    Network.pool = tuple(str(address) for address in pool)
