"""What stands behind a target group: the pods that its targets' addresses belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from lightkube import AsyncClient
from lightkube.generic_resource import create_namespaced_resource

from sandbox.aws.front.model import Group
from sandbox.front.cluster import Cluster, ignore
from sandbox.imitation.mirror import Key, Mirror, meta
from sandbox.imitation.pods import Behind

_Binding = create_namespaced_resource("elbv2.k8s.aws", "v1beta1", "TargetGroupBinding", "targetgroupbindings")


class Targets(Cluster):
    """Knows the cluster's pods, and which Service each target group is bound to."""

    def __init__(self, client: AsyncClient) -> None:
        self._bindings = Mirror(client, _Binding, ignore)
        super().__init__(client, self._bindings)

    def healthy(self, group: Group) -> list[Behind]:
        """What answers for each target that is healthy: the pod with its address is ready, or one behind the node's port."""
        found = (self._behind(group.arn, target, port) for target, port in group.targets)
        return [one for one in found if one is not None]

    def _behind(self, group: str, target: str, port: int) -> Behind | None:
        if target.startswith("i-"):
            led = self.node_ports().get(port)
            return self.behind(led[0]).get(led[1]) if led else None
        pod = self.pod_at(target)
        return self.behind_pod(pod, port, self._bound(group)) if pod else None

    def _bound(self, group: str) -> list[Key]:
        """The Service that the group is bound to, if it is."""
        return [
            (meta(one).namespace or "", str(spec["serviceRef"]["name"]))
            for one in self._bindings.objects.values()
            if (spec := cast("Mapping[str, Any]", one).get("spec") or {}).get("targetGroupARN") == group
        ]
