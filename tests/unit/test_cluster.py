"""Where the cluster comes from: explicit, and checked for its form before anything is contacted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.clouds import open_provider
from components.cluster import Kubeconfig, open_cluster, read_kubeconfig
from components.settings import SettingsError
from tests.support import aws, gcp
from tests.support.doors import KUBECONFIG
from tests.support.recorder import OTHER_STACKS_KUBECONFIG, Found, Recording, Secret, invoked, record
from tests.support.stacks import aws_stack, gcp_stack, settings_of, stack_file

TWO = KUBECONFIG.replace("contexts: [", "contexts: [{name: other, context: {cluster: nowhere, user: u}}, ")


def read(cluster: dict[str, Any], root: Path) -> Any:
    return read_kubeconfig(settings_of(stack_file(cluster=cluster)), root)


def refusal(cluster: dict[str, Any], root: Path) -> tuple[str, str]:
    with pytest.raises(SettingsError) as caught:
        read(cluster, root)
    [problem] = caught.value.problems
    return problem.key, problem.message


def file(root: Path, text: str, **more: str) -> dict[str, Any]:
    (root / "kubeconfig").write_text(text)
    return {"kubeconfig": {"path": "kubeconfig", **more}}


def test_a_relative_path_is_looked_up_from_the_project(tmp_path: Path) -> None:
    found = read(file(tmp_path, KUBECONFIG), tmp_path)
    assert (found.text, found.context, found.server) == (KUBECONFIG, None, "https://127.0.0.1:6443")


def test_an_absolute_path_and_one_from_home_are_taken_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    file(tmp_path, KUBECONFIG)
    for path in (str(tmp_path / "kubeconfig"), "~/kubeconfig"):
        assert read({"kubeconfig": {"path": path}}, Path("/nonexistent")).text == KUBECONFIG


def test_the_ambient_kubeconfig_is_never_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ambient = tmp_path / "ambient"
    ambient.write_text(KUBECONFIG)
    monkeypatch.setenv("KUBECONFIG", str(ambient))
    key, message = refusal({"kubeconfig": {"path": "gone"}}, tmp_path)
    assert key == "portico:cluster.kubeconfig.path"
    assert message.startswith('cannot read "gone": ')
    assert "No such file or directory" in message


@pytest.mark.parametrize(
    ("text", "more", "key", "says"),
    [
        ("- a\n- b", {}, "path", "is not a kubeconfig (YAML with clusters, contexts and users)"),
        ("just text", {}, "path", "is not a kubeconfig"),
        ("a: [", {}, "path", "is not a kubeconfig"),
        ("{}", {}, "path", "is not a kubeconfig"),
        ("", {}, "path", "is not a kubeconfig"),
        ("contexts: null", {}, "path", "is not a kubeconfig"),
        (KUBECONFIG, {"context": "d"}, "context", 'the kubeconfig has no context "d"; it has c'),
        (TWO, {"context": "othr"}, "context", 'the kubeconfig has no context "othr" (did you mean "other"?); it has c, other'),
        (TWO, {"context": "other"}, "path", 'context "other" names a cluster that the kubeconfig does not have'),
        (KUBECONFIG.replace("current-context: c", ""), {}, "context", "the kubeconfig has no current-context: name one of c"),
    ],
)
def test_fails_when_the_kubeconfig_is_of_no_use(text: str, more: dict[str, str], key: str, says: str, tmp_path: Path) -> None:
    where, message = refusal(file(tmp_path, text, **more), tmp_path)
    assert where == f"portico:cluster.kubeconfig.{key}"
    assert says in message


def test_fails_when_the_kubeconfig_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_bytes(b"\xff\xfe\x00")
    key, _ = refusal({"kubeconfig": {"path": "kubeconfig"}}, tmp_path)
    assert key == "portico:cluster.kubeconfig.path"


def test_fails_when_the_path_is_a_folder(tmp_path: Path) -> None:
    assert "Is a directory" in refusal({"kubeconfig": {"path": "."}}, tmp_path)[1]


def test_an_inline_kubeconfig_is_checked_alike_and_never_shown(tmp_path: Path) -> None:
    assert read({"inline": {"content": KUBECONFIG}}, tmp_path).server == "https://127.0.0.1:6443"
    key, message = refusal({"inline": {"content": "token-of-the-test"}}, tmp_path)
    assert key == "portico:cluster.inline.content"
    assert "token-of-the-test" not in message


def test_a_kubeconfig_of_another_stack_stays_secret_and_is_not_read_here(tmp_path: Path) -> None:
    settings = settings_of(stack_file(cluster={"stack": {"name": "org/project/stack"}}))
    made = record(lambda: open_cluster(read_kubeconfig(settings, tmp_path)))
    assert made.one("kubernetes").inputs["kubeconfig"] == Secret(OTHER_STACKS_KUBECONFIG)
    assert "clusterIdentifier" not in made.one("kubernetes").inputs


def test_the_provider_gets_the_context_that_the_stack_file_names(tmp_path: Path) -> None:
    settings = settings_of(stack_file(cluster=file(tmp_path, KUBECONFIG, context="c")))
    provider = record(lambda: open_cluster(read_kubeconfig(settings, tmp_path))).one("kubernetes")
    assert provider.inputs["context"] == "c"
    assert provider.inputs["enableServerSideApply"] == "true"


# A cluster of EKS


def of_eks(own: dict[str, Any] | None = None, found: Found = aws.invoked, name: str = "sandbox") -> tuple[Kubeconfig, Recording]:
    """What is read where the stack file names a cluster of EKS; `own` is added to the options of the cloud."""
    raw = aws_stack(cluster={"eks": {"name": name}}, cloud={"aws": {"region": "eu-central-1", **(own or {})}})
    settings = settings_of(raw)
    made = record(lambda: read_kubeconfig(settings, Path("/nonexistent"), open_provider(settings)), found=found)
    return made.result, made


def test_a_cluster_of_eks_is_asked_for_by_name_and_reached_with_tokens_that_are_made_when_they_are_needed() -> None:
    kubeconfig, made = of_eks()
    assert kubeconfig.server == aws.ENDPOINT
    plain = kubeconfig.plain
    assert plain is not None
    assert plain["clusters"][0]["cluster"]["certificate-authority-data"] == "Y2E="
    [user] = plain["users"]
    assert list(user["user"]) == ["exec"]  # nothing that would have to be kept secret, or that grows old
    login = user["user"]["exec"]
    assert (login["command"], login["interactiveMode"]) == ("aws", "Never")
    assert login["apiVersion"] == "client.authentication.k8s.io/v1beta1"
    assert " ".join(login["args"]) == "--region eu-central-1 eks get-token --cluster-name sandbox --output json"
    [question] = made.asked
    assert (question.token, question.args) == ("aws:eks/getCluster:getCluster", {"name": "sandbox"})
    assert question.provider == f"{made.one('aws').urn}::aws-id"


def test_whoever_reaches_the_cluster_is_who_makes_everything_else() -> None:
    role = "arn:aws:iam::123456789012:role/deploy"
    kubeconfig, made = of_eks({"profile": "shop", "assume_role": role, "tags": {"team": "shop"}})
    assert kubeconfig.plain is not None
    args = " ".join(kubeconfig.plain["users"][0]["user"]["exec"]["args"])
    assert "--profile shop" in args
    assert f"--role-arn {role}" in args
    inputs = made.one("aws").inputs
    assert (inputs["region"], inputs["profile"]) == ("eu-central-1", "shop")
    assert json.loads(inputs["assumeRoles"]) == [{"roleArn": role}]
    assert json.loads(inputs["defaultTags"]) == {"tags": {"portico.dev/stack": "portico-test", "team": "shop"}}


def refusing(message: str) -> Found:
    def found(token: str, asked: dict[str, Any]) -> dict[str, Any]:
        raise LookupError(message)

    return found


def test_fails_when_there_is_no_such_cluster_and_says_where_it_was_looked_for() -> None:
    with pytest.raises(SettingsError) as caught:
        of_eks(found=refusing("reading EKS Cluster (shop): couldn't find resource"), name="shop")
    [problem] = caught.value.problems
    assert problem.key == "portico:cluster.eks.name"
    assert problem.message == (
        'no cluster "shop" is to be found in eu-central-1: reading EKS Cluster (shop): couldn\'t find resource'
    )


# A cluster of GKE


def of_gke(found: Found = invoked, **own: str) -> tuple[Kubeconfig, Recording]:
    """What is read where the stack file names a cluster of GKE; `own` is added to its options."""
    settings = settings_of(gcp_stack(cluster={"gke": {"name": "sandbox", **own}}))
    made = record(lambda: read_kubeconfig(settings, Path("/nonexistent"), open_provider(settings)), found=found)
    return made.result, made


def test_a_cluster_of_gke_is_asked_for_by_name_and_reached_with_tokens_that_are_made_when_they_are_needed() -> None:
    kubeconfig, made = of_gke()
    assert kubeconfig.server == f"https://{gcp.ENDPOINT}"
    plain = kubeconfig.plain
    assert plain is not None
    assert plain["clusters"][0]["cluster"]["certificate-authority-data"] == "Y2E="
    [user] = plain["users"]
    assert list(user["user"]) == ["exec"]  # nothing that would have to be kept secret, or that grows old
    login = user["user"]["exec"]
    assert (login["command"], login["interactiveMode"]) == ("gke-gcloud-auth-plugin", "Never")
    assert login["apiVersion"] == "client.authentication.k8s.io/v1beta1"
    assert login["provideClusterInfo"] is True
    # Whoever makes everything else, and not whoever gcloud is logged in as.
    assert login["args"] == ["--use_application_default_credentials"]
    assert "install_plugin" in login["installHint"]
    [question] = made.asked
    assert question.token == "gcp:container/getCluster:getCluster"
    assert question.args == {"name": "sandbox", "location": "europe-west3", "project": "portico-sandbox"}
    assert question.provider == f"{made.one('gcp').urn}::gcp-id"


def test_a_cluster_of_gke_may_be_in_a_zone_or_in_another_region() -> None:
    for location in ("europe-west3-a", "us-central1"):
        _, made = of_gke(location=location)
        assert made.asked[0].args["location"] == location


def test_an_endpoint_that_is_a_url_already_is_taken_as_it_is() -> None:
    kubeconfig, _ = of_gke(lambda token, asked: {**gcp.invoked(token, asked), "endpoint": "https://gke-1.europe-west3.gke.goog"})
    assert kubeconfig.server == "https://gke-1.europe-west3.gke.goog"


def of_nobody(token: str, asked: dict[str, Any]) -> dict[str, Any]:
    """As the provider answers where there is no such cluster."""
    return {"name": asked["name"], "endpoint": "", "masterAuths": []}


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (of_nobody, "not found in europe-west3 of project portico-sandbox"),
        (refusing("googleapi: Error 403: Permission denied"), "googleapi: Error 403: Permission denied"),
    ],
    ids=["none", "refused"],
)
def test_fails_when_there_is_no_such_cluster_of_gke_and_says_where_it_was_looked_for(found: Found, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        of_gke(found)
    [problem] = caught.value.problems
    assert (problem.key, problem.message) == ("portico:cluster.gke.name", f'no cluster "sandbox" is to be found: {why}')


def test_the_provider_of_another_cloud_is_not_opened() -> None:
    assert record(lambda: open_provider(settings_of(stack_file()))).result is None
