"""What is at Google Cloud already: the provider that asks, and the cluster, zones and addresses that a stack file names."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pulumi
import pulumi_gcp as gcp

from components.settings import Problem, Settings
from components.settings.cloud import AddressSettings
from components.settings.cluster import GkeCluster
from components.settings.gcp import GcpCloud
from components.settings.problems import key_of, shown, words


def gcp_provider(settings: GcpCloud, stack: str) -> gcp.Provider:
    """The one provider of Google Cloud of a stack; what takes labels carries the stack's name and the stack file's."""
    labels = {"portico-stack": stack, **settings.labels}
    return gcp.Provider("gcp", project=settings.project, region=settings.region, default_labels=labels)


def gke_kubeconfig(wanted: GkeCluster, settings: GcpCloud, provider: pulumi.ProviderResource) -> str:
    """A kubeconfig for the cluster: no token in it, `gke-gcloud-auth-plugin` makes one when it is used.

    Raises:
        LookupError: there is no such cluster, or Google Cloud does not let us see it.
    """
    location = wanted.location or settings.region
    opts = pulumi.InvokeOptions(provider=provider)
    try:
        found = gcp.container.get_cluster(name=wanted.name, location=location, project=settings.project, opts=opts)
    except Exception as error:  # noqa: BLE001  the engine raises nothing more exact
        raise LookupError(_reason(error)) from None
    # The real provider answers a cluster that is not there with empty values.
    if not found.endpoint or not found.master_auths:
        raise LookupError(f"not found in {location} of project {settings.project}")
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "gke-gcloud-auth-plugin",
            # As the provider has it: application default credentials, not the ones gcloud's user has logged in with.
            "args": ["--use_application_default_credentials"],
            "installHint": "https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl#install_plugin",
            "provideClusterInfo": True,
            "interactiveMode": "Never",
        }
    }
    server = found.endpoint if found.endpoint.startswith("https://") else f"https://{found.endpoint}"
    cluster = {"server": server, "certificate-authority-data": found.master_auths[0].cluster_ca_certificate}
    name = wanted.name
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


def zone_named(
    zone: str, settings: GcpCloud, opts: pulumi.InvokeOutputOptions
) -> pulumi.Output[gcp.dns.outputs.GetManagedZonesManagedZoneResult]:
    """The public zone of a DNS name: Cloud DNS knows zones by names of their own."""

    def pick(
        zones: list[gcp.dns.outputs.GetManagedZonesManagedZoneResult],
    ) -> gcp.dns.outputs.GetManagedZonesManagedZoneResult:
        found = _public(zone, zones)
        if not found:
            raise pulumi.RunError(f"project {settings.project} has no public zone {shown(zone)}")
        return found[0]

    return gcp.dns.get_managed_zones_output(project=settings.project, opts=opts).managed_zones.apply(pick)


def _public(
    zone: str, zones: list[gcp.dns.outputs.GetManagedZonesManagedZoneResult]
) -> list[gcp.dns.outputs.GetManagedZonesManagedZoneResult]:
    return [one for one in zones if one.dns_name == f"{zone}." and one.visibility == "public"]


def missing(settings: Settings, provider: pulumi.ProviderResource) -> Iterator[Problem]:
    """The zones and the address that should exist and do not."""
    own = settings.cloud.gcp
    if own is None:
        return
    opts = pulumi.InvokeOptions(provider=provider)
    existing = {name: zone for name, zone in settings.zones.items() if zone.existing}
    if existing:
        try:
            zones = gcp.dns.get_managed_zones(project=own.project, opts=opts).managed_zones
        except Exception as error:  # noqa: BLE001  as above
            yield Problem(key_of(("cloud", "gcp")), f"the zones of project {own.project} cannot be listed: {_reason(error)}")
            return
        for name in existing:
            if not _public(name, list(zones)):
                key = key_of(("zone",)) if name == settings.zone.name else key_of(("other_zones", name))
                public = [one.dns_name.rstrip(".") for one in zones if one.visibility == "public"]
                there = f"it has {words(public)}" if public else "it has none"
                yield Problem(
                    key, f"project {own.project} has no public zone {shown(name)}; {there}; to have it made, leave out existing"
                )
    address = getattr(settings.entrypoint.chosen, "address", None)
    if address is not None and address.existing is not None:
        yield from _missing_address(settings, own, address, opts)


def _missing_address(
    settings: Settings, own: GcpCloud, address: AddressSettings, opts: pulumi.InvokeOptions
) -> Iterator[Problem]:
    name, wanted = str(address.existing), settings.entrypoint.scope
    there = {"global": _global(name, own, opts), "regional": _regional(name, own, opts)}
    where = ("entrypoint", settings.entrypoint.kind, "address")
    if found := there[wanted]:
        # Records are made of one type or the other before anybody asks again.
        if (":" in found) != address.ipv6:
            family, say = ("IPv6", "say ipv6: true") if ":" in found else ("IPv4", "leave ipv6 out")
            yield Problem(key_of((*where, "ipv6")), f"{shown(name)} is an {family} address ({found}): {say}")
        return
    key = key_of((*where, "existing"))
    other = "regional" if wanted == "global" else "global"
    if there[other]:
        yield Problem(
            key,
            f"{shown(name)} is a {other} address, and {settings.way} needs a {wanted} one; neither can become the other",
        )
    else:
        place = "" if wanted == "global" else f" in {own.region}"
        yield Problem(
            key, f"project {own.project} has no {wanted} address {shown(name)}{place}; to have one reserved, leave out existing"
        )


def _global(name: str, own: GcpCloud, opts: pulumi.InvokeOptions) -> str:
    """The global address of that name; empty if there is none."""
    try:
        return gcp.compute.get_global_address(name=name, project=own.project, opts=opts).address
    except Exception:  # noqa: BLE001  a missing one is an error of no type of its own
        return ""


def _regional(name: str, own: GcpCloud, opts: pulumi.InvokeOptions) -> str:
    """The same of the stack's region."""
    try:
        return gcp.compute.get_address(name=name, project=own.project, region=own.region, opts=opts).address
    except Exception:  # noqa: BLE001  as above
        return ""


def _reason(error: Exception) -> str:
    """What the provider said, without the engine's words around it."""
    text = " ".join(str(error).split())
    return text.rpartition("invocation of ")[2].partition("returned an error: ")[2] or text
