"""aws.ec2.Eip: an address that stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from sandbox.aws.provider import tags
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.schema import REGION, TAGS, Resource
from sandbox.plugin.problems import ProviderError, code, doing, gone_is_fine
from sandbox.plugin.schema import Field
from sandbox.plugin.wire import Properties

_NOT_FOUND = "InvalidAllocationID.NotFound"
_ASSOCIATION = ("instance", "networkInterface", "associateWithPrivateIp")
_REQUEST = {
    "address": "Address",
    "customerOwnedIpv4Pool": "CustomerOwnedIpv4Pool",
    "domain": "Domain",
    "ipamPoolId": "IpamPoolId",
    "networkBorderGroup": "NetworkBorderGroup",
    "publicIpv4Pool": "PublicIpv4Pool",
}
_ANSWER = {
    "allocationId": "AllocationId",
    "associationId": "AssociationId",
    "carrierIp": "CarrierIp",
    "customerOwnedIp": "CustomerOwnedIp",
    "domain": "Domain",
    "instance": "InstanceId",
    "networkBorderGroup": "NetworkBorderGroup",
    "networkInterface": "NetworkInterfaceId",
    "privateIp": "PrivateIpAddress",
    "publicIp": "PublicIp",
    "publicIpv4Pool": "PublicIpv4Pool",
}


class Eip(Resource):
    """An Elastic IP address."""

    type_name = "aws:ec2/eip:Eip"
    fields: ClassVar = {
        "address": Field(replaces=True),
        "associateWithPrivateIp": Field(),
        "customerOwnedIpv4Pool": Field(),
        "domain": Field(replaces=True, computed=True, choices=("vpc", "standard")),
        "instance": Field(computed=True),
        "ipamPoolId": Field(replaces=True, computed=True),
        "networkBorderGroup": Field(replaces=True, computed=True),
        "networkInterface": Field(computed=True),
        "publicIpv4Pool": Field(replaces=True, computed=True),
        **REGION,
        **TAGS,
    }
    computed = (
        "allocationId",
        "arn",
        "associationId",
        "carrierIp",
        "customerOwnedIp",
        "privateDns",
        "privateIp",
        "ptrRecord",
        "publicDns",
        "publicIp",
    )

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """Allocate, then associate if that is asked for."""
        request = {_REQUEST[name]: inputs[name] for name in _REQUEST if inputs.get(name)}
        if wanted := tags.target(call.account, inputs):
            request["TagSpecifications"] = [{"ResourceType": "elastic-ip", "Tags": tags.as_list(wanted)}]
        with doing("creating EC2 EIP"):
            allocation = call.client("ec2").allocate_address(**request)["AllocationId"]
        yield allocation
        with doing(f"waiting for EC2 EIP ({allocation}) create"):
            call.poll(lambda: self._find(call, allocation), call.seconds(900), lambda: "couldn't find resource")
        self._associate(call, allocation, inputs)

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """As DescribeAddresses tells it."""
        if not id.startswith("eipalloc-"):
            raise ProviderError("with the retirement of EC2-Classic standard domain EC2 EIPs are no longer supported")
        with doing(f"reading EC2 EIP ({id})"):
            address = self._find(call, id)
            if address is None:
                return None
            outputs = {name: address.get(key) or "" for name, key in _ANSWER.items()}
            private, public, region = outputs["privateIp"], outputs["publicIp"], call.region
            pool = outputs["publicIpv4Pool"]
            return {
                **outputs,
                **{name: known.get(name) for name in ("address", "associateWithPrivateIp")},
                "customerOwnedIpv4Pool": address.get("CustomerOwnedIpv4Pool"),
                "arn": f"arn:{call.account.partition(region)}:ec2:{region}:{call.account.id}:elastic-ip/{id}",
                "ipamPoolId": pool if pool.startswith("ipam-pool-") else "",
                "privateDns": _name("ip", private, "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"),
                "publicDns": _name(
                    "ec2", public, f"{'compute-1' if region == 'us-east-1' else f'{region}.compute'}.amazonaws.com"
                ),
                "ptrRecord": self._pointer(call, id),
                **tags.outputs(call.account, tags.as_dict(address.get("Tags")), known),
            }

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Other tags, another association."""
        with doing(f"updating EC2 EIP ({id})"):
            address = self._find(call, id) or {}
            wanted = {name: inputs[name] for name in _ASSOCIATION if inputs.get(name)}
            if any(state.get(name, "") != value for name, value in wanted.items()):
                self._dissociate(call, address.get("AssociationId"))
                self._associate(call, id, inputs)
            put, removed = tags.changes(tags.as_dict(address.get("Tags")), tags.target(call.account, inputs))
            if removed:
                call.client("ec2").delete_tags(Resources=[id], Tags=[{"Key": key} for key in removed])
            if put:
                call.client("ec2").create_tags(Resources=[id], Tags=tags.as_list(put))

    def delete(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """Release it; one that a load balancer holds is refused by AWS."""
        self._dissociate(call, state.get("associationId"))
        with doing(f"deleting EC2 EIP ({id})"), gone_is_fine(_NOT_FOUND):
            call.client("ec2").release_address(AllocationId=id)

    @staticmethod
    def _find(call: Call, allocation: str) -> Properties | None:
        found: list[Properties] = []
        with gone_is_fine(_NOT_FOUND):
            found = call.client("ec2").describe_addresses(AllocationIds=[allocation])["Addresses"]
        return found[0] if found else None

    @staticmethod
    def _pointer(call: Call, allocation: str) -> str:
        try:
            answer = call.client("ec2").describe_addresses_attribute(AllocationIds=[allocation], Attribute="domain-name")
        except Exception as error:
            if code(error) in (_NOT_FOUND, "InvalidAction"):  # not every region knows it
                return ""
            raise
        return next((str(item.get("PtrRecord") or "").removesuffix(".") for item in answer.get("Addresses", ())), "")

    @staticmethod
    def _associate(call: Call, allocation: str, inputs: Properties) -> None:
        keys = dict(zip(_ASSOCIATION, ("InstanceId", "NetworkInterfaceId", "PrivateIpAddress"), strict=True))
        request = {key: inputs[name] for name, key in keys.items() if inputs.get(name)}
        if inputs.get("instance") or inputs.get("networkInterface"):
            with doing(f"associating EC2 EIP ({allocation})"):
                call.client("ec2").associate_address(AllocationId=allocation, **request)

    @staticmethod
    def _dissociate(call: Call, association: str | None) -> None:
        if association:
            with doing(f"disassociating EC2 EIP ({association})"), gone_is_fine("InvalidAssociationID.NotFound"):
                call.client("ec2").disassociate_address(AssociationId=association)


def _name(prefix: str, address: str, suffix: str) -> str:
    return f"{prefix}-{address.replace('.', '-')}.{suffix}" if address else ""
