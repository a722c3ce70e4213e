"""The roads by Helm: releases of small charts of the tests' own go through the real engine, provider and Helm.

The charts stand in for upstream's, which need the internet: they take the address where upstream's do, and keep the values
that Portico computed in a ConfigMap. What they bring is pods for which the sandbox's Traefik answers, and its load balancer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from lightkube.resources.core_v1 import ConfigMap

from tests.engine.project import Project
from tests.engine.small import small
from tests.engine.world import Trace, World, eventually

STACK = "charts"

_VALUES = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-values"}
data:
  values: {{ .Values | toJson | quote }}
"""

_CONTROLLER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata:
      labels: {app: "{{ .Release.Name }}"}
      annotations: {sandbox.portico.dev/process: 127.0.0.1}
    spec:
      containers:
        - name: controller
          image: sandbox.portico.dev/controller
          ports:
            - {name: web, containerPort: {{ .Values.sandbox.http }}}
            - {name: websecure, containerPort: {{ .Values.sandbox.https }}}
---
apiVersion: v1
kind: Service
metadata: {name: portico}
spec:
  type: LoadBalancer
  loadBalancerIP: {{ ADDRESS }}
  selector: {app: "{{ .Release.Name }}"}
  ports:
    - {name: http, port: {{ .Values.sandbox.http }}, targetPort: web}
    - {name: https, port: {{ .Values.sandbox.https }}, targetPort: websecure}
"""


def make_chart(folder: Path, name: str, *templates: str) -> None:
    """A chart in a folder, as a person may keep one in their repository."""
    (folder / name / "templates").mkdir(parents=True)
    (folder / name / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": name, "version": "0.1.0"}))
    (folder / name / "templates" / "all.yaml").write_text("---\n".join(templates))


@pytest.fixture(scope="module")
def before(world: World) -> Trace:
    return world.trace()


@pytest.fixture(scope="module")
def project(world: World, before: Trace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with world.stack(tmp_path_factory.mktemp("charts"), STACK) as project:
        charts = project.folder / "charts"
        make_chart(charts, "traefik", _VALUES, _CONTROLLER.replace("ADDRESS", ".Values.service.spec.loadBalancerIP"))
        make_chart(charts, "ingress-nginx", _VALUES, _CONTROLLER.replace("ADDRESS", ".Values.controller.service.loadBalancerIP"))
        make_chart(charts, "cert-manager", _VALUES)
        yield project


def config(world: World, kind: str) -> dict[str, Any]:
    """A stack file that installs cert-manager and the controller, each from a chart in the checkout."""
    ports = {name: int(world.fact(f"{name}-port")) for name in ("http", "https")}
    chart = "./charts/ingress-nginx" if kind == "nginx" else "./charts/traefik"
    helm = {"chart": chart, "namespace": "traefik", "timeout": 60, "values": {"sandbox": ports}}
    options = {"class": "nginx" if kind == "nginx" else "traefik", "controller": {"helm": helm}, "ports": ports}
    if kind == "gateway":
        options["listeners"] = ports
    return small(
        world,
        STACK,
        entrypoint={kind: options},
        cert_manager={
            "helm": {"chart": "./charts/cert-manager", "repository": None, "values": {"replicaCount": 2}, "timeout": 60}
        },
    )


def values(world: World, namespace: str, release: str) -> dict[str, Any]:
    """The values that Helm rendered a release with."""
    found = [item for item in world.every(ConfigMap, namespace) if item.metadata.name == f"{release}-values"]
    parsed: dict[str, Any] = json.loads(found[0].data["values"])
    return parsed


def controller_values(world: World, kind: str, address: str) -> dict[str, Any]:
    """What Portico must have computed for the controller's chart, as far as it decides whether the door works."""
    http, https = int(world.fact("http-port")), int(world.fact("https-port"))
    if kind == "nginx":
        return {
            "controller": {
                "ingressClass": "nginx",
                "ingressClassResource": {"name": "nginx", "default": False},
                "service": {"annotations": {}, "loadBalancerIP": address, "ports": {"http": http, "https": https}},
            }
        }
    return {
        "service": {"annotations": {}, "spec": {"loadBalancerIP": address}},
        "ports": {"web": {"exposedPort": http}, "websecure": {"exposedPort": https}},
        "gateway": {"enabled": False},
        "gatewayClass": {"enabled": kind == "gateway", "name": "traefik"},
    }


@pytest.mark.parametrize("kind", ["traefik", "nginx", "gateway"])
def test_a_release_brings_the_door(kind: str, project: Project, world: World) -> None:
    """The second and third are also changes of a running stack: only one controller can hold the address."""
    project.write(config(world, kind))
    project.up()
    address = project.outputs()["address"]
    release = f"portico-{STACK}-{'ingress-nginx' if kind == 'nginx' else 'traefik'}"

    def check() -> None:
        answer = world.get(world.url(f"{STACK}.portico.test"))
        assert (answer.status, answer.service) == (200, f"{STACK}/web")

    eventually(check)
    given = values(world, "traefik", release)
    expected = controller_values(world, kind, address)
    assert {key: given[key] for key in expected} == expected
    assert given["sandbox"] == {"http": int(world.fact("http-port")), "https": int(world.fact("https-port"))}
    standing = [item for item in world.objects() if item.startswith("ConfigMap traefik/") and item.endswith("-values")]
    assert standing == [f"ConfigMap traefik/{release}-values"]
    project.up("--expect-no-changes")


def test_cert_manager_is_released_with_its_crds_and_gateway_api(project: Project, world: World) -> None:
    given = values(world, "cert-manager", "cert-manager")
    assert given["crds"] == {"enabled": True, "keep": True}
    assert given["config"]["gatewayAPI"] == {"enabled": True}
    assert given["replicaCount"] == 2


def test_destroy_takes_the_releases_along(project: Project, world: World, before: Trace) -> None:
    project.destroy()
    world.is_as(before)
