"""Reading the twin by Google's own API. Every call blocks."""

from __future__ import annotations

import urllib.error
from collections.abc import Mapping
from typing import Any

import httpx2

from sandbox.gcp.front.model import Raw
from sandbox.gcp.places import LINK
from sandbox.twin.client import FRONT_AGENT, Issued, certificate, delegated

_COMPUTE = "/compute/v1/"


class Twin:
    """The twin, as the data plane asks it; several threads may use it."""

    def __init__(self, endpoint: str, project: str) -> None:
        self.endpoint = endpoint
        self._project = project
        self._client = httpx2.Client(base_url=endpoint, headers={"User-Agent": FRONT_AGENT}, timeout=10, trust_env=False)

    def thing(self, link: str) -> Raw:
        """A thing of Compute Engine, by its link."""
        return self._get(_COMPUTE + link.removeprefix(LINK))

    def all(self, collection: str) -> list[Raw]:
        """Everything of one kind, global and regional."""
        found = self._get(f"{_COMPUTE}projects/{self._project}/aggregated/{collection}")
        return [thing for scope in found["items"].values() for thing in scope.get(collection, [])]

    def endpoints(self, link: str) -> list[Raw]:
        """What is in a network endpoint group."""
        answer = self._client.post(f"{_COMPUTE}{link.removeprefix(LINK)}/listNetworkEndpoints", json={})
        return [item["networkEndpoint"] for item in answer.raise_for_status().json().get("items", [])]

    def entries(self, certificate_map: str) -> list[Raw]:
        """The entries of a map of Certificate Manager."""
        return self._pages(f"/v1/{certificate_map}/certificateMapEntries", "certificateMapEntries")

    def certificate(self, name: str) -> Issued | None:
        """A certificate with its key; None if it is not there, or not issued yet."""
        try:
            return certificate(self.endpoint, name)
        except urllib.error.HTTPError as error:
            if error.code != httpx2.codes.NOT_FOUND:
                raise
            return None

    def zones(self) -> dict[str, list[Raw]]:
        """The records of every public zone that is delegated, by the zone's name."""
        found: dict[str, list[Raw]] = {}
        zones = f"/dns/v1/projects/{self._project}/managedZones"
        for zone in self._pages(zones, "managedZones"):
            name = str(zone["dnsName"]).lower()
            # Of several of one name the first counts: the parent has its name servers.
            if zone.get("visibility") == "private" or name in found or not delegated(self.endpoint, name):
                continue
            found[name] = self._pages(f"{zones}/{zone['name']}/rrsets", "rrsets")
        return found

    def _pages(self, path: str, what: str) -> list[Raw]:
        """The whole answer of a list that comes in pages."""
        found: list[Raw] = []
        query: dict[str, str] = {}
        while True:
            answer = self._get(path, query)
            found += answer.get(what, [])
            if "nextPageToken" not in answer:
                return found
            query = {"pageToken": answer["nextPageToken"]}

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> Raw:
        answer: dict[str, Any] = self._client.get(path, params=query).raise_for_status().json()
        return answer
