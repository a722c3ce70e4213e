"""gcp.organizations.get_client_config and get_project."""

from __future__ import annotations

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.lookups.one import looking
from sandbox.plugin.wire import Properties, Unknown


def get_client_config(call: Call, _: Properties) -> Properties:
    """Who calls, and where."""
    places = {name: None if isinstance(value, Unknown) else value for name, value in call.account.places.items()}
    id_ = "/".join(f"{name}s/{places[name] or ''}" for name in ("project", "region", "zone"))
    return {**places, "accessToken": call.account.token(), "defaultLabels": call.account.default_labels, "id": id_}


def get_project(call: Call, args: Properties) -> Properties:
    """By id, else the provider's own; who pays for it is not asked for."""
    id_ = f"projects/{args.get('projectId') or call.place('project')}"
    with looking(f"Project {id_!r}", id_):
        told = call.execute(call.service("cloudresourcemanager").projects().get(name=id_))
    labels = told.get("labels") or {}
    parent, _, number = str(told.get("parent", "")).partition("/")
    return {
        "autoCreateNetwork": None,
        "billingAccount": "",
        "deletionPolicy": None,
        "effectiveLabels": labels,
        "folderId": number if parent == "folders" else "",
        "id": id_,
        "labels": labels,
        "name": told.get("displayName", ""),
        "number": told["name"].removeprefix("projects/"),
        "orgId": number if parent == "organizations" else "",
        "projectId": told["projectId"],
        "pulumiLabels": labels,
        "tags": None,
    }
