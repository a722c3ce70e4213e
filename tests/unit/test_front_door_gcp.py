"""The whole way on Google Cloud: its order, its guard, and what stays where an entrypoint takes the place of another."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests.support import gcp, pem
from tests.support.doors import door
from tests.support.random_stacks import gcp_stack_files
from tests.support.recorder import Recording, Registration, Secret
from tests.support.stacks import (
    GCP_ENTRYPOINTS,
    MORE_OF_GCP,
    gcp_stack,
    problems_of,
    settings_of,
    with_value,
)

BY_GOOGLE = ["gce", "gateway-global", "gateway-regional"]
GATEWAYS_OF_GKE = ["gateway-global", "gateway-regional"]
IN_CLUSTER = [way for way in GCP_ENTRYPOINTS if way not in BY_GOOGLE]
EXISTING = [way for way in IN_CLUSTER if way.endswith("existing")]

WAYS = pytest.mark.parametrize("way", GCP_ENTRYPOINTS)

SLOW = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)

#: The certificates that any entrypoint shows.
BY_RECORDS = {"web": {"acme": {"hosts": ["portico.test", "*.portico.test"]}}}
BY_VISITS = {"web": {"acme": {"hosts": ["portico.test", "shop.portico.test"], "challenge": "http-01"}}}

#: What leads traffic to the sites: it is made before what did so earlier goes.
SERVING = {
    "Address",
    "Answering",
    "GlobalAddress",
    "BackendConfig",
    "FrontendConfig",
    "GCPBackendPolicy",
    "GCPGatewayPolicy",
    "Gateway",
    "HTTPRoute",
    "HealthCheckPolicy",
    "Ingress",
    "IngressRoute",
    "ManagedCertificate",
    "Middleware",
    "ReferenceGrant",
    "Release",
    "ServicePatch",
}


def addresses(made: Recording) -> list[Registration]:
    return [item for item in made if item.kind in ("Address", "GlobalAddress")]


def records(made: Recording) -> dict[str, Registration]:
    """By host; the records that prove something left out."""
    return {item.name: item for item in made.all("RecordSet") if not item.name.startswith("proof/")}


def serving(made: Recording) -> list[Registration]:
    fronts = [item for item in made.all("Service") if item.custom and item.spec["type"] == "LoadBalancer"]
    return [*fronts, *[item for item in made if item.custom and item.kind in SERVING and item.name != "cert-manager"]]


def objects(items: list[Registration]) -> set[tuple[str, str, str]]:
    """The same as the cluster knows them: kind, namespace, name."""
    named = [(item.kind, item.inputs if item.kind == "Release" else item.metadata) for item in items]
    return {(kind, known.get("namespace", ""), known["name"]) for kind, known in named if known}


def others_services(way: str) -> dict[str, Any]:
    """Sites in two namespaces, whose Services somebody else made."""
    return gcp_stack(
        way,
        certificates=BY_RECORDS,
        sites={
            "shop": {"hosts": ["shop.portico.test"], "namespace": "shop", "paths": {"/": "web:80", "/v2": "web:81"}},
            "apex": {"hosts": ["portico.test"], "namespace": "default", "paths": {"/": "blog:80"}},
        },
    )


# Guard


@pytest.mark.parametrize("more", [{}, MORE_OF_GCP], ids=["plain", "more"])
@WAYS
def test_what_others_point_at_is_protected_and_nothing_else(way: str, more: dict[str, Any]) -> None:
    """Addresses, which stand in other people's firewalls, and zones, whose name servers stand in the parent zone."""
    made = door(gcp_stack(way, protect=True, **more))
    kept = {item.urn for item in made if item.protect}
    assert kept == {item.urn for item in [*addresses(made), *made.all("ManagedZone")]}
    assert len(addresses(made)) == 1
    assert len(made.all("ManagedZone")) == (2 if more else 1)
    assert [item.urn for item in door(gcp_stack(way, protect=False, **more)) if item.protect] == []


def test_the_address_is_protected_unless_the_stack_file_says_otherwise() -> None:
    assert [item.protect for item in addresses(door(gcp_stack("gce")))] == [True]


# Secrets


