"""The AWS Load Balancer Controller installed by Helm, with the rights it needs."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.clouds.aws_identity import AwsIdentity, policy, statement
from components.helm import release
from components.settings.aws import AwsCloud, HelmLoadBalancerController

#: The chart's own name for it.
SERVICE_ACCOUNT = "aws-load-balancer-controller"

#: The tag by which the controller knows what it made. https://kubernetes-sigs.github.io/aws-load-balancer-controller/
_OWN = "elbv2.k8s.aws/cluster"


class LoadBalancerController(pulumi.ComponentResource):
    """Creates the controller's release, after the role of its service account.

    What load balancers are made of has to go before the controller that made them, so every Ingress and Service that wants one
    depends on `release`.
    """

    def __init__(
        self,
        cluster: str,
        settings: AwsCloud,
        helm: HelmLoadBalancerController,
        identity: AwsIdentity,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:clouds:LoadBalancerController", "load-balancer-controller", None, opts)
        found = aws.eks.get_cluster_output(name=cluster, opts=pulumi.InvokeOutputOptions(parent=self))
        values = {
            "clusterName": cluster,
            "region": settings.region,
            # Said, because the controller would ask the node for it, which many clusters forbid (hop limit 1, Fargate).
            "vpcId": found.vpc_config.vpc_id,
            "serviceAccount": {
                "create": True,
                "name": SERVICE_ACCOUNT,
                **({"annotations": identity.account_annotations} if identity.account_annotations else {}),
            },
            # Every Service says its class itself: nobody else's Service is to get a load balancer by surprise.
            "enableServiceMutatorWebhook": False,
        }
        self.release = release(
            "load-balancer-controller",
            called="aws-load-balancer-controller",
            namespace=helm.namespace,
            chart=helm.chart,
            version=helm.version,
            repository=helm.repository,
            values=values,
            added=helm.values,
            timeout=helm.timeout,
            opts=pulumi.ResourceOptions(parent=self, depends_on=identity.ready),
        )
        self.register_outputs({})


def controller_policy() -> str:
    """The controller's rights: to look at everything it chooses from, and to change only what carries its own tag.

    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/
    """
    groups, balancers, targets = (
        "arn:aws:ec2:*:*:security-group/*",
        [f"arn:aws:elasticloadbalancing:*:*:loadbalancer/{kind}/*/*" for kind in ("net", "app")],
        "arn:aws:elasticloadbalancing:*:*:targetgroup/*/*",
    )
    rules = [
        f"arn:aws:elasticloadbalancing:*:*:{part}/{kind}/*/*/*"
        for part in ("listener", "listener-rule")
        for kind in ("net", "app")
    ]
    requested, owned = f"aws:RequestTag/{_OWN}", f"aws:ResourceTag/{_OWN}"
    asked_for = {"Null": {requested: "false"}}
    its_own = {"Null": {owned: "false"}}
    retagged = {"Null": {requested: "true", owned: "false"}}

    def elb(*names: str) -> list[str]:
        return [f"elasticloadbalancing:{name}" for name in names]

    def ec2(*names: str) -> list[str]:
        return [f"ec2:{name}" for name in names]

    return policy(
        statement(
            ["iam:CreateServiceLinkedRole"],
            ["*"],
            Condition={"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
        ),
        statement(
            [
                *ec2(*(f"Describe{what}" for what in _SEEN_EC2), "GetCoipPoolUsage", "GetSecurityGroupsForVpc"),
                *elb(*(f"Describe{what}" for what in _SEEN_ELB)),
                *("acm:ListCertificates", "acm:DescribeCertificate", "iam:ListServerCertificates", "iam:GetServerCertificate"),
                *("wafv2:GetWebACL", "wafv2:GetWebACLForResource", "wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"),
                *(
                    "shield:GetSubscriptionState",
                    "shield:DescribeProtection",
                    "shield:CreateProtection",
                    "shield:DeleteProtection",
                ),
                "cognito-idp:DescribeUserPoolClient",
            ],
            ["*"],
        ),
        # The nodes' own security groups are opened for the load balancer's.
        statement(ec2("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "CreateSecurityGroup"), ["*"]),
        statement(
            ec2("CreateTags"), [groups], Condition={"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}, **asked_for}
        ),
        statement(ec2("CreateTags", "DeleteTags"), [groups], Condition=retagged),
        statement(ec2("DeleteSecurityGroup"), ["*"], Condition=its_own),
        statement(elb("CreateLoadBalancer", "CreateTargetGroup"), ["*"], Condition=asked_for),
        statement(elb("CreateListener", "DeleteListener", "CreateRule", "DeleteRule"), ["*"]),
        statement(elb("AddTags", "RemoveTags"), [targets, *balancers], Condition=retagged),
        statement(elb("AddTags", "RemoveTags"), rules),
        statement(
            elb("AddTags"),
            [targets, *balancers],
            Condition={
                "StringEquals": {"elasticloadbalancing:CreateAction": ["CreateTargetGroup", "CreateLoadBalancer"]},
                **asked_for,
            },
        ),
        statement(elb(*_CHANGED), ["*"], Condition=its_own),
        statement(elb("RegisterTargets", "DeregisterTargets"), [targets]),
        statement(
            elb(
                "SetWebAcl",
                "ModifyListener",
                "AddListenerCertificates",
                "RemoveListenerCertificates",
                "ModifyRule",
                "SetRulePriorities",
            ),
            ["*"],
        ),
    )


#: What the controller chooses from.
_SEEN_EC2 = (
    *("AccountAttributes", "Addresses", "AvailabilityZones", "CoipPools", "Instances", "InternetGateways", "IpamPools"),
    *("NetworkInterfaces", "RouteTables", "SecurityGroups", "Subnets", "Tags", "Vpcs", "VpcPeeringConnections"),
)
_SEEN_ELB = (
    *(
        "LoadBalancers",
        "LoadBalancerAttributes",
        "Listeners",
        "ListenerAttributes",
        "ListenerCertificates",
        "CapacityReservation",
    ),
    *("Rules", "SSLPolicies", "Tags", "TargetGroups", "TargetGroupAttributes", "TargetHealth", "TrustStores"),
)

#: What it changes of its own.
_CHANGED = (
    *(
        "ModifyLoadBalancerAttributes",
        "SetIpAddressType",
        "SetSecurityGroups",
        "SetSubnets",
        "DeleteLoadBalancer",
        "ModifyTargetGroup",
    ),
    *(
        "ModifyTargetGroupAttributes",
        "DeleteTargetGroup",
        "ModifyListenerAttributes",
        "ModifyCapacityReservation",
        "ModifyIpPools",
    ),
)
