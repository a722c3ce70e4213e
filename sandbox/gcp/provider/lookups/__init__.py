"""The functions: what a program looks up in a project."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.lookups import address, certificates, cluster, policy, project, zone
from sandbox.plugin.wire import Properties

TABLE: dict[str, Callable[[Call, Properties], Properties]] = {
    "gcp:certificatemanager/getCertificates:getCertificates": certificates.get_certificates,
    "gcp:certificatemanager/getDnsAuthorization:getDnsAuthorization": certificates.get_dns_authorization,
    "gcp:compute/getAddress:getAddress": address.get_address,
    "gcp:compute/getGlobalAddress:getGlobalAddress": address.get_global_address,
    "gcp:compute/getSSLPolicy:getSSLPolicy": policy.get_ssl_policy,
    "gcp:container/getCluster:getCluster": cluster.get_cluster,
    "gcp:dns/getKeys:getKeys": zone.get_keys,
    "gcp:dns/getManagedZone:getManagedZone": zone.get_managed_zone,
    "gcp:dns/getManagedZones:getManagedZones": zone.get_managed_zones,
    "gcp:organizations/getClientConfig:getClientConfig": project.get_client_config,
    "gcp:organizations/getProject:getProject": project.get_project,
}
"""By the token of the function."""
