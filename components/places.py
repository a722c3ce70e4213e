"""Where a stack's objects are put. An object waits for its own namespace, not for those of a thousand others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.settings import Settings


class Places:
    """The namespaces that a stack makes, and what else must stand before anything is put into the cluster."""

    def __init__(
        self,
        settings: Settings,
        namespaces: Mapping[str, pulumi.Resource],
        installed: Sequence[pulumi.Resource],
        parent: pulumi.Resource,
    ) -> None:
        self._namespaces, self._installed = namespaces, installed
        sites_alone = settings.sites_by_namespace.keys() - settings.shared_namespaces
        shared = [made for name, made in namespaces.items() if name not in sites_alone]
        self.shared = pulumi.ResourceOptions(parent=parent, depends_on=[*shared, *installed])
        """For what all sites share: after every namespace but those that are sites' alone."""

    def of(self, namespace: str) -> list[pulumi.Resource]:
        """What an object of a namespace comes after; only what is installed, where somebody else makes the namespace."""
        return [*self._installed, *([self._namespaces[namespace]] if namespace in self._namespaces else [])]

    def inside(self, opts: pulumi.ResourceOptions, namespace: str) -> pulumi.ResourceOptions:
        """`opts`, for an object of that namespace."""
        return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=self.of(namespace)))
