"""Compute Engine as Google's own client sees it."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest

PROJECT, REGION, ZONE = "sandbox-project", "europe-west3", "europe-west3-a"
HERE: dict[str, Any] = {"project": PROJECT}


def _front(twin: Any, name: str) -> dict[str, str]:
    """A whole HTTP load balancer but for its forwarding rule; returns the proxy's link by `proxy` and so on."""
    compute = twin.client("compute")
    links: dict[str, str] = {}
    made: list[tuple[str, Any, dict[str, Any]]] = [
        ("healthCheck", compute.healthChecks(), {"type": "HTTP"}),
        ("backend", compute.backendServices(), {"healthChecks": ["healthCheck"]}),
        ("map", compute.urlMaps(), {"defaultService": "backend"}),
        ("proxy", compute.targetHttpProxies(), {"urlMap": "map"}),
    ]
    for word, collection, body in made:
        full = {k: [links[v[0]]] if isinstance(v, list) else links.get(v, v) for k, v in body.items()}
        links[word] = twin.done(collection.insert(**HERE, body={"name": f"{name}-{word.lower()}", **full}))["targetLink"]
    return links


def test_an_address_lives_and_dies(twin: Any, refused: Any) -> None:
    addresses = twin.client("compute").globalAddresses()
    done = twin.done(addresses.insert(**HERE, body={"name": "lives", "description": "one"}))
    assert done["operationType"] == "insert"
    assert "error" not in done
    shown = addresses.get(**HERE, address="lives").execute()
    assert shown["kind"] == "compute#address"
    assert shown["status"] == "RESERVED"
    assert shown["address"].startswith("127.40.0.")
    assert shown["selfLink"].endswith(f"/compute/v1/projects/{PROJECT}/global/addresses/lives")
    assert shown["id"].isdigit()
    with refused(409, "alreadyExists"):
        addresses.insert(**HERE, body={"name": "lives"}).execute()
    assert [a["name"] for a in addresses.list(**HERE, filter="name = lives").execute()["items"]] == ["lives"]
    twin.done(addresses.delete(**HERE, address="lives"))
    with refused(404, "notFound"):
        addresses.get(**HERE, address="lives").execute()


def test_what_is_not_ready_cannot_be_used(twin: Any, refused: Any) -> None:
    addresses = twin.client("compute").globalAddresses()
    operation = addresses.insert(**HERE, body={"name": "hasty"}).execute()
    assert operation["status"] == "PENDING"
    with refused(400, "resourceNotReady"):
        addresses.delete(**HERE, address="hasty").execute()


def test_no_address_is_given_twice_and_an_empty_pool_fails_late(own_twin: Any) -> None:
    twin = own_twin(pool="127.40.1.0/30")
    twin.start()
    compute = twin.client("compute")
    for index in range(2):
        twin.done(compute.globalAddresses().insert(**HERE, body={"name": f"a{index}"}))
        twin.done(compute.addresses().insert(**HERE, region=REGION, body={"name": f"a{index}"}))
    items = compute.addresses().aggregatedList(**HERE).execute()["items"]
    given = [address["address"] for scope in items.values() for address in scope["addresses"]]
    assert set(items) == {"global", f"regions/{REGION}"}
    assert len(set(given)) == 4
    done = twin.done(compute.globalAddresses().insert(**HERE, body={"name": "more"}))
    assert done["error"]["errors"][0]["code"] == "QUOTA_EXCEEDED"
    assert done["httpErrorStatusCode"] == 403
    assert "more" not in [address["name"] for address in compute.globalAddresses().list(**HERE).execute()["items"]]


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        ("global/addresses", b'{"name": "x", "colour": "red"}', 400, 'Unknown name \\"colour\\"'),
        ("global/addresses", b'{"name": 1}', 400, "TYPE_STRING"),
        ("global/addresses", b'{"name": "x", "prefixLength": "long"}', 400, "TYPE_INT32"),
        ("global/addresses", b'{"name": "Not_A_Name"}', 400, "Must be a match of regex"),
        ("global/addresses", b'{"name": "x", "ipVersion": "IPV5"}', 400, "Must be one of"),
        ("global/addresses", b'{"description": "x"}', 400, "required"),
        ("global/addresses", b"[]", 400, "Invalid JSON payload"),
        ("global/addresses?colour=red", b'{"name": "x"}', 400, "Cannot bind query parameter"),
        ("global/castles", b"{}", 404, "no method"),
        ("regions/atlantis/addresses", b'{"name": "x"}', 404, "regions/atlantis"),
        ("global/urlMaps", b'{"name": "x", "defaultService": "global/backendServices/none"}', 404, "backendServices/none"),
    ],
)
def test_what_is_no_request_is_refused(twin: Any, path: str, body: bytes, status: int, word: str) -> None:
    url = f"{twin.endpoint}/compute/v1/projects/{PROJECT}/{path}"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST"))
    assert caught.value.code == status
    assert word in caught.value.read().decode()


