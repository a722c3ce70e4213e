"""What an entrypoint is to the rest of the project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import pulumi

from components.clouds import Balancer, Target
from components.settings.sites import SiteSettings
from components.trust import Issued


class Entrypoint(Protocol):
    """How traffic enters: a controller with an address, and the objects that lead a site's hosts and paths to Services."""

    @property
    def front(self) -> list[pulumi.Resource]:
        """The controller's load balancer, and the controller with it where this stack installs it."""

    @property
    def target(self) -> Target | Balancer | None:
        """Where records of all sites point; None where each site brings its own (see `route`)."""

    @property
    def door(self) -> list[pulumi.Resource]:
        """What must be there before plain http of any host is answered, as HTTP-01 needs."""

    @property
    def http01(self) -> dict[str, Any] | None:
        """The `http01` part of an issuer's solver that answers through this entrypoint; None if none can."""

    def listen(self, shown: Issued) -> None:
        """Opens the door: `shown` are all certificates, issued where they can be had before it, else asked for."""

    def route(self, key: str, site: SiteSettings, issued: Issued, opts: pulumi.ResourceOptions) -> Target | Balancer | None:
        """Leads one site; `issued` are the certificates of its hosts. Returns where its records point, if not to `target`."""

    def finish(self) -> Mapping[str, pulumi.Resource]:
        """Makes what can only be made once every site is led; by namespace, what must stand before its sites answer."""


class OnePerSite:
    """What entrypoints have in common whose sites need nothing of each other."""

    def finish(self) -> Mapping[str, pulumi.Resource]:
        """Nothing is left: each site has been led by itself."""
        return {}
