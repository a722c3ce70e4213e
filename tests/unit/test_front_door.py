"""The whole way, as the engine is told of it: what is made, in which order, how guarded, and what stays as it was."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, currently_in_test_context, given, settings
from hypothesis import strategies as st

from components.names import STACK_LABEL
from tests.support import pem
from tests.support.doors import KUBECONFIG, door
from tests.support.random_stacks import aws_stack_files, gcp_stack_files, stack_files
from tests.support.recorder import Recording, Registration, Secret, unknown_address, waiting
from tests.support.stacks import (
    ENTRYPOINTS,
    GCP_ENTRYPOINTS,
    MORE_OF_GCP,
    TSIG_SECRET,
    aws_stack,
    gcp_stack,
    problems_of,
    stack_file,
    with_value,
)

GATEWAYS = [kind for kind in ENTRYPOINTS if kind.startswith("gateway")]
INGRESSES = [kind for kind in ENTRYPOINTS if not kind.startswith("gateway")]
BY_HELM = [kind for kind in ENTRYPOINTS if kind.endswith("helm")]
EXISTING = [kind for kind in ENTRYPOINTS if kind.endswith("existing")]

CERTIFICATES: dict[str, dict[str, Any]] = {
    "dns-01": {"only": {"acme": {"hosts": ["*.portico.test", "portico.test"], "challenge": "dns-01"}}},
    "http-01": {"only": {"acme": {"hosts": ["shop.portico.test", "portico.test"], "challenge": "http-01"}}},
    "private-ca": {"only": {"private_ca": {"hosts": ["*.portico.test", "portico.test"]}}},
    "mixed": {
        "wildcard": {"acme": {"hosts": ["*.portico.test"], "challenge": "dns-01"}},
        "apex": {"acme": {"hosts": ["portico.test"], "challenge": "http-01"}},
        "inside": {"private_ca": {"hosts": ["inside.portico.test"]}},
    },
}
CA = {"certificate": pem.certificate(), "key": pem.key_pem()}


def stack(entrypoint: str = "gateway-existing", certificates: str = "dns-01", **parts: Any) -> dict[str, Any]:
    authority = CA if certificates in ("private-ca", "mixed") else None
    common = {"entrypoint": ENTRYPOINTS[entrypoint], "certificates": CERTIFICATES[certificates], "private_ca": authority}
    # Said as it would be left out, so that the tests that switch it share their recordings with all others.
    return stack_file(**{**common, "acme": {"environment": "staging"}, **parts})


_AT_HOME = [pytest.param(stack(kind, source), id=f"{kind} {source}") for kind in ENTRYPOINTS for source in CERTIFICATES]
EVERY = pytest.mark.parametrize("raw", _AT_HOME)

#: What an AWS stack may have besides: everything that makes resources which the plain one has not.
MORE_OF_AWS: dict[str, Any] = {
    "cloud": {
        "aws": {
            "region": "eu-central-1",
            "controller": "helm",
            "identity": "irsa",
            "external_dns": {"namespace": "dns", "name": "external-dns"},
        }
    },
    "other_zones": {"portico.example": {"existing": True}, "eu.portico.test": {}},
    "cert_manager": None,
}
_SOME_OF_AWS = ["alb", "traefik-existing-eips", "nginx-existing-nlb", "gateway-existing-nlb"]
_ON_AWS = [
    *[pytest.param(aws_stack(way), id=f"aws {way}") for way in _SOME_OF_AWS],
    *[
        pytest.param(aws_stack(way, **MORE_OF_AWS), id=f"aws {way} more")
        for way in ("alb", "traefik-helm-eips", "gateway-helm-nlb")
    ],
]
AWS = pytest.mark.parametrize("raw", _ON_AWS)

#: Certificates that lie in Secrets, and Services that somebody else made: of two sites in two namespaces.
_IN_SECRETS: dict[str, Any] = {
    "certificates": {
        "shop": {"acme": {"hosts": ["shop.portico.test"], "challenge": "http-01"}},
        "apex": {"provided": pem.provided("portico.test")},
    },
    "sites": {
        "shop": {
            "hosts": ["shop.portico.test"],
            "namespace": "shop",
            "paths": {"/": "inside:80", "/api": "web:80"},
            "demo": True,
        },
        "apex": {"hosts": ["portico.test"], "namespace": "blog", "paths": {"/": "blog:80"}},
    },
    "namespaces": {"shop": {}, "blog": {}},
}
_BY_RECORDS = {"web": {"acme": {"hosts": ["portico.test", "*.portico.test"]}}}
_ON_GCP = [
    *[pytest.param(gcp_stack(way), id=f"gcp {way}") for way in GCP_ENTRYPOINTS],
    *[
        pytest.param(gcp_stack(way, **_IN_SECRETS), id=f"gcp {way} secrets")
        for way in ("gce", "gateway-global", "gateway-existing", "traefik-existing")
    ],
    *[
        pytest.param(gcp_stack(way, certificates=_BY_RECORDS, **MORE_OF_GCP), id=f"gcp {way} more")
        for way in ("gce", "gateway-regional", "nginx-helm")
    ],
]
GCP = pytest.mark.parametrize("raw", _ON_GCP)
EVERYWHERE = pytest.mark.parametrize("raw", [*_AT_HOME, *_ON_AWS, *_ON_GCP])


def kubernetes(made: Recording) -> list[Registration]:
    return [item for item in made if item.type.startswith("kubernetes:")]


def gateway_of(made: Recording) -> Registration:
    """The Gateway itself; the component around it is called so as well."""
    return made.one("Gateway", "gateway")


# What is made


@EVERY
def test_everything_that_the_sites_need_is_made(raw: dict[str, Any]) -> None:
    made = door(raw)
    kinds = Counter(item.kind for item in made)
    gateway = "gateway" in raw["entrypoint"]
    assert kinds["Reservation"] == kinds["Sweep"] == 1
    assert {item.name for item in made.all("Record")} == {"shop.portico.test", "portico.test"}
    assert len([item for item in made.all("Gateway") if item.custom]) == gateway
    assert (kinds["HTTPRoute"] > 0) is gateway
    assert (kinds["Ingress"] > 0) is not gateway
    # A Gateway has a listener for each certificate; with Ingress, one that no site shows is not asked for.
    shown = len(raw["certificates"]) - ("inside" in raw["certificates"] and not gateway)
    assert kinds["Issuance"] == shown


@EVERYWHERE
def test_every_host_is_served_by_an_object_of_its_site(raw: dict[str, Any]) -> None:
    made = door(raw)
    for key, site in raw["sites"].items():
        [component] = [item for item in made.all("Site") if item.name == key]
        below = [item for item in kubernetes(made) if item.parent == component.urn]
        # One Ingress leads all sites of a namespace there.
        below += [made.object("Ingress", site["namespace"])] if "gce" in raw["entrypoint"] else []
        assert below
        for host in site["hosts"]:
            assert any(host in repr(item.inputs) for item in below)


@EVERYWHERE
def test_every_resource_is_a_child_of_a_component(raw: dict[str, Any]) -> None:
    made = door(raw)
    known = made.by_urn()
    for item in made:
        if item.parent not in known:
            assert item.type in (
                "portico:index:FrontDoor",
                *(f"pulumi:providers:{name}" for name in ("kubernetes", "aws", "gcp")),
            )
        else:
            assert not known[item.parent].custom
            assert known[item.parent].type.startswith("portico:")


@EVERYWHERE
def test_every_kubernetes_object_has_the_explicit_provider(raw: dict[str, Any]) -> None:
    made = door(raw)
    provider = made.one("kubernetes")
    assert {item.provider for item in kubernetes(made)} == {f"{provider.urn}::cluster-id"}


@AWS
def test_everything_at_aws_is_made_and_asked_by_the_explicit_provider(raw: dict[str, Any]) -> None:
    """The machine's own account is not to be touched, whatever it is logged in to."""
    made = door(raw)
    provider = f"{made.one('aws').urn}::aws-id"
    assert {item.provider for item in made if item.type.startswith("aws:")} == {provider}
    assert made.asked
    assert {question.provider for question in made.asked} == {provider}


