"""Certificates of ACM: which records prove which names, in which zone, and who waits for what."""

from __future__ import annotations

from typing import Any

import pytest

from components.clouds.aws_certificate import proven_domains
from tests.support import aws
from tests.support.doors import door
from tests.support.recorder import Recording, Registration, answer
from tests.support.stacks import aws_stack, problems_of

SHOP = {"hosts": ["shop.portico.test"], "namespace": "shop", "paths": {"/": "web:80"}}


def made_with(certificates: dict[str, list[str]], own: dict[str, Any] | None = None, **parts: Any) -> Recording:
    """A stack on an Application Load Balancer with these certificates of ACM: names by key; `own` are options of each."""
    entries = {key: {"acm": {"hosts": hosts, **(own or {})}} for key, hosts in certificates.items()}
    common: dict[str, Any] = {"certificates": entries, "services": None, "sites": {"shop": SHOP}}
    raw = aws_stack("alb", **{**common, **parts})
    assert problems_of(raw) == {}
    return door(raw)


def proofs(made: Recording) -> list[Registration]:
    return [item for item in made.all("Record") if item.inputs["type"] == "CNAME"]


def asked(made: Recording, key: str) -> Registration:
    return made.object("Certificate", key)


THREE_ZONES: dict[str, Any] = {"other_zones": {"portico.example": {}, "eu.portico.test": {"existing": True}}}
ZONES = ["portico.test", "portico.example", "eu.portico.test"]


@pytest.mark.parametrize("count", [1, 30, 100])
def test_every_name_is_proven_by_one_record_in_the_zone_that_holds_it(count: int) -> None:
    hosts = ["shop.portico.test", *(f"h{number}.{ZONES[number % 3]}" for number in range(1, count))]
    made = made_with({"web": hosts}, **THREE_ZONES)
    found = {item.inputs["name"]: item for item in proofs(made)}
    assert len(proofs(made)) == len(found) == count
    for host in hosts:
        wanted = aws.validation(host)
        record = found[wanted["resourceRecordName"]]
        assert record.name == f"acm/{host}"
        assert (record.inputs["type"], record.inputs["records"]) == ("CNAME", [wanted["resourceRecordValue"]])
        zone = next(zone for zone in ("eu.portico.test", "portico.test", "portico.example") if host.endswith(f".{zone}"))
        assert record.inputs["zoneId"] == aws.zone_id(zone)
    [validation] = made.all("CertificateValidation")
    assert sorted(validation.inputs["validationRecordFqdns"]) == sorted(name.rstrip(".") for name in found)
    assert all(made.waits(validation, record) for record in proofs(made))


@pytest.mark.parametrize("hosts", [["portico.test", "*.portico.test"], ["*.portico.test", "portico.test"]], ids=str)
def test_a_name_and_the_wildcard_before_it_share_one_record(hosts: list[str]) -> None:
    made = made_with({"web": hosts})
    assert [item.name for item in proofs(made)] == ["acm/portico.test"]
    assert made.one("CertificateValidation").inputs["validationRecordFqdns"] == [
        aws.validation("portico.test")["resourceRecordName"].rstrip(".")
    ]


def test_two_certificates_share_the_record_of_a_domain_that_both_name() -> None:
    made = made_with({"apex": ["portico.test"], "wild": ["*.portico.test", "a.portico.test"]})
    assert sorted(item.name for item in proofs(made)) == ["acm/a.portico.test", "acm/portico.test"]
    shared = made.one("Record", "acm/portico.test")
    for key in ("apex", "wild"):
        validation = made.one("CertificateValidation", key)
        assert shared.inputs["name"].rstrip(".") in validation.inputs["validationRecordFqdns"]
        assert made.waits(validation, shared)


def test_the_record_stays_when_one_of_the_certificates_that_share_it_goes() -> None:
    both = made_with({"apex": ["portico.test"], "wild": ["*.portico.test"]}).one("Record", "acm/portico.test")
    alone = made_with({"wild": ["*.portico.test"]}).one("Record", "acm/portico.test")
    assert both.urn == alone.urn
    assert both.state() == alone.state()


def test_a_record_that_another_stack_made_for_the_same_domain_is_taken_over() -> None:
    """ACM asks one account for one and the same, whoever in it wants a certificate."""
    assert all(item.inputs["allowOverwrite"] is True for item in proofs(made_with({"web": ["*.portico.test"]})))


