"""Sites: what a front door leads to."""

from components.sites.answering import answering
from components.sites.service import Service
from components.sites.site import Site

__all__ = ["Service", "Site", "answering"]
