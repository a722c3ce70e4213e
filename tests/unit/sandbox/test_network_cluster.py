"""The imitations as a whole, against a small API server in memory and the sandbox's real DNS server."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.name
import dns.tsig
import dns.update
import httpx2
import pytest
from lightkube import AsyncClient

from sandbox.dnsserver.server import Handler, Server
from sandbox.dnsserver.store import Store
from sandbox.imitation import services
from sandbox.imitation.addresses import Pool
from sandbox.imitation.listeners import Listeners
from sandbox.imitation.names import Names, UnknownNameError
from sandbox.imitation.pods import PROCESS_ANNOTATION
from sandbox.imitation.web import Reply, serve
from sandbox.network import imitate
from tests.unit.sandbox.fake_api import FakeApi
from tests.unit.sandbox.test_network_web import free_endpoint, refused, settled

# asyncio (3.11) forgets to close a connection that comes in the very moment its listening socket is closed, as
# those of `silent` do; the garbage collector closes it then, and says so.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

ZONES = ("portico.test", "other.test")
KEY = dns.tsig.Key("k.", b"secret", "hmac-sha256")
POOL = ipaddress.IPv4Network("127.20.250.0/29")
CLUSTER_IP = "127.13.250.1"


class Scene:
    """An API server, a DNS server, and the imitations between them."""

    def __init__(self, api: FakeApi, dns_port: int, port: int) -> None:
        self.api = api
        self.dns_port = dns_port
        self.port = port
        self.names = Names("127.0.0.1", dns_port)

    async def update(self, zone: str, change: Callable[[dns.update.UpdateMessage], None]) -> None:
        sent = dns.update.UpdateMessage(zone, keyring=KEY)
        change(sent)
        await dns.asyncquery.udp(sent, "127.0.0.1", port=self.dns_port, timeout=5)

    async def reserve(self, address: str, zone: str = "portico.test") -> None:
        label = address.replace(".", "-")
        await self.update(zone, lambda u: u.add(f"{label}._address", 60, "TXT", "dev"))

    def service(self, name: str = "web", ip: str = CLUSTER_IP, annotations: dict[str, str] | None = None, **spec: Any) -> None:
        content = {"clusterIP": ip, "ports": [{"name": "http", "port": self.port, "protocol": "TCP"}], **spec}
        known = self.api.objects["services"].get(("shop", name), {})
        metadata = {"annotations": annotations or {}}
        self.api.put("services", name, spec=content, status=known.get("status", {}), metadata=metadata)

    def ready(self, ready: bool = True, service: str = "web", port: int = 8000, **pod: Any) -> None:
        """Say of the Service's one pod whether it is ready."""
        containers = [{"name": "c", "image": "i", "args": pod.pop("args", [])}]
        self.api.put("pods", f"{service}-1", spec={"containers": containers}, metadata=pod)
        self.api.put(
            "endpointslices",
            f"{service}-x",
            metadata={"labels": {"kubernetes.io/service-name": service}},
            addressType="IPv4",
            ports=[{"name": "http", "port": port, "protocol": "TCP"}],
            endpoints=[
                {
                    "addresses": ["10.0.0.1"],
                    "conditions": {"ready": ready},
                    "targetRef": {"kind": "Pod", "name": f"{service}-1", "namespace": "shop"},
                }
            ],
        )

    async def get(self, host: str = CLUSTER_IP, path: str = "/") -> httpx2.Response:
        async with httpx2.AsyncClient(trust_env=False) as client:
            return await client.get(f"http://{host}:{self.port}{path}")

    async def eventually(self, fact: Callable[[], Awaitable[Any] | Any], what: str = "") -> Any:
        """Wait until something is so; returns it."""
        async with asyncio.timeout(10):
            while True:
                try:
                    value = fact()
                    if isinstance(value, Awaitable):
                        value = await value
                    if value:
                        return value
                except (httpx2.TransportError, KeyError):
                    pass
                await asyncio.sleep(0.005)

    def address(self, name: str, plural: str = "services") -> str | None:
        ingress = (self.api.get(plural, name).get("status") or {}).get("loadBalancer", {}).get("ingress")
        return ingress[0]["ip"] if ingress else None

    def events(self, name: str) -> list[str]:
        return [reason for about, reason, _ in self.api.events if about == name]

    async def answers(self, host: str = CLUSTER_IP) -> httpx2.Response:
        reply = await self.eventually(partial(self.get, host))
        assert isinstance(reply, httpx2.Response)
        return reply

    async def broken_off(self, host: str) -> bool:
        try:
            await self.get(host)
        except httpx2.TransportError:
            return True
        return False

    async def silent(self, host: str = CLUSTER_IP) -> None:
        await self.eventually(partial(refused, (host, self.port)))