def test_a_forwarding_rule_holds_what_it_stands_on(twin: Any, refused: Any) -> None:
    compute, links = twin.client("compute"), _front(twin, "holds")
    rules, addresses = compute.globalForwardingRules(), compute.globalAddresses()
    address = twin.done(addresses.insert(**HERE, body={"name": "holds"}))["targetLink"]
    body = {"name": "holds", "IPAddress": address, "target": links["proxy"], "portRange": "80"}
    twin.done(rules.insert(**HERE, body=body))
    shown, held = rules.get(**HERE, forwardingRule="holds").execute(), addresses.get(**HERE, address="holds").execute()
    assert shown["IPAddress"] == held["address"]
    assert shown["portRange"] == "80-80"
    assert held["status"] == "IN_USE"
    assert held["users"] == [shown["selfLink"]]
    with refused(400, "resourceInUseByAnotherResource"):
        addresses.delete(**HERE, address="holds").execute()
    with refused(400, "resourceInUseByAnotherResource"):
        compute.urlMaps().delete(**HERE, urlMap="holds-map").execute()
    with refused(400, "in-use"):
        rules.insert(**HERE, body={**body, "name": "second"}).execute()
    twin.done(rules.delete(**HERE, forwardingRule="holds"))
    twin.done(addresses.delete(**HERE, address="holds"))


def test_an_address_can_be_chosen_only_where_a_forwarding_rule_has_it_already(twin: Any, refused: Any) -> None:
    """What the Ingress controller does when both ports are to have one address: what was given becomes a reserved one."""
    compute, links = twin.client("compute"), _front(twin, "promoted")
    addresses, rules = compute.globalAddresses(), compute.globalForwardingRules()
    with refused(400, "not available"):
        addresses.insert(**HERE, body={"name": "promoted", "address": "127.40.0.60"}).execute()
    twin.done(rules.insert(**HERE, body={"name": "promoted", "target": links["proxy"], "portRange": "80"}))
    given = rules.get(**HERE, forwardingRule="promoted").execute()["IPAddress"]
    twin.done(addresses.insert(**HERE, body={"name": "promoted", "address": given}))
    shown = addresses.get(**HERE, address="promoted").execute()
    assert (shown["address"], shown["status"]) == (given, "IN_USE")
    with refused(400, "not available"):
        addresses.insert(**HERE, body={"name": "again", "address": given}).execute()
    twin.done(rules.delete(**HERE, forwardingRule="promoted"))
    twin.done(addresses.delete(**HERE, address="promoted"))


def test_an_address_of_another_scope_is_no_address(twin: Any, refused: Any) -> None:
    compute, links = twin.client("compute"), _front(twin, "scope")
    twin.done(compute.addresses().insert(**HERE, region=REGION, body={"name": "scope"}))
    address = compute.addresses().get(**HERE, region=REGION, address="scope").execute()
    for given in (address["selfLink"], address["address"], "192.0.2.1"):
        with refused(400, "reserved address of scope global"):
            body = {"name": "scope", "IPAddress": given, "target": links["proxy"], "portRange": "80"}
            compute.globalForwardingRules().insert(**HERE, body=body).execute()


