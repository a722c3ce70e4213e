"""The imitated Gateway controller against the real twin: what it makes, changes and removes, and what it says."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from sandbox.twin import client as twins
from tests.unit.sandbox.gcp.conftest import PROJECT, REGION, Twin
from tests.unit.sandbox.gcp.gateway_scene import CLASSIC, INTERNAL, REGIONAL, Scene, controlling, http, https, play, to

_COLLECTIONS = (
    "forwardingRules",
    "targetHttpProxies",
    "targetHttpsProxies",
    "sslCertificates",
    "urlMaps",
    "backendServices",
    "healthChecks",
    "networkEndpointGroups",
    "addresses",
)


def test_a_load_balancer_from_its_making_to_its_end(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        address = on.address()
        pem = on.secret("tls", "shop.example")
        on.service("web", "10.0.0.1", "10.0.0.2")
        on.gateway(http(), https("tls", hostname="shop.example"), address=address)
        on.route("web", to("web"), hosts=["shop.example"], sectionName="https")
        redirect = {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]}
        on.route("web-redirect", redirect, hosts=["shop.example"], sectionName="http")
        await on.programmed()
        ip = on.ip(address)
        assert on.status()["addresses"] == [{"type": "IPAddress", "value": ip}]
        rules = {rule["portRange"]: rule for rule in on.mine("forwardingRules")}
        assert {(port, rule["IPAddress"], rule["loadBalancingScheme"]) for port, rule in rules.items()} == {
            ("80-80", ip, "EXTERNAL_MANAGED"),
            ("443-443", ip, "EXTERNAL_MANAGED"),
        }
        await on.eventually(lambda: on.members() == [("10.0.0.1", 8080), ("10.0.0.2", 8080)])
        (certificate,) = on.mine("sslCertificates")
        assert certificate["certificate"] == pem
        secure = next(one for one in on.mine("urlMaps") if one["selfLink"] == on.mine("targetHttpsProxies")[0]["urlMap"])
        assert secure["hostRules"][0]["hosts"] == ["shop.example"]
        assert secure["defaultRouteAction"]["faultInjectionPolicy"]["abort"]["httpStatus"] == 404
        plain = next(one for one in on.mine("urlMaps") if one["selfLink"] == on.mine("targetHttpProxies")[0]["urlMap"])
        assert plain["pathMatchers"][0]["routeRules"][0]["urlRedirect"]["httpsRedirect"] is True
        for route in ("web", "web-redirect"):
            parent = on.parent(route)
            assert [on.condition(name, parent)[0] for name in ("Accepted", "ResolvedRefs", "Reconciled")] == ["True"] * 3
        assert {one["name"]: one["attachedRoutes"] for one in on.status()["listeners"]} == {"http": 1, "https": 1}
        annotations = on.api.get("gateways", on.name)["metadata"]["annotations"]
        assert annotations["networking.gke.io/addresses"] == f"/projects/{PROJECT}/global/addresses/{address}"
        assert f"SYNC on shop/{on.name} was a success" in on.events()
        names = [one["name"] for each in _COLLECTIONS for one in on.mine(each)]
        assert all(name.startswith("gkegw1-") and len(name) <= 63 for name in names)
        on.api.ask_to_delete("gateways", on.name)
        await on.eventually(lambda: ("shop", on.name) not in on.api.objects["gateways"])
        assert [on.mine(each) for each in _COLLECTIONS] == [[]] * len(_COLLECTIONS)
        assert on.ip(address) == ip
        assert on.parent("web") == {}

    play(twin, tmp_path, "life", work)


def test_routes_and_pods_change_the_load_balancer_in_place(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        on.service("web", "10.0.1.1")
        on.service("api", "10.0.1.2", port=8000, target=9000, zone=f"{REGION}-c")
        on.gateway(address=on.address())
        on.route("web", to("web"), hosts=["a.example"])
        await on.programmed()
        await on.eventually(lambda: on.mine("urlMaps")[0].get("hostRules") and on.members() == [("10.0.1.1", 8080)])
        (before,) = on.mine("urlMaps")
        on.route("web", to("web"), to("api", "/api", 8000), hosts=["a.example", "*.b.example"])
        await on.eventually(lambda: len(on.members()) == len(on.mine("urlMaps")[0]["hostRules"]) == 2)
        (after,) = on.mine("urlMaps")
        assert (before["id"], {host for rule in after["hostRules"] for host in rule["hosts"]}) == (
            after["id"],
            {"a.example", "*.b.example"},
        )
        rules = after["pathMatchers"][0]["routeRules"]
        assert [rule["matchRules"] for rule in rules] == [
            [{"fullPathMatch": "/api"}, {"prefixMatch": "/api/"}],
            [{"prefixMatch": "/"}],
        ]
        assert {group["zone"].rpartition("-")[2] for group in on.mine("networkEndpointGroups")} >= {"b", "c"}
        on.service("web", "10.0.1.7", "10.0.1.8")
        await on.eventually(lambda: on.members() == [("10.0.1.2", 9000), ("10.0.1.7", 8080), ("10.0.1.8", 8080)])
        on.api.delete("httproutes", "web")
        await on.eventually(lambda: on.mine("networkEndpointGroups") == [])
        assert on.mine("forwardingRules")

    play(twin, tmp_path, "place", work)


def test_another_certificate_in_the_secret_is_another_certificate_of_the_proxy(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        first = on.secret("tls", "shop.example")
        on.gateway(https("tls"), address=on.address())
        await on.programmed()
        assert [one["certificate"] for one in on.mine("sslCertificates")] == [first]
        second = on.secret("tls", "shop.example")
        await on.eventually(lambda: [one["certificate"] for one in on.mine("sslCertificates")] == [second])
        (proxy,) = on.mine("targetHttpsProxies")
        assert proxy["sslCertificates"] == [on.mine("sslCertificates")[0]["selfLink"]]

    play(twin, tmp_path, "renewal", work)


def test_policies_say_how_pods_are_asked_and_what_else_is_done(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        compute = twin.client("compute")
        twin.done(compute.securityPolicies().insert(project=PROJECT, body={"name": "armor"}))
        twin.done(compute.sslPolicies().insert(project=PROJECT, body={"name": "modern", "profile": "MODERN"}))
        on.service("web", "10.0.2.1")
        on.secret("tls", "shop.example")
        on.gateway(https("tls"), address=on.address())
        on.route("web", to("web"))
        await on.programmed()

        def bodies(collection: str) -> list[dict[str, object]]:
            return [one for one in on.mine(collection) if "shop/web" in one["description"]]

        (check,) = await on.eventually(lambda: bodies("healthChecks"))
        assert check["httpHealthCheck"] == {"portSpecification": "USE_SERVING_PORT", "requestPath": "/"}
        target = {"group": "", "kind": "Service", "name": "web"}
        config = {"type": "HTTP", "httpHealthCheck": {"requestPath": "/ready", "port": 8081}}
        on.api.put("healthcheckpolicies", "web", spec={"targetRef": target, "default": {"config": config}})
        said = {"securityPolicy": "armor", "timeoutSec": 7, "connectionDraining": {"drainingTimeoutSec": 9}}
        on.api.put("gcpbackendpolicies", "web", spec={"targetRef": target, "default": said})
        gateway = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": on.name}
        on.api.put("gcpgatewaypolicies", "tls", spec={"targetRef": gateway, "default": {"sslPolicy": "modern"}})
        await on.eventually(lambda: bodies("healthChecks")[0]["httpHealthCheck"]["port"] == 8081)  # type: ignore[index]
        asked = {"portSpecification": "USE_FIXED_PORT", "requestPath": "/ready", "port": 8081}
        assert bodies("healthChecks")[0]["httpHealthCheck"] == asked
        await on.eventually(
            lambda: str(bodies("backendServices")[0].get("securityPolicy")).endswith("/global/securityPolicies/armor")
        )
        (service,) = bodies("backendServices")
        assert (service["timeoutSec"], service["connectionDraining"]) == (7, {"drainingTimeoutSec": 9})
        await on.eventually(lambda: str(on.mine("targetHttpsProxies")[0].get("sslPolicy")).endswith("/sslPolicies/modern"))
        await on.eventually(lambda: on.attached("healthcheckpolicies", "web")[0] == "True")
        await on.eventually(lambda: on.attached("gcpbackendpolicies", "web")[0] == "True")
        on.api.delete("gcpgatewaypolicies", "tls")
        on.api.put("gcpbackendpolicies", "web", spec={"targetRef": target, "default": {"timeoutSec": 8}})
        await on.eventually(lambda: "securityPolicy" not in bodies("backendServices")[0])
        await on.eventually(lambda: "sslPolicy" not in on.mine("targetHttpsProxies")[0])
        on.api.put("gcpbackendpolicies", "web", spec={"targetRef": target, "default": {"securityPolicy": "none-such"}})
        await on.refused("none-such")
        on.api.put("healthcheckpolicies", "lost", spec={"targetRef": {**target, "name": "lost"}})
        await on.eventually(lambda: on.attached("healthcheckpolicies", "lost")[1] == "TargetNotFound")

    play(twin, tmp_path, "policies", work)


def test_a_map_of_certificate_manager_is_shown_instead_of_secrets(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        on.gateway(
            http(), https(hostname="shop.example"), address=on.address(), annotations={"networking.gke.io/certmap": "shown"}
        )
        path = f"//certificatemanager.googleapis.com/projects/{PROJECT}/locations/global/certificateMaps/shown"
        status, reason, message = await on.refused("EXTERNAL_RESOURCE_NOT_FOUND")
        assert (status, reason, f"'{path}' of type 'CertificateMap' was not found" in message) == ("False", "Pending", True)
        maps = twin.client("certificatemanager").projects().locations().certificateMaps()
        maps.create(parent=f"projects/{PROJECT}/locations/global", certificateMapId="shown", body={}).execute()
        await on.programmed()
        assert on.mine("targetHttpsProxies")[0]["certificateMap"] == path
        on.secret("tls", "shop.example")
        on.gateway(https("tls"), address=on.status()["addresses"] and "", annotations={"networking.gke.io/certmap": "shown"})
        await on.refused("cannot be used together")

    play(twin, tmp_path, "certmap", work)


def test_regional_classes_make_regional_things_in_front_of_a_proxy_only_subnet(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        address = on.address("regional", networkTier="STANDARD")
        on.secret("tls", "shop.example")
        on.service("web", "10.0.3.1")
        on.gateway(http(), https("tls"), address=address, kind=REGIONAL)
        on.route("web", to("web"))
        await on.programmed()
        for each in (
            "forwardingRules",
            "targetHttpProxies",
            "targetHttpsProxies",
            "sslCertificates",
            "urlMaps",
            "backendServices",
        ):
            found = on.mine(each)
            assert found
            assert all(one["region"].endswith(REGION) for one in found), each
        assert {rule["networkTier"] for rule in on.mine("forwardingRules")} == {"STANDARD"}
        on.gateway(http(), address=address, kind=REGIONAL, annotations={"networking.gke.io/certmap": "any"})
        await on.programmed()
        on.gateway(https(), address=address, kind=REGIONAL, annotations={"networking.gke.io/certmap": "any"})
        await on.refused("not supported by GatewayClass")

    play(twin, tmp_path, "regional", work)


def test_a_gateway_without_an_address_gets_one_that_goes_with_it(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        on.gateway()
        await on.programmed()
        (address,) = on.mine("addresses")
        assert on.status()["addresses"][0]["value"] == address["address"]
        on.api.ask_to_delete("gateways", on.name)
        await on.eventually(lambda: ("shop", on.name) not in on.api.objects["gateways"])
        assert on.mine("addresses") == []

    play(twin, tmp_path, "own", work)


def test_the_classic_and_the_internal_class(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        on.service("web", "10.0.4.1")
        on.gateway(address=on.address(), kind=CLASSIC)
        on.route("web", to("web", "/shop"))
        await on.programmed()
        await on.eventually(lambda: on.mine("urlMaps")[0].get("pathMatchers"))
        (matcher,) = on.mine("urlMaps")[0]["pathMatchers"]
        assert [rule["paths"] for rule in matcher["pathRules"]] == [["/shop"], ["/shop/*"]]
        assert {one["loadBalancingScheme"] for one in on.mine("forwardingRules")} == {"EXTERNAL"}
        on.route("web", {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]})
        _, reason, message = await on.refused("classic GXLB (GatewayClass gke-l7-gxlb) does not support rule filters")
        assert (reason, message.partition(":")[0]) == ("Invalid", "Error GWCER104")
        assert on.condition("Accepted", on.parent("web"))[:2] == ("False", "UnsupportedValue")
        on.route("web", to("web"))
        await on.programmed()
        on.gateway(address=on.address("regional", addressType="INTERNAL", purpose="SHARED_LOADBALANCER_VIP"), kind=INTERNAL)
        await on.eventually(lambda: {one["loadBalancingScheme"] for one in on.mine("forwardingRules")} == {"INTERNAL_MANAGED"})

    play(twin, tmp_path, "kinds", work)


def test_a_controller_that_starts_anew_takes_over_and_misses_no_deletion(twin: Twin, tmp_path: Path) -> None:
    async def go() -> None:
        on = Scene(twin, tmp_path, "anew")
        async with controlling(on):
            on.gateway(address=on.address())
            await on.programmed()
        (before,) = on.mine("forwardingRules")
        on.service("web", "10.0.7.1")
        on.route("web", to("web"))
        async with controlling(on):
            await on.eventually(lambda: on.members() == [("10.0.7.1", 8080)])
            assert on.mine("forwardingRules") == [before]
        on.api.ask_to_delete("gateways", on.name)
        assert on.api.get("gateways", on.name)["metadata"]["finalizers"] == ["gateway.finalizer.networking.gke.io"]
        async with controlling(on):
            await on.eventually(lambda: ("shop", on.name) not in on.api.objects["gateways"])
        assert on.mine("forwardingRules") == []
        on.release()

    asyncio.run(go())


def test_what_google_fails_at_is_said_and_tried_again(own_twin: Callable[..., Twin], tmp_path: Path) -> None:
    twin = own_twin()
    twin.start()

    async def work(on: Scene) -> None:
        twins.set_faults(twin.endpoint, [twins.Fault("compute", "error", "urlMaps.insert", 2)])
        on.gateway(address=on.address())
        _, reason, _ = await on.refused("generic::unavailable: Insert: Backend Error")
        assert reason == "Pending"
        await on.programmed()

    play(twin, tmp_path, "fault", work)
