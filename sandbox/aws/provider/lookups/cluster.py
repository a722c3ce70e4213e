"""aws.eks.get_cluster."""

from __future__ import annotations

from typing import Any

from sandbox.aws.provider.call import Call
from sandbox.plugin.blocks import one
from sandbox.plugin.problems import MissingError, code, doing
from sandbox.plugin.wire import Properties

_TEXTS = ("arn", "endpoint", "name", "platformVersion", "roleArn", "status", "version")
# Of clusters with these options, which no cluster of this project has.
_LEFT_OUT = (
    "controlPlaneScalingConfigs",
    "kubeApiServerConfigs",
    "kubeControllerManagerConfigs",
    "kubeSchedulerConfigs",
    "outpostConfigs",
)


def get_cluster(call: Call, args: Properties) -> Properties:
    """By name."""
    name = args.get("name", "")
    with doing(f"reading EKS Cluster ({name})"):
        try:
            found = call.client("eks").describe_cluster(name=name)["cluster"]
        except Exception as error:
            if code(error) == "ResourceNotFoundException":
                raise MissingError from error
            raise
    logs = (log for log in (found.get("logging") or {}).get("clusterLogging") or () if log.get("enabled"))
    return {
        **{key: found.get(key) or "" for key in _TEXTS},
        **{key: [] for key in _LEFT_OUT},
        "accessConfigs": one(found.get("accessConfig"), _access),
        "certificateAuthorities": one(found.get("certificateAuthority"), lambda told: {"data": told.get("data", "")}),
        "clusterId": found.get("id") or "",
        "computeConfigs": one(found.get("computeConfig"), _compute),
        "createdAt": found["createdAt"].isoformat() if found.get("createdAt") else "",
        "deletionProtection": bool(found.get("deletionProtection")),
        "enabledClusterLogTypes": sorted(kind for log in logs for kind in log.get("types") or ()),
        "id": name,
        "identities": one(
            found.get("identity"), lambda told: {"oidcs": one(told.get("oidc"), lambda oidc: {"issuer": oidc["issuer"]})}
        ),
        "kubernetesNetworkConfigs": one(found.get("kubernetesNetworkConfig"), _network),
        "region": call.region,
        "remoteNetworkConfigs": one(found.get("remoteNetworkConfig"), _remote),
        "storageConfigs": one(
            found.get("storageConfig"), lambda told: {"blockStorages": one(told.get("blockStorage"), _enabled)}
        ),
        "tags": found.get("tags") or {},
        "upgradePolicies": one(found.get("upgradePolicy"), lambda told: {"supportType": told.get("supportType", "")}),
        "vpcConfig": _vpc(found.get("resourcesVpcConfig") or {}),
        "zonalShiftConfigs": one(found.get("zonalShiftConfig"), _enabled),
    }


def _enabled(told: Any) -> Properties:
    return {"enabled": bool(told.get("enabled"))}


def _access(told: Any) -> Properties:
    return {
        "authenticationMode": told.get("authenticationMode", ""),
        "bootstrapClusterCreatorAdminPermissions": bool(told.get("bootstrapClusterCreatorAdminPermissions")),
    }


def _compute(told: Any) -> Properties:
    return {**_enabled(told), "nodePools": told.get("nodePools") or [], "nodeRoleArn": told.get("nodeRoleArn", "")}


def _network(told: Any) -> Properties:
    return {
        "elasticLoadBalancings": one(told.get("elasticLoadBalancing"), _enabled),
        "ipFamily": told.get("ipFamily", ""),
        "serviceIpv4Cidr": told.get("serviceIpv4Cidr", ""),
        "serviceIpv6Cidr": told.get("serviceIpv6Cidr", ""),
    }


def _remote(told: Any) -> Properties:
    return {
        key: [{"cidrs": item.get("cidrs") or []} for item in told.get(key) or ()]
        for key in ("remoteNodeNetworks", "remotePodNetworks")
    }


def _vpc(told: Any) -> Properties:
    return {
        "clusterSecurityGroupId": told.get("clusterSecurityGroupId", ""),
        "controlPlaneEgressMode": told.get("controlPlaneEgressMode", ""),
        "endpointPrivateAccess": bool(told.get("endpointPrivateAccess")),
        "endpointPublicAccess": bool(told.get("endpointPublicAccess")),
        "publicAccessCidrs": told.get("publicAccessCidrs") or [],
        "securityGroupIds": told.get("securityGroupIds") or [],
        "subnetIds": told.get("subnetIds") or [],
        "vpcId": told.get("vpcId", ""),
    }
