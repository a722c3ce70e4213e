"""Cloud DNS's zones, as DNS answers them."""

import asyncio
from typing import Any

import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from sandbox.dnsserver.answer import Answer, answer
from sandbox.front.fresh import MAX_AGE
from sandbox.gcp.front.twin import Twin as Reader
from sandbox.gcp.front.zones import names, served
from sandbox.twin import client as twins

HERE = {"project": "sandbox-project"}


def record(name: str, kind: str, *values: str, ttl: int = 60) -> dict[str, Any]:
    return {"name": name, "type": kind, "ttl": ttl, "rrdatas": [*values]}


SHOP = [
    record("shop.example.", "SOA", "ns-cloud-a1.googledomains.com. cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300"),
    record("shop.example.", "NS", "ns-cloud-a1.googledomains.com.", "ns-cloud-a2.googledomains.com.", ttl=21600),
    record("shop.example.", "A", "127.20.0.1"),
    record("*.Shop.example.", "A", "127.20.0.2"),
    record("www.shop.example.", "CNAME", "shop.example."),
    record("_acme-challenge.shop.example.", "TXT", '"one"', "two-three_4"),
    record("caa.shop.example.", "CAA", '0 issue "pki.goog"'),
]


def question(name: str, kind: str = "A") -> dns.rrset.RRset:
    return dns.rrset.RRset(dns.name.from_text(name), dns.rdataclass.IN, dns.rdatatype.from_text(kind))


def values(found: Answer) -> list[str]:
    return sorted(rdata.to_text() for rrset in found.answer for rdata in rrset)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("SHOP.example", "A", ["127.20.0.1"]),
        ("a.b.shop.example", "A", ["127.20.0.2"]),
        ("www.shop.example", "A", ["127.20.0.1", "shop.example."]),
        ("_acme-challenge.shop.example", "TXT", ['"one"', '"two-three_4"']),
        ("caa.shop.example", "CAA", ['0 issue "pki.goog"']),
        ("shop.example", "AAAA", []),
    ],
)
def test_a_name(name: str, kind: str, expected: list[str]) -> None:
    found = answer(served({"shop.example.": SHOP}), question(name, kind))
    assert (found.rcode, values(found)) == (dns.rcode.NOERROR, expected)


def test_only_public_zones_that_are_delegated_are_answered_as_they_are_now(twin: Any) -> None:
    zones, changes = twin.client("dns").managedZones(), twin.client("dns").changes()

    def make(name: str, domain: str, address: str, **more: Any) -> None:
        zones.create(**HERE, body={"name": name, "dnsName": domain, "description": "", **more}).execute()
        body = {"additions": [record(f"www.{domain}", "A", address)]}
        changes.create(**HERE, managedZone=name, body=body).execute()

    async def work() -> None:
        here = names(Reader(twin.endpoint, "sandbox-project"))
        assert (await here.lookup(question("www.front.example"))).rcode == dns.rcode.REFUSED
        make("inside", "front.example.", "127.20.0.8", visibility="private")
        make("front", "front.example.", "127.20.0.9")
        await asyncio.sleep(MAX_AGE)
        assert values(await here.lookup(question("www.front.example"))) == ["127.20.0.9"]
        assert (await here.lookup(question("none.front.example"))).rcode == dns.rcode.NXDOMAIN
        twins.set_delegation(twin.endpoint, "front.example.", False)
        await asyncio.sleep(MAX_AGE)
        assert (await here.lookup(question("www.front.example"))).rcode == dns.rcode.REFUSED

    asyncio.run(work())
