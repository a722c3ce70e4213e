"""What cannot work on GKE is told before anything is made, through the real engine: each mistake with its key and its reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from lightkube.models.apps_v1 import DeploymentSpec
from lightkube.models.core_v1 import Container, HTTPGetAction, PodSpec, PodTemplateSpec, Probe, ServicePort, ServiceSpec
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Namespace, Pod, Service

from components.kube import connect
from sandbox.gcp.client import PROJECT, REGION
from tests.engine.gcp import Gcp, config_of, gcp_stack
from tests.engine.project import Project
from tests.engine.world import World, eventually

ZONE = "store.example"
HOST = f"www.{ZONE}"


@pytest.fixture(scope="module")
def project(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with gcp_stack(world, tmp_path_factory.mktemp("wrong"), "wrong") as project:
        yield project


def gke(world: World, **parts: Any) -> dict[str, Any]:
    """The committed stack file of road `gke` with other values for whole keys."""
    return {**config_of(world, "gke"), **{f"portico:{key}": value for key, value in parts.items()}}


def hosts(world: World, **parts: Any) -> dict[str, Any]:
    """The same of road `gke-hosts`."""
    return {**config_of(world, "gke-hosts"), **{f"portico:{key}": value for key, value in parts.items()}}


def site(**parts: Any) -> dict[str, Any]:
    """One site of road `gke`."""
    return {"store": {"hosts": [HOST], "namespace": "store", "paths": {"/": "web:8080"}, "demo": True, **parts}}


def sixteen() -> dict[str, Any]:
    """One site with a managed certificate for each of its sixteen hosts."""
    names = [f"h{number}.{ZONE}" for number in range(16)]
    managed = {f"h{number}": {"google_managed": {"hosts": [name]}} for number, name in enumerate(names)}
    return {"certificates": managed, "sites": site(hosts=names)}


def one(kind: dict[str, Any]) -> dict[str, Any]:
    """One certificate, for a stack with one site."""
    return {"certificates": {"store": kind}, "sites": site()}


#: A certificate that is proven by a visit.
MANAGED = {"google_managed": {"hosts": [HOST]}}

WRONG: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "a regional address with gce": (
        "gke",
        {"entrypoint": {"gce": {"address": {"scope": "regional"}}}},
        "portico:entrypoint.gce.address.scope",
        "must be global: the load balancer of a GCE Ingress is global",
    ),
    "a global address with traefik": (
        "gke-hosts",
        {"entrypoint": {"traefik": {"address": {"scope": "global"}}}},
        "portico:entrypoint.traefik.address.scope",
        "must be regional: the load balancer before traefik is a Service's",
    ),
    "a redirect with http off": (
        "gke",
        {"entrypoint": {"gce": {"allow_http": False}}, "sites": site(https_redirect=True)},
        "portico:sites.store.https_redirect",
        "a redirect to https needs port 80",
    ),
    "a managed certificate with a wildcard": (
        "gke",
        one({"google_managed": {"hosts": [f"*.{ZONE}"]}}),
        "portico:certificates.store.google_managed.hosts[0]",
        "a ManagedCertificate holds no wildcard",
    ),
    "sixteen managed certificates on one Ingress": (
        "gke",
        sixteen(),
        "portico:certificates",
        "16 managed certificates on the Ingress of namespace store, which takes 15",
    ),
    "a site that need not answer / without a health check": (
        "gke",
        {"sites": site(paths={"/api": "api:8080"}, demo=False)},
        "portico:sites.store.paths./api.health",
        'Google\'s load balancer asks the pods of api for "/"',
    ),
    "http-01 with http off": (
        "gke",
        {**one({"acme": {"hosts": [HOST], "challenge": "http-01"}}), "entrypoint": {"gce": {"allow_http": False}}},
        "portico:certificates.store.acme.challenge",
        '"http-01" is proven on port 80',
    ),
    "a cluster that is not there": (
        "gke",
        {"cluster": {"gke": {"name": "elsewhere"}}},
        "portico:cluster.gke.name",
        'no cluster "elsewhere" is to be found',
    ),
    "a zone that is not there": (
        "gke",
        {"zone": {"name": ZONE, "existing": True}},
        "portico:zone",
        f'has no public zone "{ZONE}"',
    ),
    "an address that is not there": (
        "gke",
        {"entrypoint": {"gce": {"address": {"existing": "nobodys"}}}},
        "portico:entrypoint.gce.address.existing",
        'has no global address "nobodys"',
    ),
    "a Service that is not there": (
        "gke",
        {**one(MANAGED), "sites": site(namespace="default", demo=False)},
        "portico:sites.store.paths./",
        'namespace default has no service "web"',
    ),
}


def refused(project: Project, world: World, config: dict[str, Any], key: str, reason: str) -> None:
    """The engine stops with that problem at that key, and nothing is made anywhere."""
    trace, everything = world.trace(), Gcp(world).everything()
    project.write(config)
    result = project.try_up()
    said = " ".join(result.output.split())
    assert not result.ok
    assert f"{key} " in said, said
    assert reason in said, said
    assert "nothing was created" in said
    assert "Traceback" not in result.output
    # The provider that was asked is noted down; it is nothing anywhere.
    assert [one for one in project.resources() if not one["type"].startswith("pulumi:providers:")] == []
    assert (world.trace(), Gcp(world).everything()) == (trace, everything)


@pytest.mark.parametrize("mistake", WRONG)
def test_is_told_before_anything_is_created(mistake: str, project: Project, world: World) -> None:
    road, parts, key, reason = WRONG[mistake]
    refused(project, world, gke(world, **parts) if road == "gke" else hosts(world, **parts), key, reason)


def test_an_existing_address_of_the_other_scope_is_told_before_anything_is_created(project: Project, world: World) -> None:
    gcp = Gcp(world)
    addresses = gcp.api("compute").addresses()
    addresses.insert(project=PROJECT, region=REGION, body={"name": "ours"}).execute()
    eventually(lambda: stands(gcp, ["RESERVED"]))
    try:
        config = gke(world, entrypoint={"gce": {"address": {"existing": "ours"}}})
        refused(project, world, config, "portico:entrypoint.gce.address.existing", '"ours" is a regional address')
    finally:
        addresses.delete(project=PROJECT, region=REGION, address="ours").execute()
        eventually(lambda: stands(gcp, []))


def stands(gcp: Gcp, expected: list[str]) -> None:
    assert [one["status"] for one in gcp.listed("addresses") if one["name"] == "ours"] == expected


def test_pods_that_are_ready_at_another_path_are_told_of_before_anything_is_created(project: Project, world: World) -> None:
    """They answer, but not with 200 where the load balancer would ask: it would never send them anything."""
    labels, meta = {"app": "quiet"}, ObjectMeta(name="quiet", namespace="quiet")
    probe = Probe(httpGet=HTTPGetAction(path="/ready", port=8080))
    pod = PodSpec(containers=[Container(name="web", image="example/quiet", readinessProbe=probe)])
    template = PodTemplateSpec(metadata=ObjectMeta(labels=labels), spec=pod)
    with connect(world.kubeconfig_text(), "sandbox") as client:
        client.create(Namespace(metadata=ObjectMeta(name="quiet")))
        client.create(
            Deployment(metadata=meta, spec=DeploymentSpec(selector=LabelSelector(matchLabels=labels), template=template))
        )
        client.create(Service(metadata=meta, spec=ServiceSpec(selector=labels, ports=[ServicePort(port=80, targetPort=8080)])))

        def ready() -> None:
            assert any(
                str((each.status and each.status.phase) or "") == "Running" for each in client.list(Pod, namespace="quiet")
            )

        eventually(ready)
        try:
            sites = {"store": {"hosts": [HOST], "namespace": "quiet", "paths": {"/": "quiet:80"}}}
            reason = "the pods of quiet say that they are ready at /ready"
            refused(project, world, gke(world, **{**one(MANAGED), "sites": sites}), "portico:sites.store.paths./.health", reason)
        finally:
            client.delete(Namespace, "quiet")
