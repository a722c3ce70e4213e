"""The functions: what a program looks up in a project."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.lookups import address, project, zone
from sandbox.plugin.wire import Properties

TABLE: dict[str, Callable[[Call, Properties], Properties]] = {
    "gcp:compute/getAddress:getAddress": address.get_address,
    "gcp:compute/getGlobalAddress:getGlobalAddress": address.get_global_address,
    "gcp:dns/getManagedZone:getManagedZone": zone.get_managed_zone,
    "gcp:organizations/getClientConfig:getClientConfig": project.get_client_config,
}
"""By the token of the function."""
