"""Google Cloud as the controller uses it: Compute Engine and Certificate Manager, by Google's own client. Every call blocks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from googleapiclient.errors import HttpError  # type: ignore[import-untyped]

from sandbox.gcp.client import client
from sandbox.gcp.gateway.model import Endpoint, Object
from sandbox.gcp.gateway.place import is_owned
from sandbox.gcp.places import LINK, place_of
from sandbox.imitation.mirror import Key

ORDER = (
    "addresses",
    "networkEndpointGroups",
    "healthChecks",
    "backendServices",
    "urlMaps",
    "sslCertificates",
    "targetHttpProxies",
    "targetHttpsProxies",
    "forwardingRules",
)
"""What load balancers are made of; each may refer to those before it."""

_OWN_NAMES = ("addresses", "forwardingRules")  # whose global collections have other names, and not the regional ones
_ARGUMENTS = {
    "addresses": "address",
    "networkEndpointGroups": "networkEndpointGroup",
    "healthChecks": "healthCheck",
    "backendServices": "backendService",
    "urlMaps": "urlMap",
    "sslCertificates": "sslCertificate",
    "targetHttpProxies": "targetHttpProxy",
    "targetHttpsProxies": "targetHttpsProxy",
    "forwardingRules": "forwardingRule",
}
_NOT_FOUND = 404
_WORDS = {  # of google.rpc.Code
    400: "invalid_argument",
    403: "permission_denied",
    404: "not_found",
    409: "already_exists",
    412: "failed_precondition",
    429: "resource_exhausted",
    503: "unavailable",
}


class CloudError(Exception):
    """Google Cloud has refused something, or does not answer; the message is worded as GKE's controller passes it on."""


class Cloud:
    """One project of Google Cloud, as the cluster of one region has it."""

    def __init__(self, endpoint: str, project: str, region: str, key_file: Path) -> None:
        self._project, self._region = project, region
        self._compute = client(endpoint, "compute", key_file)
        self._certificates = client(endpoint, "certificatemanager", key_file)
        self._resources: dict[str, Any] = {}  # of the client, which takes a tenth of a second to make one

    def zones(self) -> tuple[str, ...]:
        """The region's zones."""
        found = self._ask("Get", self._resource("zones").list(project=self._project))
        zones = sorted(zone["name"] for zone in found["items"] if zone.get("region", "").endswith(f"/{self._region}"))
        return tuple(zones)

    def address(self, scope: str, name: str) -> Object | None:
        """A reserved address."""
        return self.find(f"projects/{self._project}/{scope}/addresses/{name}")

    def has_proxy_subnet(self) -> bool:
        """Whether the cluster's network has an active proxy-only subnet in its region."""
        found = self._ask("List", self._resource("subnetworks").list(project=self._project, region=self._region))
        return any(
            each.get("purpose") == "REGIONAL_MANAGED_PROXY" and each.get("role", "ACTIVE") == "ACTIVE"
            for each in found.get("items", [])
        )

    def has_certificate_map(self, name: str) -> bool:
        """Whether Certificate Manager has a map, by its name there."""
        asked = self._certificates.projects().locations().certificateMaps().get(name=name)
        return self._found(asked) is not None

    def find(self, path: str) -> dict[str, Any] | None:
        """A thing of Compute Engine; None if it is not there."""
        place = place_of(path)
        resource = self._collection(place.scope, place.collection)
        return self._found(resource.get(**self._where(place.scope), **{_ARGUMENTS[place.collection]: place.name}))

    def owned(self, gateway: Key) -> dict[str, dict[str, Any]]:
        """All that was made for a Gateway, by path."""
        found: dict[str, dict[str, Any]] = {}
        for collection in ORDER:
            resource = self._resource(collection)
            request = resource.aggregatedList(project=self._project)
            while request is not None:
                answer = self._ask("List", request)
                for scope in answer.get("items", {}).values():
                    mine = [body for body in scope.get(collection, []) if is_owned(body, gateway)]
                    found |= {str(body["selfLink"]).removeprefix(LINK): body for body in mine}
                request = resource.aggregatedList_next(request, answer)
        return found

    def endpoints(self, path: str) -> frozenset[Endpoint]:
        """What is in a network endpoint group."""
        answer = self._ask("List", self._call(path, "listNetworkEndpoints", {}))
        members = [item["networkEndpoint"] for item in answer.get("items", [])]
        return frozenset(Endpoint(one["ipAddress"], int(one["port"]), one.get("instance", "")) for one in members)

    def change(self, changes: Iterable[tuple[str, str, dict[str, Any] | None]]) -> None:
        """Do some things at once, and wait until all are done.

        Args:
            changes: each a path, a verb and what is sent.

        Raises:
            CloudError: one was refused; those before it are done.
        """
        begun: list[tuple[str, dict[str, Any]]] = []
        try:
            for path, verb, body in changes:
                begun.append((verb, self._ask(verb, self._call(path, verb, body))))
        finally:
            for verb, operation in begun:
                self._wait(verb, operation)

    def _call(self, path: str, verb: str, body: dict[str, Any] | None) -> Any:
        place = place_of(path)
        method = getattr(self._collection(place.scope, place.collection), verb)
        arguments: dict[str, Any] = self._where(place.scope)
        if verb != "insert":
            arguments[_ARGUMENTS[place.collection]] = place.name
        return method(**arguments, **({} if body is None else {"body": body}))

    def _collection(self, scope: str, collection: str) -> Any:
        kind = scope.split("/")[2]
        name = collection
        if kind == "global" and collection in _OWN_NAMES:
            name = f"global{collection[0].upper()}{collection[1:]}"
        elif kind == "regions" and collection not in _OWN_NAMES:
            name = f"region{collection[0].upper()}{collection[1:]}"
        return self._resource(name)

    def _resource(self, name: str) -> Any:
        if name not in self._resources:
            self._resources[name] = getattr(self._compute, name)()
        return self._resources[name]

    def _where(self, scope: str) -> dict[str, str]:
        parts = scope.split("/")
        return {"project": parts[1], **({parts[2][:-1]: parts[3]} if len(parts) > 3 else {})}

    def _wait(self, verb: str, operation: dict[str, Any]) -> None:
        kind = next((kind for kind in ("zone", "region") if kind in operation), "global")
        where = {} if kind == "global" else {kind: operation[kind].rpartition("/")[2]}
        waiting = self._resource(f"{kind}Operations")
        while operation["status"] != "DONE":
            operation = self._ask("Wait", waiting.wait(project=self._project, operation=operation["name"], **where))
        for error in operation.get("error", {}).get("errors", []):
            raise CloudError(_worded("invalid_argument", verb, f"{error['code']} - {error['message']}"))

    def _found(self, request: Any) -> dict[str, Any] | None:
        try:
            return self._ask("Get", request)
        except CloudError as error:
            if isinstance(error.__cause__, HttpError) and error.__cause__.resp.status == _NOT_FOUND:
                return None
            raise

    def _ask(self, verb: str, request: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = request.execute()
        except HttpError as error:
            raise CloudError(_worded(_WORDS.get(error.resp.status, "internal"), verb, _message(error))) from error
        except OSError as error:
            raise CloudError(_worded("unavailable", verb, str(error))) from error
        return answer


def _worded(code: str, verb: str, text: str) -> str:
    return f"error cause: gceSync: generic::{code}: {verb[0].upper()}{verb[1:]}: {text}"


def _message(error: HttpError) -> str:
    try:
        return str(json.loads(error.content)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return str(error)
