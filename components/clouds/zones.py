"""All zones of a stack as one: each host's records go where they belong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.clouds.base import Balancer, Target, Zone
from components.settings import Settings


class Zones:
    """The stack's zones by name."""

    def __init__(self, settings: Settings, zones: Mapping[str, Zone]) -> None:
        self._settings = settings
        self._zones = zones

    def point(
        self, hosts: Sequence[str], at: Target | Balancer, after: Sequence[pulumi.Resource] = ()
    ) -> dict[str, pulumi.Resource]:
        """A record per host, in the zone of each, once `after` stands."""
        made: dict[str, pulumi.Resource] = {}
        for name, zone in self._zones.items():
            made |= zone.point([host for host in hosts if self._settings.zone_of(host) == name], at, after)
        return made

    @property
    def name_servers(self) -> pulumi.Output[list[str]]:
        """Those of the main zone."""
        return self._zones[self._settings.zone.name].name_servers

    @property
    def other_name_servers(self) -> dict[str, pulumi.Output[list[str]]]:
        """Those of the others, by zone."""
        return {name: zone.name_servers for name, zone in self._zones.items() if name != self._settings.zone.name}
