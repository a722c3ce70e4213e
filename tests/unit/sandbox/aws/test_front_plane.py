"""The data plane against the real twin: what visitors of its load balancers get. Pods are those of an API server in memory."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sandbox.aws.client import REGION
from sandbox.aws.front.addresses import Addresses
from sandbox.aws.front.plane import Balancers
from sandbox.aws.front.targets import Targets
from sandbox.aws.front.tcp import introduction
from sandbox.aws.front.tls import versions
from sandbox.aws.front.twin import Twin as Reader
from sandbox.front.fresh import MAX_AGE
from sandbox.imitation.listeners import Listeners
from sandbox.imitation.pods import PROCESS_ANNOTATION
from tests.unit.sandbox.aws.conftest import Twin
from tests.unit.sandbox.fake_api import FakeApi
from tests.unit.sandbox.test_network_web import free_endpoint

# asyncio (3.11) leaves connections to the garbage collector when their listening socket is closed at that very moment.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

POOL = IPv4Network("127.30.1.0/27")
POD = "10.240.0.7"


class Scene:
    """The twin, an API server with one pod, and the data plane between them."""

    def __init__(self, twin: Twin, api: FakeApi, plane: Balancers, ports: dict[int, int]) -> None:
        self.twin, self.api, self.plane, self.ports = twin, api, plane, ports
        self.elb = twin.client("elbv2")
        ec2 = twin.client("ec2")
        mark = {"Name": "tag-key", "Values": ["kubernetes.io/role/elb"]}
        self.subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets(Filters=[mark])["Subnets"]]
        self.vpc = ec2.describe_subnets(SubnetIds=self.subnets)["Subnets"][0]["VpcId"]

    def balancer(self, name: str, **options: Any) -> tuple[str, str]:
        """A load balancer: its ARN and its DNS name."""
        if "SubnetMappings" not in options:
            options["Subnets"] = self.subnets
        made = self.elb.create_load_balancer(Name=name, **options)["LoadBalancers"][0]
        return made["LoadBalancerArn"], made["DNSName"]

    def group(self, name: str, protocol: str, port: int = 8080) -> str:
        made = self.elb.create_target_group(Name=name, Protocol=protocol, Port=port, VpcId=self.vpc, TargetType="ip")
        arn: str = made["TargetGroups"][0]["TargetGroupArn"]
        self.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": POD, "Port": port, "AvailabilityZone": "all"}])
        return arn

    def listen(self, balancer: str, protocol: str, port: int, *actions: dict[str, Any], certificate: str = "") -> str:
        options: dict[str, Any] = {"Certificates": [{"CertificateArn": certificate}]} if certificate else {}
        made = self.elb.create_listener(
            LoadBalancerArn=balancer, Protocol=protocol, Port=port, DefaultActions=list(actions), **options
        )
        return str(made["Listeners"][0]["ListenerArn"])

    def pod(self, port: int = 8080, **annotations: str) -> None:
        """A ready pod `web-1` behind the Service `web`."""
        meta = {"annotations": annotations}
        self.api.put("pods", "web-1", metadata=meta, spec={"containers": []}, status={"podIP": POD})
        self.api.put("services", "web", spec={"ports": [{"port": 80, "nodePort": 30080}]})
        reference = {"kind": "Pod", "name": "web-1"}
        endpoints = [{"addresses": [POD], "conditions": {"ready": True}, "targetRef": reference}]
        labels = {"labels": {"kubernetes.io/service-name": "web"}}
        self.api.put("endpointslices", "web-x", metadata=labels, addressType="IPv4", endpoints=endpoints, ports=[{"port": port}])

    async def get(self, name: str, path: str = "/", port: int = 80, *, trust: Any = True, **headers: str) -> httpx2.Response:
        """Ask the first address of a load balancer."""
        host = headers.pop("host", name)
        scheme = "http" if trust is True else "https"
        url = f"{scheme}://{self.plane.where()[name][0]}:{self.ports.get(port, port)}{path}"
        async with httpx2.AsyncClient(trust_env=False, verify=trust) as client:
            return await client.get(url, headers={"host": host, **headers}, extensions={"sni_hostname": host})


@asynccontextmanager
async def scene(twin: Twin, folder: Path) -> AsyncIterator[Scene]:
    api = FakeApi()
    api.known.add("targetgroupbindings")
    client, listeners = api.client(), Listeners()
    targets = Targets(client)
    ports = {number: (await free_endpoint())[1] for number in (80, 443)}
    plane = Balancers(Reader(twin.endpoint, REGION), Addresses(POOL, folder / "addresses"), targets, listeners, ports)
    running = asyncio.create_task(targets.run())
    try:
        await targets.synced()
        while api.watched() != api.known - {"ingresses"}:
            await asyncio.sleep(0.01)
        yield Scene(twin, api, plane, ports)
    finally:
        listeners.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await client.close()


@pytest.fixture
def see(twin: Twin, tmp_path: Path) -> Callable[[Callable[[Scene], Awaitable[None]]], None]:
    """Runs a test's work on a scene."""

    async def go(work: Callable[[Scene], Awaitable[None]]) -> None:
        async with scene(twin, tmp_path) as made:
            await work(made)

    return lambda work: asyncio.run(go(work))


See = Callable[[Callable[[Scene], Awaitable[None]]], None]
REFUSE = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


def forward(group: str) -> dict[str, Any]:
    return {"Type": "forward", "TargetGroupArn": group}


