"""Compute Engine: what is true of every kind of thing; the kinds themselves say the rest."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sandbox.gcp import operations
from sandbox.gcp.addresses import Addresses, ForwardingRules, Pool
from sandbox.gcp.certificatemanager import SERVICE
from sandbox.gcp.changes import check_fingerprint, is_fixed, merged, stamp
from sandbox.gcp.discovery import Directory, Method
from sandbox.gcp.errors import Refusal, missing, taken
from sandbox.gcp.filters import matches, page
from sandbox.gcp.groups import BackendServices, EndpointGroups, InstanceGroups
from sandbox.gcp.kinds import DEFAULTS, Kind, SecurityPolicies, SslPolicies
from sandbox.gcp.managed import SslCertificates
from sandbox.gcp.places import Place, link, place_of, referred, replaced, texts
from sandbox.gcp.store import Store, now

_PREFIX = "compute/v1/"


class Compute:
    """Answers the methods of compute v1."""

    def __init__(self, store: Store, directory: Directory, project: str, pool: Pool) -> None:
        self._store, self._directory, self._project = store, directory, project
        self._kinds: dict[str, Kind] = {
            "addresses": Addresses(store, project, pool),
            "forwardingRules": ForwardingRules(store, project, pool),
            "instanceGroups": InstanceGroups(store, project),
            "networkEndpointGroups": EndpointGroups(store, project),
            "backendServices": BackendServices(store, project, DEFAULTS["backendServices"]),
            "sslPolicies": SslPolicies(store, project),
            "securityPolicies": SecurityPolicies(store, project),
            "sslCertificates": SslCertificates(store, project),
        }

    def answer(self, method: Method, path: str, query: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request."""
        place = place_of(path.removeprefix(_PREFIX))
        if place.collection == "operations":
            return self._operation(method, place, query)
        match method.verb:
            case "aggregatedList":
                return self._aggregated(method, place.collection, query)
            case "list":
                return self._list(method, place, query)
            case "insert":
                return self._insert(place, body)
        thing = self._store.things.get(place.path if place.collection else place.scope)
        if thing is None:
            raise missing(place.path.rstrip("/"))
        kind = self._kind(place)
        if method.verb == "get":
            return kind.show(place.path, thing)
        answer = kind.ask(place, thing, body)
        if answer is not None:
            return answer
        if method.response != "Operation":
            raise Refusal(501, f"The twin does not have {method.name}.")
        self._need_ready(place.path, thing)
        if method.verb == "delete":
            return self._delete(place, kind)
        return self._change(method, place, kind, thing, body)

    def add(self, place: Place, body: dict[str, Any], delay: float | None = None) -> None:
        """Keep a new thing, completed with what all things have."""
        method = self._get_method(place)
        schema = method.api.schema(str(method.response))["properties"]
        thing = self._store.add(place.path, body, *([] if delay is None else [delay]))
        body |= {"id": self._store.number(), "name": place.name, "selfLink": link(place.path)}
        if "creationTimestamp" in schema:
            body["creationTimestamp"] = now()
        if "default" in schema.get("kind", {}):
            body["kind"] = schema["kind"]["default"]
        scope = place.scope.split("/")[2:]
        if len(scope) == 2 and scope[0][:-1] in schema:
            body[scope[0][:-1]] = link(place.scope)
        stamp(schema, thing["body"])

    def _kind(self, place: Place) -> Kind:
        return self._kinds.get(place.collection) or Kind(self._store, self._project, DEFAULTS.get(place.collection))

    def _get_method(self, place: Place) -> Method:
        found = self._directory.find("GET", f"{_PREFIX}{place.path}")
        if not found:
            raise Refusal(501, f"The twin does not have {place.collection}.")
        return found[0]

    def _insert(self, place: Place, body: dict[str, Any]) -> dict[str, Any]:
        if not body.get("name"):
            raise Refusal(400, "Required field 'resource.name' not specified", "required")
        place = Place(place.scope, place.collection, str(body["name"]))
        if place.path in self._store.things:
            raise taken(place.path)
        if not place.scope.endswith("/global") and place.scope not in self._store.things:
            raise missing(place.scope)
        body = self._resolve(body)
        try:
            self._kind(place).prepare(place, body)
        except operations.LateError as error:
            self._store.restore()
            return operations.begin(self._store, "insert", place, error)
        hidden = self._kind(place).hide(body)
        self.add(place, body)
        self._store.things[place.path]["inside"] |= hidden
        return operations.begin(self._store, "insert", place)

    def _change(self, method: Method, place: Place, kind: Kind, thing: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        get = self._get_method(place)
        schema = get.api.schema(str(get.response))["properties"]
        body = self._resolve(body)
        check_fingerprint(method, schema, thing["body"], body)
        if not kind.act(place, thing, body):
            if (method.verb not in ("patch", "update") and not method.verb.startswith("set")) or not set(body) <= set(schema):
                raise Refusal(501, f"The twin does not have {method.name}.")
            if method.verb == "update":
                given = {key: value for key, value in body.items() if value is not None}
                fixed = {key: value for key, value in thing["body"].items() if is_fixed(schema[key], key)}
                thing["body"] = {**given, **fixed}
                kind.prepare(place, thing["body"])
            else:
                thing["body"] = merged(thing["body"], body, deep=method.verb == "patch")
            kind.change(place, thing)
        stamp(schema, thing["body"])
        return operations.begin(self._store, method.verb, place)

    def _delete(self, place: Place, kind: Kind) -> dict[str, Any]:
        users = kind.users(place.path)
        users += [
            path
            for path, thing in self._store.things.items()
            if path != place.path and any(referred(text, self._project) == place.path for text in texts(thing["body"]))
        ]
        if users:
            word = self._get_method(place).response or place.collection
            raise Refusal(
                400,
                f"The {word[:1].lower()}{word[1:]} resource '{place.path}' is already being used by '{users[0]}'",
                "resourceInUseByAnotherResource",
            )
        operation = operations.begin(self._store, "delete", place)
        del self._store.things[place.path]
        return operation

    def _list(self, method: Method, place: Place, query: Mapping[str, Any]) -> dict[str, Any]:
        kind = self._kind(place)
        items = [kind.show(path, thing) for path, thing in self._store.under(place.parent)]
        items, token = page([item for item in items if matches(query.get("filter"), item)], query)
        more = {"nextPageToken": token} if token else {}
        return {**_head(method, place.parent), "items": items, **more}

    def _aggregated(self, method: Method, collection: str, query: Mapping[str, Any]) -> dict[str, Any]:
        scopes: dict[str, dict[str, Any]] = {}
        for path, thing in self._store.things.items():
            place = place_of(path) if path.startswith("projects/") else None
            if place and place.collection == collection and place.scope.count("/") >= 2:
                shown = self._kind(place).show(path, thing)
                if matches(query.get("filter"), shown):
                    name = place.scope.split("/", 2)[2]
                    scopes.setdefault(name, {collection: []})[collection].append(shown)
        return {**_head(method, f"projects/{self._project}/aggregated/{collection}"), "items": scopes}

    def _operation(self, method: Method, place: Place, query: Mapping[str, Any]) -> dict[str, Any]:
        match method.verb:
            case "get" | "wait":
                return operations.show(self._store, place.path)
            case "list":
                found = [p for p in self._store.operations if p.startswith(f"{place.parent}/")]
                items = [operations.show(self._store, path) for path in found]
                items, token = page([item for item in items if matches(query.get("filter"), item)], query)
                return {**_head(method, place.parent), "items": items, **({"nextPageToken": token} if token else {})}
        raise Refusal(501, f"The twin does not have {method.name}.")

    def _resolve(self, body: dict[str, Any]) -> dict[str, Any]:
        """References in full, each to something that is there and ready."""

        def full(text: str) -> str:
            if text.startswith(SERVICE) and text.removeprefix(SERVICE) not in self._store.things:
                raise missing(text)
            path = referred(text, self._project)
            if path is None:
                return text
            if path not in self._store.things:
                raise missing(path)
            self._need_ready(path, self._store.things[path])
            return link(path)

        result: dict[str, Any] = replaced(body, full)
        return result

    def _need_ready(self, path: str, thing: dict[str, Any]) -> None:
        if thing["ready"] > time.time():
            raise Refusal(400, f"The resource '{path}' is not ready", "resourceNotReady")


def _head(method: Method, path: str) -> dict[str, Any]:
    kind = method.api.schema(str(method.response))["properties"]["kind"]["default"]
    return {"kind": kind, "id": path, "selfLink": link(path)}
