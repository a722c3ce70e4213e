"""IAM: service accounts, and policies of the project, of accounts and of zones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.gcp.discovery import Method
from sandbox.gcp.errors import Refusal
from sandbox.gcp.filters import page
from sandbox.gcp.store import Store, fingerprint

_MEMBER = re.compile(
    r"allUsers|allAuthenticatedUsers"
    r"|(user|group|serviceAccount|domain):\S+"
    r"|principal(Set)?://\S+"
)
_ACCOUNT = re.compile(r"[a-z](?:[-a-z0-9]{4,28}[a-z0-9])")


def replaced_policy(old: Mapping[str, Any] | None, body: Mapping[str, Any]) -> dict[str, Any]:
    """The policy that `setIamPolicy` leaves; refused if another one came between."""
    new = dict(body.get("policy") or {})
    current = (old or {}).get("etag", "ACAB")
    if new.get("etag") not in (None, current):
        raise Refusal(
            409,
            "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.",
            "ABORTED",
        )
    bindings = [{**binding, "members": sorted(set(binding.get("members", [])))} for binding in new.get("bindings", [])]
    for binding in bindings:
        for member in binding["members"]:
            if not _MEMBER.fullmatch(member):
                raise Refusal(400, f"Invalid member: {member}")
        if not re.fullmatch(r"(projects/[^/]+/|organizations/[^/]+/)?roles/[\w.]+", str(binding.get("role"))):
            raise Refusal(400, f"Role {binding.get('role')} is not supported for this resource.")
    kept = [binding for binding in bindings if binding["members"]]
    return {"version": new.get("version", 1), "bindings": kept, "etag": fingerprint([kept, current])}


class Policies:
    """Answers the methods of iam v1 and cloudresourcemanager v3."""

    def __init__(self, store: Store, project: str) -> None:
        self._store, self._project = store, project

    def answer(self, method: Method, values: Mapping[str, str], query: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request."""
        project = values.get("projectsId", self._project)
        if project not in (self._project, "-"):
            raise Refusal(403, f"The caller does not have permission on projects/{project}, or it does not exist.")
        match method.name.split(".", 1)[1]:
            case "projects.get":
                return dict(self._store.things[f"resourcemanager/{self._project}"]["body"])
            case "projects.getIamPolicy":
                return self._policy(f"resourcemanager/{self._project}")
            case "projects.setIamPolicy":
                return self._set_policy(f"resourcemanager/{self._project}", body)
            case "projects.serviceAccounts.create":
                return self._create(body)
            case "projects.serviceAccounts.list":
                found = [dict(thing["body"]) for _, thing in self._store.under(self._parent)]
                items, token = page(found, query, "pageSize")
                return {"accounts": items, **({"nextPageToken": token} if token else {})}
        if not method.name.startswith("iam.projects.serviceAccounts.") or "keys" in method.name:
            raise Refusal(501, f"The twin does not have {method.name}.")
        path = self._find(values["serviceAccountsId"])
        match method.verb:
            case "get":
                return dict(self._store.things[path]["body"])
            case "patch":
                return self._patch(path, body)
            case "delete":
                del self._store.things[path]
                return {}
            case "getIamPolicy":
                return self._policy(path)
            case "setIamPolicy":
                return self._set_policy(path, body)
        raise Refusal(501, f"The twin does not have {method.name}.")

    @property
    def _parent(self) -> str:
        return f"projects/{self._project}/serviceAccounts"

    def _find(self, name: str) -> str:
        for path, thing in self._store.under(self._parent):
            if name in (thing["body"]["email"], thing["body"]["uniqueId"]):
                return path
        raise Refusal(404, f"Unknown service account: {name}")

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        name = str(body.get("accountId", ""))
        if not _ACCOUNT.fullmatch(name):
            raise Refusal(
                400, f"The account ID '{name}' does not have a length between 6 and 30, or is not of form {_ACCOUNT.pattern}."
            )
        email = f"{name}@{self._project}.iam.gserviceaccount.com"
        path = f"{self._parent}/{email}"
        if path in self._store.things:
            raise Refusal(409, f"Service account {name} already exists within project projects/{self._project}.")
        number = self._store.number()
        shown = {
            key: body["serviceAccount"][key]
            for key in ("displayName", "description")
            if key in (body.get("serviceAccount") or {})
        }
        fixed = {"name": path, "projectId": self._project, "uniqueId": number, "email": email, "oauth2ClientId": number}
        self._store.add(path, {**shown, **fixed, "etag": fingerprint(number)}, delay=0)
        return dict(self._store.things[path]["body"])

    def _patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        fields = str(body.get("updateMask") or "").split(",")
        known = {"display_name": "displayName", "displayName": "displayName", "description": "description"}
        for field in filter(None, fields):
            if field not in known:
                raise Refusal(400, f"Invalid update mask: {field}; allowed are {', '.join(known)}")
            self._store.things[path]["body"][known[field]] = (body.get("serviceAccount") or {}).get(known[field], "")
        return dict(self._store.things[path]["body"])

    def _policy(self, path: str) -> dict[str, Any]:
        return dict(self._store.things[path]["inside"].get("policy", {"version": 1, "etag": "ACAB"}))

    def _set_policy(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        inside = self._store.things[path]["inside"]
        members = {member for binding in (body.get("policy") or {}).get("bindings", []) for member in binding.get("members", [])}
        for member in members:
            email = member.removeprefix("serviceAccount:")
            own = f"@{self._project}.iam.gserviceaccount.com"
            if (
                member.startswith("serviceAccount:")
                and email.endswith(own)
                and f"{self._parent}/{email}" not in self._store.things
            ):
                raise Refusal(400, f"Service account {email} does not exist.")
        inside["policy"] = replaced_policy(inside.get("policy"), body)
        return dict(inside["policy"])