@WAYS
def test_the_key_of_a_provided_certificate_is_a_secret_wherever_it_goes(way: str) -> None:
    made = door(gcp_stack(way, certificates={"own": {"provided": pem.provided("portico.test", "shop.portico.test")}}))
    [secret] = made.all("Secret")
    assert secret.inputs["type"] == "kubernetes.io/tls"
    data = secret.inputs["stringData"]
    held = data.value if isinstance(data, Secret) else data
    assert isinstance(data, Secret) or isinstance(held["tls.key"], Secret)
    assert pem.key_pem("leaf") not in repr([item.inputs for item in made if item.kind != "Secret"])


def test_whoever_awaits_a_managed_certificate_keeps_the_kubeconfig_secret() -> None:
    [activation] = door(gcp_stack("gce")).all("Activation")
    assert isinstance(activation.inputs["kubeconfig"], Secret)
    assert "kubeconfig" in activation.additional_secret_outputs


@pytest.mark.parametrize("identity", ["principal", "service_account"])
def test_no_key_of_an_account_is_made(identity: str) -> None:
    cloud = {"gcp": {"project": "portico-sandbox", "region": "europe-west3", "identity": identity}}
    made = door(gcp_stack("traefik-existing", cloud=cloud))
    assert [item.type for item in made if "Key" in item.kind] == []


# Order


@WAYS
def test_an_address_is_reserved_before_what_asks_for_it(way: str) -> None:
    made = door(gcp_stack(way))
    [address] = addresses(made)
    asking = [item for item in made if item.custom and item.kind in ("Gateway", "Ingress", "Release", "HTTPRoute")]
    asking += [item for item in made.all("Service") if item.custom and item.spec["type"] == "LoadBalancer"]
    assert asking
    assert all(made.waits(item, address) for item in asking)
    assert all(made.waits(item, address) for item in records(made).values())


def test_each_ingress_comes_after_all_that_the_controller_looks_at_when_it_makes_a_load_balancer() -> None:
    raw = gcp_stack("gce")
    raw["sites"]["shop"]["paths"] = {"/": "web:8080", "/inside": "inside:80"}
    made = door(raw)
    ingress = made.object("Ingress", "shop")
    before = [
        *addresses(made),
        *made.all("FrontendConfig"),
        *made.all("BackendConfig"),
        *made.all("ManagedCertificate"),
        made.object("Service", "shop/web"),
        made.object("Service", "inside"),
        *made.all("Deployment"),
        *made.all("SSLPolicy"),
    ]
    assert len(before) == 10
    assert [item.urn for item in before if not made.waits(ingress, item)] == []


def test_the_services_of_others_are_told_before_the_ingress_that_leads_to_them() -> None:
    made = door(others_services("gce"))
    patches = made.all("ServicePatch")
    assert sorted(item.name for item in patches) == ["default/blog", "shop/web"]
    for patch in patches:
        namespace = patch.metadata["namespace"]
        assert made.waits(made.object("Ingress", namespace), patch)


@pytest.mark.parametrize(
    ("certificates", "kind"),
    [
        ({"web": {"google_managed": {"hosts": ["portico.test", "shop.portico.test"]}}}, "ManagedCertificate"),
        ({"web": {"provided": pem.provided("portico.test", "shop.portico.test")}}, "Secret"),
        (BY_VISITS, "Certificate"),
        (BY_RECORDS, "Issuance"),
    ],
    ids=["managed", "provided", "http-01", "dns-01"],
)
def test_an_ingress_comes_after_the_certificates_that_it_names(certificates: dict[str, Any], kind: str) -> None:
    made = door(gcp_stack("gce", certificates=certificates))
    [shown] = [item for item in made.all(kind) if item.custom]
    assert made.waits(made.object("Ingress", "shop"), shown)


def test_an_ingress_waits_for_nothing_of_another_namespace() -> None:
    made = door(others_services("gce"))
    for mine, other in (("shop", "default"), ("default", "shop")):
        ingress = made.object("Ingress", mine)
        strange = [item for item in made if item.kind in SERVING and item.metadata.get("namespace") == other]
        assert len(strange) >= 4
        assert [item.urn for item in strange if made.waits(ingress, item)] == []


