"""The sandbox's tools as data: which Go packages, with which flags, and what else of their modules is kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.layout import PROJECT

SOURCES = PROJECT / "sandbox" / "go"
PULUMI_VERSION = "3.259.0"
KUBERNETES_PROVIDER_VERSION = "4.25.0"


@dataclass(frozen=True)
class Kept:
    """Files of a Go module that are kept beside the tool, so that a warm cache needs no module cache.

    The module is one of those that the tool is built from, or any other with `@VERSION`.
    """

    module: str
    pattern: str
    folder: str
    executable: bool = False


@dataclass(frozen=True)
class Embedded:
    """A JSON file of a module, copied beside the tool's main before it is built, with some values set."""

    module: str
    path: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Substitute:
    """A module built from a copy in which one source file is replaced by one of ours (beside the tool's go.mod)."""

    module: str
    path: str
    source: str


@dataclass(frozen=True)
class Tool:
    """Programs built from one Go module of sandbox/go.

    Attributes:
        name: the module's folder.
        packages: what `go build` is asked for.
        programs: the programs' names, in the order of packages.
        linker: flags for the linker beyond stripping.
        flags: further flags of `go build`.
        kept: files kept beside the programs.
        embedded: files the programs embed.
        substitute: a file of a dependency built differently; what and why is said in our version of it.
    """

    name: str
    packages: tuple[str, ...]
    programs: tuple[str, ...]
    linker: str = ""
    flags: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()
    embedded: tuple[Embedded, ...] = ()
    substitute: Substitute | None = None

    @property
    def folder(self) -> Path:
        """Where its go.mod lies."""
        return SOURCES / self.name

    def arguments(self) -> list[str]:
        """Arguments of `go build`, without the output."""
        linker = " ".join(filter(None, ("-s -w", self.linker)))
        return ["-trimpath", f"-ldflags={linker}", *self.flags]

    def key(self, go: str) -> str:
        """A name for exactly this content: equal keys mean equal programs.

        Args:
            go: the toolchain's minor version, such as `go1.26`.
        """
        digest = hashlib.sha256()
        digest.update(json.dumps([go, self.arguments(), asdict(self)], sort_keys=True).encode())
        for path in sorted(p for p in self.folder.rglob("*") if p.is_file()):
            digest.update(f"\0{path.relative_to(self.folder)}\0".encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()[:16]


_TRAEFIK_DOCS = "docs/content/reference/dynamic-configuration"

CLUSTER = Tool(
    name="cluster",
    packages=(
        "k8s.io/kubernetes/cmd/kube-apiserver",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
        "k8s.io/kubernetes/cmd/kube-scheduler",
        "go.etcd.io/etcd/server/v3",
        "sigs.k8s.io/kwok/cmd/kwok",
        "github.com/letsencrypt/pebble/v2/cmd/pebble",
        "portico.dev/sandbox/cluster/cert-manager",
    ),
    programs=(
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "etcd",
        "kwok",
        "pebble",
        "cert-manager",
    ),
    kept=(
        Kept("github.com/cert-manager/cert-manager", "deploy/crds/*.yaml", "crds"),
        Kept("sigs.k8s.io/kwok", "kustomize/stage/node/fast/node-*.yaml", "stages"),
        Kept("sigs.k8s.io/kwok", "kustomize/stage/node/heartbeat-with-lease/node-*.yaml", "stages"),
        Kept("sigs.k8s.io/kwok", "kustomize/stage/pod/fast/pod-*.yaml", "stages"),
    ),
)
TRAEFIK = Tool(
    name="traefik",
    packages=("github.com/traefik/traefik/v3/cmd/traefik",),
    programs=("traefik",),
    # The published module lists only its direct requirements' sums that a build needs; go fills in the rest.
    flags=("-mod=mod",),
    substitute=Substitute("github.com/go-acme/lego/v4", "providers/dns/zz_gen_dns_providers.go", "dns_providers.go.txt"),
    kept=(
        Kept("sigs.k8s.io/gateway-api", "config/crd/standard/gateway.networking.k8s.io_*.yaml", "crds"),
        Kept("github.com/traefik/traefik/v3", f"{_TRAEFIK_DOCS}/traefik.io_*.yaml", "crds"),
    ),
)
PULUMI = Tool(
    name="pulumi",
    packages=("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",),
    programs=("pulumi",),
    linker=f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{PULUMI_VERSION}",
    kept=(
        Kept(
            "github.com/pulumi/pulumi/sdk/v3",
            "python/cmd/pulumi-language-python-exec",
            "bin",
            executable=True,
        ),
        Kept(
            "github.com/pulumi/pulumi/sdk/v3",
            "python/dist/pulumi-resource-pulumi-python",
            "bin",
            executable=True,
        ),
    ),
)
LANGUAGE_HOST = Tool(
    name="pulumi-language-python",
    packages=("github.com/pulumi/pulumi/sdk/python/cmd/pulumi-language-python/v3",),
    programs=("pulumi-language-python",),
)
KUBERNETES_PROVIDER = Tool(
    name="pulumi-resource-kubernetes",
    packages=(".",),
    programs=("pulumi-resource-kubernetes",),
    linker=f"-X main.version={KUBERNETES_PROVIDER_VERSION}",
    embedded=(
        Embedded(
            "github.com/pulumi/pulumi-kubernetes/provider/v4",
            "cmd/pulumi-resource-kubernetes/schema.json",
            (("version", KUBERNETES_PROVIDER_VERSION),),
        ),
        Embedded(
            "github.com/pulumi/pulumi-kubernetes/provider/v4",
            "cmd/pulumi-resource-kubernetes/terraform-mapping.json",
        ),
    ),
)

AWS_LOAD_BALANCER_CONTROLLER = Tool(
    name="aws-load-balancer-controller",
    packages=(".",),
    programs=("aws-load-balancer-controller",),
    kept=(
        Kept("sigs.k8s.io/aws-load-balancer-controller", "config/crd/bases/*.yaml", "crds"),
        Kept("sigs.k8s.io/aws-load-balancer-controller", "config/rbac/role.yaml", "rbac"),
    ),
)

INGRESS_GCE = Tool(
    name="ingress-gce",
    packages=(".",),
    programs=("ingress-gce",),
    # Its go.mod names the controller alone; go fills in what that was built from.
    flags=("-mod=mod",),
    kept=(Kept("github.com/GoogleCloudPlatform/gke-gateway-api@v1.3.0", "config/crd/*.yaml", "crds"),),
)
GKE_MANAGED_CERTS = Tool(
    name="gke-managed-certs",
    packages=(".",),
    programs=("gke-managed-certs",),
    flags=("-mod=mod",),
    kept=(
        Kept("github.com/GoogleCloudPlatform/gke-managed-certs", "deploy/managedcertificates-crd.yaml", "crds"),
        Kept("github.com/GoogleCloudPlatform/gke-managed-certs", "deploy/managed-certificate-controller.yaml", "rbac"),
    ),
)

TOOLS = (CLUSTER, TRAEFIK, PULUMI, LANGUAGE_HOST, KUBERNETES_PROVIDER)
"""The tools of every sandbox, in the order they are built."""

CLOUD_TOOLS: dict[str, tuple[Tool, ...]] = {
    "aws": (AWS_LOAD_BALANCER_CONTROLLER,),
    "gcp": (INGRESS_GCE, GKE_MANAGED_CERTS),
}
"""Tools that only a sandbox with that cloud needs. Its keys are the clouds that a sandbox can have."""
