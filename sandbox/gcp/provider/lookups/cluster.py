"""gcp.container.get_cluster."""

from __future__ import annotations

from typing import Any

from sandbox.gcp.provider.call import Call
from sandbox.gcp.provider.lookups.one import looking
from sandbox.plugin.blocks import one
from sandbox.plugin.problems import ProviderError
from sandbox.plugin.wire import Properties, Unknown

_TEXTS = (
    *("clusterIpv4Cidr", "description", "endpoint", "labelFingerprint", "loggingService", "monitoringService", "name"),
    *("selfLink", "servicesIpv4Cidr", "tpuIpv4CidrBlock"),
)
_RENAMED = {
    "emulatedVersion": "currentEmulatedVersion",
    "masterVersion": "currentMasterVersion",
    "nodeVersion": "currentNodeVersion",
}
# Of the API's networkConfig.
_TEXTS_OF_NETWORK = ("datapathProvider", "inTransitEncryptionConfig", "privateIpv6GoogleAccess")
# Only a resource has them: they tell how it is to be treated.
_NEVER = (
    *("dataplaneOptimizationMode", "deletionPolicy", "deletionProtection", "desiredEmulatedVersion", "ignoreNodeCountChanges"),
    *("minMasterVersion", "operation", "removeDefaultNodePool", "skipNodePoolRefresh", "allowNetAdmin"),
)
_FLAGS_OF_NETWORK = {
    "disableL4LbFirewallReconciliation": "disableL4LbFirewallReconciliation",
    "enableCiliumClusterwideNetworkPolicy": "enableCiliumClusterwideNetworkPolicy",
    "enableFqdnNetworkPolicy": "enableFqdnNetworkPolicy",
    "enableIntranodeVisibility": "enableIntraNodeVisibility",
    "enableL4IlbSubsetting": "enableL4ilbSubsetting",
    "enableMultiNetworking": "enableMultiNetworking",
}
# Of clusters with these options, about which nobody asks in this project.
_LEFT_OUT = (
    *("addonsConfigs", "anonymousAuthenticationConfigs", "authenticatorGroupsConfigs", "autopilotClusterPolicyConfigs"),
    *("autopilotPrivilegedAdmissions", "binaryAuthorizations", "clusterAutoscalings", "clusterTelemetries", "confidentialNodes"),
    *("controlPlaneEndpointsConfigs", "costManagementConfigs", "databaseEncryptions", "defaultSnatStatuses", "dnsConfigs"),
    *("enableK8sBetaApis", "enterpriseConfigs", "fleets", "gkeAutoUpgradeConfigs", "identityServiceConfigs"),
    *("ipAllocationPolicies", "loggingConfigs", "maintenancePolicies", "managedMachineLearningDiagnosticsConfigs"),
    *("managedOpentelemetryConfigs", "masterAuthorizedNetworksConfigs", "meshCertificates", "monitoringConfigs"),
    *("networkPerformanceConfigs", "networkPolicies", "nodeConfigs", "nodeCreationConfigs", "nodePoolAutoConfigs"),
    *("nodePoolDefaults", "nodePools", "notificationConfigs", "podAutoscalings", "podSecurityPolicyConfigs"),
    *("privateClusterConfigs", "protectConfigs", "rbacBindingConfigs", "resourceUsageExportConfigs", "rollbackSafeUpgrades"),
    *("secretManagerConfigs", "secretSyncConfigs", "securityPostureConfigs", "serviceExternalIpsConfigs", "tpuConfigs"),
    *("userManagedKeysConfigs", "verticalPodAutoscalings", "workloadAltsConfigs"),
)


def get_cluster(call: Call, args: Properties) -> Properties:
    """By name and location: how it is reached, where its nodes are, and what it offers."""
    project, location = call.place("project"), _location(call, args)
    id_ = f"projects/{project}/locations/{location}/clusters/{args['name']}"
    with looking(f"Container Cluster {args['name']!r}", id_):
        told = call.execute(call.service("container").projects().locations().clusters().get(name=id_))
    labels, network = told.get("resourceLabels") or {}, told.get("networkConfig") or {}
    return {
        **{key: told.get(key, "") for key in _TEXTS},
        **{key: told.get(name, "") for key, name in _RENAMED.items()},
        **{key: network.get(key, "") for key in _TEXTS_OF_NETWORK},
        **{key: bool(network.get(name)) for key, name in _FLAGS_OF_NETWORK.items()},
        **{key: [] for key in _LEFT_OUT},
        **dict.fromkeys(_NEVER),
        **dict.fromkeys(("effectiveLabels", "pulumiLabels", "resourceLabels"), labels),
        "defaultMaxPodsPerNode": int((told.get("defaultMaxPodsConstraint") or {}).get("maxPodsPerNode", 0)),
        "enableAutopilot": bool((told.get("autopilot") or {}).get("enabled")),
        "enableKubernetesAlpha": bool(told.get("enableKubernetesAlpha")),
        "enableLegacyAbac": bool((told.get("legacyAbac") or {}).get("enabled")),
        "enableShieldedNodes": bool((told.get("shieldedNodes") or {}).get("enabled")),
        "enableTpu": bool(told.get("enableTpu")),
        "gatewayApiConfigs": one(network.get("gatewayApiConfig"), lambda block: {"channel": block.get("channel", "")}),
        "id": id_,
        "initialNodeCount": told.get("initialNodeCount", 0),
        "location": told["location"],
        "masterAuths": one(told.get("masterAuth"), _access),
        # Of the network that a cluster says to be in, the API has the name here and the path there.
        "network": network.get("network") or told.get("network", ""),
        "networkingMode": "VPC_NATIVE" if (told.get("ipAllocationPolicy") or {}).get("useIpAliases") else "ROUTES",
        # The location of the control plane goes without saying (resource_container_cluster.go, resourceContainerClusterRead).
        "nodeLocations": sorted(zone for zone in told.get("locations") or () if zone != told["location"]),
        "project": project,
        "releaseChannels": one(told.get("releaseChannel"), lambda block: {"channel": block.get("channel", "")}),
        "subnetwork": network.get("subnetwork") or told.get("subnetwork", ""),
        "workloadIdentityConfigs": one(told.get("workloadIdentityConfig"), lambda block: {"workloadPool": block["workloadPool"]}),
    }


def _location(call: Call, args: Properties) -> str:
    given = [args.get("location"), *(call.places[name] for name in ("region", "zone"))]
    found = next((place for place in given if place and not isinstance(place, Unknown)), None)
    if found is None:
        raise ProviderError("Cannot determine location: set in this resource, or set provider-level 'region' or 'zone'")
    return str(found)


def _access(told: Any) -> Properties:
    asked = bool((told.get("clientCertificateConfig") or {}).get("issueClientCertificate"))
    texts = {key: told.get(key, "") for key in ("clientCertificate", "clientKey", "clusterCaCertificate")}
    return {**texts, "clientCertificateConfigs": [{"issueClientCertificate": asked}]}
