"""Route 53's zones and load balancers' names, as DNS answers them."""

import asyncio
from typing import Any

import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from sandbox.aws.front.zones import served
from sandbox.dnsserver.answer import Answer, answer
from sandbox.front.fresh import MAX_AGE, Fresh

ALB = "k8s-shop-1.eu-central-1.elb.amazonaws.com"
BALANCERS = {ALB: ["127.20.1.1", "127.20.1.2"]}


def record(name: str, kind: str, *values: str, ttl: int = 60) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values]}


def alias(name: str, target: str, kind: str = "A") -> dict[str, Any]:
    return {"Name": name, "Type": kind, "AliasTarget": {"DNSName": target, "HostedZoneId": "Z", "EvaluateTargetHealth": False}}


SHOP = [
    record("shop.example.", "SOA", "ns-1.awsdns-0.com. hostmaster.awsdns.com. 1 7200 900 1209600 86400", ttl=900),
    record("shop.example.", "NS", "ns-1.awsdns-0.com.", "ns-2.awsdns-1.net.", ttl=172800),
    alias("shop.example.", f"dualstack.{ALB}."),
    record("shop.example.", "TXT", '"one" "two"', '"three"'),
    alias("www.shop.example.", "shop.example."),
    alias("six.shop.example.", "shop.example.", "AAAA"),
    alias("lost.shop.example.", "gone.eu-central-1.elb.amazonaws.com."),
    alias("round.shop.example.", "round.shop.example."),
    record("to.shop.example.", "CNAME", "www.shop.example."),
    record("elb.shop.example.", "CNAME", ALB),
    record("\\052.wild.shop.example.", "A", "127.9.9.9"),
    record("bad.shop.example.", "A", "not an address"),
]
SOA_ONLY = [record("dev.shop.example.", "SOA", "ns. host. 1 2 3 4 5"), record("a.dev.shop.example.", "A", "127.0.0.5")]


def ask(name: str, kind: str = "A") -> Answer:
    zones = served({"shop.example.": SHOP, "dev.shop.example.": SOA_ONLY}, BALANCERS)
    question = dns.rrset.RRset(dns.name.from_text(name), dns.rdataclass.IN, dns.rdatatype.from_text(kind))
    return answer(zones, question)


def values(found: Answer, kind: str = "A") -> list[str]:
    return sorted(rdata.to_text() for rrset in found.answer if rrset.rdtype == dns.rdatatype.from_text(kind) for rdata in rrset)


@pytest.mark.parametrize(
    "name", ["shop.example", "WWW.shop.example", "to.shop.example", "elb.shop.example", ALB, f"dualstack.{ALB}"]
)
def test_names_that_lead_to_a_load_balancer(name: str) -> None:
    found = ask(name)
    assert found.rcode == dns.rcode.NOERROR
    assert values(found) == ["127.20.1.1", "127.20.1.2"]


def test_a_chain_of_aliases_says_its_steps() -> None:
    assert values(ask("to.shop.example"), "CNAME") == ["www.shop.example."]
    assert values(ask("shop.example"), "CNAME") == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [("shop.example", "AAAA"), ("www.shop.example", "TXT"), ("wild.shop.example", "A")],
)
def test_a_name_without_such_records(name: str, kind: str) -> None:
    found = ask(name, kind)
    assert (found.rcode, found.answer) == (dns.rcode.NOERROR, [])
    assert found.authority[0].rdtype == dns.rdatatype.SOA


@pytest.mark.parametrize("name", ["no.shop.example", "lost.shop.example", "round.shop.example", "bad.shop.example", "x." + ALB])
def test_a_name_that_is_not(name: str) -> None:
    found = ask(name)
    assert found.rcode == dns.rcode.NXDOMAIN
    assert found.authority[0].rdtype == dns.rdatatype.SOA


def test_a_wildcard_is_written_in_octal() -> None:
    assert values(ask("a.b.wild.shop.example")) == ["127.9.9.9"]


def test_texts_name_servers_and_soa() -> None:
    assert values(ask("shop.example", "TXT"), "TXT") == ['"one" "two"', '"three"']
    assert values(ask("shop.example", "NS"), "NS") == ["ns-1.awsdns-0.com.", "ns-2.awsdns-1.net."]
    assert ask("shop.example", "SOA").answer[0].ttl == 900


def test_the_innermost_zone_answers_and_others_are_refused() -> None:
    assert values(ask("a.dev.shop.example")) == ["127.0.0.5"]
    assert ask("b.dev.shop.example").authority[0].name == dns.name.from_text("dev.shop.example")
    assert ask("shop.test").rcode == dns.rcode.REFUSED


def test_what_is_fresh_is_not_read_again_and_what_cannot_be_read_stays() -> None:
    read: list[str] = []

    def reading(key: str) -> int:
        if len(read) == 2:
            raise OSError("away")
        read.append(key)
        return len(read)

    async def go() -> None:
        fresh = Fresh("things", reading)
        assert set(await asyncio.gather(fresh.get("a"), fresh.get("a"), fresh.get("a"))) == {1}
        await asyncio.sleep(MAX_AGE)
        assert await fresh.get("a") == 2
        await asyncio.sleep(MAX_AGE)
        assert await fresh.get("a") == 2
        with pytest.raises(OSError, match="away"):
            await fresh.get("b")

    asyncio.run(go())
