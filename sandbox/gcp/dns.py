"""Cloud DNS: zones with their own two records, and changes that are made whole or not at all."""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping
from typing import Any

from sandbox.gcp import keys
from sandbox.gcp.discovery import Method
from sandbox.gcp.errors import Refusal
from sandbox.gcp.filters import page
from sandbox.gcp.policies import replaced_policy
from sandbox.gcp.records import Sets, check, key_of, listed
from sandbox.gcp.store import OPERATION_SECONDS, Store, now

_LETTERS = "abcde"


class Dns:
    """Answers the methods of dns v1."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def answer(self, method: Method, values: Mapping[str, str], query: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request."""
        project = values.get("project") or values.get("projectsId", "")
        name = values.get("managedZone") or values.get("managedZonesId", "")
        match method.name.removeprefix("dns."):
            case "managedZones.create":
                return self._create(project, body)
            case "managedZones.list":
                zones = [dict(thing["body"]) for _, thing in self._store.under(f"projects/{project}/managedZones")]
                wanted = query.get("dnsName")
                return listed("managedZones", *page([zone for zone in zones if wanted in (None, zone["dnsName"])], query))
        path, zone = self._zone(project, name)
        match method.name.removeprefix("dns."):
            case "managedZones.get":
                return dict(zone["body"])
            case "managedZones.patch" | "managedZones.update":
                return self._patch(zone, body)
            case "managedZones.delete":
                return self._delete(path, zone)
            case "managedZones.getIamPolicy":
                return dict(zone["inside"].get("policy", {"version": 1, "etag": "ACAB"}))
            case "managedZones.setIamPolicy":
                zone["inside"]["policy"] = replaced_policy(zone["inside"].get("policy"), body)
                return dict(zone["inside"]["policy"])
            case "resourceRecordSets.list":
                found = [s for s in self._sets(zone).values() if query.get("name") in (None, s["name"])]
                found = [s for s in found if query.get("type") in (None, s["type"])]
                return listed("rrsets", *page(found, query))
            case "resourceRecordSets.get":
                return self._set(zone, values)
            case "resourceRecordSets.create":
                self._apply(zone, [body], [])
                return self._sets(zone)[key_of(body)]
            case "resourceRecordSets.patch":
                old = self._set(zone, values)
                new = {**old, **{key: value for key, value in body.items() if value is not None}}
                self._apply(zone, [new], [old])
                return self._sets(zone)[key_of(new)]
            case "resourceRecordSets.delete":
                self._apply(zone, [], [self._set(zone, values)])
                return {}
            case "changes.create":
                return self._change(zone, body)
            case "changes.get":
                return self._show_change(zone, values["changeId"])
            case "changes.list":
                shown = [self._show_change(zone, number) for number in zone["inside"]["changes"]]
                return listed("changes", *page(shown, query))
            case "dnsKeys.get":
                return dict(keys.key_of(zone, values["dnsKeyId"]))
            case "dnsKeys.list":
                return listed("dnsKeys", *page(keys.keys_of(zone), query))
        raise Refusal(501, f"The twin does not have {method.name}.")

    def _zone(self, project: str, name: str) -> tuple[str, dict[str, Any]]:
        found = [
            (p, t)
            for p, t in self._store.under(f"projects/{project}/managedZones")
            if name in (t["body"]["name"], t["body"]["id"])
        ]
        if not found:
            raise Refusal(404, f"The 'parameters.managedZone' resource named '{name}' does not exist.")
        return found[0]

    def _create(self, project: str, body: dict[str, Any]) -> dict[str, Any]:
        for needed in ("name", "dnsName", "description"):
            if needed not in body:
                raise Refusal(400, f"The 'entity.managedZone.{needed}' parameter is required but was missing.", "required")
        if not body["dnsName"].endswith("."):
            raise Refusal(400, f"Invalid value for 'entity.managedZone.dnsName': '{body['dnsName']}'")
        path = f"projects/{project}/managedZones/{body['name']}"
        if path in self._store.things:
            raise Refusal(409, f"The resource 'entity.managedZone' named '{body['name']}' already exists")
        number = self._store.number()
        letter = _LETTERS[zlib.crc32(number.encode()) % len(_LETTERS)]
        servers = [f"ns-cloud-{letter}{index}.googledomains.com." for index in range(1, 5)]
        body.setdefault("visibility", "public")
        body |= {"kind": "dns#managedZone", "id": number, "creationTime": now(), "nameServers": servers}
        if "dnssecConfig" in body:
            self._secure(body)
        zone = self._store.add(path, body, delay=0)
        zone["inside"] = {"sets": {}, "changes": {}}
        keys.settle(zone)
        apex = body["dnsName"]
        soa = f"{servers[0]} cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300"
        for record in (
            {"name": apex, "type": "NS", "ttl": 21600, "rrdatas": servers},
            {"name": apex, "type": "SOA", "ttl": 21600, "rrdatas": [soa]},
        ):
            self._sets(zone)[key_of(record)] = {"kind": "dns#resourceRecordSet", **record, "signatureRrdatas": []}
        return dict(body)

    def _secure(self, body: dict[str, Any]) -> None:
        config = body["dnssecConfig"]
        config.setdefault("kind", "dns#managedZoneDnsSecConfig")
        config.setdefault("state", "off")
        if config["state"] != "off" and body["visibility"] != "public":
            raise Refusal(400, "Invalid value for 'entity.managedZone.dnssecConfig.state': only public zones can be signed.")
        if config["state"] == "on":
            config.setdefault("nonExistence", "nsec3")

    def _patch(self, zone: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        for fixed in ("name", "dnsName", "visibility"):
            if fixed in body and body[fixed] != zone["body"].get(fixed):
                raise Refusal(400, f"The field 'entity.managedZone.{fixed}' cannot be changed.")
        zone["body"] |= {key: value for key, value in body.items() if value is not None}
        if "dnssecConfig" in zone["body"]:
            self._secure(zone["body"])
            keys.settle(zone)
        number = self._store.number()
        operation = {"kind": "dns#operation", "id": number, "status": "done", "type": "update", "startTime": now()}
        return {**operation, "zoneContext": {"newValue": dict(zone["body"])}}

    def _delete(self, path: str, zone: dict[str, Any]) -> dict[str, Any]:
        if len(self._sets(zone)) > 2:
            raise Refusal(
                400, f"The resource named '{zone['body']['name']}' cannot be deleted because it is not empty", "containerNotEmpty"
            )
        del self._store.things[path]
        return {}

    def _change(self, zone: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if not body.get("additions") and not body.get("deletions"):
            raise Refusal(400, "The 'entity.change' parameter is required but was missing.", "required")
        self._apply(zone, body.get("additions", []), body.get("deletions", []))
        changes = zone["inside"]["changes"]
        number = str(len(changes) + 1)
        sent = {key: body[key] for key in ("additions", "deletions") if body.get(key)}
        changes[number] = {**sent, "kind": "dns#change", "id": number, "startTime": now(), "due": time.time() + OPERATION_SECONDS}
        return self._show_change(zone, number)

    def _show_change(self, zone: dict[str, Any], number: str) -> dict[str, Any]:
        found = zone["inside"]["changes"].get(number)
        if not found:
            raise Refusal(404, f"The 'parameters.changeId' resource named '{number}' does not exist.")
        status = "done" if found["due"] <= time.time() else "pending"
        return {**{key: value for key, value in found.items() if key != "due"}, "status": status}

    def _apply(self, zone: dict[str, Any], additions: list[dict[str, Any]], deletions: list[dict[str, Any]]) -> None:
        check(self._sets(zone), zone["body"]["dnsName"], additions, deletions)
        for record in deletions:
            self._sets(zone).pop(key_of(record), None)
        for record in additions:
            self._sets(zone)[key_of(record)] = {"kind": "dns#resourceRecordSet", "ttl": 300, "signatureRrdatas": [], **record}

    def _sets(self, zone: dict[str, Any]) -> Sets:
        found: Sets = zone["inside"]["sets"]
        return found

    def _set(self, zone: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
        found = self._sets(zone).get(key_of(values))
        if not found:
            name = f"{values['name']} ({values['type']})"
            raise Refusal(404, f"The 'parameters.name' resource named '{name}' does not exist.")
        return found