@GCP
def test_everything_at_google_is_made_and_asked_by_the_explicit_provider(raw: dict[str, Any]) -> None:
    """The machine's own login is not to be touched, whatever project it is for."""
    made = door(raw)
    provider = f"{made.one('gcp').urn}::gcp-id"
    assert {item.provider for item in made if item.type.startswith("gcp:")} == {provider}
    assert {question.provider for question in made.asked} <= {provider}


@pytest.mark.parametrize("raw", [*_ON_AWS, *_ON_GCP])
def test_everything_of_another_package_stands_at_another_provider(raw: dict[str, Any]) -> None:
    made = door(raw)
    packages = {item.provider: set[str]() for item in made if item.provider}
    for item in made:
        if item.provider:
            packages[item.provider].add(item.type.partition(":")[0])
    [cloud] = raw["cloud"]
    assert sorted(map(sorted, packages.values())) == sorted([[cloud], ["kubernetes"]])


@EVERYWHERE
def test_every_kubernetes_object_has_a_name_and_the_label_of_its_stack(raw: dict[str, Any]) -> None:
    for item in kubernetes(door(raw)):
        if item.kind == "Release":
            assert item.inputs["name"].startswith(("portico-test", "cert-manager", "aws-load-balancer-controller"))
        elif item.kind == "ServicePatch":
            assert item.metadata["name"]  # somebody else's, of which the stack owns two annotations
        else:
            assert item.metadata["name"]
            assert item.metadata["labels"][STACK_LABEL] == "portico-test"
            assert item.metadata["labels"]["app.kubernetes.io/managed-by"] == "portico"


@EVERYWHERE
def test_every_component_says_that_it_is_complete(raw: dict[str, Any]) -> None:
    assert [item.urn for item in door(raw) if not item.custom and item.outputs is None] == []


@EVERYWHERE
def test_an_object_that_is_not_awaited_says_why(raw: dict[str, Any]) -> None:
    for item in kubernetes(door(raw)):
        if item.annotations.get("pulumi.com/skipAwait"):
            assert len(item.annotations["portico.dev/not-awaited"]) > 15, item.urn


