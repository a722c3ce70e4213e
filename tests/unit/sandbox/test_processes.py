"""Which processes a sandbox has, with and without a cloud, and what they are told."""

import json
import subprocess
from pathlib import Path

import pytest

from sandbox import aws_processes, control, gcp_processes
from sandbox.control import NAMES, Sandbox
from sandbox.deploy import clouds_of
from sandbox.layout import Layout
from sandbox.ports import Ports, choose
from sandbox.processes import ACCOUNTS, CLOUDS, STOP_ORDER, processes
from sandbox.processes import BOOTSTRAP as BASE_BOOTSTRAP
from sandbox.supervisor import Process, Record
from sandbox.tools import AWS_LOAD_BALANCER_CONTROLLER, CLOUD_TOOLS, TOOLS
from sandbox.toolset import Toolset

AWS = set(CLOUDS["aws"])


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    layout = Layout(tmp_path / "it's a sandbox")
    layout.create()
    layout.write_fact("tsig-secret", "c2VjcmV0")
    return layout


@pytest.fixture
def ports(layout: Layout) -> Ports:
    return choose(layout)


@pytest.fixture
def tools(tmp_path: Path) -> Toolset:
    (tmp_path / "tools" / "stages").mkdir(parents=True)
    every = (*TOOLS, *(tool for cloud in CLOUDS for tool in CLOUD_TOOLS[cloud]))
    return Toolset({tool.name: tmp_path / "tools" for tool in every}, tmp_path / "pulumi", own_pulumi=False)


def by_name(found: list[Process]) -> dict[str, Process]:
    return {process.name: process for process in found}


@pytest.mark.parametrize("cloud", sorted(CLOUDS))
def test_a_cloud_adds_its_processes_and_changes_no_other(layout: Layout, ports: Ports, tools: Toolset, cloud: str) -> None:
    base = by_name(processes(layout, ports, tools))
    more = by_name(processes(layout, ports, tools, {cloud}))
    assert more.keys() - base.keys() == set(CLOUDS[cloud])
    assert {name: process.digest() for name, process in base.items()} == {name: more[name].digest() for name in base}


def test_everything_that_is_needed_is_there_and_comes_before(layout: Layout, ports: Ports, tools: Toolset) -> None:
    known = {BASE_BOOTSTRAP, ACCOUNTS}
    for cloud in (aws_processes, gcp_processes):
        known |= {cloud.BOOTSTRAP, cloud.FACTS}
    found = processes(layout, ports, tools, CLOUDS)
    for process in found:
        assert set(process.needs) <= known, process.name
        known.add(process.name)
    assert [name for group in STOP_ORDER for name in group] == NAMES
    assert {process.name for process in found} == set(NAMES)


def test_every_process_finds_the_twins(layout: Layout, ports: Ports, tools: Toolset) -> None:
    found = by_name(processes(layout, ports, tools, CLOUDS))
    aws, gcp = f"http://{ports.address('aws')}", f"http://{ports.address('gcp')}"
    for name in ("cert-manager", "aws-lbc", "aws-front"):
        assert found[name].environment["AWS_ENDPOINT_URL"] == aws
        assert found[name].environment["NO_PROXY"] == "127.0.0.1"
    for name in ("cert-manager", "gcp-glbc", "gcp-certs", "gcp-gateway", "gcp-front"):
        assert found[name].environment["GOOGLE_COMPUTE_CUSTOM_ENDPOINT"] == f"{gcp}/compute/v1/"
        assert found[name].environment["GOOGLE_DNS_CUSTOM_ENDPOINT"] == f"{gcp}/dns/v1/"
        key = json.loads(Path(found[name].environment["GOOGLE_APPLICATION_CREDENTIALS"]).read_text())
        assert key["token_uri"] == f"{gcp}/token"
        assert found[name].environment["NO_PROXY"] == "127.0.0.1"
    assert found["cert-manager"].environment["HTTP_PROXY"] == f"http://{ports.address('proxy')}"
    assert f"api-endpoint = {gcp}/compute/v1/\n" in (layout.config / "gce.conf").read_text()
    fronts = [ports.address("aws-front"), ports.address("gcp-front")]
    assert found["dns"].argv[-4:] == ["--forward", fronts[0], "--forward", fronts[1]]