@WAYS
def test_a_name_leads_to_a_site_only_when_it_answers(way: str) -> None:
    """Whoever asks before is served by whatever was there before, and not by a site that is not there yet."""
    raw = gcp_stack(way)
    made = door(raw)
    assert set(records(made)) == {"shop.portico.test", "portico.test"}
    for host, record in records(made).items():
        [key] = [key for key, site in raw["sites"].items() if host in site["hosts"]]
        [component] = [item for item in made.all("Site") if item.name == key]
        routes = [item for item in made if item.custom and item.parent == component.urn]
        routes += made.all("Ingress") if way == "gce" else []
        assert routes
        assert [item.urn for item in routes if not made.waits(record, item)] == []


@WAYS
def test_a_certificate_that_is_proven_by_records_is_there_before_any_name_leads_here(way: str) -> None:
    made = door(gcp_stack(way, certificates=BY_RECORDS))
    [issuance] = made.all("Issuance")
    assert all(made.waits(record, issuance) for record in records(made).values())


@WAYS
def test_a_certificate_that_is_proven_by_visits_is_awaited_when_the_names_lead_here(way: str) -> None:
    made = door(gcp_stack(way, certificates=BY_VISITS))
    [issuance] = made.all("Issuance")
    assert all(made.waits(issuance, record) for record in records(made).values())
    served = [item for item in made if item.custom and item.kind in ("Gateway", "Ingress", "HTTPRoute")]
    assert all(made.waits(issuance, item) for item in served)


def test_a_managed_certificate_is_awaited_when_the_names_lead_to_its_ingress() -> None:
    """Google visits its hosts, and gives up for a while where it finds nothing."""
    made = door(gcp_stack("gce"))
    [activation], [certificate] = made.all("Activation"), made.all("ManagedCertificate")
    assert activation.inputs["domains"] == ["portico.test", "shop.portico.test"]
    assert (activation.inputs["namespace"], activation.inputs["name"]) == ("shop", certificate.metadata["name"])
    assert activation.inputs["uid"] == f"uid of {certificate.metadata['name']}"
    for item in [*records(made).values(), *made.all("Ingress"), certificate]:
        assert made.waits(activation, item)


def test_a_managed_certificate_waits_for_its_own_hosts_only() -> None:
    raw = gcp_stack("gce", certificates={key: {"google_managed": {"hosts": [host]}} for key, host in (
        ("a", "portico.test"), ("b", "shop.portico.test"))})  # fmt: skip
    made = door(raw)
    waited = made.one("Activation", "a/shop")
    assert made.waits(waited, records(made)["portico.test"])
    assert not made.waits(waited, records(made)["shop.portico.test"])


def test_certificates_of_certificate_manager_are_there_before_the_gateway() -> None:
    made = door(gcp_stack("gateway-global"))
    gateway = made.object("Gateway")
    for item in made.all("CertificateMapEntry") + [each for each in made.all("Certificate") if each.type.startswith("gcp:")]:
        assert made.waits(gateway, item)
    assert made.all("Activation") == []


@pytest.mark.parametrize("way", GATEWAYS_OF_GKE)
def test_what_a_gateways_load_balancer_does_is_said_before_traffic_comes(way: str) -> None:
    made = door(gcp_stack(way))
    for kind in ("GCPGatewayPolicy", "GCPBackendPolicy", "HealthCheckPolicy"):
        policies = made.all(kind)
        assert policies
        assert all(made.waits(record, policy) for record in records(made).values() for policy in policies)


def addressed(item: Registration) -> tuple[str, list[str], int]:
    return item.inputs["address"], item.inputs["urls"], item.inputs["timeout"]


@pytest.mark.parametrize("way", BY_GOOGLE)
def test_a_name_leads_to_googles_load_balancer_only_when_that_answers_for_it(way: str) -> None:
    """It stands for its controller minutes before it answers everywhere."""
    raw = gcp_stack(way, certificates=BY_RECORDS)
    [(kind, own)] = raw["entrypoint"].items()
    made = door({**raw, "entrypoint": {kind: {**own, "timeout": 77}}})
    [address] = addresses(made)
    looks = {item.name.partition(".")[0]: item for item in made.all("Answering")}
    number = gcp.address(address.inputs["name"])
    assert {key: addressed(item) for key, item in looks.items()} == {
        "shop": (number, ["https://shop.portico.test/"], 77),
        "apex": (number, ["https://portico.test/"], 77),
    }
    for key, host in (("shop", "shop.portico.test"), ("apex", "portico.test")):
        assert made.waits(records(made)[host], looks[key])
        led = made.all("Ingress") if way == "gce" else [item for item in made.all("HTTPRoute") if item.name.startswith(key)]
        assert led
        assert all(made.waits(looks[key], item) for item in [*led, address])


