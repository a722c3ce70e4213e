"""`portico:cluster`: which cluster, and how to reach it. Never the ambient one silently."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from components.settings.base import Base, OneOf
from components.settings.gcp import Location


class KubeconfigFile(Base):
    """A kubeconfig file."""

    path: str = Field(description="The file; a relative path is looked up from the project's folder.")
    context: str | None = Field(None, description="Context to use. Default: the file's current-context.")


class InlineKubeconfig(Base):
    """A kubeconfig kept, encrypted, in the stack file."""

    content: SecretStr = Field(description="The kubeconfig's text; set it with --secret.")
    context: str | None = Field(None, description="Context to use. Default: its current-context.")


class StackCluster(Base):
    """A kubeconfig that another Pulumi stack exports."""

    name: str = Field(description="The stack: organization/project/stack.")
    output: str = Field("kubeconfig", description="The output that holds the kubeconfig.")
    context: str | None = Field(None, description="Context to use. Default: its current-context.")


class EksCluster(Base):
    """An EKS cluster by its name: looked up, and reached with tokens that the AWS CLI makes (`aws eks get-token`)."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$", description="The cluster's name.")


class GkeCluster(Base):
    """A GKE cluster by its name: looked up, and reached with tokens that gke-gcloud-auth-plugin makes."""

    name: str = Field(pattern=r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", description="The cluster's name.")
    location: Location | None = Field(None, description="Its region or zone. Default: the cloud's region.")


class ClusterSettings(OneOf):
    """Where the cluster comes from."""

    what: ClassVar[str] = "cluster"
    kubeconfig: KubeconfigFile | None = None
    inline: InlineKubeconfig | None = None
    stack: StackCluster | None = None
    eks: EksCluster | None = None
    gke: GkeCluster | None = None
