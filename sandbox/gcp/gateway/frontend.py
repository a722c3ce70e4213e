"""The front of a load balancer: certificates, proxies, forwarding rules."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.gcp.certificatemanager import SERVICE
from sandbox.gcp.gateway import policies
from sandbox.gcp.gateway.listeners import Listener, certificate_map
from sandbox.gcp.gateway.model import GROUP, InvalidError, Object, World, key_of_object, text_of
from sandbox.gcp.gateway.place import Place
from sandbox.gcp.places import link
from sandbox.imitation.mirror import Key

_MOST_CERTIFICATES = 15  # of a proxy, says Compute Engine's discovery document of sslCertificates

MakeMap = Callable[[str, int], dict[str, Any]]
"""The body of the URL map of a port, by its name."""


def front(gateway: Object, place: Place, world: World, listeners: Sequence[Listener], make_map: MakeMap) -> None:
    """Add to a plan what stands before its URL maps, and the maps: a proxy and a forwarding rule for each port.

    Raises:
        InvalidError: something of it cannot be made.
    """
    key = key_of_object(gateway)
    default = policies.policy_for(world.gateway_policies, GROUP, "Gateway", key)
    for port in sorted({listener.port for listener in listeners}):
        mine = [listener for listener in listeners if listener.port == port]
        name = place.name(*key, of=f"port {port}")
        url_map = place.add("urlMaps", make_map(name, port))
        proxy: dict[str, Any] = {"name": name, "urlMap": url_map.link}
        collection = "targetHttpProxies"
        if mine[0].protocol == "HTTPS":
            collection = "targetHttpsProxies"
            proxy |= _shown(gateway, place, world, mine)
            if default.get("sslPolicy"):
                proxy["sslPolicy"] = place.reference("sslPolicies", str(default["sslPolicy"]))
        target = place.add(collection, proxy)
        rule: dict[str, Any] = {
            "name": place.name(*key, of=f"rule {port}"),
            "IPAddress": link(place.plan.address),
            "IPProtocol": "TCP",
            "portRange": f"{port}-{port}",
            "target": target.link,
            "loadBalancingScheme": place.kind.scheme,
        }
        if place.kind.regional:
            rule["network"] = place.network
        if place.kind.internal and default.get("allowGlobalAccess"):
            rule["allowGlobalAccess"] = True
        place.add("forwardingRules", rule)


def _shown(gateway: Object, place: Place, world: World, listeners: Sequence[Listener]) -> dict[str, Any]:
    """The certificates of a proxy, in the order of the listeners, each once."""
    name = certificate_map(gateway)
    if name:
        return {"certificateMap": f"{SERVICE}projects/{place.project}/locations/global/certificateMaps/{name}"}
    links: dict[str, None] = {}
    for listener in listeners:
        links |= dict.fromkeys(place.reference("sslCertificates", shared) for shared in listener.shared)
        links |= dict.fromkeys(_certificate(place, world, secret) for secret in listener.secrets)
    if len(links) > _MOST_CERTIFICATES:
        raise InvalidError(
            f'Error GWCER106: Gateway "{text_of(key_of_object(gateway))}" is invalid, err: {len(links)} certificates on port'
            f" {listeners[0].port}, {_MOST_CERTIFICATES} are supported."
        )
    return {"sslCertificates": list(links)}


def _certificate(place: Place, world: World, secret: Key) -> str:
    """One of a Secret's; another content is another certificate, since none can be changed."""
    data = world.secrets[secret]["data"]
    try:
        pair = {
            name: base64.b64decode(data[f"tls.{part}"]).decode() for name, part in (("certificate", "crt"), ("privateKey", "key"))
        }
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidError(f"Error GWCER102: Secret {text_of(secret)} cannot be read: {error}.") from error
    name = place.name(*secret, of=f"certificate {text_of(secret)} {pair['certificate']} {pair['privateKey']}")
    return place.add("sslCertificates", {"name": name, "type": "SELF_MANAGED", "selfManaged": pair}).link