@pytest.mark.parametrize("way", IN_CLUSTER)
def test_a_controller_in_the_cluster_is_not_looked_at_from_outside(way: str) -> None:
    assert door(gcp_stack(way)).all("Answering") == []


@pytest.mark.parametrize("way", BY_GOOGLE)
def test_nothing_is_looked_at_where_this_machine_is_not_to_ask(way: str) -> None:
    made = door(gcp_stack(way, preflight=False))
    assert made.all("Answering") == []
    assert set(records(made)) == {"shop.portico.test", "portico.test"}


def test_an_address_of_ipv6_is_looked_at_as_a_url_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gcp, "address", lambda _name: "2001:db8::1")
    made = door(gcp_stack("gce", entrypoint={"gce": {"address": {"ipv6": True}}}))
    assert {item.inputs["address"] for item in made.all("Answering")} == {"[2001:db8::1]"}
    assert records(made)["portico.test"].inputs["rrdatas"] == ["2001:db8::1"]


# Moving from one entrypoint to another


PAIRS = [
    (one, other)
    for one, other in permutations(GCP_ENTRYPOINTS, 2)
    if settings_of(gcp_stack(one)).front_key != settings_of(gcp_stack(other)).front_key
]


def _shared(one: str, other: str) -> set[str]:
    """Kinds of what serves both."""
    if {one, other} == set(GATEWAYS_OF_GKE):
        # A policy is said of a Service, and is the same for every class of GKE's.
        return {"HealthCheckPolicy", "GCPBackendPolicy"}
    if one.partition("-")[0] == other.partition("-")[0] and not {one, other} & set(BY_GOOGLE):
        # Of the same class, by whichever controller: both read the same routes.
        return {"Gateway", "HTTPRoute", "Ingress", "IngressRoute", "Middleware", "ReferenceGrant"}
    return set()


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_another_entrypoint_is_made_beside_the_old_one(one: str, other: str) -> None:
    """The engine makes what has another URN, and deletes what is no longer there at the very end: when the records have moved."""
    shared = _shared(one, other)
    before, after = (door(gcp_stack(way, certificates=BY_RECORDS)) for way in (one, other))
    old, new = ([item for item in serving(made) if item.kind not in shared] for made in (before, after))
    assert old
    assert {item.urn for item in old}.isdisjoint({item.urn for item in new})
    assert objects(old).isdisjoint(objects(new))
    mine, theirs = ({item.inputs["name"] for item in addresses(made)} for made in (before, after))
    assert mine.isdisjoint(theirs)


@SLOW
@given(gcp_stack_files(), st.sampled_from(PAIRS))
def test_also_where_keys_look_like_the_marks_of_entrypoints(raw: dict[str, Any], pair: tuple[str, str]) -> None:
    parts = {"certificates": {"wildcard": {"acme": {"hosts": ["*.portico.test"]}}}, "sites": raw["sites"]}
    stacks = [gcp_stack(way, services=None, **parts) for way in pair]
    assume([problems_of(each) for each in stacks] == [{}, {}])
    old, new = ([item for item in serving(door(each)) if item.kind not in _shared(*pair)] for each in stacks)
    assert {item.urn for item in old}.isdisjoint({item.urn for item in new})
    assert objects(old).isdisjoint(objects(new))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_another_entrypoint_keeps_the_names_the_pods_and_the_certificates(one: str, other: str) -> None:
    before, after = (door(gcp_stack(way, certificates=BY_RECORDS)) for way in (one, other))
    kinds = ("ManagedZone", "Namespace", "Deployment", "Certificate", "Issuance", "Sweep", "DnsManagedZoneIamMember")
    kept = {item.urn: item.state() for item in before if item.custom and item.kind in kinds}
    # Also what GKE reads of them: an old load balancer sends to their pods until it goes.
    kept |= {item.urn: item.state() for item in before.all("Service") if item.custom and item.spec["type"] == "ClusterIP"}
    assert len(kept) >= 13
    assert {urn: after.by_urn()[urn].state() for urn in kept} == kept
    # Records are changed in place: a host is never without one.
    assert {record.urn for record in records(before).values()} == {record.urn for record in records(after).values()}


