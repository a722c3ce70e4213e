"""Sites: what a front door leads to."""

from components.sites.site import Site

__all__ = ["Site"]