@pytest.mark.parametrize("kind", EXISTING)
def test_what_proves_the_front_door_is_awaited_with_the_stack_files_time_limit(kind: str) -> None:
    raw = stack(kind)
    raw["entrypoint"] = {key: {**own, "timeout": 77} for key, own in raw["entrypoint"].items()}
    made = door(raw)
    front = made.one("Service", "front")
    assert front.annotations["pulumi.com/waitFor"] == waiting(front, "jsonpath={.status.loadBalancer.ingress}")
    awaited = [front, *made.all("Ingress"), *[item for item in made.all("Gateway") if item.custom]]
    assert [dict(item.timeouts) for item in awaited] == [{"create": "77s", "update": "77s"}] * len(awaited)
    assert not any(item.annotations.get("pulumi.com/skipAwait") for item in awaited)


# Order


@pytest.mark.parametrize("ip", [None, "192.0.2.20"], ids=["from the pool", "given"])
@EVERY
def test_the_address_is_reserved_before_a_load_balancer_asks_for_it(raw: dict[str, Any], ip: str | None) -> None:
    """Also one that the stack file says, which no output leads back to."""
    if ip is not None:
        raw = {**raw, "entrypoint": {kind: {**own, "address": {"ip": ip}} for kind, own in raw["entrypoint"].items()}}
    made = door(raw)
    reservation = made.one("Reservation")
    asking = [item for item in made if item.custom and item.name in ("controller", "front", "gateway")]
    assert asking
    for item in asking:
        assert made.waits(item, reservation), item.urn


@EVERYWHERE
def test_a_namespace_is_there_before_what_stands_in_it(raw: dict[str, Any]) -> None:
    made = door(raw)
    for namespace in made.all("Namespace"):
        name = namespace.metadata["name"]
        inside = [item for item in kubernetes(made) if name in (item.metadata.get("namespace"), item.inputs.get("namespace"))]
        for item in inside:
            assert made.waits(item, namespace), item.urn
    assert made.all("Namespace")


def tenants(way: str, count: int) -> Recording:
    """Sites in namespaces of their own, each with a certificate of its own."""
    numbered = range(count)
    hosts = {f"t{number}": [f"t{number}.portico.test"] for number in numbered}
    sites = {key: {"hosts": names, "namespace": key, "paths": {"/": "web:80"}, "demo": True} for key, names in hosts.items()}
    certificates = {key: {"acme": {"hosts": names, "challenge": "dns-01"}} for key, names in hosts.items()}
    parts = {"sites": sites, "certificates": certificates, "namespaces": {key: {} for key in sites}}
    return door(stack_file(entrypoint=ENTRYPOINTS[way], **parts) if way in ENTRYPOINTS else gcp_stack(way, **parts))


@pytest.mark.parametrize("way", ["traefik-existing", "nginx-existing", "gateway-existing", "gce", "gateway-global"])
def test_a_site_more_is_waited_for_by_as_few_whether_there_are_many_or_not(way: str) -> None:
    """What waits for every site's namespace, certificate or route would cost a thousand tenants a million waits."""
    waits = [sum(len(item.dependencies) for item in tenants(way, count)) for count in (4, 8, 12)]
    assert waits[2] - waits[1] == waits[1] - waits[0]


@EVERY
def test_an_issuer_is_there_before_its_certificates_and_the_sweep_before_both(raw: dict[str, Any]) -> None:
    """In reverse on destroy: Secrets go when nothing is left that would make them again."""
    made = door(raw)
    sweep, issuers = made.one("Sweep"), {item.metadata["name"]: item for item in made.all("ClusterIssuer")}
    certificates = [item for item in made.all("Certificate") if item.custom]
    assert certificates
    for item in certificates:
        assert made.waits(item, issuers[item.spec["issuerRef"]["name"]])
        assert made.waits(item, sweep)
    for issuer in issuers.values():
        assert made.waits(issuer, sweep)
        wanted = [made.one("Secret", name) for name in _secrets_of(issuer)]
        assert all(made.waits(issuer, secret) for secret in wanted)


def _secrets_of(issuer: Registration) -> list[str]:
    """The logical names of the Secrets that an issuer reads and Portico makes."""
    return ["dns-01"] if "rfc2136" in repr(issuer.spec) else ["private-ca"] if "ca" in issuer.spec else []


@EVERY
def test_an_issuance_waits_for_its_certificate(raw: dict[str, Any]) -> None:
    made = door(raw)
    for item in made.all("Issuance"):
        [certificate] = [each for each in made.all("Certificate") if each.custom and each.name == item.name]
        assert made.waits(item, certificate)
        assert item.inputs["uid"] == f"uid of {certificate.metadata['name']}"
        assert item.inputs["name"] == certificate.metadata["name"]
        assert item.inputs["namespace"] == certificate.metadata["namespace"]


@EVERY
def test_what_shows_a_certificate_waits_for_it_unless_it_is_proven_through_it(raw: dict[str, Any]) -> None:
    made = door(raw)
    http01 = {key for key, entry in raw["certificates"].items() if entry.get("acme", {}).get("challenge") == "http-01"}
    issued = {item.name.partition("/")[0]: item for item in made.all("Issuance")}
    if "gateway" in raw["entrypoint"]:
        gateway = gateway_of(made)
        for key, issuance in issued.items():
            assert made.waits(gateway, issuance) is (key not in http01)
            assert made.waits(issuance, gateway) is (key in http01)
    else:
        for ingress in made.all("Ingress"):
            for tls in ingress.spec["tls"]:
                asked = next(
                    item for item in made.all("Certificate") if item.custom and item.spec["secretName"] == tls["secretName"]
                )
                issuance = made.one("Issuance", asked.name)
                late = asked.name.partition("/")[0] in http01
                assert made.waits(ingress, asked)
                assert made.waits(ingress, issuance) is not late
                assert made.waits(issuance, ingress) is late or not set(tls["hosts"]) & set(asked.spec["dnsNames"])


