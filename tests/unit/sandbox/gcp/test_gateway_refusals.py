"""What the imitated Gateway controller does not take, and how it says so, against the real twin."""

from pathlib import Path

from tests.unit.sandbox.gcp.conftest import PROJECT, REGION, Twin
from tests.unit.sandbox.gcp.gateway_scene import GLOBAL, REGIONAL, Scene, http, https, play, to


def test_an_address_must_be_there_and_of_the_scope_of_the_class(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        regional, wide = on.address("regional"), on.address()
        on.gateway(address="nowhere")
        status, reason, message = await on.refused("nowhere")
        assert (status, reason) == ("False", "Invalid")
        assert message == f'Error GWCER106: Gateway "shop/{on.name}" is invalid, err: address "nowhere" does not exist.'
        assert on.condition("Accepted")[0] == "True"
        assert on.condition("Accepted", on.listener("http"))[:2] == ("False", "UnsupportedAddress")
        assert on.condition("networking.gke.io/GatewayHealthy")[:2] == ("False", "Error")
        await on.eventually(lambda: f'failed to translate Gateway "shop/{on.name}": {message}' in on.events())
        on.gateway(address=regional)
        await on.refused(f'address "{regional}" does not exist')
        on.gateway(address=wide, kind=REGIONAL)
        await on.refused(f'address "{wide}" does not exist')
        spec = {"gatewayClassName": GLOBAL, "listeners": [http()]}
        on.api.put("gateways", on.name, spec={**spec, "addresses": [{"type": "IPAddress", "value": on.ip(wide)}]})
        await on.refused('unsupported address type "IPAddress", only "NamedAddress" is supported')
        assert on.mine("urlMaps") == []
        on.gateway(address=wide)
        await on.programmed()

    play(twin, tmp_path, "address", work)


def test_an_address_that_comes_later_is_found(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        on.gateway(address="late-1")
        await on.refused("does not exist")
        assert on.address() == "late-1"
        await on.programmed()

    play(twin, tmp_path, "late", work)


def test_an_address_that_another_load_balancer_has_is_refused_by_google(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        address = on.address()
        on.gateway(address=address)
        await on.programmed()
        spec = {"gatewayClassName": GLOBAL, "listeners": [http()], "addresses": [{"type": "NamedAddress", "value": address}]}
        on.api.put("gateways", "second", spec=spec)
        await on.eventually(lambda: "in-use" in on.condition(holder=on.api.get("gateways", "second").get("status", {}))[2])
        second = on.api.get("gateways", "second")["status"]
        assert on.condition(holder=second)[1] == "Pending"
        assert second["addresses"] == []
        on.api.ask_to_delete("gateways", "second")
        await on.eventually(lambda: ("shop", "second") not in on.api.objects["gateways"])
        assert len(on.mine("forwardingRules")) == 1

    play(twin, tmp_path, "taken", work)


def test_regional_classes_need_a_proxy_only_subnet(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        subnets = twin.client("compute").subnetworks()
        old = subnets.get(project=PROJECT, region=REGION, subnetwork="proxies").execute()
        twin.done(subnets.delete(project=PROJECT, region=REGION, subnetwork="proxies"))
        on.gateway(address=on.address("regional"), kind=REGIONAL)
        _, reason, _ = await on.refused("An active proxy-only subnetwork is required in the same region and VPC")
        assert reason == "Pending"
        body = {key: old[key] for key in ("name", "network", "ipCidrRange", "purpose", "role")}
        twin.done(subnets.insert(project=PROJECT, region=REGION, body=body))
        await on.programmed()

    play(twin, tmp_path, "subnet", work)


def test_secrets_must_be_there_of_tls_and_permitted(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        address = on.address()
        on.gateway(http(), https("tls"), address=address)
        await on.refused("Error GWCER102: Secret shop/tls not found.")
        assert on.condition("ResolvedRefs", on.listener("https"))[:2] == ("False", "InvalidCertificateRef")
        assert on.condition("ResolvedRefs", on.listener("http"))[0] == "True"
        assert on.mine("forwardingRules") == []
        on.api.put("secrets", "tls", data={"tls.crt": "eA=="})
        await on.refused("Secret shop/tls has no tls.key")
        on.api.put("secrets", "tls", data={"tls.crt": "eA==", "tls.key": "eA=="})
        _, reason, _ = await on.refused("The SSL certificate could not be parsed.")
        assert reason == "Pending"
        on.secret("tls", "shop.example", namespace="infra")
        reference = {"kind": "Secret", "name": "tls", "namespace": "infra"}
        on.gateway({**https(), "tls": {"mode": "Terminate", "certificateRefs": [reference]}}, address=address)
        await on.refused("no ReferenceGrant there permits it")
        assert on.condition("ResolvedRefs", on.listener("https"))[1] == "RefNotPermitted"
        grant = {
            "from": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "shop"}],
            "to": [{"group": "", "kind": "Secret", "name": "tls"}],
        }
        on.api.put("referencegrants", "tls", spec=grant, metadata={"namespace": "infra"})
        await on.programmed()

    play(twin, tmp_path, "secrets", work)


def test_a_failure_leaves_what_is_there_as_it_is(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        address = on.address()
        on.service("web", "10.0.5.1")
        on.gateway(address=address)
        on.route("web", to("web"))
        await on.programmed()
        await on.eventually(lambda: on.mine("urlMaps")[0]["hostRules"])
        (before,) = on.mine("urlMaps")
        on.route("bad", {**to("web"), "timeouts": {"request": "10s"}})
        _, reason, message = await on.refused("Timeouts are not supported")
        assert (reason, message) == (
            "Invalid",
            'Error GWCER104: HTTPRoute "shop/bad" is misconfigured, err: Timeouts are not supported.',
        )
        assert on.status()["addresses"] == [{"type": "IPAddress", "value": on.ip(address)}]
        assert on.condition("Accepted", on.parent("bad"))[:2] == ("False", "UnsupportedValue")
        assert on.condition("Reconciled", on.parent("web"))[:2] == ("False", "ReconciliationFailed")
        assert on.mine("urlMaps") == [before]

    play(twin, tmp_path, "failure", work)


def test_a_backend_that_is_not_there_is_said_and_answered_with_500(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        on.service("web", "10.0.6.1")
        on.gateway(address=on.address())
        on.route("web", to("gone"))
        await on.eventually(lambda: on.condition("ResolvedRefs", on.parent("web"))[1] == "BackendNotFound")
        assert "services shop/gone not found" in on.condition("ResolvedRefs", on.parent("web"))[2]
        assert on.condition("Accepted", on.parent("web"))[0] == "True"
        await on.programmed()
        (rule,) = on.mine("urlMaps")[0]["pathMatchers"][0]["routeRules"]
        assert rule["routeAction"]["faultInjectionPolicy"]["abort"] == {"httpStatus": 500, "percentage": 100}
        on.route("web", to("web", port=81))
        await on.eventually(lambda: "no port 81" in on.condition("ResolvedRefs", on.parent("web"))[2])
        on.route("web", to("web"))
        await on.eventually(lambda: on.condition("ResolvedRefs", on.parent("web"))[0] == "True")

    play(twin, tmp_path, "backend", work)


def test_routes_that_lead_to_no_listener_are_told_why(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        on.gateway(http(hostname="*.shop.example", allowedRoutes={"namespaces": {"from": "Same"}}), address=on.address())
        on.route("host", to("web"), hosts=["elsewhere.example"])
        on.route("section", to("web"), sectionName="https")
        spec = {"parentRefs": [{"name": on.name, "namespace": "shop"}], "rules": [to("web")]}
        on.api.put("httproutes", "far", spec=spec, metadata={"namespace": "other"})
        for name, reason in (("host", "NoMatchingListenerHostname"), ("section", "NoMatchingParent")):
            await on.eventually(lambda name=name, reason=reason: on.condition("Accepted", on.parent(name))[1] == reason)  # type: ignore[misc]
        far = on.api.objects["httproutes"]["other", "far"]
        assert on.condition("Accepted", far["status"]["parents"][0])[1] == "NotAllowedByListeners"
        await on.programmed()
        assert on.listener("http")["attachedRoutes"] == 0

    play(twin, tmp_path, "routes", work)


def test_gateways_of_other_classes_and_what_others_say_are_left_alone(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        on.api.put("gatewayclasses", "traefik", spec={"controllerName": "traefik.io/gateway-controller"})
        on.api.put("gatewayclasses", "gke-l7-new", spec={"controllerName": "networking.gke.io/gateway"})
        on.api.put("gateways", "traefik", spec={"gatewayClassName": "traefik", "listeners": [http()]})
        others = {"controllerName": "traefik.io/gateway-controller", "parentRef": {"name": "traefik"}, "conditions": []}
        spec = {"parentRefs": [{"name": "traefik"}, {"name": on.name}], "rules": [to("web")]}
        on.api.put("httproutes", "web", spec=spec, status={"parents": [others]})
        on.gateway(address=on.address())
        await on.programmed()
        assert on.api.get("httproutes", "web")["status"]["parents"][0] == others
        assert "status" not in on.api.get("gateways", "traefik")
        classes = on.api.objects["gatewayclasses"]
        assert on.condition("Accepted", classes["", GLOBAL]["status"])[0] == "True"
        assert on.condition("Accepted", classes["", "gke-l7-new"]["status"])[0] == "False"
        assert "status" not in classes["", "traefik"]

    play(twin, tmp_path, "others", work)