def test_a_change_needs_the_fingerprint_of_what_it_changes(twin: Any, refused: Any) -> None:
    policies = twin.client("compute").sslPolicies()
    twin.done(policies.insert(**HERE, body={"name": "prints", "profile": "MODERN", "minTlsVersion": "TLS_1_2"}))
    first = policies.get(**HERE, sslPolicy="prints").execute()
    assert "TLS_RSA_WITH_AES_128_CBC_SHA" not in first["enabledFeatures"]
    with refused(412, "conditionNotMet"):
        policies.patch(**HERE, sslPolicy="prints", body={"profile": "RESTRICTED"}).execute()
    twin.done(policies.patch(**HERE, sslPolicy="prints", body={"profile": "RESTRICTED", "fingerprint": first["fingerprint"]}))
    second = policies.get(**HERE, sslPolicy="prints").execute()
    assert (second["profile"], second["minTlsVersion"]) == ("RESTRICTED", "TLS_1_2")
    assert set(second["enabledFeatures"]) < set(first["enabledFeatures"])
    with refused(412, "conditionNotMet"):
        stale = {"profile": "MODERN", "fingerprint": first["fingerprint"]}
        policies.patch(**HERE, sslPolicy="prints", body=stale).execute()


def test_a_put_leaves_only_what_is_given(twin: Any) -> None:
    checks = twin.client("compute").healthChecks()
    twin.done(checks.insert(**HERE, body={"name": "put", "type": "HTTP", "description": "gone", "timeoutSec": 9}))
    before = checks.get(**HERE, healthCheck="put").execute()
    twin.done(checks.update(**HERE, healthCheck="put", body={"name": "put", "type": "HTTP", "checkIntervalSec": 30}))
    after = checks.get(**HERE, healthCheck="put").execute()
    assert "description" not in after
    assert (after["checkIntervalSec"], after["timeoutSec"]) == (30, 5)
    assert (after["id"], after["selfLink"]) == (before["id"], before["selfLink"])


def test_a_proxy_is_told_another_map(twin: Any) -> None:
    compute, links, others = twin.client("compute"), _front(twin, "one"), _front(twin, "other")
    proxies = compute.targetHttpProxies()
    twin.done(proxies.setUrlMap(**HERE, targetHttpProxy="one-proxy", body={"urlMap": others["map"]}))
    assert proxies.get(**HERE, targetHttpProxy="one-proxy").execute()["urlMap"] == others["map"]
    twin.done(compute.urlMaps().delete(**HERE, urlMap="one-map"))  # nobody needs it any more
    assert links["map"] != others["map"]


def test_groups_know_their_members_and_members_are_healthy(twin: Any, refused: Any) -> None:
    compute, here = twin.client("compute"), {**HERE, "zone": ZONE}
    groups, negs, backends = compute.instanceGroups(), compute.networkEndpointGroups(), compute.backendServices()
    instance = compute.instances().list(**here).execute()["items"][0]["selfLink"]
    group = twin.done(groups.insert(**here, body={"name": "group"}))["targetLink"]
    twin.done(groups.addInstances(**here, instanceGroup="group", body={"instances": [{"instance": instance}]}))
    with refused(400, "already a member"):
        groups.addInstances(**here, instanceGroup="group", body={"instances": [{"instance": instance}]}).execute()
    twin.done(groups.setNamedPorts(**here, instanceGroup="group", body={"namedPorts": [{"name": "web", "port": 30080}]}))
    listed = groups.listInstances(**here, instanceGroup="group", body={}).execute()["items"]
    assert [(entry["instance"], entry["namedPorts"]) for entry in listed] == [(instance, [{"name": "web", "port": 30080}])]
    assert groups.get(**here, instanceGroup="group").execute()["size"] == 1

    endpoints = [{"ipAddress": "127.50.0.1", "port": 8080}, {"ipAddress": "127.50.0.2", "port": 8080}]
    neg = twin.done(negs.insert(**here, body={"name": "neg"}))["targetLink"]
    twin.done(negs.attachNetworkEndpoints(**here, networkEndpointGroup="neg", body={"networkEndpoints": endpoints}))
    twin.done(negs.detachNetworkEndpoints(**here, networkEndpointGroup="neg", body={"networkEndpoints": endpoints[:1]}))
    shown = negs.listNetworkEndpoints(**here, networkEndpointGroup="neg", body={"healthStatus": "SHOW"}).execute()["items"]
    assert [(entry["networkEndpoint"], entry["healths"]) for entry in shown] == [(endpoints[1], [{"healthState": "HEALTHY"}])]

    body = {"name": "healthy", "portName": "web", "backends": [{"group": group}, {"group": neg}]}
    twin.done(backends.insert(**HERE, body=body))
    healths = [
        backends.getHealth(**HERE, backendService="healthy", body={"group": link}).execute()["healthStatus"]
        for link in (group, neg)
    ]
    assert healths[0] == [{"instance": instance, "port": 30080, "healthState": "HEALTHY"}]
    assert healths[1] == [{**endpoints[1], "healthState": "HEALTHY"}]
    with refused(400, "resourceInUseByAnotherResource"):
        groups.delete(**here, instanceGroup="group").execute()


