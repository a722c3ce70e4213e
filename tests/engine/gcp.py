"""What stands at the sandbox's Google Cloud, seen from outside by listing everything."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from sandbox.gcp import client
from tests.engine.project import ROOT, Project
from tests.engine.twin import Twin
from tests.engine.world import World, eventually

#: What a stack or a controller could have made of Compute Engine, global and regional alike.
_COMPUTE = (
    "addresses",
    "forwardingRules",
    "targetHttpProxies",
    "targetHttpsProxies",
    "urlMaps",
    "backendServices",
    "healthChecks",
    "sslCertificates",
    "networkEndpointGroups",
    "instanceGroups",
)
_PARENT = f"projects/{client.PROJECT}/locations/global"


class Gcp(Twin):
    """One project, as its owner's console would show it."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "gcp-endpoint")

    def api(self, name: str) -> Any:
        """Google's own client of one API."""
        return client.client(self.endpoint, name)

    def everything(self) -> dict[str, list[str]]:
        """All that a stack or a controller could have made, by kind."""
        compute = self.api("compute")
        found = {kind: [self._told(one) for one in self.listed(kind)] for kind in _COMPUTE}
        for kind in ("firewalls", "sslPolicies"):
            answer = getattr(compute, kind)().list(project=client.PROJECT).execute()
            found[kind] = [one["name"] for one in answer.get("items", [])]
        regional = compute.regionSslPolicies().list(project=client.PROJECT, region=client.REGION).execute()
        found["sslPolicies"] += [one["name"] for one in regional.get("items", [])]
        found["zones"] = [one["dnsName"] for one in self.zones()]
        found["records"] = [f"{one['name']} {one['type']}" for zone in self.zones() for one in self.records(zone["name"])]
        manager = self.api("certificatemanager").projects().locations()
        for kind in ("certificates", "certificateMaps", "dnsAuthorizations"):
            answer = getattr(manager, kind)().list(parent=_PARENT).execute()
            found[kind] = [one["name"].rpartition("/")[2] for one in answer.get(kind, [])]
        accounts = self.api("iam").projects().serviceAccounts().list(name=f"projects/{client.PROJECT}").execute()
        found["accounts"] = [one["email"] for one in accounts.get("accounts", [])]
        return {kind: sorted(names) for kind, names in found.items()}

    @staticmethod
    def _told(one: dict[str, Any]) -> str:
        return f"{one['name']} {one['address']}" if "address" in one else str(one["name"])

    def listed(self, kind: str) -> list[dict[str, Any]]:
        """Everything of a kind of Compute Engine, wherever it is."""
        answer = getattr(self.api("compute"), kind)().aggregatedList(project=client.PROJECT).execute()
        return [one for scope in answer.get("items", {}).values() for one in scope.get(kind, [])]

    def address(self, name: str) -> dict[str, Any]:
        """The reserved address of that name."""
        return next(one for one in self.listed("addresses") if one["name"] == name)

    def zones(self) -> list[dict[str, Any]]:
        """Every zone of Cloud DNS."""
        found: list[dict[str, Any]] = self.api("dns").managedZones().list(project=client.PROJECT).execute()["managedZones"]
        return found

    def records(self, zone: str) -> list[dict[str, Any]]:
        """The records of a zone, by its name at Cloud DNS."""
        answer = self.api("dns").resourceRecordSets().list(project=client.PROJECT, managedZone=zone).execute()
        found: list[dict[str, Any]] = answer["rrsets"]
        return found

    def forget(self, zone: str, host: str) -> None:
        """Takes a host's A record away behind everybody's back."""
        sets = self.api("dns").resourceRecordSets()
        sets.delete(project=client.PROJECT, managedZone=zone, name=f"{host}.", type="A").execute()


def config_of(world: World, road: str) -> dict[str, Any]:
    """A committed stack file's configuration, reading this sandbox's facts."""
    text = (ROOT / f"Pulumi.{road}.yaml").read_text().replace(".sandbox/", f"{world.sandbox.layout.home}/")
    config: dict[str, Any] = yaml.safe_load(text)["config"]
    return copy.deepcopy(config)


def listeners(world: World) -> dict[str, int]:
    """The ports that the sandbox's Traefik listens on, which a Gateway of its class has to name."""
    return {"http": int(world.fact("http-port")), "https": int(world.fact("https-port"))}


@contextmanager
def gcp_stack(world: World, folder: Path, stack: str) -> Iterator[Project]:
    """A checkout of the program with a stack of its own on the sandbox's Google Cloud, destroyed at the end."""
    world.sandbox.up(clouds=frozenset({"gcp"}))
    world.__dict__.pop("env", None)
    eventually(world.settled)
    with world.stack(folder, stack) as project:
        yield project
