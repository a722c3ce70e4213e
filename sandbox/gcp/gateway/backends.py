"""Services behind a load balancer: their pods as network endpoint groups, health checks, backend services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sandbox.gcp.gateway import policies
from sandbox.gcp.gateway.grants import allowed
from sandbox.gcp.gateway.model import (
    Endpoint,
    InvalidError,
    Object,
    Resource,
    UnresolvedError,
    World,
    items_of,
    key_of_object,
    spec_of,
    text_of,
)
from sandbox.gcp.gateway.place import Place
from sandbox.imitation.mirror import Key

SERVE_404 = "gw-serve404"
"""Name of the backend service for what no route takes."""

SERVE_500 = "gw-serve500"
"""Name of the one for what a route leads nowhere with."""

_SERVICE_LABEL = "kubernetes.io/service-name"
_PROTOCOLS = {"HTTPS": "HTTPS", "HTTP2": "HTTP2", "kubernetes.io/h2c": "H2C"}  # by appProtocol of a Service's port
_RATE = 100_000_000  # what GKE says that an endpoint can take: gke-gateway-api: apis/networking/v1/gcpbackendpolicy_types.go
_ANY_SERVICE = ("kube-system", "default-http-backend")  # what GKE has for requests that nobody takes


class Backends:
    """Adds to a plan what stands behind its routes."""

    def __init__(self, world: World, place: Place) -> None:
        self._world, self._place = world, place

    def service(self, route: Key, reference: Object) -> str:
        """Add what a route refers to; returns the backend service's link.

        Raises:
            UnresolvedError: there is no such Service, or it may not be referred to.
            InvalidError: a policy of it is not valid.
        """
        key, port = self._resolve(route, reference)
        plan, place = self._place.plan, self._place
        name = place.name(*key, str(port["port"]), of=f"{text_of(key)}:{port['port']}")
        said = {"kubernetes.io/service-name": text_of(key), "kubernetes.io/service-port": str(port["port"])}
        protocol = _PROTOCOLS.get(str(port.get("appProtocol") or ""), "HTTP")
        health = policies.policy_for(self._world.health_policies, "", "Service", key)
        check = place.add("healthChecks", {"name": name, **policies.health_check(health, protocol.replace("H2C", "HTTP"))}, said)
        default = policies.policy_for(self._world.backend_policies, "", "Service", key)
        groups = [self._group(name, zone, endpoints, said) for zone, endpoints in sorted(self._endpoints(key, port).items())]
        rate = default.get("maxRatePerEndpoint", _RATE)
        made = place.add(
            "backendServices",
            {
                "name": name,
                "protocol": protocol,
                "loadBalancingScheme": place.kind.scheme,
                "healthChecks": [check.link],
                "backends": [
                    {"group": group.link, "balancingMode": "RATE", "maxRatePerEndpoint": rate, "capacityScaler": 1.0}
                    for group in groups
                ],
                **policies.backend(default, self._secret(key, default)),
            },
            said,
        )
        security = default.get("securityPolicy")
        plan.security_policies[made.path] = place.reference("securityPolicies", security) if security else ""
        return made.link

    def nobody(self, name: str) -> str:
        """Add a backend service without any pod; returns its link."""
        said = {"kubernetes.io/service-name": text_of(_ANY_SERVICE), "kubernetes.io/service-port": "80"}
        full = self._place.name(self._place.gateway[0], name, "80", of=name)
        check = self._place.add("healthChecks", {"name": full, **policies.health_check({}, "HTTP")}, said)
        body = {"name": full, "protocol": "HTTP", "loadBalancingScheme": self._place.kind.scheme, "healthChecks": [check.link]}
        return self._place.add("backendServices", body, said).link

    def _resolve(self, route: Key, reference: Object) -> tuple[Key, Object]:
        group, kind = reference.get("group") or "", reference.get("kind") or "Service"
        if (group, kind) != ("", "Service"):
            raise UnresolvedError(f"{kind} of group {group!r} is no backend here, only Services are", "InvalidKind")
        key = reference.get("namespace") or route[0], str(reference["name"])
        if not allowed(self._world.grants.items(), "HTTPRoute", route[0], "Service", key):
            raise UnresolvedError(f"no ReferenceGrant permits to refer to service {text_of(key)}", "RefNotPermitted")
        service = self._world.services.get(key)
        if service is None:
            raise UnresolvedError(f"Error GWCER102: services {text_of(key)} not found", "BackendNotFound")
        for port in items_of(spec_of(service), "ports"):
            if port["port"] == reference.get("port") and port.get("protocol", "TCP") == "TCP":
                return key, port
        raise UnresolvedError(f"Error GWCER103: service {text_of(key)} has no port {reference.get('port')}", "BackendNotFound")

    def _group(self, name: str, zone: str, endpoints: Iterable[Endpoint], said: dict[str, str]) -> Resource:
        body = {"name": name, "networkEndpointType": "GCE_VM_IP_PORT", "network": self._place.network}
        made = self._place.add_zonal(zone, body, said)
        self._place.plan.endpoints[made.path] = frozenset(endpoints)
        return made

    def _endpoints(self, service: Key, port: Object) -> dict[str, set[Endpoint]]:
        """The pods that are ready, by zone; the first zone is there in any case, so that there is a group to fill."""
        found: dict[str, set[Endpoint]] = defaultdict(set, {self._place.zone(None): set()})
        for each in self._world.slices.values():
            owner = (each["metadata"].get("labels") or {}).get(_SERVICE_LABEL)
            if (key_of_object(each)[0], owner) != service or each.get("addressType", "IPv4") != "IPv4":
                continue
            for entry in items_of(each, "ports"):
                if (entry.get("name") or "") == (port.get("name") or "") and entry.get("port"):
                    for endpoint in items_of(each, "endpoints"):
                        if (endpoint.get("conditions") or {}).get("ready") is not False:
                            made = Endpoint(endpoint["addresses"][0], entry["port"], str(endpoint.get("nodeName") or ""))
                            found[self._place.zone(endpoint.get("zone"))].add(made)
        return found

    def _secret(self, service: Key, default: Object) -> Object | None:
        """The Secret that IAP needs."""
        iap: dict[str, Any] = dict(default.get("iap") or {})
        name = (iap.get("oauth2ClientSecret") or {}).get("name")
        if not name:
            return None
        key = service[0], str(name)
        if key not in self._world.secrets:
            raise InvalidError(f"Error GWCER102: Secret {text_of(key)} not found.")
        return self._world.secrets[key]