@EVERY
def test_a_name_leads_to_a_site_only_when_it_answers(raw: dict[str, Any]) -> None:
    """Whoever asks before finds no name, and not a site that is not there yet."""
    made = door(raw)
    for key, site in raw["sites"].items():
        [component] = [item for item in made.all("Site") if item.name == key]
        routes = [item for item in made if item.parent == component.urn and item.custom]
        assert routes
        for host in site["hosts"]:
            assert all(made.waits(made.one("Record", host), route) for route in routes)


def by_http01(made: Recording) -> list[Registration]:
    return [
        item
        for item in made.all("Certificate")
        if item.custom and item.metadata["labels"].get("portico.dev/challenge") == "http-01"
    ]


def way_of_the_ca(made: Recording, certificate: Registration) -> list[Registration]:
    """What a CA will visit to prove a certificate's hosts."""
    doors = [item for item in made if item.custom and item.name in ("controller", "front", "gateway")]
    assert doors
    return [*doors, *[made.one("Record", host) for host in certificate.spec["dnsNames"]]]


@EVERY
def test_a_certificate_by_http01_is_awaited_only_when_the_ca_can_visit_its_hosts(raw: dict[str, Any]) -> None:
    made = door(raw)
    for item in by_http01(made):
        issuance = made.one("Issuance", item.name)
        for each in way_of_the_ca(made, item):
            assert made.waits(issuance, each), each.urn


@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_a_ca_that_is_asked_without_a_self_check_is_asked_only_when_it_can_visit_the_hosts(kind: str) -> None:
    """Otherwise the first try fails, and with a real CA counts against the account."""
    raw = stack(kind, "http-01", acme={"wait_instead_of_self_check": {"http-01": 1}})
    if problems_of(raw) == {}:
        made = door(raw)
        for item in by_http01(made):
            for each in way_of_the_ca(made, item):
                assert made.waits(item, each), each.urn


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_gateway_stands_after_every_certificate_is_asked_for_and_shows_a_temporary_one_until_it_is_proven(kind: str) -> None:
    """A listener whose Secret is missing is not accepted."""
    made = door(stack(kind, "mixed"))
    for item in made.all("Certificate"):
        if item.custom:
            assert made.waits(gateway_of(made), item)
            temporary = item.annotations.get("cert-manager.io/issue-temporary-certificate") == "true"
            assert temporary is (item in by_http01(made))


@pytest.mark.parametrize("kind", INGRESSES)
def test_an_ingress_shows_a_temporary_certificate_only_until_it_is_proven_through_it(kind: str) -> None:
    made = door(stack(kind, "mixed"))
    for item in made.all("Certificate"):
        if item.custom:
            temporary = item.annotations.get("cert-manager.io/issue-temporary-certificate") == "true"
            assert temporary is (item in by_http01(made))


@pytest.mark.parametrize("kind", BY_HELM + EXISTING)
def test_the_controllers_load_balancer_is_there_before_the_objects_that_it_serves(kind: str) -> None:
    """In reverse on destroy: what owns a load balancer goes before its controller."""
    made = door(stack(kind))
    front = made.one("Release", "controller") if kind in BY_HELM else made.one("Service", "front")
    served = [item for item in made if item.kind in ("Ingress", "HTTPRoute", "IngressRoute") or item.name == "gateway"]
    assert served
    assert all(made.waits(item, front) for item in served)


@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_routes_come_after_the_services_that_they_name(kind: str) -> None:
    made = door(stack(kind))
    workload = [item for item in kubernetes(made) if item.name in ("shop/web", "shop/api")]
    assert len(workload) == 4
    for route in made.all("HTTPRoute") + made.all("Ingress"):
        if route.name == "shop":
            assert all(made.waits(route, item) for item in workload)


@pytest.mark.parametrize("kind", GATEWAYS)
def test_routes_come_after_the_gateway(kind: str) -> None:
    made = door(stack(kind))
    assert all(made.waits(route, gateway_of(made)) for route in made.all("HTTPRoute"))


@pytest.mark.parametrize("source", CERTIFICATES)
def test_cert_manager_is_there_before_anything_of_its_api(source: str) -> None:
    made = door(stack(certificates=source, cert_manager=None))
    release = made.one("Release", "cert-manager")
    using = [item for item in made if item.kind in ("ClusterIssuer", "Issuance", "Sweep") or "cert-manager.io" in item.type]
    assert len(using) > 3
    assert all(made.waits(item, release) for item in using)
    assert all(made.waits(secret, release) for secret in made.all("Secret"))


@EVERYWHERE
def test_nothing_waits_for_itself(raw: dict[str, Any]) -> None:
    made = door(raw)
    assert [item.urn for item in made if made.waits(item, item)] == []


# Guard


