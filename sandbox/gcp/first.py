"""What a project has from the start: region, zones, network, one instance per zone, and the cluster."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from typing import Any

from sandbox.gcp.compute import Compute
from sandbox.gcp.places import Place, link
from sandbox.gcp.store import Store
from sandbox.twin.settings import TwinSettings

ZONES = ("a", "b", "c")
NODE = "sandbox"  # the name of the cluster's one node, whatever zone it says that it is in


@dataclass(frozen=True, kw_only=True)
class Settings(TwinSettings):
    """What a twin is made from.

    Attributes:
        project: its only one.
    """

    project: str


def make(store: Store, compute: Compute, settings: Settings) -> None:
    """Make what is missing; the cluster is told anew each time, since it may have moved."""
    project, region = f"projects/{settings.project}", settings.region
    zones = [f"{region}-{letter}" for letter in ZONES]
    number = str(zlib.crc32(settings.project.encode()))
    wanted: list[tuple[Place, dict[str, Any]]] = [
        (Place(project, ""), {"defaultNetworkTier": "PREMIUM"}),
        (Place(project, "regions", region), {"status": "UP", "zones": [link(f"{project}/zones/{zone}") for zone in zones]}),
        *((Place(project, "zones", zone), {"status": "UP", "region": link(f"{project}/regions/{region}")}) for zone in zones),
        (Place(f"{project}/global", "networks", "default"), {"autoCreateSubnetworks": True}),
        (
            Place(f"{project}/regions/{region}", "subnetworks", "default"),
            {"network": link(f"{project}/global/networks/default"), "ipCidrRange": "10.156.0.0/20"},
        ),
        (
            Place(f"{project}/regions/{region}", "subnetworks", "proxies"),  # where regional load balancers have theirs
            {
                "network": link(f"{project}/global/networks/default"),
                "ipCidrRange": "10.129.0.0/23",
                "purpose": "REGIONAL_MANAGED_PROXY",
                "role": "ACTIVE",
            },
        ),
        *((Place(f"{project}/zones/{zone}", "instances", NODE), _instance(settings, zone)) for zone in zones),
    ]
    for place, body in wanted:
        if not place.collection:
            if place.scope not in store.things:
                shown = {"kind": "compute#project", "name": settings.project, "id": number, "selfLink": link(place.scope)}
                store.add(place.scope, {**body, **shown}, delay=0)
        elif place.path not in store.things:
            compute.add(place, body, delay=0)
    shown = {"name": f"projects/{number}", "projectId": settings.project, "state": "ACTIVE", "displayName": settings.project}
    if f"resourcemanager/{settings.project}" not in store.things:
        store.add(f"resourcemanager/{settings.project}", shown, delay=0)
    store.add(f"{project}/locations/{region}/clusters/{settings.cluster}", _cluster(settings, zones), delay=0)


def _instance(settings: Settings, zone: str) -> dict[str, Any]:
    project = f"projects/{settings.project}"
    network = {"name": "nic0", "network": link(f"{project}/global/networks/default"), "networkIP": "10.156.0.2"}
    return {
        "status": "RUNNING",
        "machineType": link(f"{project}/zones/{zone}/machineTypes/e2-medium"),
        "networkInterfaces": [network],
        "tags": {"items": [NODE], "fingerprint": "42WmSpB8rSM="},
    }


def _cluster(settings: Settings, zones: list[str]) -> dict[str, Any]:
    authority = base64.b64encode(settings.cluster_authority.read_bytes()).decode()
    name = f"projects/{settings.project}/locations/{settings.region}/clusters/{settings.cluster}"
    return {
        "name": settings.cluster,
        "location": settings.region,
        "locations": zones,
        "status": "RUNNING",
        "endpoint": settings.cluster_endpoint.removeprefix("https://"),
        "masterAuth": {"clusterCaCertificate": authority},
        "network": "default",
        "subnetwork": "default",
        "workloadIdentityConfig": {"workloadPool": f"{settings.project}.svc.id.goog"},
        "addonsConfig": {"httpLoadBalancing": {}},
        "networkConfig": {"gatewayApiConfig": {"channel": "CHANNEL_STANDARD"}},
        "selfLink": f"https://container.googleapis.com/v1/{name}",
    }
