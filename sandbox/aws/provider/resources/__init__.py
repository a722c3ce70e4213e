"""The resource types."""

from __future__ import annotations

from sandbox.aws.provider.resources.association import PodIdentityAssociation
from sandbox.aws.provider.resources.attachment import RolePolicyAttachment
from sandbox.aws.provider.resources.certificate import Certificate
from sandbox.aws.provider.resources.eip import Eip
from sandbox.aws.provider.resources.oidc import OpenIdConnectProvider
from sandbox.aws.provider.resources.policy import Policy
from sandbox.aws.provider.resources.record import Record
from sandbox.aws.provider.resources.role import Role
from sandbox.aws.provider.resources.validation import CertificateValidation
from sandbox.aws.provider.resources.zone import Zone
from sandbox.aws.provider.schema import Resource

_TYPES: tuple[type[Resource], ...] = (
    Certificate,
    CertificateValidation,
    Eip,
    OpenIdConnectProvider,
    PodIdentityAssociation,
    Policy,
    Record,
    Role,
    RolePolicyAttachment,
    Zone,
)

TABLE: dict[str, Resource] = {kind.type_name: kind() for kind in _TYPES}
"""By the token of the type."""