@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_the_address_and_nothing_else_is_protected(kind: str) -> None:
    """A protected record could not even be taken away with its host."""
    made = door(stack(kind, protect=True))
    assert [item.urn for item in made if item.protect] == [made.one("Reservation").urn]


@AWS
def test_on_aws_what_others_point_at_is_protected_and_nothing_else(raw: dict[str, Any]) -> None:
    """Elastic IPs, which stand in other people's firewalls, and zones, whose name servers stand in the parent zone."""
    made = door({**raw, "protect": True})
    kept = {item.urn for item in made if item.protect}
    assert kept == {item.urn for item in made if item.type in ("aws:ec2/eip:Eip", "aws:route53/zone:Zone")}
    assert made.all("Zone")
    assert [item.urn for item in door({**raw, "protect": False}) if item.protect] == []


@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_nothing_is_protected_where_the_stack_file_says_so(kind: str) -> None:
    assert [item.urn for item in door(stack(kind, protect=False)) if item.protect] == []


def test_the_address_is_protected_unless_the_stack_file_says_otherwise() -> None:
    assert door(stack()).one("Reservation").protect


def _plain(value: Any) -> list[Any]:
    """Every value that is not encrypted."""
    if isinstance(value, Secret):
        return []
    if isinstance(value, dict):
        return [found for item in value.values() for found in _plain(item)]
    if isinstance(value, list):
        return [found for item in value for found in _plain(item)]
    return [value]


@EVERYWHERE
def test_no_secret_is_sent_in_the_clear(raw: dict[str, Any]) -> None:
    hidden = [TSIG_SECRET, KUBECONFIG, "token-of-the-test", CA["key"], pem.key_pem("leaf")]
    for item in door(raw):
        shown = [value for value in _plain([item.inputs, item.outputs]) if isinstance(value, str)]
        assert not any(secret in value for secret in hidden for value in shown), item.urn


@EVERYWHERE
def test_what_a_dynamic_provider_hands_back_stays_secret(raw: dict[str, Any]) -> None:
    made = door(raw)
    for item in made.all("Record") + made.all("Reservation"):
        if not item.type.startswith("aws:"):
            assert "secret" in item.additional_secret_outputs
            assert isinstance(item.inputs["secret"], Secret)
    for item in made.all("Issuance") + made.all("Sweep") + made.all("Activation"):
        assert "kubeconfig" in item.additional_secret_outputs
        assert isinstance(item.inputs["kubeconfig"], Secret)


def test_secrets_in_the_cluster_hold_secret_values_only() -> None:
    made = door(stack(certificates="mixed"))
    assert made.one("Secret", "dns-01").inputs["stringData"] == Secret({"tsig": TSIG_SECRET})
    authority = made.one("Secret", "private-ca").inputs["stringData"]
    held = authority.value if isinstance(authority, Secret) else authority
    assert isinstance(authority, Secret) or isinstance(held["tls.key"], Secret)


def test_the_provider_is_known_by_its_server_so_that_a_new_token_replaces_nothing() -> None:
    provider = door(stack()).one("kubernetes")
    assert isinstance(provider.inputs["kubeconfig"], Secret)
    assert provider.inputs["clusterIdentifier"] == "https://127.0.0.1:6443"


# Preview


@EVERYWHERE
def test_an_address_that_nobody_knows_yet_changes_no_name_and_no_number_of_resources(raw: dict[str, Any]) -> None:
    planned, made = door(raw, unknown_address, preview=True), door(raw)
    assert {item.urn for item in planned} == {item.urn for item in made}
    for item in planned:
        assert "04da6b54-80e4-46f7-96ec-b56ff0331ba9" not in item.name


def test_an_address_that_the_stack_file_says_is_known_at_preview() -> None:
    raw = with_value(stack(), ("entrypoint", "gateway", "address"), {"ip": "192.0.2.20"})
    planned = door(raw, unknown_address, preview=True)
    assert planned.one("Record", "shop.portico.test").inputs["values"] == ["192.0.2.20"]
    assert planned.one("Service", "front").spec["loadBalancerIP"] == "192.0.2.20"


# What stays


SLOW = settings(
    # Few, but each with several sites whose names are alike.
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    # Each example is a whole program; making a failing one smaller would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@SLOW
@given(stack_files(), st.data())
def test_adding_a_site_leaves_every_other_resource_as_it_was(raw: dict[str, Any], data: st.DataObject) -> None:
    """In a namespace that has sites already: a Gateway must be told of a new namespace."""
    used = sorted({site["namespace"] for site in raw["sites"].values()})
    namespace = data.draw(st.sampled_from(used))
    added = {"hosts": ["new.portico.test"], "namespace": namespace, "paths": {"/": "new:80"}, "demo": data.draw(st.booleans())}
    more = {**raw, "sites": {**raw["sites"], "new": added}}
    assert problems_of(more) == {}
    _nothing_changed(door(raw), door(more))


@SLOW
@given(stack_files(), st.data())
def test_adding_a_host_leaves_every_other_sites_resources_as_they_were(raw: dict[str, Any], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(raw["sites"])))
    grown = {**raw["sites"][key], "hosts": [*raw["sites"][key]["hosts"], "new.portico.test"]}
    more = {**raw, "sites": {**raw["sites"], key: grown}}
    assert problems_of(more) == {}
    before, after = door(raw), door(more)
    _nothing_changed(before, after, but=[item.urn for item in _below(before, key)])


