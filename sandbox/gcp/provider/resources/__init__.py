"""The resource types."""

from __future__ import annotations

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.resources.account import Account
from sandbox.gcp.provider.resources.address import Address, GlobalAddress
from sandbox.gcp.provider.resources.certificates import Certificate, CertificateMap, CertificateMapEntry, DnsAuthorization
from sandbox.gcp.provider.resources.members import AccountMember, ProjectMember, ZoneMember
from sandbox.gcp.provider.resources.record import RecordSet
from sandbox.gcp.provider.resources.ssl import ManagedSslCertificate, RegionSslPolicy, SSLCertificate, SSLPolicy
from sandbox.gcp.provider.resources.zone import ManagedZone
from sandbox.plugin.schema import Resource

_TYPES: tuple[type[Resource[Call]], ...] = (
    Account,
    AccountMember,
    Address,
    Certificate,
    CertificateMap,
    CertificateMapEntry,
    DnsAuthorization,
    GlobalAddress,
    ManagedSslCertificate,
    ManagedZone,
    ProjectMember,
    RecordSet,
    RegionSslPolicy,
    SSLCertificate,
    SSLPolicy,
    ZoneMember,
)

TABLE: dict[str, Resource[Call]] = {kind.type_name: kind() for kind in _TYPES}
"""By the token of the type."""
