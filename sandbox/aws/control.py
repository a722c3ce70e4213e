"""What only the sandbox asks of its twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.acm.exceptions import CertificateNotFound

from sandbox.aws import first
from sandbox.aws.acm import Certificate, certificates
from sandbox.aws.records import absolute
from sandbox.aws.zones import zones
from sandbox.twin import control
from sandbox.twin.client import Issued
from sandbox.twin.faults import Faults


class Control(control.Control):
    """Asks moto's backends."""

    def __init__(self, region: str, cluster: str, faults: Faults, whose: Callable[[str], dict[str, Any]]) -> None:
        super().__init__(faults)
        self._region, self._cluster = region, cluster
        self._whose = whose

    def facts(self) -> dict[str, Any]:
        """Account, region, cluster, VPC and subnets."""
        return first.facts_of(self._region, self._cluster)

    def is_delegated(self, zone: str) -> bool:
        """Every zone is until the contrary is said."""
        return absolute(zone) not in zones().undelegated

    def delegate(self, zone: str, delegated: bool) -> None:
        """For all zones of that name."""
        zones().set_delegation(zone, delegated)

    def certificate(self, name: str) -> Issued:
        """By its ARN."""
        try:
            found = certificates(self._region).get_certificate(name)
        except CertificateNotFound as error:
            raise LookupError(error.message) from error
        if isinstance(found, Certificate) and not found.issued_at:
            raise LookupError(f"{name} is not issued yet")
        return Issued(found.cert.decode(), found.chain.decode(), found.key.decode())

    def user(self, token: str) -> dict[str, Any]:
        """By asking STS, which may hang."""
        return self._whose(token)