@SLOW
@given(aws_stack_files(), st.booleans())
def test_on_aws_adding_a_site_leaves_every_other_resource_as_it_was(raw: dict[str, Any], demo: bool) -> None:
    namespace = next(iter(raw["sites"].values()))["namespace"]  # which a Gateway knows
    added = {"hosts": ["new.portico.test"], "namespace": namespace, "paths": {"/": "new:80", "/a": "new:81"}, "demo": demo}
    more = {**raw, "sites": {**raw["sites"], "new": {**added, "https_redirect": _redirects(raw)}}}
    assert problems_of(more) == {}
    _nothing_changed(door(raw), door(more))


@SLOW
@given(aws_stack_files())
def test_on_aws_adding_a_service_leaves_every_other_resource_as_it_was(raw: dict[str, Any]) -> None:
    added = {"ports": {"tcp": 7000}, "load_balancer": {"nlb": {"scheme": "internal"}}, "hosts": ["new.portico.test"]}
    more = {**raw, "services": {**raw["services"], "new": added}}
    assert problems_of(more) == {}
    _nothing_changed(door(raw), door(more))


@pytest.mark.parametrize("way", ["alb", "nginx-existing-nlb", "gateway-helm-eips"])
def test_on_aws_adding_a_path_touches_the_objects_of_its_site_only(way: str) -> None:
    raw = aws_stack(way)
    more = with_value(raw, ("sites", "shop", "paths", "/new"), "api:8080")
    before, after = door(raw), door(more)
    changed = [item.urn for item in before if after.by_urn()[item.urn].state() != item.state()]
    below = [item.urn for item in _below(before, "shop")]
    assert changed
    assert set(changed) <= set(below)
    _nothing_changed(before, after, but=below)


def _redirects(raw: dict[str, Any]) -> bool:
    redirects: bool = next(iter(raw["sites"].values()))["https_redirect"]
    return redirects


@SLOW
@given(stack_files(), st.randoms())
def test_the_order_of_the_stack_file_is_of_no_consequence(raw: dict[str, Any], random: Any) -> None:
    sites = list(raw["sites"].items())
    random.shuffle(sites)
    _nothing_changed(door(raw), door({**raw, "sites": dict(sites)}))


@SLOW
@given(stack_files())
def test_a_second_run_says_exactly_the_same(raw: dict[str, Any]) -> None:
    from tests.support import doors

    first = door(raw)
    doors._door.cache_clear()
    assert [item.state() for item in _sorted(first)] == [item.state() for item in _sorted(door(raw))]


@SLOW
@given(st.one_of(stack_files(), aws_stack_files(), gcp_stack_files()))
def test_no_two_resources_share_a_urn(raw: dict[str, Any]) -> None:
    """The engine refuses a second one, after half of the first up."""
    assume(problems_of(raw) == {})
    count = Counter(item.urn for item in door(raw))
    assert [urn for urn, times in count.items() if times > 1] == []


@SLOW
@given(st.one_of(stack_files(), aws_stack_files(), gcp_stack_files()))
def test_no_two_resources_are_the_same_object_in_the_cluster(raw: dict[str, Any]) -> None:
    assume(problems_of(raw) == {})
    made = kubernetes(door(raw))
    names = [(item.kind, item.metadata.get("namespace"), item.metadata["name"]) for item in made if item.metadata]
    secrets = [(item.metadata.get("namespace"), item.spec["secretName"]) for item in made if item.kind == "Certificate"]
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert [name for name, times in Counter(secrets).items() if times > 1] == []


@SLOW
@given(stack_files(GATEWAYS))
def test_a_gateways_listeners_have_names_of_their_own(raw: dict[str, Any]) -> None:
    listeners = [listener["name"] for listener in door(raw).one("Gateway", "gateway").spec["listeners"]]
    assert sorted(set(listeners)) == sorted(listeners)


def test_a_host_called_any_is_told_apart_from_the_wildcard_beside_it() -> None:
    raw = with_value(stack(), ("certificates", "any"), {"acme": {"hosts": ["any.portico.test"]}})
    listeners = [listener["name"] for listener in door(raw).one("Gateway", "gateway").spec["listeners"]]
    assert sorted(set(listeners)) == sorted(listeners)


#: Kinds whose names Kubernetes takes as one DNS label only; others may be a whole DNS name of 253 characters.
LABELS_ONLY = ("Namespace", "Service")

#: Helm: maxReleaseNameLen (helm 3, pkg/chartutil/validate_name.go).
LONGEST_RELEASE = 53


@pytest.mark.parametrize("site", [{"redirect": {"host": "a.example"}}, {"paths": {"/": "web:80"}}], ids=["redirect", "paths"])
@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_names_are_short_enough_also_where_keys_are_as_long_as_they_may_be(kind: str, site: dict[str, Any]) -> None:
    key = "k" * 50
    raw = stack(kind, sites={key: {"hosts": ["shop.portico.test"], "namespace": "shop", **site}})
    raw["certificates"] = {key: {"acme": {"hosts": ["*.portico.test"]}}}
    for item in kubernetes(door({**raw, "acme": {"environment": "production"}})):
        if item.metadata:
            assert len(item.metadata["name"]) <= (63 if item.kind in LABELS_ONLY else 253), item.urn