def test_a_refused_request_leaves_nothing_behind(twin: Any, refused: Any) -> None:
    groups, here = twin.client("compute").instanceGroups(), {**HERE, "zone": ZONE}
    twin.done(groups.insert(**here, body={"name": "half"}))
    good = f"zones/{ZONE}/instances/sandbox"
    with refused(400, "already a member"):
        body = {"instances": [{"instance": good}, {"instance": good}]}
        groups.addInstances(**here, instanceGroup="half", body=body).execute()
    assert groups.listInstances(**here, instanceGroup="half", body={}).execute()["items"] == []


def test_labels_have_a_fingerprint_of_their_own(twin: Any, refused: Any) -> None:
    addresses = twin.client("compute").globalAddresses()
    twin.done(addresses.insert(**HERE, body={"name": "labels", "labels": {"a": "b"}}))
    print_of = addresses.get(**HERE, address="labels").execute()["labelFingerprint"]
    twin.done(addresses.setLabels(**HERE, resource="labels", body={"labels": {"c": "d"}, "labelFingerprint": print_of}))
    assert addresses.get(**HERE, address="labels").execute()["labels"] == {"c": "d"}
    with refused(412, "conditionNotMet"):
        addresses.setLabels(**HERE, resource="labels", body={"labels": {}, "labelFingerprint": print_of}).execute()


def test_a_project_begins_with_what_a_cluster_needs(twin: Any) -> None:
    compute = twin.client("compute")
    assert compute.projects().get(**HERE).execute()["name"] == PROJECT
    zones = [zone["name"] for zone in compute.zones().list(**HERE).execute()["items"]]
    assert zones == [f"{REGION}-{letter}" for letter in "abc"]
    assert len(compute.regions().get(**HERE, region=REGION).execute()["zones"]) == 3
    network = compute.networks().get(**HERE, network="default").execute()["selfLink"]
    assert compute.subnetworks().get(**HERE, region=REGION, subnetwork="default").execute()["network"] == network
    assert [len(compute.instances().list(**HERE, zone=zone).execute()["items"]) for zone in zones] == [1, 1, 1]


def test_the_path_of_the_ingress_controller_is_understood(twin: Any) -> None:
    url = f"{twin.endpoint}/compute/beta/projects/projects/{PROJECT}/global/networks/default"
    with urllib.request.urlopen(url) as response:
        assert response.status == 200


def test_a_list_comes_in_pages(twin: Any) -> None:
    zones = twin.client("compute").zones()
    first = zones.list(**HERE, maxResults=2).execute()
    second = zones.list(**HERE, maxResults=2, pageToken=first["nextPageToken"]).execute()
    assert [zone["name"][-1] for zone in (*first["items"], *second["items"])] == ["a", "b", "c"]
    assert "nextPageToken" not in second
