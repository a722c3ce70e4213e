"""What clouds have in common that keep zones: how long records are kept, who may write them, and when they are seen."""

from __future__ import annotations

from pydantic import Field

from components.settings.base import Base, KubeName


class ServiceAccount(Base):
    """A Kubernetes service account."""

    namespace: KubeName
    name: KubeName


class ZoneKeeper(Base):
    """A cloud with DNS zones, and with rights for who writes into them."""

    ttl: int = Field(300, ge=1, le=86400, description="Seconds that resolvers may keep a record that points at an address.")
    external_dns: ServiceAccount | None = Field(
        None, description="A service account of external-dns that is to get rights in this stack's zones. Default: none."
    )
    delegation_timeout: int = Field(
        600,
        ge=0,
        le=86400,
        description="Seconds to wait until a zone that certificates need is delegated by its parent; 0: not looked at.",
    )