@asynccontextmanager
async def imitating(scene: Scene) -> AsyncIterator[AsyncClient]:
    client, listeners = scene.api.client(), Listeners()
    task = asyncio.create_task(imitate(client, listeners, scene.names, Pool(POOL)))
    try:
        await scene.eventually(lambda: scene.api.away or scene.api.watched() >= scene.api.known)
        yield client
    finally:
        listeners.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.close()


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Run a test's coroutine with a scene; the imitations run unless it starts them itself."""

    def run(work: Callable[[Scene], Awaitable[None]], start: bool = True) -> None:
        async def go() -> None:
            store = Store(tmp_path, [dns.name.from_text(zone) for zone in ZONES])
            server = Server(Handler(store, {KEY.name: KEY}))
            dns_port = await server.start("127.0.0.1", 0)
            scene = Scene(FakeApi(), dns_port, (await free_endpoint())[1])
            try:
                if start:
                    async with imitating(scene):
                        await work(scene)
                else:
                    await work(scene)
            finally:
                await server.close()
                await settled()

        asyncio.run(go())

    return run


Play = Callable[..., None]


def test_a_cluster_ip_answers_while_a_pod_is_ready(play: Play) -> None:
    async def work(scene: Scene) -> None:
        scene.service()
        scene.ready(False)
        scene.ready()
        reply = (await scene.answers()).json()
        assert (reply["service"], reply["namespace"], reply["pod"]) == ("web", "shop", "web-1")
        scene.ready(False)
        await scene.silent()
        scene.ready()
        await scene.answers()
        scene.api.delete("services", "web")
        await scene.silent()

    play(work)


def test_what_comes_in_another_order_is_understood_as_well(play: Play) -> None:
    async def work(scene: Scene) -> None:
        scene.ready()
        pod = scene.api.get("pods", "web-1")
        scene.api.delete("pods", "web-1")
        scene.service()
        await scene.silent()
        scene.api.put("pods", "web-1", **{key: pod[key] for key in ("spec",)})
        await scene.answers()

    play(work)


def test_solver_pods_answer_challenges(play: Play) -> None:
    async def work(scene: Scene) -> None:
        scene.service()
        scene.ready(
            args=["--domain=127.13.250.1", "--token=T", "--key=T.k"],
            labels={"acme.cert-manager.io/http01-solver": "true"},
        )
        await scene.answers()
        assert (await scene.get(path="/.well-known/acme-challenge/T")).text == "T.k"
        assert (await scene.get(path="/.well-known/acme-challenge/U")).status_code == 404

    play(work)


def test_real_processes_answer_for_their_pods(play: Play) -> None:
    async def work(scene: Scene) -> None:
        real, listeners = await free_endpoint(), Listeners()
        await listeners.assign("real", {real: partial(serve, respond=lambda _request: Reply(200, b"real"))})
        scene.service(type="LoadBalancer")
        scene.ready(port=real[1], annotations={PROCESS_ANNOTATION: real[0]})
        assert (await scene.answers()).text == "real"
        address = await scene.eventually(lambda: scene.address("web"))
        assert (await scene.answers(address)).text == "real"
        listeners.close()

    play(work)


