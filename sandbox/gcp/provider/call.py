"""One request of the engine: whose Google Cloud it is for, and where."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.gcp.provider.account import Account
from sandbox.plugin import call as plugin
from sandbox.plugin.problems import ProviderError
from sandbox.plugin.wire import Properties, Unknown


@dataclass(frozen=True, kw_only=True)
class Call(plugin.Call):
    """A request to Google Cloud.

    Attributes:
        account: whose it is.
        places: project, region and zone, as the resource or else the provider has them.
    """

    account: Account
    places: Mapping[str, Any]

    @property
    def ambient(self) -> Mapping[str, Any]:
        """The provider's project, region and zone."""
        return self.account.places

    def place(self, name: str) -> str:
        """`project`, `region` or `zone`, which must be known."""
        value = self.places[name]
        if isinstance(value, Unknown):
            raise ProviderError(f"{name}: required field is not set")
        return str(value).rsplit("/", 1)[-1]

    def service(self, api: str) -> Any:
        """The API's client."""
        return self.account.service(api)

    def execute(self, request: Any) -> Any:
        """Send a request that the API's client made."""
        return self.account.execute(request)


class Configuration:
    """One configuration of the provider."""

    def __init__(self, properties: Properties) -> None:
        self._account = Account(properties)

    def call(self, properties: Properties, timeout: float | None, cancelled: threading.Event) -> Call:
        """In the places that the properties name, else the provider's."""
        places = {name: properties.get(name) or value for name, value in self._account.places.items()}
        return Call(account=self._account, places=places, timeout=timeout, cancelled=cancelled)