def test_an_application_load_balancer_from_its_making_to_its_end(see: See) -> None:
    async def work(on: Scene) -> None:
        arn, name = on.balancer("front-alb")
        group = on.group("front-alb", "HTTP")
        listener = on.listen(arn, "HTTP", 80, REFUSE)
        condition = {"Field": "host-header", "Values": ["shop.example"]}
        rule = {"ListenerArn": listener, "Priority": 1, "Conditions": [condition], "Actions": [forward(group)]}
        on.elb.create_rule(**rule)
        await on.plane.look()
        assert len(on.plane.where()[name]) == 2
        assert (await on.get(name)).status_code == 404
        assert (await on.get(name, host="shop.example")).status_code == 503
        on.pod()
        await asyncio.sleep(0.05)
        said = (await on.get(name, "/a?b", host="shop.example")).json()
        assert (said["service"], said["pod"], said["path"]) == ("web", "web-1", "/a?b")
        assert said["headers"]["X-Forwarded-Port"] == "80"
        on.api.delete("pods", "web-1")
        await asyncio.sleep(0.05)
        assert (await on.get(name, host="shop.example")).status_code == 503
        on.pod()
        on.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": POD, "Port": 8080}])
        await asyncio.sleep(MAX_AGE)
        assert (await on.get(name, host="shop.example")).status_code == 503
        where = on.plane.where()[name][0]
        on.elb.delete_load_balancer(LoadBalancerArn=arn)
        await on.plane.look()
        assert name not in on.plane.where()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(where, on.ports[80])

    see(work)


def test_https_with_a_certificate_for_each_name(see: See, issued: Callable[[str], str]) -> None:
    async def work(on: Scene) -> None:
        arn, name = on.balancer("front-tls")
        listener = on.listen(arn, "HTTPS", 443, REFUSE, certificate=issued("one.example"))
        await on.plane.look()
        trust = ssl.create_default_context(cafile=str(on.twin.authority.certificate))
        get = partial(on.get, name, port=443, trust=trust)
        assert (await get(host="one.example")).status_code == 404
        with pytest.raises(httpx2.ConnectError, match=r"certificate is not valid for 'two\.example'"):
            await get(host="two.example")
        on.elb.add_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": issued("two.example")}])
        await on.plane.look()
        assert (await get(host="two.example")).status_code == 404
        assert (await get(host="one.example")).status_code == 404
        on.elb.delete_load_balancer(LoadBalancerArn=arn)

    see(work)


def test_a_network_load_balancer_at_its_own_addresses_says_who_asks(see: See) -> None:
    async def work(on: Scene) -> None:
        heard: asyncio.Queue[bytes] = asyncio.Queue()

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.put_nowait(await reader.read(1000))
            writer.write(b"hello")
            writer.close()

        ec2 = on.twin.client("ec2")
        eips = [ec2.allocate_address(Domain="vpc") for _ in on.subnets]
        pairs = zip(on.subnets, eips, strict=True)
        mappings = [{"SubnetId": subnet, "AllocationId": eip["AllocationId"]} for subnet, eip in pairs]
        arn, name = on.balancer("front-nlb", Type="network", SubnetMappings=mappings)
        process = await asyncio.start_server(listen, "127.0.0.1", 0)
        port = process.sockets[0].getsockname()[1]
        group = on.group("front-nlb", "TCP", port)
        on.listen(arn, "TCP", 443, forward(group))
        on.listen(arn, "TCP", 25, forward(group))
        await on.plane.look()
        assert sorted(on.plane.where()[name]) == sorted(eip["PublicIp"] for eip in eips)
        where = on.plane.where()[name][0]
        reader, writer = await asyncio.open_connection(where, on.ports[443])
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        writer.close()
        on.pod(port, **{PROCESS_ANNOTATION: "127.0.0.1"})
        on.elb.modify_target_group_attributes(
            TargetGroupArn=group, Attributes=[{"Key": "proxy_protocol_v2.enabled", "Value": "true"}]
        )
        await asyncio.sleep(MAX_AGE)
        for here in (on.ports[443], 20025):  # a port below 1024 has another one in its place
            reader, writer = await asyncio.open_connection(where, here)
            assert await reader.read() == b"hello"
            assert await heard.get() == introduction(writer.get_extra_info("sockname"), (where, here))
            writer.close()
        on.elb.delete_load_balancer(LoadBalancerArn=arn)
        process.close()
        await process.wait_closed()

    see(work)


def test_the_header_of_the_proxy_protocol() -> None:
    header = introduction(("127.0.0.1", 4711), ("127.20.1.1", 443))
    assert header[:16] == b"\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a\x21\x11\x00\x0c"
    assert header[16:] == bytes((127, 0, 0, 1, 127, 20, 1, 1)) + struct.pack("!HH", 4711, 443)


@pytest.mark.parametrize(
    ("policy", "oldest", "newest"),
    [
        ("ELBSecurityPolicy-2016-08", "TLSv1_2", "TLSv1_2"),
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", "TLSv1_2", "TLSv1_3"),
        ("ELBSecurityPolicy-TLS13-1-3-2021-06", "TLSv1_3", "TLSv1_3"),
    ],
)
def test_tls_versions_of_policies(policy: str, oldest: str, newest: str) -> None:
    assert versions(policy) == (ssl.TLSVersion[oldest], ssl.TLSVersion[newest])