def test_a_reserved_address_is_given_served_and_freed(play: Play) -> None:
    async def work(scene: Scene) -> None:
        await scene.reserve("127.20.250.1", "other.test")
        scene.ready()
        scene.service(type="LoadBalancer", loadBalancerIP="127.20.250.1")
        assert await scene.eventually(lambda: scene.address("web")) == "127.20.250.1"
        assert (await scene.answers("127.20.250.1")).json()["host"] == f"127.20.250.1:{scene.port}"
        scene.ready(False)
        # Accepted, as load balancers do, but nobody is there.
        await scene.eventually(partial(scene.broken_off, "127.20.250.1"))
        assert not await refused(("127.20.250.1", scene.port))
        scene.service(type="ClusterIP")
        await scene.eventually(lambda: scene.address("web") is None)
        await scene.silent("127.20.250.1")
        assert scene.events("web") == ["AddressAssigned"]

    play(work)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.20.250.2", "AddressNotReserved"),
        ("127.20.250.9", "AddressOutsidePool"),
        ("127.20.250.1", "AddressInUse"),
    ],
)
def test_refusals_are_told_once_and_end_when_their_reason_does(play: Play, address: str, reason: str) -> None:
    async def work(scene: Scene) -> None:
        await scene.reserve("127.20.250.1")
        scene.service("first", type="LoadBalancer", loadBalancerIP="127.20.250.1")
        await scene.eventually(lambda: scene.address("first"))
        scene.service(type="LoadBalancer", loadBalancerIP=address)
        await scene.eventually(lambda: reason in scene.events("web"))
        assert scene.address("web") is None
        await scene.reserve("127.20.250.2")
        scene.api.delete("services", "first")
        if reason == "AddressOutsidePool":
            scene.service(type="LoadBalancer", loadBalancerIP="127.20.250.2")
        await scene.eventually(lambda: scene.address("web"))
        await scene.eventually(lambda: "AddressAssigned" in scene.events("web"))
        assert scene.events("web") == [reason, "AddressAssigned"]

    play(work)


def test_a_dns_server_that_is_away_is_told_and_waited_for(play: Play) -> None:
    async def work(scene: Scene) -> None:
        scene.names = Names(*(await free_endpoint("127.0.0.3")), timeout=0.1)
        async with imitating(scene):
            scene.service(type="LoadBalancer", loadBalancerIP="127.20.250.1")
            await scene.eventually(lambda: "ReservationUnknown" in scene.events("web"))

    play(work, start=False)


def test_without_a_wish_an_unreserved_address_is_given(play: Play) -> None:
    async def work(scene: Scene) -> None:
        await scene.reserve("127.20.250.6")
        scene.service(type="LoadBalancer")
        assert await scene.eventually(lambda: scene.address("web")) == "127.20.250.5"

    play(work)


def test_other_load_balancers_services_are_theirs(play: Play) -> None:
    async def work(scene: Scene) -> None:
        scene.service("theirs", type="LoadBalancer", loadBalancerClass="other/nlb")
        scene.service("gke", type="LoadBalancer", annotations={"cloud.google.com/l4-rbs": "enabled"})
        theirs = {"loadBalancer": {"ingress": [{"ip": "127.20.250.3"}]}}
        scene.api.put("ingresses", "traefiks", spec={"ingressClassName": "traefik"}, status=theirs)
        scene.service(type="LoadBalancer")
        await scene.eventually(lambda: scene.address("web"))
        assert scene.address("theirs") is None
        assert scene.address("gke") is None
        assert scene.address("traefiks", "ingresses") == "127.20.250.3"

    play(work)


def test_addresses_survive_a_restart_of_the_process(play: Play) -> None:
    async def work(scene: Scene) -> None:
        given = {"loadBalancer": {"ingress": [{"ip": "127.20.250.4"}]}}
        scene.service("a-new-one", type="LoadBalancer", ip="127.13.250.2")
        scene.api.put("services", "old", spec={"type": "LoadBalancer", "ports": []}, status=given)
        async with imitating(scene):
            await scene.eventually(lambda: scene.address("a-new-one"))
            assert scene.address("a-new-one") != "127.20.250.4"
            assert scene.address("old") == "127.20.250.4"

    play(work, start=False)


