"""Certificates: where they come from, and when they are there."""

from components.trust.google import managed_name
from components.trust.managed import ManagedCertificate
from components.trust.trust import Issued, Trust, secret_name

__all__ = ["Issued", "ManagedCertificate", "Trust", "managed_name", "secret_name"]
