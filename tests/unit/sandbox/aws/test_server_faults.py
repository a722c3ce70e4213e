"""Orders to fail, as boto3 sees them."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.aws import client as aws
from sandbox.twin import client as twins
from sandbox.twin.client import Fault

CALLS: dict[
    str, tuple[str, str, dict[str, Any], str, int]
] = {  # service: operation, method, arguments, throttling code and status
    "acm": ("ListCertificates", "list_certificates", {}, "ThrottlingException", 400),
    "ec2": ("DescribeVpcs", "describe_vpcs", {}, "RequestLimitExceeded", 503),
    "eks": ("ListClusters", "list_clusters", {}, "ThrottlingException", 429),
    "elbv2": ("DescribeLoadBalancers", "describe_load_balancers", {}, "Throttling", 400),
    "iam": ("ListRoles", "list_roles", {}, "Throttling", 400),
    "route53": ("ListHostedZones", "list_hosted_zones", {}, "Throttling", 400),
    "sts": ("GetCallerIdentity", "get_caller_identity", {}, "Throttling", 400),
    "resourcegroupstaggingapi": ("GetResources", "get_resources", {}, "ThrottledException", 400),
}


@pytest.fixture(autouse=True)
def no_faults_left(twin: Any) -> Iterator[None]:
    yield
    twins.clear_faults(twin.endpoint)
    assert twins.faults(twin.endpoint) == []


def _status(error: Any) -> int:
    return int(error.value.response["ResponseMetadata"]["HTTPStatusCode"])


@pytest.mark.parametrize("service", CALLS)
def test_throttling_is_each_service_s_own(twin: Any, refused: Any, service: str) -> None:
    operation, method, arguments, code, status = CALLS[service]
    twins.set_faults(twin.endpoint, [Fault(service, "throttling", operation, count=1)])
    with refused(code) as error:
        getattr(twin.client(service), method)(**arguments)
    assert _status(error) == status
    getattr(twin.client(service), method)(**arguments)


@pytest.mark.parametrize("service", CALLS)
def test_boto3_recognizes_throttling_and_tries_again(twin: Any, service: str) -> None:
    operation, method, arguments, _, _ = CALLS[service]
    twins.set_faults(twin.endpoint, [Fault(service, "throttling", operation, count=1)])
    client = twin.client(service, retries={"max_attempts": 2, "mode": "standard"})
    answer = getattr(client, method)(**arguments)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


@pytest.mark.parametrize("service", CALLS)
def test_an_error_is_one_of_the_server(twin: Any, refused: Any, service: str) -> None:
    operation, method, arguments, _, _ = CALLS[service]
    twins.set_faults(twin.endpoint, [Fault(service, "error", operation)])
    for _ in range(2):  # without a count it hits until it is taken away
        with refused("InternalError" if service == "ec2" else "InternalFailure") as error:
            getattr(twin.client(service), method)(**arguments)
        assert _status(error) == 500
    twins.clear_faults(twin.endpoint)
    getattr(twin.client(service), method)(**arguments)


@pytest.mark.parametrize(
    ("service", "operation", "method", "arguments", "code"),
    [
        (
            "acm",
            "DeleteCertificate",
            "delete_certificate",
            {"CertificateArn": f"arn:aws:acm:x:{'1' * 12}:certificate/x"},
            "ResourceInUseException",
        ),
        ("ec2", "ReleaseAddress", "release_address", {"AllocationId": "eipalloc-1"}, "InvalidIPAddress.InUse"),
        ("eks", "DeleteCluster", "delete_cluster", {"name": "sandbox"}, "ResourceInUseException"),
        ("elbv2", "DeleteTargetGroup", "delete_target_group", {"TargetGroupArn": "x"}, "ResourceInUse"),
        ("iam", "DeleteRole", "delete_role", {"RoleName": "x"}, "DeleteConflict"),
        ("route53", "DeleteHostedZone", "delete_hosted_zone", {"Id": "Z1"}, "HostedZoneNotEmpty"),
    ],
)
def test_in_use_is_the_operation_s_own_refusal(
    twin: Any, refused: Any, service: str, operation: str, method: str, arguments: dict[str, Any], code: str
) -> None:
    twins.set_faults(twin.endpoint, [Fault(service, "in-use", operation, count=1)])
    with refused(code):
        getattr(twin.client(service), method)(**arguments)
    assert twins.faults(twin.endpoint) == []


def test_a_hanging_request_holds_up_nobody_else(twin: Any) -> None:
    from botocore.exceptions import ReadTimeoutError  # type: ignore[import-untyped]

    twins.set_faults(twin.endpoint, [Fault("ec2", "hang", "AllocateAddress", count=1, seconds=2)])
    ec2 = twin.client("ec2", read_timeout=0.3)
    before = len(ec2.describe_addresses()["Addresses"])
    with pytest.raises(ReadTimeoutError):
        ec2.allocate_address(Domain="vpc")
    began = time.monotonic()
    after = ec2.describe_addresses()["Addresses"]
    assert time.monotonic() - began < 1
    assert len(after) == before + 1  # it was done, only the answer was late
    ec2.release_address(AllocationId=after[-1]["AllocationId"])


def test_only_what_matches_is_hit_and_counts_go_down(twin: Any, refused: Any) -> None:
    twins.set_faults(twin.endpoint, [Fault("iam", "error", "ListRoles", count=2), Fault("sts", "throttling")])
    twin.client("iam").list_policies()
    with refused("InternalFailure"):
        twin.client("iam").list_roles()
    assert twins.faults(twin.endpoint) == [Fault("iam", "error", "ListRoles", count=1), Fault("sts", "throttling")]
    with refused("Throttling"):
        twin.client("sts").get_caller_identity()


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        ({"service": "iam"}, "a list of faults is meant"),
        (["iam"], "a fault is a mapping"),
        ([{"service": "elb", "kind": "error"}], "service: given is 'elb', allowed is one of acm, ec2, eks, elbv2"),
        ([{"service": "iam", "kind": "slow"}], "kind: given is 'slow', allowed is one of throttling, error, hang, in-use"),
        ([{"service": "iam", "kind": "error", "times": 1}], "unknown: times; allowed in a fault: service, kind, operation"),
        ([{"service": "iam", "kind": "error", "count": 0}], "count: given is 0"),
        ([{"service": "iam", "kind": "hang", "seconds": "1"}], "seconds: given is '1'"),
        ([{"service": "sts", "kind": "in-use"}], "nothing of sts is ever in use"),
    ],
)
def test_a_wrong_order_is_refused_with_what_is_meant(twin: Any, orders: Any, said: str) -> None:
    request = urllib.request.Request(f"{twin.endpoint}/_portico/faults", json.dumps(orders).encode(), method="PUT")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as answer:
        assert answer.code == 400
        assert said in json.loads(answer.read())["message"]


def test_what_the_twin_has_not_is_said(twin: Any, refused: Any) -> None:
    with refused("400") as error:
        twin.client("s3").list_buckets()
    assert _status(error) == 400
    with refused("NotImplemented"):
        twin.client("eks").list_insights(clusterName="sandbox")


def test_the_data_plane_meets_no_faults_and_uses_none_up(twin: Any, refused: Any) -> None:
    twins.set_faults(twin.endpoint, [Fault("elbv2", "error", count=1)])
    front = aws.client(twin.endpoint, "elbv2", retries={"max_attempts": 0}, user_agent_extra=twins.FRONT_AGENT)
    front.describe_load_balancers()
    with refused("InternalFailure"):
        twin.client("elbv2").describe_load_balancers()
