"""Writing to the API server what the controller has to say, and only if it is not said already."""

from __future__ import annotations

from typing import Any

import httpx2
from lightkube import AsyncClient
from lightkube.models.core_v1 import ObjectReference
from lightkube.types import PatchType

from sandbox.gcp.gateway.model import FINALIZER, Object, key_of_object


class Writer:
    """Changes objects; that one is gone or has changed meanwhile is no error: the controller is told of it."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def status(self, kind: Any, thing: Object, status: Object) -> None:
        """Write part of an object's status."""
        old = thing.get("status") or {}
        if any(old.get(name) != value for name, value in status.items()):
            await self._patch(kind.Status, thing, {"status": status})

    async def annotations(self, kind: Any, thing: Object, annotations: Object) -> None:
        """Write some of an object's annotations."""
        old = thing["metadata"].get("annotations") or {}
        if any(old.get(name) != value for name, value in annotations.items()):
            await self._patch(kind, thing, {"metadata": {"annotations": annotations}})

    async def hold(self, kind: Any, thing: Object, held: bool) -> None:
        """Have the controller's finalizer on an object, or have it no longer."""
        metadata = thing["metadata"]
        old = list(metadata.get("finalizers") or ())
        if (FINALIZER in old) is not held:
            new = [*old, FINALIZER] if held else [each for each in old if each != FINALIZER]
            # The version is said so that another's finalizer that came meanwhile is not taken away.
            await self._patch(kind, thing, {"metadata": {"finalizers": new, "resourceVersion": metadata["resourceVersion"]}})

    async def _patch(self, kind: Any, thing: Object, patch: Object) -> None:
        namespace, name = key_of_object(thing)
        where: dict[str, Any] = {"namespace": namespace} if namespace else {}
        try:
            await self._client.patch(kind, name, dict(patch), patch_type=PatchType.MERGE, **where)
        except httpx2.HTTPStatusError as error:
            if error.response.status_code not in (httpx2.codes.NOT_FOUND, httpx2.codes.CONFLICT):
                raise


def reference(thing: Object) -> ObjectReference:
    """An object as events name it."""
    metadata = thing["metadata"]
    return ObjectReference(
        apiVersion=thing.get("apiVersion"),
        kind=thing.get("kind"),
        namespace=metadata.get("namespace"),
        name=metadata["name"],
        uid=metadata.get("uid"),
    )
