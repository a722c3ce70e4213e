"""Certificates: where they come from, and when they are there."""

from components.trust.trust import Trust, secret_name

__all__ = ["Trust", "secret_name"]