def test_one_more_name_adds_one_record_and_leaves_the_others_as_they_were() -> None:
    before = made_with({"web": ["*.portico.test"]})
    after = made_with({"web": ["*.portico.test", "shop.portico.test"]})
    assert {item.name for item in proofs(after)} - {item.name for item in proofs(before)} == {"acm/shop.portico.test"}
    kept = after.one("Record", "acm/portico.test")
    assert kept.state() == before.one("Record", "acm/portico.test").state()


def test_domains_are_proven_in_the_order_in_which_they_are_named_first() -> None:
    assert proven_domains(["b.x", "*.a.x", "a.x", "*.b.x", "c.x"]) == ["b.x", "a.x", "c.x"]


def test_the_certificate_is_asked_for_as_the_stack_file_says() -> None:
    made = made_with({"web": ["portico.test", "*.portico.test"]}, {"key_algorithm": "RSA_2048", "timeout": 77})
    inputs = asked(made, "web").inputs
    assert (inputs["domainName"], inputs["subjectAlternativeNames"]) == ("portico.test", ["*.portico.test"])
    assert (inputs["validationMethod"], inputs["keyAlgorithm"]) == ("DNS", "RSA_2048")
    assert made.one("CertificateValidation").timeouts["create"] == "77s"


def test_a_zone_is_seen_to_be_delegated_before_a_certificate_is_awaited() -> None:
    """Otherwise ACM gives up only after days, and nobody says why."""
    made = made_with({"web": ["*.portico.test", "*.portico.example"], "eu": ["a.eu.portico.test"]}, **THREE_ZONES)
    delegations = {item.name: item for item in made.all("Delegation")}
    assert set(delegations) == set(ZONES)
    web, eu = made.one("CertificateValidation", "web"), made.one("CertificateValidation", "eu")
    assert {name for name, item in delegations.items() if made.waits(web, item)} == {"portico.test", "portico.example"}
    assert {name for name, item in delegations.items() if made.waits(eu, item)} == {"eu.portico.test"}
    for name, item in delegations.items():
        assert item.inputs["name_servers"] == aws.name_servers(name)
        assert item.inputs["zone"] == name


def test_a_zone_of_which_no_certificate_is_proven_is_not_waited_for() -> None:
    assert [item.name for item in made_with({"web": ["*.portico.test"]}, **THREE_ZONES).all("Delegation")] == ["portico.test"]


def test_the_wait_for_the_delegation_is_as_long_as_the_stack_file_says() -> None:
    cloud = {"aws": {"region": "eu-central-1", "delegation_timeout": 33}}
    assert made_with({"web": ["*.portico.test"]}, cloud=cloud).one("Delegation").inputs["timeout"] == 33


def test_the_delegation_is_not_waited_for_where_the_stack_file_says_so() -> None:
    cloud = {"aws": {"region": "eu-central-1", "delegation_timeout": 0}}
    made = made_with({"web": ["*.portico.test"]}, cloud=cloud)
    assert made.all("Delegation") == []
    assert made.all("CertificateValidation")


def once_issued(kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """As `answer`, but an ARN that comes from a validation can be told from the certificate's own."""
    state = answer(kind, inputs)
    return {**state, "certificateArn": f"{inputs['certificateArn']}/issued"} if kind.endswith(":CertificateValidation") else state


def test_what_shows_a_certificate_takes_it_from_the_validation_and_waits_for_it() -> None:
    """The ARN of the certificate itself is known before it is issued; a load balancer refuses such a one."""
    told = door(aws_stack("alb"), once_issued)
    assert told.one("Ingress", "shop").told["certificate-arn"] == f"{aws.certificate_arn('web')}/issued"
    assert told.object("Service", "queue").told["aws-load-balancer-ssl-cert"] == f"{aws.certificate_arn('tcp')}/issued"
    made = door(aws_stack("alb"))
    web, tcp = made.one("CertificateValidation", "web"), made.one("CertificateValidation", "tcp")
    shop, queue, orders = made.one("Ingress", "shop"), made.object("Service", "queue"), made.object("Service", "orders")
    assert shop.told["certificate-arn"] == aws.certificate_arn("web")
    assert queue.told["aws-load-balancer-ssl-cert"] == aws.certificate_arn("tcp")
    assert web.urn in shop.dependencies
    assert tcp.urn in queue.dependencies
    assert not made.waits(shop, tcp)
    assert not made.waits(orders, web)
    assert not made.waits(orders, tcp)


def test_a_certificate_that_the_cloud_keeps_is_an_output_too() -> None:
    made = door(aws_stack("traefik-existing-nlb"))
    outputs = made.one("FrontDoor").outputs
    assert outputs is not None
    assert outputs["certificates"] == {"web": "2030-01-01T00:00:00Z", "tcp": "renewed by the cloud"}
