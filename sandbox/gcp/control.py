"""What only the sandbox asks of its twin."""

from __future__ import annotations

from typing import Any

from sandbox.gcp import tokens
from sandbox.gcp.first import ZONES, Settings
from sandbox.gcp.places import LINK
from sandbox.gcp.store import Store
from sandbox.twin import control
from sandbox.twin.client import Issued
from sandbox.twin.faults import Faults


class Control(control.Control):
    """Looks into the store."""

    def __init__(self, store: Store, faults: Faults, settings: Settings) -> None:
        super().__init__(faults)
        self._store, self._settings = store, settings

    def facts(self) -> dict[str, Any]:
        """Project, region, zones and cluster."""
        settings = self._settings
        zones = [f"{settings.region}-{letter}" for letter in ZONES]
        return {"project": settings.project, "region": settings.region, "zones": zones, "cluster": settings.cluster}

    def is_delegated(self, zone: str) -> bool:
        """Every zone is until the contrary is said."""
        return _absolute(zone) not in self._store.notes.get("undelegated", [])

    def delegate(self, zone: str, delegated: bool) -> None:
        """For all zones of that name."""
        others = {*self._store.notes.get("undelegated", [])} - {_absolute(zone)}
        self._store.notes["undelegated"] = sorted(others if delegated else {*others, _absolute(zone)})

    def certificate(self, name: str) -> Issued:
        """By its path or its link."""
        thing = self._store.things.get(name.removeprefix(LINK))
        if thing is None:
            raise LookupError(f"there is no {name}")
        if "key" not in thing["inside"]:
            raise LookupError(f"{name} is not issued by the twin, or not yet")
        return Issued(*(str(thing["inside"][key]) for key in ("certificate", "chain", "key")))

    def user(self, token: str) -> dict[str, Any]:
        """By the tokens that the twin has given."""
        return tokens.user(self._store, token)


def _absolute(zone: str) -> str:
    return f"{zone.rstrip('.').lower()}."
