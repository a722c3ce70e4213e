"""What the twin knows survives `kill -9`, and what it cannot be sure of stops it."""

from __future__ import annotations

import contextlib
import pickle
import signal
import threading
import time
from pathlib import Path
from typing import Any

import moto
import pytest

from sandbox.aws import client as aws
from sandbox.aws.server import main
from sandbox.aws.state import State, StateError
from sandbox.twin import client as twins


def test_everything_is_there_after_kill_9(own_twin: Any) -> None:
    twin = own_twin()
    twin.start()
    facts = twins.facts(twin.endpoint)
    acm, ec2, eks, elb = (twin.client(name) for name in ("acm", "ec2", "eks", "elbv2"))
    iam, route53 = twin.client("iam"), twin.client("route53")
    twins.set_delegation(twin.endpoint, "adrift.example", False)

    zone = route53.create_hosted_zone(Name="kept.example", CallerReference="kept")["HostedZone"]["Id"]
    arn = acm.request_certificate(DomainName="kept.example", ValidationMethod="DNS", Tags=[{"Key": "a", "Value": "b"}])[
        "CertificateArn"
    ]
    record = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0]["ResourceRecord"]
    record_set = {"Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": record["Value"]}]}
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record_set}]}
    )
    time.sleep(0.6)
    certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert certificate["Status"] == "ISSUED"
    issued = twins.certificate(twin.endpoint, arn)
    imported = acm.import_certificate(Certificate=issued.certificate.encode(), PrivateKey=issued.key.encode())["CertificateArn"]
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    mapping = [{"SubnetId": facts["public_subnets"][0], "AllocationId": allocation}]
    balancer = elb.create_load_balancer(Name="kept", Type="network", SubnetMappings=mapping)["LoadBalancers"][0][
        "LoadBalancerArn"
    ]
    action = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    listener = {"LoadBalancerArn": balancer, "Protocol": "TLS", "Port": 443, "DefaultActions": action}
    elb.create_listener(**listener, Certificates=[{"CertificateArn": arn}])
    iam.create_role(RoleName="kept", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    before = _everything(twin)

    assert twin.end(signal.SIGKILL) == -signal.SIGKILL
    twin.cluster_endpoint = "https://127.0.0.1:7443"  # the sandbox may find other ports free
    twin.start()
    assert _everything(twin) == before
    assert twins.facts(twin.endpoint) == facts
    assert twins.certificate(twin.endpoint, arn) == issued
    assert twin.client("acm").describe_certificate(CertificateArn=imported)["Certificate"]["Type"] == "IMPORTED"
    assert not twins.delegated(twin.endpoint, "adrift.example")
    in_use = twin.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"]
    assert in_use == [balancer]
    twin.client("elbv2").delete_load_balancer(LoadBalancerArn=balancer)  # objects still refer to each other as before
    twin.client("ec2").release_address(AllocationId=allocation)
    assert eks.describe_cluster(name=aws.CLUSTER)["cluster"]["endpoint"] == "https://127.0.0.1:7443"


def _everything(twin: Any) -> list[Any]:
    asked = [
        ("acm", "list_certificates", "CertificateSummaryList"),
        ("ec2", "describe_addresses", "Addresses"),
        ("ec2", "describe_subnets", "Subnets"),
        ("eks", "list_clusters", "clusters"),
        ("elbv2", "describe_load_balancers", "LoadBalancers"),
        ("iam", "list_roles", "Roles"),
        ("route53", "list_hosted_zones", "HostedZones"),
    ]
    return [getattr(twin.client(service), method)()[key] for service, method, key in asked]


def test_what_was_answered_is_kept_whenever_the_kill_comes(own_twin: Any) -> None:
    twin = own_twin(pool="127.30.12.0/24")
    twin.start()
    answered: set[str] = set()

    def allocate() -> None:
        with contextlib.suppress(Exception):  # in the end the twin is gone
            while True:
                answered.add(twin.client("ec2").allocate_address(Domain="vpc")["PublicIp"])

    worker = threading.Thread(target=allocate)
    worker.start()
    while not answered and worker.is_alive():
        time.sleep(0.01)
    time.sleep(0.3)
    twin.end(signal.SIGKILL)
    worker.join()
    twin.start()
    held = {address["PublicIp"] for address in twin.client("ec2").describe_addresses()["Addresses"]}
    assert answered
    assert answered <= held
    assert len(held) <= len(answered) + 1  # one may have been done and not answered any more


def test_sigterm_ends_it_at_once_even_if_an_answer_hangs(own_twin: Any) -> None:
    twin = own_twin()
    twin.start()
    twins.set_faults(twin.endpoint, [twins.Fault("sts", "hang", seconds=60)])

    def call() -> None:
        with contextlib.suppress(Exception):
            twin.client("sts").get_caller_identity()

    caller = threading.Thread(target=call)
    caller.start()
    time.sleep(0.3)
    began = time.monotonic()
    assert twin.end() == 0
    assert time.monotonic() - began < 10
    caller.join(10)


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "aws.state"
    file.write_bytes(pickle.dumps({"made_by": (1, "5.0.0"), "backends": []}))
    with pytest.raises(StateError, match="empty the sandbox"):
        State(file, {}).load()


def test_another_moto_stops_it(own_twin: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(moto, "__version__", "5.3.0")
    twin, certificate = own_twin(), "x.pem"
    arguments = ["--listen", twin.host, "--data", "x", "--ca", certificate, "--ca-key", "x", "--region", aws.REGION]
    arguments += ["--cluster", "x", "--cluster-endpoint", "x", "--cluster-ca", certificate, "--pool", "127.30.0.0/30"]
    assert main(arguments) == 1
    assert "moto 5.3.0 is installed, the twin's truths are made for 5.2.5" in caplog.text
