"""Load balancers of the twin, as the controller and the front rely on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.twin import client as twins

Make = Callable[[str], str]
FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]


@pytest.fixture
def elb(twin: Any) -> Any:
    return twin.client("elbv2")


@pytest.fixture
def public(twin: Any) -> list[str]:
    return list(twins.facts(twin.endpoint)["public_subnets"])


@pytest.fixture
def alb(elb: Any, public: list[str]) -> Any:
    made = elb.create_load_balancer(Name="web", Subnets=public)["LoadBalancers"][0]
    yield made
    elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])


def _group(twin: Any, name: str, **more: Any) -> str:
    vpc = twins.facts(twin.endpoint)["vpc"]
    asked = {"Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip", **more}
    return str(twin.client("elbv2").create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"])


def _allocation(twin: Any) -> tuple[str, str]:
    made = twin.client("ec2").allocate_address(Domain="vpc")
    return made["AllocationId"], made["PublicIp"]


@pytest.mark.parametrize(
    ("kind", "scheme", "zone", "name"),
    [
        ("application", "internet-facing", "Z215JYRZR1TBD5", r"named-\d{10}\.eu-central-1\.elb\.amazonaws\.com"),
        ("application", "internal", "Z215JYRZR1TBD5", r"internal-named-\d{10}\.eu-central-1\.elb\.amazonaws\.com"),
        ("network", "internet-facing", "Z3F0SRJ5LGBH90", r"named-[0-9a-f]{16}\.elb\.eu-central-1\.amazonaws\.com"),
        ("network", "internal", "Z3F0SRJ5LGBH90", r"named-[0-9a-f]{16}\.elb\.eu-central-1\.amazonaws\.com"),
    ],
)
def test_names_and_zones_are_those_of_the_kind(elb: Any, public: list[str], kind: str, scheme: str, zone: str, name: str) -> None:
    import re

    made = elb.create_load_balancer(Name="named", Subnets=public, Type=kind, Scheme=scheme, Tags=[{"Key": "a", "Value": "b"}])
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    found = elb.describe_load_balancers(Names=["named"])["LoadBalancers"][0]
    assert (found["Type"], found["Scheme"], found["CanonicalHostedZoneId"]) == (kind, scheme, zone)
    assert re.fullmatch(name, found["DNSName"])
    assert found["State"]["Code"] == "active"
    assert elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"] == [{"Key": "a", "Value": "b"}]
    elb.delete_load_balancer(LoadBalancerArn=arn)
    assert elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"] == []


def test_the_addresses_of_a_network_load_balancer_are_kept_and_held(twin: Any, elb: Any, public: list[str], refused: Any) -> None:
    ec2, held = twin.client("ec2"), [_allocation(twin) for _ in public]
    mappings = [{"SubnetId": subnet, "AllocationId": allocation} for subnet, (allocation, _) in zip(public, held, strict=True)]
    asked = {"Type": "network", "Scheme": "internet-facing", "SubnetMappings": mappings}
    arn = elb.create_load_balancer(Name="fixed", **asked)["LoadBalancers"][0]["LoadBalancerArn"]
    zones = elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["AvailabilityZones"]
    found = {zone["SubnetId"]: zone["LoadBalancerAddresses"] for zone in zones}
    assert found == {s: [{"AllocationId": a, "IpAddress": ip}] for s, (a, ip) in zip(public, held, strict=True)}

    address = ec2.describe_addresses(AllocationIds=[held[0][0]])["Addresses"][0]
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=held[0][0])
    with refused("OperationNotPermitted"):
        ec2.disassociate_address(AssociationId=address["AssociationId"])
    with refused("ResourceInUse"):
        elb.create_load_balancer(Name="second", **asked)
    assert "second" not in [lb["LoadBalancerName"] for lb in elb.describe_load_balancers()["LoadBalancers"]]

    elb.delete_load_balancer(LoadBalancerArn=arn)
    for allocation, _ in held:
        assert "AssociationId" not in ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]
        ec2.release_address(AllocationId=allocation)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"Type": "application", "Subnets": 1}, "ValidationError"),
        ({"Type": "network", "Scheme": "internal", "Eip": "real"}, "InvalidConfigurationRequest"),
        ({"Type": "network", "Scheme": "internet-facing", "Eip": "eipalloc-none"}, "AllocationIdNotFound"),
    ],
)
def test_what_a_load_balancer_is_refused_for(
    twin: Any, elb: Any, public: list[str], refused: Any, asked: dict[str, Any], code: str
) -> None:
    if "Subnets" in asked:
        asked = {**asked, "Subnets": public[: asked["Subnets"]]}
    if eip := asked.get("Eip"):
        allocation = _allocation(twin)[0] if eip == "real" else eip
        asked = {k: v for k, v in asked.items() if k != "Eip"} | {
            "SubnetMappings": [{"SubnetId": public[0], "AllocationId": allocation}]
        }
    with refused(code):
        elb.create_load_balancer(Name="refused", **asked)
    assert "refused" not in [lb["LoadBalancerName"] for lb in elb.describe_load_balancers()["LoadBalancers"]]


def test_a_name_and_a_port_are_taken_once(elb: Any, alb: Any, public: list[str], refused: Any) -> None:
    with refused("DuplicateLoadBalancerName"):
        elb.create_load_balancer(Name="web", Subnets=public)
    asked = {"LoadBalancerArn": alb["LoadBalancerArn"], "Protocol": "HTTP", "Port": 80, "DefaultActions": FIXED}
    made = elb.create_listener(**asked)["Listeners"][0]
    assert "SslPolicy" not in made
    with refused("DuplicateListener"):
        elb.create_listener(**asked)


def test_deletion_protection_protects(elb: Any, alb: Any, refused: Any) -> None:
    protect = {"LoadBalancerArn": alb["LoadBalancerArn"]}
    for value in ("true", "false"):
        elb.modify_load_balancer_attributes(**protect, Attributes=[{"Key": "deletion_protection.enabled", "Value": value}])
        if value == "true":
            with refused("OperationNotPermitted"):
                elb.delete_load_balancer(**protect)


def test_a_certificate_in_use_knows_by_whom_and_stays(twin: Any, elb: Any, alb: Any, issued: Make, refused: Any) -> None:
    acm, arn, further = twin.client("acm"), issued("first.used"), issued("second.used")
    asked = {"LoadBalancerArn": alb["LoadBalancerArn"], "Protocol": "HTTPS", "Port": 443, "DefaultActions": FIXED}
    with refused("ValidationError"):
        elb.create_listener(**asked)
    listener = elb.create_listener(**asked, Certificates=[{"CertificateArn": arn}])["Listeners"][0]["ListenerArn"]
    elb.add_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": further}])
    for one in (arn, further):
        assert acm.describe_certificate(CertificateArn=one)["Certificate"]["InUseBy"] == [alb["LoadBalancerArn"]]
        with refused("ResourceInUseException"):
            acm.delete_certificate(CertificateArn=one)
    default = elb.describe_listeners(ListenerArns=[listener])["Listeners"][0]["Certificates"]
    assert default == [{"CertificateArn": arn}]  # the further ones are no part of the listener itself

    elb.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": further}])
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"] == []
    acm.delete_certificate(CertificateArn=arn)

    def listed() -> list[bool]:
        found = elb.describe_listener_certificates(ListenerArn=listener)["Certificates"]
        return [one["IsDefault"] for one in found if one["CertificateArn"] == further]

    assert listed() == [True, False]  # as AWS: it is the default, and still one of the further ones
    elb.remove_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": further}])
    assert listed() == [True]
    with refused("OperationNotPermitted"):
        elb.remove_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": further}])
    elb.delete_listener(ListenerArn=listener)
    acm.delete_certificate(CertificateArn=further)


def test_certificates_of_a_listener_must_be_issued(twin: Any, elb: Any, alb: Any, issued: Make, refused: Any) -> None:
    pending = twin.client("acm").request_certificate(DomainName="not.yet", ValidationMethod="DNS")["CertificateArn"]
    asked = {"LoadBalancerArn": alb["LoadBalancerArn"], "Protocol": "HTTPS", "Port": 443, "DefaultActions": FIXED}
    with refused("UnsupportedCertificate"):
        elb.create_listener(**asked, Certificates=[{"CertificateArn": pending}])
    good = [{"CertificateArn": issued("already.issued")}]
    listener = elb.create_listener(**asked, Certificates=good)["Listeners"][0]["ListenerArn"]
    with refused("UnsupportedCertificate"):
        elb.add_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": pending}])
    with refused("UnsupportedCertificate"):
        elb.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": pending}])
    gone = f"{pending[:-4]}0000"
    with refused("CertificateNotFound"):
        elb.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": gone}])


def test_a_listener_is_modified_as_a_whole(elb: Any, public: list[str], issued: Make) -> None:
    arn = elb.create_load_balancer(Name="tls", Subnets=public, Type="network")["LoadBalancers"][0]["LoadBalancerArn"]
    asked = {"LoadBalancerArn": arn, "Protocol": "TCP", "Port": 443, "DefaultActions": FIXED}
    listener = elb.create_listener(**asked)["Listeners"][0]["ListenerArn"]
    change = {"Protocol": "TLS", "Certificates": [{"CertificateArn": issued("tls.example")}], "AlpnPolicy": ["HTTP2Preferred"]}
    elb.modify_listener(ListenerArn=listener, **change)
    found = elb.describe_listeners(ListenerArns=[listener])["Listeners"][0]
    assert {key: found[key] for key in change} == change
    elb.delete_load_balancer(LoadBalancerArn=arn)


def test_rules_come_in_their_order_and_groups_know_who_forwards(twin: Any, elb: Any, alb: Any, refused: Any) -> None:
    group, balancer = _group(twin, "ordered"), alb["LoadBalancerArn"]
    asked = {"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": 80, "DefaultActions": FIXED}
    listener = elb.create_listener(**asked)["Listeners"][0]["ListenerArn"]
    rules = []
    for priority in (20, 3):
        condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/{priority}/*"]}}
        forward = {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group, "Weight": 1}]}}
        made = elb.create_rule(ListenerArn=listener, Priority=priority, Conditions=[condition], Actions=[forward])
        rules.append(made["Rules"][0]["RuleArn"])
    assert [rule["Priority"] for rule in elb.describe_rules(ListenerArn=listener)["Rules"]] == ["3", "20", "default"]

    def used_by() -> Any:
        return elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0].get("LoadBalancerArns", [])

    assert used_by() == [balancer]
    with refused("ResourceInUse"):
        elb.delete_target_group(TargetGroupArn=group)
    for rule in rules:
        elb.delete_rule(RuleArn=rule)
    assert used_by() == []
    elb.delete_target_group(TargetGroupArn=group)


def test_a_target_is_an_address_with_a_port(twin: Any, elb: Any, alb: Any, refused: Any) -> None:
    group = _group(twin, "ports")
    targets = [{"Id": "10.20.0.9", "Port": port} for port in (8080, 9090)]
    elb.register_targets(TargetGroupArn=group, Targets=targets)

    def health() -> dict[int, str]:
        found = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {one["Target"]["Port"]: one["TargetHealth"]["State"] for one in found}

    assert health() == {8080: "unused", 9090: "unused"}
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    elb.create_listener(LoadBalancerArn=alb["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=forward)
    assert health() == {8080: "healthy", 9090: "healthy"}
    elb.deregister_targets(TargetGroupArn=group, Targets=targets[:1])
    assert health() == {9090: "healthy"}
    with refused("InvalidTarget"):
        elb.deregister_targets(TargetGroupArn=group, Targets=targets[:1])


def test_a_resource_has_up_to_50_tags(elb: Any, alb: Any, refused: Any) -> None:
    arn = alb["LoadBalancerArn"]
    elb.add_tags(ResourceArns=[arn], Tags=[{"Key": f"k{number}", "Value": ""} for number in range(50)])
    assert len(elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]) == 50
    with refused("TooManyTags"):
        elb.add_tags(ResourceArns=[arn], Tags=[{"Key": "k50", "Value": ""}])


def test_subnets_of_a_load_balancer_are_changed_with_its_addresses(twin: Any, elb: Any, public: list[str]) -> None:
    first, second = _allocation(twin), _allocation(twin)
    mapping = [{"SubnetId": public[0], "AllocationId": first[0]}]
    arn = elb.create_load_balancer(Name="grown", Type="network", SubnetMappings=mapping)["LoadBalancers"][0]["LoadBalancerArn"]
    grown = [*mapping, {"SubnetId": public[1], "AllocationId": second[0]}]
    elb.set_subnets(LoadBalancerArn=arn, SubnetMappings=grown)
    zones = elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["AvailabilityZones"]
    assert [zone["LoadBalancerAddresses"][0]["IpAddress"] for zone in zones] == [first[1], second[1]]
    elb.delete_load_balancer(LoadBalancerArn=arn)
    for allocation, _ in (first, second):
        twin.client("ec2").release_address(AllocationId=allocation)
