"""What the twin has from the start, its addresses, its identities, and pod identity associations."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from sandbox.aws import client as aws
from sandbox.twin import client as twins

PODS = {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "route53:GetChange", "Resource": "*"}]})


def _trust(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def role(twin: Any) -> Iterator[str]:
    iam = twin.client("iam")
    yield iam.create_role(RoleName="pods", AssumeRolePolicyDocument=_trust(PODS))["Role"]["Arn"]
    iam.delete_role(RoleName="pods")


def test_the_cluster_is_the_sandbox_s_own(twin: Any) -> None:
    cluster = twin.client("eks").describe_cluster(name=aws.CLUSTER)["cluster"]
    facts = twins.facts(twin.endpoint)
    assert cluster["endpoint"] == "https://127.0.0.1:6443"
    assert base64.b64decode(cluster["certificateAuthority"]["data"]) == twin.authority.certificate.read_bytes()
    assert cluster["resourcesVpcConfig"]["vpcId"] == facts["vpc"]
    issuer = cluster["identity"]["oidc"]["issuer"]
    providers = twin.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert [one["Arn"] for one in providers if one["Arn"].endswith(issuer.removeprefix("https://"))]


@pytest.mark.parametrize(("role", "fact"), [("elb", "public_subnets"), ("internal-elb", "private_subnets")])
def test_subnets_are_found_by_their_tags_in_two_zones(twin: Any, role: str, fact: str) -> None:
    wanted = {f"tag:kubernetes.io/role/{role}": "1", f"tag:kubernetes.io/cluster/{aws.CLUSTER}": "shared"}
    filters = [{"Name": name, "Values": [value]} for name, value in wanted.items()]
    found = twin.client("ec2").describe_subnets(Filters=filters)["Subnets"]
    facts = twins.facts(twin.endpoint)
    assert sorted(subnet["SubnetId"] for subnet in found) == facts[fact]
    assert {subnet["AvailabilityZone"] for subnet in found} == {"eu-central-1a", "eu-central-1b"}
    assert {subnet["VpcId"] for subnet in found} == {facts["vpc"]}


def test_addresses_come_from_the_pool_and_come_again_late(own_twin: Any, refused: Any) -> None:
    twin = own_twin(pool="127.30.9.4/30")
    twin.start()
    ec2 = twin.client("ec2")

    def allocate() -> tuple[str, str]:
        made = ec2.allocate_address(Domain="vpc")
        return made["PublicIp"], made["AllocationId"]

    first, second = allocate(), allocate()
    ec2.release_address(AllocationId=first[1])
    third, fourth, again = allocate(), allocate(), allocate()
    assert len({second[0], third[0], fourth[0], again[0]}) == 4
    assert again[0] == first[0]
    assert all(ip_address(ip) in ip_network("127.30.9.4/30") for ip in (first[0], second[0], third[0], fourth[0]))
    with refused("AddressLimitExceeded"):
        allocate()
    with refused("InvalidAddress.NotFound"):
        ec2.allocate_address(Domain="vpc", Address="198.51.100.7")
    with refused("InvalidAllocationID.NotFound"):
        ec2.release_address(AllocationId=first[1])


def test_an_associated_address_is_not_released(twin: Any, refused: Any) -> None:
    ec2, subnet = twin.client("ec2"), twins.facts(twin.endpoint)["public_subnets"][0]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    association = ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=interface)["AssociationId"]
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=allocation)
    ec2.disassociate_address(AssociationId=association)
    ec2.release_address(AllocationId=allocation)


def test_what_is_attached_is_not_deleted(twin: Any, role: str, refused: Any) -> None:
    iam = twin.client("iam")
    policy = iam.create_policy(PolicyName="dns", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="pods", PolicyArn=policy)
    with refused("DeleteConflict"):
        iam.delete_role(RoleName="pods")
    with refused("DeleteConflict"):
        iam.delete_policy(PolicyArn=policy)
    iam.detach_role_policy(RoleName="pods", PolicyArn=policy)
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=POLICY, SetAsDefault=True)
    with refused("DeleteConflict"):
        iam.delete_policy(PolicyArn=policy)
    iam.delete_policy_version(PolicyArn=policy, VersionId="v1")
    iam.delete_policy(PolicyArn=policy)


def test_a_provider_that_is_not_there_is_not_deleted(twin: Any, refused: Any) -> None:
    with refused("NoSuchEntity"):
        twin.client("iam").delete_open_id_connect_provider(
            OpenIDConnectProviderArn="arn:aws:iam::123456789012:oidc-provider/none.example"
        )


def test_a_pod_identity_association_lives_and_goes(twin: Any, role: str, refused: Any) -> None:
    eks = twin.client("eks")
    subject = {"clusterName": aws.CLUSTER, "namespace": "kube-system", "serviceAccount": "lbc"}
    made = eks.create_pod_identity_association(**subject, roleArn=role, tags={"a": "b"})["association"]
    key = {"clusterName": aws.CLUSTER, "associationId": made["associationId"]}
    assert made.items() >= {**subject, "roleArn": role, "tags": {"a": "b"}}.items()
    assert eks.describe_pod_identity_association(**key)["association"] == made
    with refused("ResourceInUseException"):
        eks.create_pod_identity_association(**subject, roleArn=role)

    def listed(**asked: str) -> list[str]:
        found = eks.list_pod_identity_associations(clusterName=aws.CLUSTER, **asked)["associations"]
        return [one["associationId"] for one in found]

    assert listed(namespace="kube-system") == [made["associationId"]]
    assert listed(serviceAccount="other") == []
    eks.delete_pod_identity_association(**key)
    assert listed(namespace="kube-system") == []
    for operation in (eks.describe_pod_identity_association, eks.delete_pod_identity_association):
        with refused("ResourceNotFoundException"):
            operation(**key)


def test_another_role_is_taken_in_place(twin: Any, role: str, refused: Any) -> None:
    eks, iam = twin.client("eks"), twin.client("iam")
    made = eks.create_pod_identity_association(clusterName=aws.CLUSTER, namespace="n", serviceAccount="s", roleArn=role)
    key = {"clusterName": aws.CLUSTER, "associationId": made["association"]["associationId"]}
    other = iam.create_role(RoleName="other", AssumeRolePolicyDocument=_trust(PODS))["Role"]["Arn"]
    assert eks.update_pod_identity_association(**key, roleArn=other)["association"]["roleArn"] == other
    with refused("InvalidParameterException"):
        eks.update_pod_identity_association(**key, roleArn=f"{other}-none")
    eks.delete_pod_identity_association(**key)
    iam.delete_role(RoleName="other")


@pytest.mark.parametrize(
    "statement",
    [{**PODS, "Principal": {"Service": "ec2.amazonaws.com"}}, {**PODS, "Action": "sts:AssumeRole"}, {**PODS, "Effect": "Deny"}],
)
def test_a_role_must_trust_the_pods(twin: Any, refused: Any, statement: Any) -> None:
    iam = twin.client("iam")
    arn = iam.create_role(RoleName="closed", AssumeRolePolicyDocument=_trust(statement))["Role"]["Arn"]
    with refused("InvalidParameterException"):
        twin.client("eks").create_pod_identity_association(
            clusterName=aws.CLUSTER, namespace="n", serviceAccount="closed", roleArn=arn
        )
    iam.delete_role(RoleName="closed")


def test_a_cluster_that_is_not_there_has_no_associations(twin: Any, refused: Any) -> None:
    with refused("ResourceNotFoundException"):
        twin.client("eks").list_pod_identity_associations(clusterName="none")
