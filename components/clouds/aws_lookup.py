"""What is at AWS already: the provider that asks, and the cluster and zones that a stack file names."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pulumi
import pulumi_aws as aws

from components.settings import Problem, Settings
from components.settings.aws import AwsCloud
from components.settings.problems import key_of, shown


def aws_provider(settings: AwsCloud, stack: str) -> aws.Provider:
    """The one AWS provider of a stack; every resource carries the stack's name and the stack file's tags."""
    return aws.Provider(
        "aws",
        region=settings.region,
        profile=settings.profile,
        assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=settings.assume_role)] if settings.assume_role else None,
        default_tags=aws.ProviderDefaultTagsArgs(tags={"portico.dev/stack": stack, **settings.tags}),
    )


def eks_kubeconfig(name: str, settings: AwsCloud, provider: pulumi.ProviderResource) -> str:
    """A kubeconfig for the cluster of that name: no token in it, the AWS CLI makes one when it is used.

    Raises:
        LookupError: there is no such cluster, or AWS does not let us see it.
    """
    try:
        found = aws.eks.get_cluster(name=name, opts=pulumi.InvokeOptions(provider=provider))
    except Exception as error:  # noqa: BLE001  the engine raises nothing more exact
        raise LookupError(_reason(error)) from None
    login = ["--region", settings.region, "eks", "get-token", "--cluster-name", name, "--output", "json"]
    if settings.profile:
        login += ["--profile", settings.profile]
    if settings.assume_role:
        login += ["--role-arn", settings.assume_role]
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "aws",
            "args": login,
            "interactiveMode": "Never",
        }
    }
    cluster = {"server": found.endpoint, "certificate-authority-data": found.certificate_authorities[0].data}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )


def missing_zones(settings: Settings, provider: pulumi.ProviderResource) -> Iterator[Problem]:
    """The zones that should exist and do not."""
    for name, zone in settings.zones.items():
        if not zone.existing:
            continue
        key = key_of(("zone",)) if name == settings.zone.name else key_of(("other_zones", name))
        try:
            aws.route53.get_zone(name=name, private_zone=False, opts=pulumi.InvokeOptions(provider=provider))
        except Exception as error:  # noqa: BLE001  as above
            yield Problem(
                key, f"no public hosted zone {shown(name)} is to be found; to have it made, leave out existing ({_reason(error)})"
            )


def _reason(error: Exception) -> str:
    """What the provider said, without the engine's words around it."""
    text = " ".join(str(error).split())
    return text.rpartition("invocation of ")[2].partition("returned an error: ")[2] or text
