"""Where one Gateway's load balancer is made, and how its parts are named and marked as its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.gcp.gateway.classes import GatewayClass
from sandbox.gcp.gateway.model import Plan, Resource, text_of
from sandbox.gcp.gateway.names import Namer
from sandbox.gcp.places import link
from sandbox.imitation.mirror import Key

_OWNER = "k8sResource"
_CONTENT = "content"


@dataclass
class Place:
    """Adds things to a plan.

    Attributes:
        gateway: whose load balancer it is.
        zones: of the region, at least one.
    """

    project: str
    region: str
    zones: tuple[str, ...]
    kind: GatewayClass
    gateway: Key
    namer: Namer
    plan: Plan

    @property
    def scope_name(self) -> str:
        """`global` or `regions/NAME`."""
        return f"regions/{self.region}" if self.kind.regional else "global"

    @property
    def scope(self) -> str:
        """`projects/P/global` or `projects/P/regions/NAME`."""
        return f"projects/{self.project}/{self.scope_name}"

    @property
    def network(self) -> str:
        """The cluster's network."""
        return link(f"projects/{self.project}/global/networks/default")

    def name(self, *fields: str, of: str) -> str:
        """A name of this Gateway's own: two of them may lead to one Service, each in its way."""
        return self.namer.name(*fields, of=f"{text_of(self.gateway)} {self.scope_name} {of}")

    def reference(self, collection: str, name: str) -> str:
        """The link of something in the same scope, by its name; a path is taken as it is."""
        return link(f"{self.scope}/{collection}/{name}") if "/" not in name else name

    def zone(self, wanted: str | None) -> str:
        """A zone of the region: the one that is wanted, if it is one."""
        return wanted if wanted in self.zones else self.zones[0]

    def add(self, collection: str, body: Mapping[str, Any], said: Mapping[str, str] | None = None) -> Resource:
        """Add something in the load balancer's scope; `said`: more for its description."""
        return self._add(collection, self.scope, body, said)

    def add_zonal(self, zone: str, body: Mapping[str, Any], said: Mapping[str, str]) -> Resource:
        """Add a network endpoint group."""
        return self._add("networkEndpointGroups", f"projects/{self.project}/zones/{zone}", body, said)

    def _add(self, collection: str, scope: str, body: Mapping[str, Any], said: Mapping[str, str] | None) -> Resource:
        content = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
        mark = {_OWNER: owner_mark(self.gateway), **(said or {}), _CONTENT: content}
        return self.plan.add(Resource(collection, scope, {**body, "description": json.dumps(mark)}))


def owner_mark(gateway: Key) -> str:
    """How a Gateway is named in what is made for it."""
    return f"/namespaces/{gateway[0]}/gateways/{gateway[1]}"


def is_owned(body: Mapping[str, Any], gateway: Key) -> bool:
    """Whether a thing of Compute Engine was made for a Gateway."""
    try:
        said = json.loads(body.get("description") or "{}")
    except ValueError:
        return False
    return isinstance(said, dict) and said.get(_OWNER) == owner_mark(gateway)
