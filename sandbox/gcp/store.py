"""All that the twin knows, in one file of JSON, written before the answer of every request that changed something.

What was answered as done is done after `kill -9` at any moment, as with Google. A refused request leaves nothing behind.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.layout import write_atomically

OPERATION_SECONDS = 0.3
_KEPT_OPERATIONS = 500


class Store:
    """Things by their path (`projects/P/global/addresses/NAME`), operations likewise.

    A thing is what its API shows (`body`), what only the twin knows of it (`inside`), and since when others can use it (`ready`).
    """

    def __init__(self, file: Path) -> None:
        """Read the file, which need not exist."""
        self._file = file
        self._kept = ""
        self._content: dict[str, Any] = {"things": {}, "operations": {}, "notes": {}, "next": 4000000000000000000}
        if file.exists():
            self._kept = file.read_text()
            self._content = json.loads(self._kept)

    @property
    def things(self) -> dict[str, dict[str, Any]]:
        """All of them, by path, oldest first."""
        found: dict[str, dict[str, Any]] = self._content["things"]
        return found

    @property
    def operations(self) -> dict[str, dict[str, Any]]:
        """All of them, by path; what is in `due` is told when they are done."""
        found: dict[str, dict[str, Any]] = self._content["operations"]
        return found

    @property
    def notes(self) -> dict[str, Any]:
        """What is no thing: delegation, the last address given, tokens, policies."""
        found: dict[str, Any] = self._content["notes"]
        return found

    def save(self) -> bool:
        """Write all of it; False if nothing has changed."""
        for old in [*self.operations][:-_KEPT_OPERATIONS]:
            del self.operations[old]
        content = json.dumps(self._content)
        if content == self._kept:
            return False
        write_atomically(self._file, content, 0o600)
        self._kept = content
        return True

    def restore(self) -> None:
        """Forget what was changed since it was last saved."""
        self._content = json.loads(self._kept)

    def number(self) -> str:
        """One that nothing has had yet."""
        self._content["next"] += 7919
        return str(self._content["next"])

    def add(self, path: str, body: dict[str, Any], delay: float = OPERATION_SECONDS) -> dict[str, Any]:
        """Keep a new thing; returns it."""
        self.things[path] = {"body": body, "inside": {}, "ready": time.time() + delay}
        return self.things[path]

    def under(self, parent: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The things of one collection, given by its path."""
        prefix = f"{parent}/"
        return ((p, thing) for p, thing in [*self.things.items()] if p.startswith(prefix) and "/" not in p.removeprefix(prefix))


def now() -> str:
    """The time as Google writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def fingerprint(content: Any) -> str:
    """Of what it is taken, in Google's form."""
    return base64.urlsafe_b64encode(hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()[:8]).decode()
