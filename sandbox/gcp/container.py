"""Google Kubernetes Engine: the one cluster, which is there and stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.gcp.discovery import Method
from sandbox.gcp.errors import Refusal
from sandbox.gcp.store import Store


def answer(store: Store, method: Method, values: Mapping[str, str]) -> dict[str, Any]:
    """The answer to one request of container v1."""
    parent = f"projects/{values.get('projectsId', '')}/locations/{values.get('locationsId', '')}"
    match method.name:
        case "container.projects.locations.clusters.get":
            name = values["clustersId"]
            found = store.things.get(f"{parent}/clusters/{name}")
            if found is None:
                raise Refusal(404, f"Not found: {parent}/clusters/{name}.")
            return dict(found["body"])
        case "container.projects.locations.clusters.list":
            wanted = parent.removesuffix("/-")
            found_all = [thing for path, thing in store.things.items() if path.startswith(f"{wanted}/") and "/clusters/" in path]
            return {"clusters": [dict(thing["body"]) for thing in found_all]}
    raise Refusal(501, f"The twin does not have {method.name}.")
