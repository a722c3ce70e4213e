"""Which doors there are: forwarding rules, brought together with their proxies."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping

from sandbox.gcp.certificatemanager import SERVICE
from sandbox.gcp.front.model import Door, Raw, Scheme, Shown
from sandbox.gcp.front.twin import Twin
from sandbox.gcp.places import LINK
from sandbox.imitation.mirror import Key

log = logging.getLogger(__name__)

_PROXIES: dict[str, Scheme] = {"targetHttpProxies": "http", "targetHttpsProxies": "https"}
_EVERY_PORT = ((1, 65535),)
_OLDEST = "TLS_1_0"  # without a policy, says https://cloud.google.com/load-balancing/docs/ssl-policies-concepts
_L4_SERVICE = "networking.gke.io/service-name"  # in descriptions, by ingress-gce: pkg/utils/utils.go
_L7_SERVICE = "kubernetes.io/service-name"  # likewise: pkg/utils/description.go


def read(twin: Twin) -> list[Door]:
    """All doors of the twin, as they are now."""
    proxies = {str(one["selfLink"]): one for collection in _PROXIES for one in twin.all(collection)}
    policies = {str(one["selfLink"]): one for one in twin.all("sslPolicies")} if any(map(_policy, proxies.values())) else {}
    found = (door_of(rule, proxies, policies, twin.entries) for rule in twin.all("forwardingRules"))
    return [door for door in found if door is not None]


def door_of(
    rule: Raw, proxies: Mapping[str, Raw], policies: Mapping[str, Raw], entries: Callable[[str], Iterable[Raw]]
) -> Door | None:
    """One door; None if nobody can go in there.

    Args:
        rule: a forwarding rule.
        proxies: target HTTP and HTTPS proxies, by their links.
        policies: SSL policies likewise.
        entries: those of a certificate map, by its name.
    """
    name, address = str(rule["selfLink"]).removeprefix(LINK), str(rule["IPAddress"])
    target = str(rule.get("target") or "")
    proxy = proxies.get(target)
    if proxy is not None:
        scheme = _PROXIES[target.split("/")[-2]]
        policy = policies.get(_policy(proxy) or "", {})
        return Door(
            name=name,
            address=address,
            ports=_ports(rule),
            scheme=scheme,
            url_map=str(proxy["urlMap"]),
            oldest=str(policy.get("minTlsVersion") or _OLDEST) if scheme == "https" else "",
            certificates=tuple(_shown(proxy, entries)) if scheme == "https" else (),
        )
    service = service_of(rule)
    if target or service is None or rule.get("IPProtocol", "TCP") not in ("TCP", "L3_DEFAULT"):
        log.debug("%s: neither HTTP nor TCP to a Service, so it is not imitated", name)
        return None
    return Door(name=name, address=address, ports=_ports(rule), scheme="tcp", service=service)


def service_of(thing: Raw) -> Key | None:
    """The Service that GKE's controllers made a thing for, as they write it into its description."""
    try:
        content = json.loads(thing.get("description") or "{}")
    except ValueError:
        return None
    said = content.get(_L4_SERVICE) or content.get(_L7_SERVICE) if isinstance(content, dict) else None
    namespace, found, name = str(said or "").partition("/")
    return (namespace, name) if found else None


def _ports(rule: Raw) -> tuple[tuple[int, int], ...]:
    if rule.get("ports"):
        return tuple((int(port), int(port)) for port in rule["ports"])
    if rule.get("allPorts") or not rule.get("portRange"):
        return _EVERY_PORT
    first, _, last = str(rule["portRange"]).partition("-")
    return ((int(first), int(last or first)),)


def _policy(proxy: Raw) -> str | None:
    return proxy.get("sslPolicy")


def _shown(proxy: Raw, entries: Callable[[str], Iterable[Raw]]) -> Iterable[Shown]:
    """Certificates of a proxy; a map goes before those of its own, says the reference of targetHttpsProxies."""
    certificate_map = proxy.get("certificateMap")
    if not certificate_map:
        for link in proxy.get("sslCertificates") or proxy.get("certificateManagerCertificates") or ():
            yield Shown(str(link).removeprefix(LINK).removeprefix(SERVICE))
        return
    for entry in entries(str(certificate_map).removeprefix(SERVICE)):
        for name in entry.get("certificates", []):
            yield Shown(str(name), str(entry.get("hostname") or entry.get("matcher")).lower())
