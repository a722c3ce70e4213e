"""The cluster that a stack works on: its provider, made from an explicit kubeconfig and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import yaml

from components.settings import Problem, Settings, SettingsError
from components.settings.cluster import EksCluster, GkeCluster, InlineKubeconfig, KubeconfigFile, StackCluster
from components.settings.problems import key_of, shown, suggest, words


@dataclass(frozen=True)
class Kubeconfig:
    """A kubeconfig's text and the context to use in it; the text is plain, or an output of another stack."""

    text: str | pulumi.Output[str]
    context: str | None
    key: str

    @property
    def plain(self) -> dict[str, Any] | None:
        """The parsed kubeconfig; None where it is only known while the engine runs."""
        return yaml.safe_load(self.text) if isinstance(self.text, str) else None

    @property
    def server(self) -> str | None:
        """The API server of the context, or None where the kubeconfig is not known yet."""
        config = self.plain
        if config is None:
            return None
        wanted = self.context or config.get("current-context")
        context = next(entry["context"] for entry in config["contexts"] if entry["name"] == wanted)
        return next(str(entry["cluster"]["server"]) for entry in config["clusters"] if entry["name"] == context["cluster"])


@dataclass(frozen=True)
class Cluster:
    """A Kubernetes provider, and the kubeconfig for what the provider cannot do (watching a certificate)."""

    provider: k8s.Provider
    kubeconfig: pulumi.Output[str]
    context: str | None


def read_kubeconfig(settings: Settings, root: Path, provider: pulumi.ProviderResource | None = None) -> Kubeconfig:
    """The kubeconfig that `portico:cluster` names. Raises SettingsError.

    Nothing is contacted, but for a cluster that the cloud is asked for by name: through its `provider`.
    """
    match settings.cluster.chosen:
        case EksCluster(name=name):
            return _of_eks(name, settings, provider)
        case GkeCluster() as wanted:
            return _of_gke(wanted, settings, provider)
        case StackCluster(name=name, output=output, context=context):
            text = pulumi.StackReference(name).require_output(output)
            return Kubeconfig(text, context, key_of(("cluster", "stack")))
        case InlineKubeconfig(content=content, context=context):
            kubeconfig = Kubeconfig(content.get_secret_value(), context, key_of(("cluster", "inline", "content")))
        case KubeconfigFile(path=path, context=context):
            key = key_of(("cluster", "kubeconfig", "path"))
            try:
                kubeconfig = Kubeconfig((root / Path(path).expanduser()).read_text(), context, key)
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError([Problem(key, f"cannot read {shown(path)}: {error}")]) from None
    problem = _unusable(kubeconfig)
    if problem is not None:
        raise SettingsError([problem])
    return kubeconfig


def _of_eks(name: str, settings: Settings, provider: pulumi.ProviderResource | None) -> Kubeconfig:
    key = key_of(("cluster", "eks", "name"))
    if settings.cloud.aws is None or provider is None:
        raise ValueError("settings ask for AWS where they name a cluster of EKS")
    # Only a stack of this cloud is to pay for its SDK.
    from components.clouds.aws_lookup import eks_kubeconfig

    try:
        return Kubeconfig(eks_kubeconfig(name, settings.cloud.aws, provider), None, key)
    except LookupError as error:
        region = settings.cloud.aws.region
        raise SettingsError([Problem(key, f"no cluster {shown(name)} is to be found in {region}: {error}")]) from None


def _of_gke(wanted: GkeCluster, settings: Settings, provider: pulumi.ProviderResource | None) -> Kubeconfig:
    key = key_of(("cluster", "gke", "name"))
    if settings.cloud.gcp is None or provider is None:
        raise ValueError("settings ask for Google Cloud where they name a cluster of GKE")
    # Only a stack of this cloud is to pay for its SDK.
    from components.clouds.gcp_lookup import gke_kubeconfig

    try:
        return Kubeconfig(gke_kubeconfig(wanted, settings.cloud.gcp, provider), None, key)
    except LookupError as error:
        raise SettingsError([Problem(key, f"no cluster {shown(wanted.name)} is to be found: {error}")]) from None


def _unusable(kubeconfig: Kubeconfig) -> Problem | None:
    """What is wrong with the kubeconfig's form, if anything."""
    try:
        config = kubeconfig.plain
        contexts = [entry["name"] for entry in (config or {})["contexts"]]
    except (yaml.YAMLError, KeyError, TypeError):
        return Problem(kubeconfig.key, "is not a kubeconfig (YAML with clusters, contexts and users)")
    wanted = kubeconfig.context or (config or {}).get("current-context")
    if wanted not in contexts:
        key = f"{kubeconfig.key.rpartition('.')[0]}.context"
        if not wanted:
            return Problem(key, f"the kubeconfig has no current-context: name one of {words(contexts)}")
        return Problem(key, f"the kubeconfig has no context {shown(wanted)}{suggest(wanted, contexts)}; it has {words(contexts)}")
    try:
        _ = kubeconfig.server
    except (StopIteration, KeyError, TypeError):
        return Problem(kubeconfig.key, f"context {shown(wanted)} names a cluster that the kubeconfig does not have")
    return None


def open_cluster(kubeconfig: Kubeconfig, opts: pulumi.ResourceOptions | None = None) -> Cluster:
    """Creates the provider. Its identity is the API server: a renewed token or certificate replaces nothing."""
    text = pulumi.Output.secret(kubeconfig.text)
    provider = k8s.Provider(
        "cluster",
        kubeconfig=text,
        context=kubeconfig.context,
        cluster_identifier=kubeconfig.server,
        enable_server_side_apply=True,
        opts=opts,
    )
    return Cluster(provider, text, kubeconfig.context)
