"""One request of the engine: whose AWS it is for, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.aws.provider.account import Account
from sandbox.plugin import call as plugin


@dataclass(frozen=True, kw_only=True)
class Call(plugin.Call):
    """A request to AWS.

    Attributes:
        account: whose AWS it is.
        region: that the resource lies in.
    """

    account: Account
    region: str

    @property
    def ambient(self) -> Mapping[str, Any]:
        """The provider's region."""
        return {"region": self.account.region}

    def client(self, service: str) -> Any:
        """The service's client in the resource's region."""
        return self.account.client(service, self.region)
