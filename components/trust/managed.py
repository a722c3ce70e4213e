"""A certificate that lives outside the cluster."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class ManagedCertificate:
    """A certificate that the cloud keeps and renews."""

    #: The cloud's name for it; known only once it is issued, so that what uses it waits.
    reference: pulumi.Output[str]
    issued: pulumi.Resource
