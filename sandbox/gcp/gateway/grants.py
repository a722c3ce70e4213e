"""Whether an object may refer to one of another namespace: ReferenceGrants."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.gcp.gateway.model import GROUP, Object, items_of, spec_of
from sandbox.imitation.mirror import Key


def allowed(grants: Iterable[tuple[Key, Object]], kind: str, namespace: str, target: str, key: Key) -> bool:
    """Whether it may; in its own namespace everyone may.

    Args:
        grants: all there are.
        kind: of Gateway API, that refers.
        namespace: of what refers.
        target: kind of the core API, that is referred to.
        key: of what is referred to.
    """
    if key[0] == namespace:
        return True
    return any(
        place[0] == key[0]
        and any(_is(entry, GROUP, kind) and entry.get("namespace") == namespace for entry in items_of(spec_of(grant), "from"))
        and any(_is(entry, "", target) and entry.get("name") in (None, key[1]) for entry in items_of(spec_of(grant), "to"))
        for place, grant in grants
    )


def _is(entry: Object, group: str, kind: str) -> bool:
    return (entry.get("group") or "") == group and entry.get("kind") == kind