@pytest.mark.parametrize("way", ["alb", "traefik-helm-eips", "nginx-existing-nlb"])
def test_on_aws_names_are_short_enough_also_where_the_stacks_is_as_long_as_it_may_be(way: str) -> None:
    raw = aws_stack(way, **MORE_OF_AWS)
    raw["services"]["o" * 63] = raw["services"].pop("orders")
    made = door(raw, stack="s" * 100)
    for item in kubernetes(made):
        name = item.inputs["name"] if item.kind == "Release" else item.metadata["name"]
        assert len(name) <= (LONGEST_RELEASE if item.kind == "Release" else 63 if item.kind in LABELS_ONLY else 253), item.urn
    balancers = {question.args["name"] for question in made.asked if "getLoadBalancer:" in question.token}
    assert len(balancers) == 3 - way.endswith("eips")
    assert all(len(name) <= 32 for name in balancers)
    for kind, longest in (("Role", 64), ("Policy", 128)):
        names = [item.inputs["name"] for item in made.all(kind)]
        assert len(set(names)) == len(names) >= 2
        assert all(len(name) <= longest for name in names)


@pytest.mark.parametrize("name", ["s" * 63, "s" * 100], ids=len)
@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_names_are_short_enough_also_where_the_pulumi_stacks_is_as_long_as_it_may_be(kind: str, name: str) -> None:
    for item in kubernetes(door(stack(kind), stack=name)):
        if item.kind == "Release":
            assert len(item.inputs["name"]) <= LONGEST_RELEASE, item.urn
        else:
            assert len(item.metadata["name"]) <= (63 if item.kind in LABELS_ONLY else 253), item.urn
            assert all(len(value) <= 63 for value in item.metadata["labels"].values())


def test_the_stacks_own_namespace_may_be_given_labels() -> None:
    raw = stack(namespaces={"portico-test": {"labels": {"team": "web"}}, "shop": {}})
    namespaces = door(raw).all("Namespace")
    assert sorted(item.name for item in namespaces) == ["portico-test", "shop"]
    assert namespaces[0].metadata["labels"]["team"] == "web"


