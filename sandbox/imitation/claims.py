"""Which objects want an address of the load balancer, and how they are told it (sandbox only)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from lightkube.core.resource import NamespacedResourceG
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.core_v1 import ObjectReference, ServiceSpec
from lightkube.resources.core_v1 import Service
from lightkube.resources.networking_v1 import Ingress

from sandbox.imitation.mirror import Key, key_of, meta

CLASS = "sandbox-lb"
"""Ingress and Gateway class that the imitation itself serves."""

_OF_GKE = "cloud.google.com/l4-rbs"  # "enabled" gives a Service to GKE's own controller of external load balancers
_NOT_USABLE = "AddressNotUsable"  # the word of Gateway API for it

Gateway = create_namespaced_resource("gateway.networking.k8s.io", "v1", "Gateway", "gateways")


class Owner(NamedTuple):
    """Who wants an address."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.namespace, self.name


@dataclass(frozen=True)
class Claim:
    """An object as far as the load balancer is concerned."""

    owner: Owner
    wanted: bool  # whether it wants an address from this load balancer
    others: bool  # whether somebody else may have written its status
    requested: str | None  # the address it asks for by name
    shown: str | None  # the address its status tells now
    refusal: str | None  # why it has none, where its status tells that
    cluster_ip: str | None  # where traffic goes, for Services
    ports: tuple[int, ...]  # TCP ports to listen on, for Services
    reference: ObjectReference  # for events


def claim_of(thing: NamespacedResourceG) -> Claim:
    """See a Service, an Ingress or a Gateway as a claim."""
    if isinstance(thing, Service):
        return _service(thing)
    if isinstance(thing, Ingress):
        return _ingress(thing)
    return _gateway(thing)


def _service(service: Service) -> Claim:
    spec = cast("ServiceSpec", service.spec)
    balancer = service.status and service.status.loadBalancer
    return Claim(
        owner=Owner("Service", *key_of(service)),
        wanted=spec.type == "LoadBalancer" and not spec.loadBalancerClass and not _of_gke(service) and not _going(service),
        others=spec.type == "LoadBalancer",
        requested=spec.loadBalancerIP or None,
        shown=next((entry.ip for entry in (balancer and balancer.ingress) or () if entry.ip), None),
        refusal=None,
        cluster_ip=spec.clusterIP,
        ports=tuple(p.port for p in spec.ports or () if (p.protocol or "TCP") == "TCP"),
        reference=_reference(service, "v1", "Service"),
    )


def _ingress(ingress: Ingress) -> Claim:
    balancer = ingress.status and ingress.status.loadBalancer
    return Claim(
        owner=Owner("Ingress", *key_of(ingress)),
        wanted=bool(ingress.spec and ingress.spec.ingressClassName == CLASS) and not _going(ingress),
        others=True,
        requested=None,
        shown=next((entry.ip for entry in (balancer and balancer.ingress) or () if entry.ip), None),
        refusal=None,
        cluster_ip=None,
        ports=(),
        reference=_reference(ingress, "networking.k8s.io/v1", "Ingress"),
    )


def _gateway(gateway: NamespacedResourceG) -> Claim:
    content = cast("Mapping[str, Any]", gateway)
    spec, status = content.get("spec") or {}, content.get("status") or {}
    return Claim(
        owner=Owner("Gateway", *key_of(gateway)),
        wanted=spec.get("gatewayClassName") == CLASS and not _going(gateway),
        others=True,
        requested=_first_address(spec),
        shown=_first_address(status),
        refusal=next((c.get("message") for c in status.get("conditions") or () if c.get("reason") == _NOT_USABLE), None),
        cluster_ip=None,
        ports=(),
        reference=_reference(gateway, "gateway.networking.k8s.io/v1", "Gateway"),
    )


def status_patch(claim: Claim, generation: int, address: str | None, refusal: str = "") -> dict[str, Any]:
    """The merge patch of the status subresource that tells the address, or that there is none."""
    if claim.owner.kind != "Gateway":
        return {"status": {"loadBalancer": {"ingress": [{"ip": address}] if address else None}}}
    condition = {
        "observedGeneration": generation,
        "lastTransitionTime": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    programmed = (
        {"status": "True", "reason": "Programmed", "message": f"served at {address}"}
        if address
        else {"status": "False", "reason": _NOT_USABLE, "message": refusal}
    )
    accepted = {
        "type": "Accepted",
        "status": "True",
        "reason": "Accepted",
        "message": "served by the sandbox",
    }
    return {
        "status": {
            "addresses": [{"type": "IPAddress", "value": address}] if address else None,
            "conditions": [accepted | condition, {"type": "Programmed"} | programmed | condition],
        }
    }


def _first_address(content: Mapping[str, Any]) -> str | None:
    for entry in content.get("addresses") or ():
        if entry.get("type", "IPAddress") == "IPAddress" and entry.get("value"):
            return str(entry["value"])
    return None


def _of_gke(service: Service) -> bool:
    return (meta(service).annotations or {}).get(_OF_GKE) == "enabled"


def _going(thing: NamespacedResourceG) -> bool:
    """Whether it is being deleted and waits only for its finalizers."""
    return meta(thing).deletionTimestamp is not None


def _reference(thing: NamespacedResourceG, api_version: str, kind: str) -> ObjectReference:
    metadata = meta(thing)
    return ObjectReference(apiVersion=api_version, kind=kind, namespace=metadata.namespace, name=metadata.name, uid=metadata.uid)
