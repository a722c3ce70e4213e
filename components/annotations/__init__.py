"""Every annotation that the known controllers read, and the checks over those of one object. No Pulumi, no cluster."""

from components.annotations.check import check
from components.annotations.finding import Finding

__all__ = ["Finding", "check"]
