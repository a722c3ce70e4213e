"""Forwarding rules as doors: who comes in where, and what is shown to them."""

from typing import Any

import pytest

from sandbox.gcp.front.doors import door_of, service_of
from sandbox.gcp.front.model import Door, Shown
from sandbox.gcp.places import LINK

PROJECT = f"{LINK}projects/p/global/"
HTTP, HTTPS, MAPPED = (f"{PROJECT}{path}" for path in ("targetHttpProxies/a", "targetHttpsProxies/b", "targetHttpsProxies/c"))
CERTIFICATES = "projects/p/locations/global/certificates"
PROXIES: dict[str, dict[str, Any]] = {
    HTTP: {"urlMap": "m"},
    HTTPS: {"urlMap": "m", "sslPolicy": "strict", "sslCertificates": [f"{PROJECT}sslCertificates/{n}" for n in ("one", "two")]},
    MAPPED: {
        "urlMap": "m",
        "sslCertificates": [f"{PROJECT}sslCertificates/one"],
        "certificateMap": "//certificatemanager.googleapis.com/projects/p/locations/global/certificateMaps/all",
    },
}
ENTRIES = {
    "projects/p/locations/global/certificateMaps/all": [
        {"hostname": "*.Shop.example", "certificates": [f"{CERTIFICATES}/shop"]},
        {"matcher": "PRIMARY", "certificates": [f"{CERTIFICATES}/first"]},
    ]
}


def door(**rule: Any) -> Door | None:
    rule = {"selfLink": f"{PROJECT}forwardingRules/r", "IPAddress": "127.20.0.1", "IPProtocol": "TCP", **rule}
    return door_of(rule, PROXIES, {"strict": {"minTlsVersion": "TLS_1_2"}}, ENTRIES.__getitem__)


def test_http() -> None:
    made = door(target=HTTP, portRange="80-80")
    assert made == Door("projects/p/global/forwardingRules/r", "127.20.0.1", ((80, 80),), "http", "m")
    assert (made.port, made.secure) == (80, False)


def test_https_shows_certificates_in_their_order_and_obeys_its_policy() -> None:
    made = door(target=HTTPS, portRange="443-443")
    assert made is not None
    assert (made.secure, made.oldest) == (True, "TLS_1_2")
    assert [(one.name.rpartition("/")[2], one.host) for one in made.certificates] == [("one", None), ("two", None)]


def test_a_certificate_map_goes_before_certificates() -> None:
    made = door(target=MAPPED, portRange="443")
    assert made is not None
    assert made.oldest == "TLS_1_0"
    assert made.certificates == (Shown(f"{CERTIFICATES}/shop", "*.shop.example"), Shown(f"{CERTIFICATES}/first", "primary"))


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ({"ports": ["80", "443"]}, ((80, 80), (443, 443))),
        ({"portRange": "80-443"}, ((80, 443),)),
        ({"allPorts": True}, ((1, 65535),)),
    ],
)
def test_tcp_leads_to_the_service_that_it_was_made_for(ports: dict[str, Any], expected: Any) -> None:
    description = '{"networking.gke.io/service-name":"shop/web","networking.gke.io/api-version":"ga"}'
    made = door(backendService="b", description=description, **ports)
    assert made is not None
    assert (made.scheme, made.service, made.ports) == ("tcp", ("shop", "web"), expected)
    assert door(backendService="b", description=description, IPProtocol="UDP", **ports) is None


def test_what_leads_nowhere_is_no_door() -> None:
    assert door(backendService="b", ports=["80"]) is None
    assert door(target=f"{PROJECT}targetTcpProxies/x", portRange="80-80") is None


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ('{"kubernetes.io/service-name":"kube-system/default-http-backend","kubernetes.io/service-port":"http"}', "kube-system"),
        ("for the shop", None),
        ('"a/b"', None),
        ('{"kubernetes.io/service-name":""}', None),
        (None, None),
    ],
)
def test_the_service_of_a_description(description: str | None, expected: str | None) -> None:
    found = service_of({"description": description})
    assert (found[0] if found else None) == expected