@pytest.mark.parametrize("kind", ["gateway-helm", "traefik-helm", "nginx-helm"])
@pytest.mark.parametrize(
    "pair",
    [
        ({"shop": {}}, {"shop-https-redirect": {}}),
        ({"a": {"namespace": "a-b", "service": "c"}}, {"b": {"namespace": "a", "service": "b-c"}}),
    ],
    ids=["route names", "workload names"],
)
def test_sites_with_names_alike_are_refused_or_told_apart(kind: str, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    sites: dict[str, Any] = {}
    for host, (key, parts) in zip(["one", "two"], [entry for each in pair for entry in each.items()], strict=True):
        service = parts.get("service", "web")
        hosts, paths = [f"{host}.portico.test"], {"/": f"{service}:80"}
        namespace = parts.get("namespace", "shop" if host == "one" else "blog")
        sites[key] = {"hosts": hosts, "namespace": namespace, "paths": paths, "demo": True}
    raw = stack(kind, sites=sites)
    if problems_of(raw) == {}:
        count = Counter(item.urn for item in door(raw))
        assert [urn for urn, times in count.items() if times > 1] == []


@pytest.mark.parametrize("kind", ["gateway-existing", "traefik-helm"])
def test_certificates_with_names_alike_are_refused_or_keep_a_secret_each(kind: str) -> None:
    raw = stack(kind)
    raw["certificates"] = {
        "a": {"acme": {"hosts": ["*.portico.test", "portico.test"]}},
        "a-staging": {"private_ca": {"hosts": ["shop.portico.test"]}},
    }
    raw["private_ca"] = CA
    if problems_of(raw) == {}:
        secrets = [item.spec["secretName"] for item in door(raw).all("Certificate") if item.custom]
        assert sorted(set(secrets)) == sorted(secrets)


def _sorted(made: Recording) -> list[Registration]:
    return sorted(made, key=lambda item: item.urn)


def _below(made: Recording, site: str) -> list[Registration]:
    [component] = [item for item in made.all("Site") if item.name == site]
    urns = {component.urn}
    while True:
        more = {item.urn for item in made if item.parent in urns} - urns
        if not more:
            return [item for item in made if item.urn in urns]
        urns |= more


def _nothing_changed(before: Recording, after: Recording, but: list[str] | None = None) -> None:
    """What was there is there still, told the same and waiting for the same."""
    later = after.by_urn()
    if currently_in_test_context():
        assume(len(later) == len(after.items))  # which has a test of its own
    for item in before:
        if item.urn not in (but or []):
            assert later[item.urn].state() == item.state()
            assert later[item.urn].dependencies >= item.dependencies


# Switching


@pytest.mark.parametrize("kind", ENTRYPOINTS)
@pytest.mark.parametrize("source", ["dns-01", "http-01"])
def test_staging_and_production_share_neither_issuer_nor_account(kind: str, source: str) -> None:
    staging, production = (door(stack(kind, source, acme={"environment": name})) for name in ("staging", "production"))
    for made, name, server in ((staging, "staging", "acme-staging-v02"), (production, "production", "acme-v02")):
        issuer = made.one("ClusterIssuer")
        assert issuer.metadata["name"] == f"portico-test-acme-{name}"
        assert issuer.spec["acme"]["server"] == f"https://{server}.api.letsencrypt.org/directory"
        assert name in issuer.spec["acme"]["privateKeySecretRef"]["name"]
    assert staging.one("ClusterIssuer").urn != production.one("ClusterIssuer").urn


@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_staging_and_production_have_secrets_of_their_own(kind: str) -> None:
    """Going back and forth asks the CA for nothing twice."""

    def secrets(environment: str, source: str) -> set[str]:
        made = door(stack(kind, source, acme={"environment": environment}))
        return {item.spec["secretName"] for item in made.all("Certificate") if item.custom}

    assert secrets("staging", "dns-01").isdisjoint(secrets("production", "dns-01"))
    assert secrets("staging", "http-01").isdisjoint(secrets("production", "http-01"))


@pytest.mark.parametrize(("one", "other"), [*combinations(["gateway-existing", "traefik-existing", "nginx-existing"], 2)])
def test_another_entrypoint_keeps_the_address_and_the_records(one: str, other: str) -> None:
    before, after = door(stack(one)), door(stack(other))
    for kind in ("Reservation", "Record", "Namespace", "Deployment", "ClusterIssuer"):
        mine, theirs = ([item.state() for item in _sorted(made) if item.kind == kind] for made in (before, after))
        assert mine
        if kind != "ClusterIssuer":
            assert mine == theirs


@pytest.mark.parametrize("kinds", [EXISTING, BY_HELM], ids=["existing", "by helm"])
def test_another_entrypoint_keeps_the_load_balancer_or_deletes_it_before_it_makes_another(kinds: list[str]) -> None:
    """In the cluster it is the same object, and no two can hold one address."""
    fronts = [item for kind in kinds for item in door(stack(kind)) if item.custom and item.name in ("front", "controller")]
    assert len(fronts) == len(kinds)
    assert len({item.urn for item in fronts}) == 1
    assert all(item.delete_before_replace for item in fronts)


# Outputs


@EVERY
def test_the_outputs_say_what_a_person_wants_to_know(raw: dict[str, Any]) -> None:
    made = door(raw)
    outputs = made.one("FrontDoor").outputs
    assert outputs is not None
    assert outputs["urls"] == ["https://shop.portico.test/", "https://shop.portico.test/api", "https://portico.test/"]
    assert outputs["address"] == "192.0.2.16"
    assert set(outputs["certificates"].values()) == {"2030-01-01T00:00:00Z"}
    assert set(raw["certificates"]) - set(outputs["certificates"]) in ({*()}, {"inside"})
    kinds = {kind for entry in raw["certificates"].values() for kind in entry}
    assert set(outputs["issuer"]) == kinds
    steps = " ".join(outputs["next_steps"])
    assert "must delegate portico.test" in steps
    assert ("from staging" in steps) is ("acme" in kinds)


def test_type_tokens_are_what_they_were() -> None:
    """They stand in every state file: a changed one replaces what is running."""
    tokens = {
        item.type
        for raw in (
            stack("gateway-helm", "mixed", cert_manager=None),
            stack("traefik-existing"),
            stack("nginx-existing"),
            aws_stack("alb", **MORE_OF_AWS),
            gcp_stack("gce"),
            gcp_stack("gce", **_IN_SECRETS),
            gcp_stack("gateway-global"),
            gcp_stack("traefik-helm"),
        )
        for item in door(raw)
        if not item.type.startswith(("kubernetes:", "pulumi:", "aws:", "gcp:"))
    }
    assert tokens == {
        "portico:clouds:Aws",
        "portico:clouds:AwsCertificate",
        "portico:clouds:AwsIdentity",
        "portico:clouds:AwsZone",
        "portico:clouds:Gcp",
        "portico:clouds:GcpAddress",
        "portico:clouds:GcpCertificate",
        "portico:clouds:GcpIdentity",
        "portico:clouds:GcpZone",
        "portico:entrypoints:Gce",
        "portico:trust:GoogleManaged",
        "portico:trust:ProvidedCertificate",
        "pulumi-python:dynamic/trust:Activation",
        "portico:clouds:LoadBalancerController",
        "portico:entrypoints:Alb",
        "portico:sites:Service",
        "pulumi-python:dynamic/clouds:Delegation",
        "portico:clouds:Rfc2136",
        "portico:clouds:Rfc2136Zone",
        "portico:entrypoints:Gateway",
        "portico:entrypoints:Nginx",
        "portico:entrypoints:Traefik",
        "portico:index:FrontDoor",
        "portico:sites:Site",
        "portico:sites:Workload",
        "portico:trust:AcmeIssuer",
        "portico:trust:CertManager",
        "portico:trust:Certificate",
        "portico:trust:PrivateCaIssuer",
        "portico:trust:Trust",
        "pulumi-python:dynamic/sites:Answering",
        "pulumi-python:dynamic/rfc2136:Record",
        "pulumi-python:dynamic/rfc2136:Reservation",
        "pulumi-python:dynamic/trust:Issuance",
        "pulumi-python:dynamic/trust:Sweep",
    }
