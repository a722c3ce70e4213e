"""The provider's configuration, from which requests get their account and region."""

from __future__ import annotations

import threading

from sandbox.aws.provider.account import Account, parse
from sandbox.aws.provider.call import Call
from sandbox.plugin.wire import Properties, Unknown


class Configuration:
    """One configuration of the provider."""

    def __init__(self, properties: Properties) -> None:
        self._account = Account(parse(properties))

    def call(self, properties: Properties, timeout: float | None, cancelled: threading.Event) -> Call:
        """In the region that the properties name, else the provider's."""
        region = properties.get("region") or self._account.region
        where = "" if isinstance(region, Unknown) else str(region)
        return Call(account=self._account, region=where, timeout=timeout, cancelled=cancelled)