def test_an_api_server_that_was_away_is_listed_anew(play: Play) -> None:
    async def work(scene: Scene) -> None:
        scene.service()
        scene.service("second", ip="127.13.250.2")
        scene.ready()
        scene.ready(service="second")
        await scene.answers()
        await scene.answers("127.13.250.2")
        scene.api.away = True
        scene.api.break_watches()
        await scene.eventually(lambda: not scene.api.watched())
        scene.api.delete("services", "second")
        scene.service("third", ip="127.13.250.3")
        scene.ready(service="third")
        assert (await scene.get()).status_code == 200
        scene.api.away = False
        await scene.answers("127.13.250.3")
        await scene.silent("127.13.250.2")
        assert (await scene.get()).status_code == 200

    play(work)


def test_gateways_and_ingresses_of_the_own_class(play: Play) -> None:
    async def work(scene: Scene) -> None:
        scene.api.known.add("gateways")
        wish = {"gatewayClassName": "sandbox-lb", "addresses": [{"type": "IPAddress", "value": "127.20.250.1"}]}
        scene.api.put("gateways", "gate", spec=wish, metadata={"generation": 3})
        scene.api.put("gateways", "theirs", spec={**wish, "gatewayClassName": "traefik"})
        scene.api.put("ingresses", "in", spec={"ingressClassName": "sandbox-lb"})
        await scene.eventually(lambda: scene.address("in", "ingresses") == "127.20.250.6")

        def programmed() -> dict[str, Any]:
            conditions = scene.api.get("gateways", "gate")["status"]["conditions"]
            return next(c for c in conditions if c["type"] == "Programmed")

        await scene.eventually(programmed)
        assert (programmed()["status"], programmed()["reason"]) == ("False", "AddressNotUsable")
        version = scene.api.get("gateways", "gate")["metadata"]["resourceVersion"]
        await scene.reserve("127.20.250.1")
        await scene.eventually(lambda: programmed()["status"] == "True")
        gate = scene.api.get("gateways", "gate")
        assert gate["status"]["addresses"] == [{"type": "IPAddress", "value": "127.20.250.1"}]
        assert {c["observedGeneration"] for c in gate["status"]["conditions"]} == {3}
        assert int(gate["metadata"]["resourceVersion"]) <= int(version) + 2  # refusals are written once
        assert "status" not in scene.api.get("gateways", "theirs")
        scene.api.put("ingresses", "in", spec={"ingressClassName": "traefik"}, status=scene.api.get("ingresses", "in")["status"])
        await scene.eventually(lambda: scene.address("in", "ingresses") is None)

    play(work)


def test_ports_that_cannot_be_had_are_told_and_tried_again(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_RETRY_DELAY", 0.01)

    async def work(scene: Scene) -> None:
        listeners = Listeners()
        occupied = {(CLUSTER_IP, scene.port): partial(serve, respond=lambda _request: Reply(200, b"other"))}
        await listeners.assign("other", occupied)
        scene.service()
        scene.ready()
        await scene.eventually(lambda: "PortNotBound" in scene.events("web"))
        listeners.close()
        assert (await scene.eventually(scene.answers)).json()["service"] == "web"

    play(work)


def test_names(play: Play) -> None:
    async def work(scene: Scene) -> None:
        await scene.update("portico.test", lambda u: u.add("a", 60, "A", "127.20.250.1"))
        await scene.update("portico.test", lambda u: u.add("b", 60, "CNAME", "a"))
        await scene.update("portico.test", lambda u: u.add("t", 60, "TXT", "text"))
        assert await scene.names.addresses("b.portico.test") == ["127.20.250.1"]
        for name, message in (
            ("c.portico.test", "no such name"),
            ("t.portico.test", "has no address"),
            ("example.com", "in none of the zones"),
        ):
            with pytest.raises(UnknownNameError, match=message):
                await scene.names.addresses(name)
        with pytest.raises(UnknownNameError, match="does not answer"):
            await Names(*(await free_endpoint("127.0.0.3")), timeout=0.1).addresses("a.portico.test")

    play(work, start=False)
