"""What only the sandbox asks of its twin: the URLs under `/_portico/`, as the AWS twin has them."""

from __future__ import annotations

import json
import urllib.parse
from dataclasses import asdict
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.gcp import tokens
from sandbox.gcp.faults import FaultError, Faults
from sandbox.gcp.first import ZONES, Settings
from sandbox.gcp.places import LINK
from sandbox.gcp.store import Store

PREFIX = "/_portico/"


class Control:
    """Answers them."""

    def __init__(self, store: Store, faults: Faults, settings: Settings) -> None:
        self._store, self._faults, self._settings = store, faults, settings

    def answer(self, request: Request, path: str) -> Response:
        """The answer; `path` is the URL's after the prefix, still quoted."""
        kind, _, name = path.partition("/")
        name = urllib.parse.unquote(name)
        undelegated: list[str] = self._store.notes.setdefault("undelegated", [])
        zone = f"{name.rstrip('.').lower()}."
        match request.method, kind:
            case "GET", "facts":
                return as_json(self._facts())
            case "GET" | "PUT" | "DELETE", "faults" if not name:
                return self._set_faults(request)
            case "GET", "delegation" if name:
                return as_json(zone not in undelegated)
            case "PUT", "delegation" if name:
                given = request.get_json(force=True, silent=True)
                if not isinstance(given, bool):
                    return _problem(400, f"true or false is meant, given is {request.get_data(as_text=True)!r}")
                self._store.notes["undelegated"] = sorted({*undelegated} - {zone} if given else {*undelegated, zone})
                return as_json(given)
            case "GET", "certificates" if name:
                return self._certificate(name)
            case "POST", "token-review":
                return as_json(tokens.review(self._store, request.get_json(force=True, silent=True)))
        return _problem(404, f"{request.method} {PREFIX}{path} is not there")

    def _facts(self) -> dict[str, Any]:
        zones = [f"{self._settings.region}-{letter}" for letter in ZONES]
        settings = self._settings
        return {"project": settings.project, "region": settings.region, "zones": zones, "cluster": settings.cluster}

    def _set_faults(self, request: Request) -> Response:
        if request.method != "GET":
            try:
                self._faults.set(request.get_json(force=True, silent=True) if request.method == "PUT" else [])
            except FaultError as error:
                return _problem(400, str(error))
        return as_json(
            [{key: value for key, value in asdict(order).items() if value is not None} for order in self._faults.list()]
        )

    def _certificate(self, name: str) -> Response:
        thing = self._store.things.get(name.removeprefix(LINK))
        if thing is None:
            return _problem(404, f"there is no {name}")
        if "key" not in thing["inside"]:
            return _problem(404, f"{name} is not issued by the twin, or not yet")
        return as_json({key: thing["inside"][key] for key in ("certificate", "chain", "key")})


def as_json(content: Any, status: int = 200) -> Response:
    """An answer."""
    return Response(json.dumps(content), status, content_type="application/json; charset=UTF-8")


def _problem(status: int, message: str) -> Response:
    return as_json({"message": message}, status)
