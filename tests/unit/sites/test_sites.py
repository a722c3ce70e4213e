"""Sites and their demo workloads."""

from __future__ import annotations

from typing import Any

from components.settings import warnings
from tests.support.doors import door
from tests.support.recorder import Recording
from tests.support.stacks import settings_of, stack_file


def made_of(**site: Any) -> Recording:
    return door(stack_file(sites={"shop": {"hosts": ["shop.portico.test"], "namespace": "shop", **site}}))


def test_without_demo_no_workload_is_made() -> None:
    made = made_of(paths={"/": "web:80"})
    assert made.all("Deployment") == []
    assert made.all("Service") == [made.one("Service", "front")]


def test_a_demo_makes_one_workload_per_service_with_all_its_ports() -> None:
    made = made_of(paths={"/": "web:80", "/a": "web:81", "/b": "web:80", "/c": "api:80"}, demo=True)
    assert sorted(item.name for item in made.all("Deployment")) == ["shop/api", "shop/web"]
    web = made.one("Service", "shop/web")
    assert (web.metadata["namespace"], web.metadata["name"]) == ("shop", "web")
    assert [port["port"] for port in web.spec["ports"]] == [80, 81]


def test_a_demo_service_picks_the_pods_of_its_own_deployment() -> None:
    made = made_of(paths={"/": "web:80"}, demo=True)
    deployment, service = made.one("Deployment"), made.one("Service", "shop/web")
    labels = deployment.spec["template"]["metadata"]["labels"]
    assert service.spec["selector"].items() <= labels.items()
    assert deployment.spec["selector"]["matchLabels"].items() <= labels.items()
    [container] = deployment.spec["template"]["spec"]["containers"]
    assert service.spec["ports"][0]["targetPort"] == container["ports"][0]["name"]


def test_a_demo_pod_is_ready_only_when_it_answers_and_may_do_nothing_else() -> None:
    pod = made_of(paths={"/": "web:80"}, demo=True).one("Deployment").spec["template"]["spec"]
    [container] = pod["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/health"
    assert container["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["automountServiceAccountToken"] is False
    assert ":" in container["image"]


def test_a_demo_deployment_is_awaited_and_its_service_says_why_it_is_not() -> None:
    made = made_of(paths={"/": "web:80"}, demo=True)
    assert "pulumi.com/skipAwait" not in made.one("Deployment").annotations
    assert made.one("Service", "shop/web").annotations["portico.dev/not-awaited"]


def test_a_site_in_an_existing_namespace_makes_none() -> None:
    made = door(stack_file(sites={"shop": {"hosts": ["shop.portico.test"], "paths": {"/": "web:80"}}}, namespaces=None))
    assert [item.name for item in made.all("Namespace")] == ["portico-test"]


def test_urls_name_the_port_only_where_it_is_not_the_usual_one() -> None:
    assert settings_of(stack_file()).urls[0] == "https://shop.portico.test/"
    raw = stack_file(entrypoint={"traefik": {"ports": {"https": 8443}}})
    assert settings_of(raw).urls[0] == "https://shop.portico.test:8443/"


def test_a_person_is_told_that_nginx_is_retired_and_of_nothing_else() -> None:
    assert warnings(settings_of(stack_file())) == []
    [warning] = warnings(settings_of(stack_file(entrypoint="nginx")))
    assert "retired" in warning


def test_next_steps_speak_of_staging_only_on_staging() -> None:
    assert any("from staging" in step for step in settings_of(stack_file()).next_steps())
    production = settings_of(stack_file(acme={"environment": "production"}))
    assert not any("staging" in step for step in production.next_steps())
