"""The committed dev stack's life on the real engine, in order: each test begins where the one before ended."""

from __future__ import annotations

import base64
import copy
import ipaddress
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from lightkube.resources.networking_v1 import Ingress

from components.trust.watch import Order
from tests.engine.project import Project
from tests.engine.world import Trace, World, eventually

STACK = "life"

#: Which Service answers which host and path. A prefix ends at a slash: /feedback is not below /feed.
SERVED = {
    ("shop.portico.test", "/"): "shop/web",
    ("shop.portico.test", "/basket"): "shop/web",
    ("shop.portico.test", "/api"): "shop/api",
    ("shop.portico.test", "/api/v1?page=2"): "shop/api",
    ("blog.portico.test", "/"): "blog/pages",
    ("blog.portico.test", "/feed"): "blog/feed",
    ("blog.portico.test", "/feedback"): "blog/pages",
}


@pytest.fixture(scope="module")
def before(world: World) -> Trace:
    """The cluster and the zones before this module."""
    return world.trace()


@pytest.fixture(scope="module")
def project(world: World, before: Trace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with world.stack(tmp_path_factory.mktemp("life"), STACK) as project:
        project.write(world.dev_config())
        yield project


def change(project: Project, world: World, **parts: Any) -> None:
    """The dev stack file with other values for whole top-level keys."""
    project.write({**world.dev_config(), **{f"portico:{key}": value for key, value in parts.items()}})


def entrypoint(world: World, kind: str) -> dict[str, Any]:
    """The dev stack's entrypoint, its key replaced: the one value that a person changes."""
    options = world.dev_config()["portico:entrypoint"]["gateway"]
    return {kind: {**options, "class": "nginx" if kind == "nginx" else "traefik"}}


def acme(world: World, environment: str) -> dict[str, Any]:
    settings: dict[str, Any] = world.dev_config()["portico:acme"]
    return {**settings, "environment": environment}


def front_door_works(world: World, project: Project, *, nginx: bool = False) -> None:
    """Every URL as a visitor sees it: certificate, Service, redirects, and nothing for a host of no site."""
    address = project.outputs()["address"]

    def check() -> None:
        for (host, path), service in SERVED.items():
            answer = world.get(world.url(host, path))
            assert (answer.status, answer.service) == (200, service), (host, path, answer)
            assert json.loads(answer.body)["path"] == path
            plain = world.get(world.url(host, path, "http"))
            # nginx redirects to the port that a browser takes by itself; which one it is reached at is not its to know.
            secure = f"https://{host}{path}" if nginx else world.url(host, path)
            assert (plain.status, plain.header("location")) == (301, secure), (host, path, plain)
        moved = world.get(world.url("portico.test", "/some/where?a=b"))
        if nginx:
            # The sandbox's nginx is Traefik, which does not know this annotation of nginx: only the question is seen.
            apex = next(item for item in world.every(Ingress) if item.metadata.name == "apex")
            redirect = apex.metadata.annotations["nginx.ingress.kubernetes.io/permanent-redirect"]
            assert redirect == world.url("shop.portico.test", "$request_uri")
        else:
            assert (moved.status, moved.header("location")) == (301, world.url("shop.portico.test", "/some/where?a=b"))
        assert world.get(world.url("portico.test", "/some/where", "http")).status == 301
        for scheme in ("https", "http"):
            # The wildcard certificate covers the name, the address answers it, but no site has it.
            assert world.ask(world.url("stranger.portico.test", "/", scheme), address).status_code == 404

    eventually(check)


def serials(world: World) -> dict[str, int]:
    """Serial numbers of the certificates that the sites are served with."""
    roots = world.sandbox.layout.roots.read_text()
    return {host: world.leaf(host, roots).serial_number for host in ("shop.portico.test", "portico.test")}


def orders(world: World) -> set[str]:
    return {str(order.metadata.uid) for order in world.every(Order)}


def test_preview_from_nothing_only_creates_and_touches_nothing(project: Project, world: World, before: Trace) -> None:
    planned = project.planned()
    assert set(planned.values()) == {"create"}
    assert {"kubernetes:core/v1:Namespace::shop", "kubernetes:core/v1:Namespace::blog"} <= {
        name.rpartition("$")[2] for name in planned
    }
    assert world.trace() == before


def test_up_brings_every_url(project: Project, world: World) -> None:
    said = project.up("--diff").output
    front_door_works(world, project)
    for secret in secrets_of(world):
        assert secret not in said


def test_the_outputs_say_all_that_a_person_needs(project: Project, world: World) -> None:
    said = project.outputs()
    assert said["urls"] == [
        world.url("portico.test"),
        *(world.url("blog.portico.test", path) for path in ("/", "/feed")),
        *(world.url("shop.portico.test", path) for path in ("/", "/api")),
    ]
    assert ipaddress.ip_address(said["address"]) in ipaddress.ip_network(world.fact("address-pool"))
    assert said["name_servers"] == ["ns.portico.test."]
    assert said["issuer"] == {"acme": f"portico-{STACK}-acme-staging"}
    assert set(said["certificates"]) == {"wildcard", "apex"}
    for host, key in (("shop.portico.test", "wildcard"), ("portico.test", "apex")):
        ends = datetime.fromisoformat(said["certificates"][key])
        assert ends > datetime.now(UTC)
        assert ends == world.leaf(host, world.root("staging")).not_valid_after_utc
    assert any("delegate portico.test" in step for step in said["next_steps"])
    assert any("staging" in step for step in said["next_steps"])


def test_the_certificates_came_over_acme_by_both_challenges(project: Project, world: World) -> None:
    states = {
        order.spec["commonName"] if "commonName" in order.spec else order.spec["dnsNames"][0]: order.status["state"]
        for order in world.every(Order)
    }
    assert states == {"*.portico.test": "valid", "portico.test": "valid"}
    told = world.events(f"portico-{STACK}")
    for challenge in ("DNS-01", "HTTP-01"):
        assert f"Challenge Presented: Presented challenge using {challenge} challenge mechanism" in told


def secrets_of(world: World) -> list[str]:
    """What may be written nowhere: the key for DNS updates and the administrator's private key, as they are and in base64."""
    user = yaml.safe_load(world.kubeconfig_text())["users"][0]["user"]
    key: str = base64.b64decode(user["client-key-data"]).decode()
    tsig = world.fact("tsig-secret")
    plain = [tsig, user["client-key-data"], key.splitlines()[1]]
    return [*plain, base64.b64encode(tsig.encode()).decode()]


def test_secrets_stand_nowhere_in_plain(project: Project, world: World) -> None:
    shown = project.run("stack", "output", "--json", "--stack", STACK).output
    previewed = project.run("preview", "--diff", "--stack", STACK).output
    kept = json.dumps(project.state())
    assert project.resources()
    for secret in secrets_of(world):
        assert secret not in kept
        assert secret not in shown
        assert secret not in previewed


def test_up_again_changes_nothing(project: Project) -> None:
    project.up("--expect-no-changes")


def test_refresh_sees_no_drift(project: Project) -> None:
    project.refresh("--expect-no-changes")


@pytest.mark.parametrize("what", ["changed", "deleted"])
def test_a_record_meddled_with_is_seen_by_refresh_and_mended_by_up(what: str, project: Project, world: World) -> None:
    name = "shop.portico.test."
    standing = world.dns().read(name, "A")
    assert standing is not None
    if what == "changed":
        world.dns().replace(name, "A", 60, ["192.0.2.99"])
    else:
        world.dns().delete(name, "A", standing[1])
    seen = project.run("refresh", "--preview-only", "--expect-no-changes", "--stack", STACK)
    assert not seen.ok
    assert "Record shop.portico.test" in " ".join(seen.output.split()), seen.output
    project.refresh()
    planned = project.planned()
    assert {key.rpartition("$")[2].rpartition(":")[2]: step for key, step in planned.items()} == {
        "shop.portico.test": "update" if what == "changed" else "create"
    }
    project.up()
    assert world.dns().read(name, "A") == standing
    front_door_works(world, project)


#: What belongs to one more host `docs` of namespace shop, by kind and name.
DOCS = {
    ("Record", "docs.portico.test"),
    ("Site", "docs"),
    ("HTTPRoute", "docs"),
    ("HTTPRoute", "docs.https-redirect"),
    ("Workload", "shop/docs"),
    ("Deployment", "shop/docs"),
    ("Service", "shop/docs"),
}


def named(planned: dict[str, str]) -> dict[tuple[str, str], str]:
    """The same by kind and name."""
    parts = {name.rpartition("::"): step for name, step in planned.items()}
    return {(kind.replace("/", ":").rpartition(":")[2], name): step for (kind, _, name), step in parts.items()}


def test_one_more_host_touches_only_its_own_objects(project: Project, world: World) -> None:
    sites = copy.deepcopy(world.dev_config()["portico:sites"])
    sites["docs"] = {"hosts": ["docs.portico.test"], "namespace": "shop", "paths": {"/": "docs:8080"}, "demo": True}
    served = serials(world)
    change(project, world, sites=sites)
    assert named(project.planned()) == dict.fromkeys(DOCS, "create")
    project.up()

    def check() -> None:
        assert world.get(world.url("docs.portico.test")).service == "shop/docs"

    eventually(check)
    front_door_works(world, project)
    assert world.url("docs.portico.test") in project.outputs()["urls"]
    assert serials(world) == served


def test_a_host_taken_away_takes_only_its_own_objects(project: Project, world: World) -> None:
    address = project.outputs()["address"]
    project.write(world.dev_config())
    assert named(project.planned()) == dict.fromkeys(DOCS, "delete")
    project.up()

    def check() -> None:
        assert world.ask(world.url("docs.portico.test"), address).status_code == 404

    eventually(check)
    assert world.dns().read("docs.portico.test.", "A") is None
    front_door_works(world, project)
    project.up("--expect-no-changes")


#: Kinds that only one way in has.
KINDS = {
    "gateway": {"Gateway", "HTTPRoute"},
    "traefik": {"Ingress", "IngressRoute", "Middleware"},
    "nginx": {"Ingress"},
}


@pytest.mark.parametrize("kind", ["traefik", "nginx", "gateway"])
def test_one_value_switches_the_entrypoint(kind: str, project: Project, world: World) -> None:
    address = project.outputs()["address"]
    change(project, world, entrypoint=entrypoint(world, kind))
    said = project.up().output
    front_door_works(world, project, nginx=kind == "nginx")
    assert project.outputs()["address"] == address
    assert ("retired" in said) == (kind == "nginx")
    standing = {item.partition(" ")[0] for item in world.objects(STACK)}
    assert standing & set().union(*KINDS.values()) == KINDS[kind]
    project.up("--expect-no-changes")
    project.refresh("--expect-no-changes")


def test_production_and_back_asks_for_nothing_twice(project: Project, world: World) -> None:
    staging = serials(world)["shop.portico.test"]
    change(project, world, acme=acme(world, "production"))
    project.up()

    def served_by(environment: str) -> None:
        root = world.root(environment)

        def check() -> None:
            for host in ("shop.portico.test", "portico.test"):
                world.leaf(host, root)

        eventually(check)

    served_by("production")
    front_door_works(world, project)
    assert project.outputs()["issuer"] == {"acme": f"portico-{STACK}-acme-production"}
    assert not any("staging" in step for step in project.outputs()["next_steps"])
    project.up("--expect-no-changes")

    known = orders(world)
    project.write(world.dev_config())
    project.up()
    served_by("staging")
    front_door_works(world, project)
    assert serials(world)["shop.portico.test"] == staging
    asked = [order.spec["dnsNames"] for order in world.every(Order) if str(order.metadata.uid) not in known]
    assert asked == []


def test_destroy_leaves_everything_as_it_was(project: Project, world: World, before: Trace) -> None:
    project.destroy()
    assert project.resources() == []
    world.is_as(before)