@pytest.mark.parametrize(("one", "other"), [*permutations(EXISTING, 2)])
def test_entrypoints_through_the_same_controller_keep_the_address_and_the_load_balancer(one: str, other: str) -> None:
    before, after = door(gcp_stack(one)), door(gcp_stack(other))
    [mine], [theirs] = addresses(before), addresses(after)
    assert mine.state() == theirs.state()
    assert mine.inputs["name"] == "portico-test-controllers-portico"
    fronts = [made.object("Service", "front/controllers.portico") for made in (before, after)]
    assert fronts[0].state() == fronts[1].state()
    assert {host: item.state() for host, item in records(before).items()} == {
        host: item.state() for host, item in records(after).items()
    }


def test_another_controller_that_exists_has_an_address_of_its_own() -> None:
    raw = gcp_stack("traefik-existing")
    other = with_value(raw, ("entrypoint", "traefik", "controller", "existing", "namespace"), "elsewhere")
    assert {item.urn for item in serving(door(raw))}.isdisjoint(
        {item.urn for item in serving(door(other)) if item.kind in ("Address", "Service")}
    )


# What stays


def changed(before: Recording, after: Recording) -> list[Registration]:
    """What was there, and is told something else or is gone."""
    later = after.by_urn()
    return [item for item in before if item.urn not in later or later[item.urn].state() != item.state()]


@SLOW
@given(gcp_stack_files(ways=IN_CLUSTER + GATEWAYS_OF_GKE), st.booleans())
def test_adding_a_site_leaves_every_other_resource_as_it_was(raw: dict[str, Any], demo: bool) -> None:
    """In a namespace whose sites show the same certificate already: a Gateway has to be told where another one lies."""
    before = settings_of(raw)
    shown = [site for site in raw["sites"].values() if {before.certificate_for(host) for host in site["hosts"]} == {"wildcard"}]
    assume(shown)
    added = {"hosts": ["new.portico.test"], "namespace": shown[0]["namespace"], "paths": {"/": "new:80"}, "demo": demo}
    more = {**raw, "sites": {**raw["sites"], "new": added}}
    assert problems_of(more) == {}
    assert changed(door(raw), door(more)) == []


@pytest.mark.parametrize("way", IN_CLUSTER + GATEWAYS_OF_GKE)
def test_a_host_more_touches_only_its_own_sites_routes(way: str) -> None:
    raw = gcp_stack(way)
    before, after = door(raw), door(with_value(raw, ("sites", "shop", "hosts"), ["shop.portico.test", "new.portico.test"]))
    [component] = [item for item in before.all("Site") if item.name == "shop"]
    touched = changed(before, after)
    assert {item.parent for item in touched if item.kind != "Answering"} == {component.urn}
    # Its names are looked at again, and no other site's.
    assert [item.name for item in touched if item.kind == "Answering"] == (
        [f"shop{settings_of(raw).mark}"] if way in GATEWAYS_OF_GKE else []
    )
    assert "new.portico.test" in records(after)


def test_another_site_touches_the_ingress_of_its_namespace_and_no_other() -> None:
    """One Ingress leads all sites of a namespace; that is what GKE makes one load balancer of."""
    raw = others_services("gce")
    added = {"hosts": ["new.portico.test"], "namespace": "shop", "paths": {"/": "new:80"}}
    before, after = door(raw), door(with_value(raw, ("sites", "new"), added))
    assert [(item.kind, item.metadata["namespace"]) for item in changed(before, after)] == [("Ingress", "shop")]


