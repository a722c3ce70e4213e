"""ELBv2's target groups: a target is an id with a port, and unused until a listener forwards to its group."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.elbv2 import models

from sandbox.aws.base import Refusal


class TargetGroup(models.FakeTargetGroup):
    """Moto keeps targets by id alone, so a second port of one address drives out the first."""

    def register(self, targets: list[dict[str, Any]]) -> None:
        """Add targets, or leave those that are there."""
        for target in targets:
            kept = {**target, "Port": int(target.get("Port") or self.port)}
            self.targets[self._key(kept)] = kept

    def deregister(self, targets: list[dict[str, Any]]) -> None:
        """Take targets away; an id without a port means every port of it."""
        for target in targets:
            keys = [key for key, kept in self.targets.items() if self._matches(target, kept)]
            if not keys:
                raise Refusal("InvalidTarget", f"The following targets are not registered: '{target['Id']}'")
            for key in keys:
                del self.targets[key]

    def health_for(self, target: dict[str, Any], ec2_backend: Any) -> models.FakeHealthStatus:
        """Healthy if a listener forwards to the group."""
        port = str(target.get("Port") or self.port)
        if not any(self._matches(target, kept) for kept in self.targets.values()):
            state = ("unused", "Target.NotRegistered", "Target is not registered to the target group")
        elif not self.load_balancer_arns:
            state = ("unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer")
        else:
            return models.FakeHealthStatus(target["Id"], port, self.health_check_port, "healthy")
        return models.FakeHealthStatus(target["Id"], port, self.health_check_port, *state)

    @staticmethod
    def _key(target: dict[str, Any]) -> str:
        return f"{target['Id']} {target['Port']}"

    @staticmethod
    def _matches(asked: dict[str, Any], kept: dict[str, Any]) -> bool:
        return bool(asked["Id"] == kept["Id"] and int(asked.get("Port") or kept["Port"]) == kept["Port"])


def link(groups: Iterable[models.FakeTargetGroup], balancers: Iterable[models.FakeLoadBalancer]) -> None:
    """Let every group know the load balancers that forward to it; moto only ever adds to that list."""
    used: dict[str, list[str]] = {}
    for balancer in balancers:
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                for group in _groups(rule.actions):
                    if balancer.arn not in used.setdefault(group, []):
                        used[group].append(balancer.arn)
    for known in groups:
        known.load_balancer_arns = used.get(known.arn, [])


def _groups(actions: list[models.FakeAction]) -> list[str]:
    found = []
    for action in actions:
        forwarded = action.data.get("ForwardConfig", {}).get("TargetGroups", [])
        found += [group["TargetGroupArn"] for group in (action.data, *forwarded) if "TargetGroupArn" in group]
    return found
