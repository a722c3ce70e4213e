"""gcp.organizations.get_client_config."""

from __future__ import annotations

from sandbox.gcp.provider.call import Call
from sandbox.plugin.wire import Properties, Unknown


def get_client_config(call: Call, _: Properties) -> Properties:
    """Who calls, and where."""
    places = {name: None if isinstance(value, Unknown) else value for name, value in call.account.places.items()}
    id_ = "/".join(f"{name}s/{places[name] or ''}" for name in ("project", "region", "zone"))
    return {**places, "accessToken": call.account.token(), "defaultLabels": call.account.default_labels, "id": id_}
