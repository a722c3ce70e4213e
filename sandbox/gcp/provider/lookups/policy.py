"""gcp.compute.get_ssl_policy."""

from __future__ import annotations

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.lookups.one import looking
from sandbox.plugin.wire import Properties

_TEXTS = ("creationTimestamp", "description", "fingerprint", "minTlsVersion", "name", "profile", "selfLink")
_LISTS = ("customFeatures", "enabledFeatures")


def get_ssl_policy(call: Call, args: Properties) -> Properties:
    """A global one, by name."""
    project, name = call.place("project"), args["name"]
    id_ = f"projects/{project}/global/sslPolicies/{name}"
    with looking(f"ComputeSslPolicy {id_!r}", id_):
        told = call.execute(call.service("compute").sslPolicies().get(project=project, sslPolicy=name))
    return {
        **{key: told.get(key, "") for key in _TEXTS},
        **{key: told.get(key) or [] for key in _LISTS},
        "deletionPolicy": None,
        "id": id_,
        "postQuantumKeyExchange": told.get("postQuantumKeyExchange", ""),
        "project": project,
    }