def test_a_token_goes_from_the_api_server_to_the_twin_that_made_it(layout: Layout, ports: Ports, tools: Toolset) -> None:
    found = by_name(processes(layout, ports, tools))
    webhook = next(flag for flag in found["kube-apiserver"].argv if "token-webhook-config" in flag).partition("=")[2]
    server = json.loads(Path(webhook).read_text())["clusters"][0]["cluster"]["server"]
    assert server == f"http://{ports.address('token-reviews')}/"
    said = found["network"].argv
    assert said[said.index("--token-reviews") + 1] == ports.address("token-reviews")
    assert [said[index + 1] for index, argument in enumerate(said) if argument == "--tokens"] == [
        f"k8s-aws-v1.=http://{ports.address('aws')}/_portico/token-review",
        f"ya29.=http://{ports.address('gcp')}/_portico/token-review",
    ]


def test_the_key_of_the_service_account_stays_while_the_twin_stays(layout: Layout, ports: Ports, tools: Toolset) -> None:
    processes(layout, ports, tools)
    key = layout.pki / "gcp-key.json"
    before = key.read_text()
    processes(layout, ports, tools)
    assert key.read_text() == before
    moved = ports.model_copy(update={"ports": {**ports.ports, "gcp": 1}})
    processes(layout, moved, tools)
    assert json.loads(key.read_text())["token_uri"] == "http://127.0.0.1:1/token"


def test_the_controller_learns_its_vpc_when_it_starts(layout: Layout, ports: Ports, tools: Toolset) -> None:
    program = tools.program(AWS_LOAD_BALANCER_CONTROLLER.name, "aws-load-balancer-controller")
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nfor argument in "$@"; do echo "$argument"; done\n')
    program.chmod(0o755)
    layout.write_fact("aws-vpc", "vpc-1")
    process = by_name(processes(layout, ports, tools, {"aws"}))["aws-lbc"]
    said = subprocess.run(process.argv, capture_output=True, text=True, check=True).stdout.split("\n")
    assert "--aws-vpc-id=vpc-1" in said
    assert f"--kubeconfig={layout.pki / 'aws-lbc.kubeconfig'}" in said


def test_a_sandbox_keeps_the_clouds_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class AskedError(Exception):
        pass

    def ensure(clouds: frozenset[str]) -> Toolset:
        raise AskedError(*clouds)

    monkeypatch.setattr(control, "ensure", ensure)
    sandbox = Sandbox(tmp_path)
    assert not AWS & {one.name for one in sandbox.status()}
    with pytest.raises(AskedError, match=r"^$"):
        sandbox.up()
    with pytest.raises(AskedError, match="aws"):
        sandbox.up({"aws"})
    # Started once, and dead by now: still to be running.
    record = Record(name="aws-front", pid=2**22 - 3, created=1.0, digest="", argv=[])
    sandbox.layout.create()
    (sandbox.layout.run / "aws-front.json").write_text(record.model_dump_json())
    assert {one.name for one in sandbox.status() if one.state == "dead"} == {"aws-front"}
    assert {one.name for one in sandbox.status()} >= AWS
    with pytest.raises(AskedError, match="aws"):
        sandbox.up()


def test_a_cloud_that_has_no_twin(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no twin of azure; the sandbox can have: aws, gcp"):
        Sandbox(tmp_path).up({"azure"})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("config: {'portico:cloud': {aws: {cluster: sandbox}}}", {"aws"}),
        ("config: {'portico:cloud': {gcp: {project: shop}}}", {"gcp"}),
        ("config: {'portico:cloud': {rfc2136: {}}}", set()),
        ("config: {'portico:cloud': aws}", set()),
        ("config: {}", set()),
        ("config: [", set()),
        ("", set()),
        (None, set()),
    ],
)
def test_the_clouds_of_a_stack_file(tmp_path: Path, content: str | None, expected: set[str]) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    if content is not None:
        file.write_text(content)
    assert clouds_of(file) == expected


def test_what_the_user_has_set_restarts_nothing(
    layout: Layout, ports: Ports, tools: Toolset, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {process.name: process.digest() for process in processes(layout, ports, tools, CLOUDS)}
    for name in ("NO_PROXY", "no_proxy", "AWS_REGION", "AWS_PROFILE", "GOOGLE_PROJECT", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.setenv(name, "other.example")
    assert {process.name: process.digest() for process in processes(layout, ports, tools, CLOUDS)} == before