@WAYS
def test_one_more_certificate_leaves_the_others_as_they_were(way: str) -> None:
    raw = gcp_stack(way)
    [entry] = raw["certificates"].values()
    source = "google_managed" if "google_managed" in entry else "acme"
    new = {"hosts": ["new.portico.test"], "namespace": "shop", "paths": {"/": "web:8080"}}
    more = with_value(with_value(raw, ("certificates", "new"), {source: {"hosts": ["new.portico.test"]}}), ("sites", "new"), new)
    before, after = door(raw), door(more)
    assert {item.kind for item in changed(before, after)} <= {"Ingress", "Gateway", "ReferenceGrant"}
    if way.startswith(("traefik", "nginx")):
        assert changed(before, after) == []


@SLOW
@given(gcp_stack_files(), st.randoms())
def test_the_order_of_the_stack_file_is_of_no_consequence(raw: dict[str, Any], random: Any) -> None:
    """But for the order of rules in an Ingress, which all answer hosts of their own."""
    sites = list(raw["sites"].items())
    random.shuffle(sites)
    touched = changed(door(raw), door({**raw, "sites": dict(sites)}))
    assert {item.kind for item in touched} <= {"Ingress"}
    assert touched == [] or "gce" in raw["entrypoint"]


# Names


@pytest.mark.parametrize("more", [{}, MORE_OF_GCP], ids=["plain", "more"])
@WAYS
def test_names_are_short_enough_also_where_the_stacks_is_as_long_as_it_may_be(way: str, more: dict[str, Any]) -> None:
    host = f"{'h' * 60}.portico.test"
    raw = gcp_stack(way, **more)
    raw["sites"]["shop"]["hosts"] = [host]
    [(key, entry)] = raw["certificates"].items()
    [source] = entry
    raw["certificates"] = {"k" * 50: {source: {"hosts": ["portico.test", host if way == "gce" else "*.portico.test"]}}}
    assert key
    made = door(raw, stack="s" * 100)
    for item in made:
        if item.kind == "Account":
            assert 6 <= len(item.inputs["accountId"]) <= 30
        elif item.type.startswith("gcp:") and item.kind != "RecordSet" and "name" in item.inputs:
            assert len(item.inputs["name"]) <= 63, item.urn
        elif item.metadata:
            assert len(item.metadata["name"]) <= (63 if item.kind in ("Namespace", "Service") else 253), item.urn
        elif item.kind == "Release":
            assert len(item.inputs["name"]) <= 53, item.urn


def test_two_accounts_of_a_stack_with_a_long_name_are_two() -> None:
    made = door(gcp_stack("traefik-existing", **MORE_OF_GCP), stack="s" * 100)
    ids = [item.inputs["accountId"] for item in made.all("Account")]
    assert len(set(ids)) == len(ids) == 2


# Outputs


@WAYS
def test_the_outputs_say_what_a_person_wants_to_know(way: str) -> None:
    made = door(gcp_stack(way))
    outputs = made.one("FrontDoor").outputs
    assert outputs is not None
    [address] = addresses(made)
    assert outputs["address"] == gcp.address(address.inputs["name"])
    assert outputs["name_servers"] == gcp.name_servers("portico.test")
    assert outputs["urls"] == (["https://shop.portico.test/", "https://shop.portico.test/api", "https://portico.test/"])
    by_google = "acme" not in gcp_stack(way)["certificates"]["web"]
    assert outputs["certificates"] == {"web": "renewed by the cloud" if by_google else "2030-01-01T00:00:00Z"}
    assert outputs["issuer"] == ({} if by_google else {"acme": "portico-test-acme-staging"})


def test_every_address_is_told_where_there_are_several() -> None:
    made = door(others_services("gce"))
    outputs = made.one("FrontDoor").outputs
    assert outputs is not None
    told = outputs["address"].split(", ")
    assert sorted(told) == sorted(gcp.address(item.inputs["name"]) for item in addresses(made))
    assert len(told) == 2


def test_when_a_provided_certificate_ends_is_told() -> None:
    made = door(gcp_stack("gce", certificates={"own": {"provided": pem.provided("portico.test", "shop.portico.test")}}))
    outputs = made.one("FrontDoor").outputs
    assert outputs is not None
    assert outputs["certificates"] == {"own": f"{pem.NOW + 30 * pem.DAY:%Y-%m-%dT%H:%M:%SZ}"}
