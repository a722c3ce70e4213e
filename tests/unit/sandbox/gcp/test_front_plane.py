"""The data plane against the real twin: what visitors of its load balancers get. Pods are those of an API server in memory."""

import asyncio
import json

import pytest

from sandbox.front.fresh import MAX_AGE
from sandbox.imitation.pods import PROCESS_ANNOTATION, SOLVER_LABEL
from sandbox.twin import client as twins
from tests.unit.sandbox.gcp.conftest import REGION, Twin
from tests.unit.sandbox.gcp.front_scene import HERE, POD, ZONE, Scene, see

# asyncio (3.11) leaves connections to the garbage collector when their listening socket is closed at that very moment.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def test_an_application_load_balancer_from_its_making_to_its_end(twin: Twin) -> None:
    async def work(on: Scene) -> None:
        check = on.make("healthChecks", type="HTTP", httpHealthCheck={"portSpecification": "USE_SERVING_PORT"})
        shop = on.backend(on.group((POD, 8080)), healthChecks=[check])
        about = {"kubernetes.io/service-name": "kube-system/default-http-backend", "kubernetes.io/service-port": "http"}
        nobody = on.backend(name="-nobody", description=json.dumps(about))
        rules = [{"paths": ["/*"], "service": shop}]
        address = on.http(
            defaultService=nobody,
            hostRules=[{"hosts": ["shop.example"], "pathMatcher": "shop"}],
            pathMatchers=[{"name": "shop", "defaultService": nobody, "pathRules": rules}],
        )
        await on.look()
        other = await on.get(address, host="other.example")
        assert (other.status_code, other.text, other.headers["via"]) == (404, "default backend - 404", "1.1 google")
        none = await on.get(address)
        assert (none.status_code, "<h1>Error: Server Error</h1>" in none.text) == (502, True)
        on.pod()
        on.service("web", 30080, "web-1")
        await asyncio.sleep(0.05)
        answer = await on.get(address, "/a?b")
        said = answer.json()
        assert (said["namespace"], said["service"], said["pod"], said["path"]) == ("shop", "web", "web-1", "/a?b")
        assert (answer.headers["via"], said["headers"]["X-Forwarded-Proto"]) == ("1.1 google", "http")
        on.api.delete("pods", "web-1")
        await asyncio.sleep(0.05)
        assert (await on.get(address)).status_code == 502
        on.pod()
        members = {"networkEndpoints": [{"ipAddress": POD, "port": 8080}]}
        detach = on.compute.networkEndpointGroups().detachNetworkEndpoints
        on.twin.done(detach(**ZONE, networkEndpointGroup=on.name, body=members))
        await asyncio.sleep(MAX_AGE)
        assert (await on.get(address)).status_code == 502
        on.twin.done(on.compute.globalForwardingRules().delete(**HERE, forwardingRule=on.name))
        await on.look()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(address, on.ports[80])

    see(twin, "front-whole", work)


def test_a_solver_behind_a_nodes_port_gets_its_path_and_answers_as_it_does(twin: Twin) -> None:
    async def work(on: Scene) -> None:
        group = on.make("instanceGroups", scope=ZONE)
        ports = [{"name": "port30080", "port": 30080}, {"name": "port30089", "port": 30089}]
        on.twin.done(on.compute.instanceGroups().setNamedPorts(**ZONE, instanceGroup=on.name, body={"namedPorts": ports}))
        check = on.make("healthChecks", type="HTTP", httpHealthCheck={"port": 30089, "requestPath": "/"})
        web = on.backend(group, name="-web", portName="port30080")
        solver = on.backend(group, name="-solver", portName="port30089", healthChecks=[check])
        path = "/.well-known/acme-challenge/token"
        address = on.http(
            defaultService=web,
            hostRules=[{"hosts": ["shop.example"], "pathMatcher": "shop"}],
            pathMatchers=[{"name": "shop", "defaultService": web, "pathRules": [{"paths": [path], "service": solver}]}],
        )
        on.pod("web-1")
        on.service("web", 30080, "web-1")
        args = ["--listen-port=8089", "--domain=shop.example", "--token=token", "--key=token.thumb"]
        on.pod("solver", metadata={"labels": {SOLVER_LABEL: "true"}}, args=args)
        on.service("solver", 30089, "solver", port=8089)
        await on.look()
        assert (await on.get(address, path)).status_code == 502  # no instance is in the group yet
        instance = on.compute.instances().list(**ZONE).execute()["items"][0]["selfLink"]
        body = {"instances": [{"instance": instance}]}
        on.twin.done(on.compute.instanceGroups().addInstances(**ZONE, instanceGroup=on.name, body=body))
        await asyncio.sleep(MAX_AGE)
        assert (await on.get(address, path)).text == "token.thumb"
        assert (await on.get(address, "/")).json()["service"] == "web"
        asked = {"httpHealthCheck": {"requestPath": "/ready"}}
        on.twin.done(on.compute.healthChecks().patch(**HERE, healthCheck=on.name, body=asked))
        await asyncio.sleep(MAX_AGE)
        assert (await on.get(address, path)).status_code == 502  # a solver does not answer 200 there

    see(twin, "front-solver", work)


def test_a_redirect_to_https(twin: Twin) -> None:
    async def work(on: Scene) -> None:
        address = on.http(defaultUrlRedirect={"httpsRedirect": True, "redirectResponseCode": "FOUND", "stripQuery": False})
        await on.look()
        answer = await on.get(address, "/a?b")
        assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/a?b")

    see(twin, "front-redirect", work)


def test_a_network_load_balancer_leads_to_the_ports_of_its_service(twin: Twin) -> None:
    async def work(on: Scene) -> None:
        async def listen(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"hello")
            writer.close()

        process = await asyncio.start_server(listen, "127.0.0.1", 0)
        region = {**HERE, "region": REGION}
        about = {"networking.gke.io/service-name": "shop/web", "networking.gke.io/api-version": "ga"}
        backend = on.make("regionBackendServices", scope=region, protocol="TCP", loadBalancingScheme="EXTERNAL")
        content = {"backendService": backend, "portRange": "80-443", "description": json.dumps(about)}
        address = on.open("forwardingRules", scope=region, **content)
        await on.look()
        for port in (80, 443):
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(address, on.ports[port])
        on.service("web", 30080, "web-1", port=process.sockets[0].getsockname()[1])
        await asyncio.sleep(0.05)
        await on.look()
        reader, writer = await asyncio.open_connection(address, on.ports[80])
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        writer.close()
        on.pod(metadata={"annotations": {PROCESS_ANNOTATION: "127.0.0.1"}})
        await asyncio.sleep(0.05)
        reader, writer = await asyncio.open_connection(address, on.ports[80])
        assert await reader.read() == b"hello"
        writer.close()
        on.pod()
        await asyncio.sleep(0.05)
        assert (await on.get(address)).json()["service"] == "web"
        process.close()
        await process.wait_closed()

    see(twin, "front-tcp", work)


def test_faults_are_not_meant_for_the_data_plane(twin: Twin) -> None:
    async def work(on: Scene) -> None:
        address = on.http(defaultUrlRedirect={"httpsRedirect": True, "stripQuery": False})
        twins.set_faults(on.twin.endpoint, [twins.Fault("compute", "error", count=1)])
        try:
            await on.look()
            assert (await on.get(address)).status_code == 301
            assert twins.faults(on.twin.endpoint) == [twins.Fault("compute", "error", count=1)]
        finally:
            twins.clear_faults(on.twin.endpoint)

    see(twin, "front-faults", work)
