"""ELBv2: names, zones and addresses of load balancers as AWS gives them, and certificates of listeners kept apart."""

from __future__ import annotations

from typing import Any, cast

from moto.core.responses import ActionResult
from moto.elbv2 import models
from moto.elbv2.responses import ELBV2Response, transform_certificates

from sandbox.aws import regions, targets
from sandbox.aws.addresses import Network, network
from sandbox.aws.base import ACCOUNT, Refusal, letters, replace
from sandbox.aws.listeners import Listeners


class Balancer(models.FakeLoadBalancer):
    """A load balancer; `addresses` are those of its own, by subnet."""

    addresses: dict[str, dict[str, str]]

    @property
    def availability_zones(self) -> list[Any]:
        """With the addresses that moto drops."""
        return [
            {
                "ZoneName": subnet.availability_zone,
                "SubnetId": subnet.id,
                "LoadBalancerAddresses": [self.addresses[subnet.id]] if subnet.id in self.addresses else [],
            }
            for subnet in self.subnets
        ]


class Balancers(Listeners):
    """ELBv2 of one region."""

    def create_load_balancer(
        self,
        name: str,
        security_groups: list[str],
        subnet_ids: list[str],
        subnet_mappings: list[dict[str, str]] | None = None,
        scheme: str | None = None,
        loadbalancer_type: str | None = None,
        ip_address_type: str = "ipv4",
        tags: list[dict[str, str]] | None = None,
    ) -> models.FakeLoadBalancer:
        """Moto takes a name twice, one zone for an application load balancer, and keeps no addresses."""
        if any(other.name == name for other in self.load_balancers.values()):
            raise Refusal(
                "DuplicateLoadBalancerName", f"A load balancer with the same name '{name}' exists, but with different settings"
            )
        scheme, mappings, kind = scheme or "internet-facing", subnet_mappings or [], loadbalancer_type or "application"
        self._check_subnets(kind, [*subnet_ids, *(mapping["SubnetId"] for mapping in mappings)])
        made = super().create_load_balancer(name, security_groups, subnet_ids, mappings, scheme, kind, ip_address_type, tags)
        made.canonical_hosted_zone_id = regions.balancer_zone(self.region_name, kind == "network")
        made.dns_name = _dns_name(made, self.region_name)
        try:
            self._address(cast("Balancer", made), mappings)
        except Refusal:
            self.delete_load_balancer(made.arn)
            raise
        return made

    def delete_load_balancer(self, arn: str) -> None:
        """Moto leaves its tags, and the target groups believing in it; and knows no protection."""
        found = self.load_balancers.get(arn)
        if found is not None and str(found.attrs.get("deletion_protection.enabled")).lower() == "true":
            raise Refusal(
                "OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
            )
        for listener in found.listeners.values() if found else ():
            self._forget(listener)
        super().delete_load_balancer(arn)
        self.tagging_service.delete_all_tags_for_resource(arn)
        self._network.give_up(arn)
        self._link()

    def set_subnets(self, arn: str, subnets: list[str], subnet_mappings: list[dict[str, Any]]) -> Any:
        """Moto asks for two zones of a network load balancer too, and keeps no addresses."""
        found = cast("Balancer", self.describe_load_balancers([arn], None)[0])
        wanted = [*subnets, *(mapping["SubnetId"] for mapping in subnet_mappings)]
        self._check_subnets(found.type, wanted)
        found.subnets = [self.ec2_backend.get_subnet(subnet) for subnet in wanted]
        self._address(found, subnet_mappings)
        return found.availability_zones

    @property
    def _network(self) -> Network:
        return network(self.region_name)

    def _check_subnets(self, kind: str, subnets: list[str]) -> None:
        zones = [self.ec2_backend.get_subnet(subnet).availability_zone for subnet in subnets]
        if len(set(zones)) < len(zones):
            raise Refusal(
                "InvalidConfigurationRequest",
                "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
            )
        if zones and kind == "application" and len(zones) < 2:
            raise Refusal("ValidationError", "At least two subnets in two different Availability Zones must be specified")

    def _address(self, balancer: Balancer, mappings: list[dict[str, str]]) -> None:
        found: dict[str, dict[str, str]] = {}
        for mapping in mappings:
            if allocation := mapping.get("AllocationId"):
                if balancer.type != "network" or balancer.scheme != "internet-facing":
                    raise Refusal(
                        "InvalidConfigurationRequest",
                        "Allocation IDs are for internet-facing network load balancers;"
                        f" this one is of type {balancer.type}, {balancer.scheme}",
                    )
                found[mapping["SubnetId"]] = {
                    "AllocationId": allocation,
                    "IpAddress": self._network.use(allocation, balancer.arn),
                }
            elif private := mapping.get("PrivateIPv4Address"):
                found[mapping["SubnetId"]] = {"PrivateIPv4Address": private}
        self._network.give_up(balancer.arn, frozenset(address.get("AllocationId", "") for address in found.values()))
        balancer.addresses = found


class Elb(ELBV2Response):
    """ELBv2's operations. A listener is described with its default certificate; the further ones are asked for apart."""

    RESPONSE_KEY_PATH_TO_TRANSFORMER = {  # noqa: RUF012 -- moto's own declaration
        **ELBV2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER,
        "DescribeListenersOutput.Listeners.Listener.Certificates": lambda arns: transform_certificates(arns[:1]),
        "ModifyListenerOutput.Listeners.Listener.Certificates": lambda arns: transform_certificates(arns[:1]),
    }

    def modify_listener(self) -> ActionResult:
        """Moto drops the ALPN policy."""
        if (policy := self._get_param("AlpnPolicy")) is not None:
            self.elbv2_backend.describe_listeners(None, [self._get_param("ListenerArn")])[0].alpn_policy = policy
        return super().modify_listener()


def install() -> None:
    """Let moto keep load balancers this way."""
    models.elbv2_backends.backend = Balancers
    replace(models, "FakeLoadBalancer", Balancer)
    replace(models, "FakeTargetGroup", targets.TargetGroup)


def balancers(region: str) -> Balancers:
    """The account's load balancers in a region."""
    return cast("Balancers", models.elbv2_backends[ACCOUNT][region])


def _dns_name(balancer: models.FakeLoadBalancer, region: str) -> str:
    if balancer.type == "network":
        return f"{balancer.name}-{balancer.arn.rpartition('/')[2]}{regions.balancer_ending(region, network=True)}"
    inner = "internal-" if balancer.scheme == "internal" else ""
    return f"{inner}{balancer.name}-{letters(10, '123456789')}{regions.balancer_ending(region, network=False)}"
