"""Rights at AWS: given only where they are needed, to one service account each, for the stack's zones and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import aws
from tests.support.doors import door
from tests.support.recorder import Recording
from tests.support.stacks import aws_stack

IN_CLUSTER = "traefik-existing-nlb"
OF_DNS = {"namespace": "dns", "name": "external-dns"}
MORE_ZONES: dict[str, Any] = {"portico.example": {"existing": True}, "eu.portico.test": {}}
ARNS = sorted(aws.zone_arn(name) for name in ("portico.test", "portico.example", "eu.portico.test"))


def made_with(way: str = "alb", own: dict[str, Any] | None = None, **parts: Any) -> Recording:
    """`own`: added to the cloud's options."""
    return door(aws_stack(way, cloud={"aws": {"region": "eu-central-1", **(own or {})}}, **parts))


def statements(made: Recording, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(made.one("Policy", name).inputs["policy"])["Statement"]
    return found


def trust(made: Recording, name: str) -> dict[str, Any]:
    [found] = json.loads(made.one("Role", name).inputs["assumeRolePolicy"])["Statement"]
    return dict(found)


# Only when needed


def test_a_stack_whose_certificates_are_all_the_clouds_gives_no_rights() -> None:
    made = made_with()
    assert [item.name for kind in ("Role", "Policy", "PodIdentityAssociation") for item in made.all(kind)] == []


@pytest.mark.parametrize("way", ["traefik-existing-nlb", "nginx-helm-eips", "gateway-helm-nlb"])
def test_cert_manager_gets_rights_where_it_proves_names_by_records(way: str) -> None:
    made = door(aws_stack(way))
    assert [item.name for item in made.all("Role")] == ["cert-manager"]
    [entry] = made.one("ClusterIssuer").spec["acme"]["solvers"]
    assert entry["dns01"] == {"route53": {"region": "eu-central-1", "hostedZoneID": aws.zone_id("portico.test")}}


def test_cert_manager_gets_none_where_it_proves_names_by_http() -> None:
    certificates = {"web": {"acme": {"hosts": ["shop.portico.test", "portico.test"], "challenge": "http-01"}}}
    made = made_with(IN_CLUSTER, certificates=certificates, services=None)
    assert made.all("Role") == []


def test_a_zone_is_proven_at_its_own_solver() -> None:
    made = made_with(IN_CLUSTER, other_zones=MORE_ZONES)
    solvers = {entry["dns01"]["route53"]["hostedZoneID"]: entry["selector"]["dnsZones"] for entry in _solvers(made)}
    assert solvers == {aws.zone_id(name): [name] for name in ("portico.test", "portico.example", "eu.portico.test")}


def _solvers(made: Recording) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = made.one("ClusterIssuer").spec["acme"]["solvers"]
    return found


# Limited


def test_cert_manager_may_write_challenges_of_the_stacks_zones_only() -> None:
    made = made_with(IN_CLUSTER, other_zones=MORE_ZONES)
    by_action = {action: entry for entry in statements(made, "cert-manager") for action in entry["Action"]}
    assert set(by_action) == {"route53:GetChange", "route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"}
    change = by_action["route53:ChangeResourceRecordSets"]
    assert sorted(change["Resource"]) == sorted(by_action["route53:ListResourceRecordSets"]["Resource"]) == ARNS
    assert by_action["route53:GetChange"]["Resource"] == ["arn:aws:route53:::change/*"]
    limits = {key: value for test in change["Condition"].values() for key, value in test.items()}
    assert limits["route53:ChangeResourceRecordSetsRecordTypes"] == ["TXT"]
    assert limits["route53:ChangeResourceRecordSetsNormalizedRecordNames"] == ["_acme-challenge.*"]


def test_external_dns_may_write_in_the_stacks_zones_only() -> None:
    made = made_with(own={"external_dns": OF_DNS}, other_zones=MORE_ZONES)
    for entry in statements(made, "external-dns"):
        if entry["Action"] == ["route53:ListHostedZones"]:
            assert entry["Resource"] == ["*"]  # a right that is given for all or none
        else:
            assert sorted(entry["Resource"]) == ARNS
            assert all(action.startswith("route53:") and "*" not in action for action in entry["Action"])


def test_the_load_balancer_controller_may_change_only_what_carries_its_own_tag() -> None:
    made = made_with(own={"controller": "helm"})
    entries = statements(made, "load-balancer-controller")
    assert all(entry["Effect"] == "Allow" for entry in entries)
    actions = {action for entry in entries for action in entry["Action"]}
    assert not any("*" in action for action in actions)
    own = "aws:ResourceTag/elbv2.k8s.aws/cluster"
    for action in ("DeleteLoadBalancer", "ModifyLoadBalancerAttributes", "DeleteTargetGroup", "SetSubnets", "SetSecurityGroups"):
        holders = [entry for entry in entries if f"elasticloadbalancing:{action}" in entry["Action"]]
        assert holders, action
        assert all(entry["Condition"]["Null"][own] == "false" for entry in holders), action
    [gone] = [entry for entry in entries if "ec2:DeleteSecurityGroup" in entry["Action"]]
    assert gone["Condition"]["Null"][own] == "false"
    for action in ("CreateLoadBalancer", "CreateTargetGroup"):
        [entry] = [entry for entry in entries if f"elasticloadbalancing:{action}" in entry["Action"]]
        assert entry["Condition"]["Null"]["aws:RequestTag/elbv2.k8s.aws/cluster"] == "false"


#: What its reconciliation cannot do without (docs/install/iam_policy.json of v3.5.0 holds each).
NEEDED = [
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:DescribeSubnets",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeVpcs",
    "ec2:DescribeRouteTables",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeListenerAttributes",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:RegisterTargets",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:SetRulePriorities",
    "elasticloadbalancing:AddListenerCertificates",
    "elasticloadbalancing:SetIpAddressType",
    "wafv2:AssociateWebACL",
    "acm:DescribeCertificate",
    "iam:CreateServiceLinkedRole",
]


@pytest.mark.parametrize("action", NEEDED)
def test_the_load_balancer_controller_may_do_what_it_is_there_for(action: str) -> None:
    entries = statements(made_with(own={"controller": "helm"}), "load-balancer-controller")
    assert any(action in entry["Action"] for entry in entries)


# By whom

ACCOUNTS = {
    "external-dns": ("dns", "external-dns"),
    "cert-manager": ("certs", "cert-manager"),
    "load-balancer-controller": ("kube-system", "aws-load-balancer-controller"),
}


def everything(identity: str) -> Recording:
    own = {"external_dns": OF_DNS, "controller": "helm", "identity": identity}
    return made_with(IN_CLUSTER, own, cert_manager={"existing": {"namespace": "certs"}})


@pytest.mark.parametrize("name", ACCOUNTS)
def test_by_pod_identity_the_clusters_agent_hands_a_role_to_one_account(name: str) -> None:
    made = everything("pod_identity")
    statement = trust(made, name)
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    association = made.one("PodIdentityAssociation", name)
    assert association.inputs["clusterName"] == "sandbox"
    assert (association.inputs["namespace"], association.inputs["serviceAccount"]) == ACCOUNTS[name]
    role, attached = made.one("Role", name), made.one("RolePolicyAttachment", name)
    assert association.inputs["roleArn"] == aws.role_arn(role.inputs["name"])
    assert attached.inputs["role"] == role.inputs["name"]
    assert made.waits(association, attached)


@pytest.mark.parametrize("name", ACCOUNTS)
def test_by_irsa_a_role_trusts_one_account_of_the_cluster_with_tokens_made_for_aws(name: str) -> None:
    made = everything("irsa")
    statement, host = trust(made, name), aws.ISSUER.removeprefix("https://")
    namespace, account = ACCOUNTS[name]
    assert statement["Principal"] == {"Federated": aws.OIDC_PROVIDER}
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": f"system:serviceaccount:{namespace}:{account}"}
    }
    assert made.all("PodIdentityAssociation") == []
    assert all(question.args == {"url": aws.ISSUER} for question in made.asked if "OpenIdConnectProvider" in question.token)


@pytest.mark.parametrize("identity", ["pod_identity", "irsa"])
def test_cert_manager_starts_when_it_has_its_rights(identity: str) -> None:
    """A pod that was there before its identity never gets it: by Pod Identity and by IRSA it is put in as the pod is made."""
    made = made_with(IN_CLUSTER, {"identity": identity}, cert_manager=None)
    release = made.one("Release", "cert-manager")
    for kind in ["RolePolicyAttachment", *(["PodIdentityAssociation"] if identity == "pod_identity" else [])]:
        assert made.waits(release, made.one(kind, "cert-manager")), kind


def test_by_irsa_a_cert_manager_that_this_stack_installs_says_its_role() -> None:
    made = made_with(IN_CLUSTER, {"identity": "irsa"}, cert_manager=None)
    account = made.one("Release", "cert-manager").inputs["values"].get("serviceAccount", {})
    role = aws.role_arn(made.one("Role", "cert-manager").inputs["name"])
    assert account.get("annotations") == {"eks.amazonaws.com/role-arn": role}


@pytest.mark.parametrize("identity", ["pod_identity", "irsa"])
def test_an_existing_cert_manager_is_told_to_prove_names_when_it_has_its_rights(identity: str) -> None:
    made = made_with(IN_CLUSTER, {"identity": identity})
    last = made.one("PodIdentityAssociation" if identity == "pod_identity" else "RolePolicyAttachment", "cert-manager")
    assert made.waits(made.one("ClusterIssuer"), last)


# The controller


def test_the_controller_by_helm_is_told_what_it_could_not_ask_for() -> None:
    release = made_with(own={"controller": "helm"}).one("Release", "load-balancer-controller")
    values = release.inputs["values"]
    assert (values["clusterName"], values["region"], values["vpcId"]) == ("sandbox", "eu-central-1", aws.VPC)
    assert values["enableServiceMutatorWebhook"] is False
    assert values["serviceAccount"] == {"create": True, "name": "aws-load-balancer-controller"}
    assert (release.inputs["namespace"], release.inputs["version"]) == ("kube-system", "3.5.0")
    assert release.inputs["repositoryOpts"] == {"repo": "https://aws.github.io/eks-charts"}


def test_the_controller_by_irsa_says_its_role() -> None:
    made = made_with(own={"controller": "helm", "identity": "irsa"})
    account = made.one("Release", "load-balancer-controller").inputs["values"]["serviceAccount"]
    role = made.one("Role", "load-balancer-controller")
    assert account["annotations"] == {"eks.amazonaws.com/role-arn": aws.role_arn(role.inputs["name"])}


def test_a_users_values_are_laid_over_the_controllers() -> None:
    helm = {"helm": {"values": {"replicaCount": 1, "region": "eu-west-1"}, "chart": "./chart", "repository": None}}
    release = made_with(own={"controller": helm}).one("Release", "load-balancer-controller")
    assert (release.inputs["values"]["replicaCount"], release.inputs["values"]["region"]) == (1, "eu-west-1")
    assert release.inputs["values"]["clusterName"] == "sandbox"
    assert release.inputs["chart"] == "./chart"
    assert "repositoryOpts" not in release.inputs


@pytest.mark.parametrize("way", ["alb", "traefik-helm-eips", "nginx-existing-nlb", "gateway-existing-eips", "gateway-helm-nlb"])
@pytest.mark.parametrize("identity", ["pod_identity", "irsa"])
def test_whatever_wants_a_load_balancer_waits_for_its_controller_and_that_for_its_rights(way: str, identity: str) -> None:
    """In reverse on destroy: what a controller made can only be taken down by it."""
    made = made_with(way, {"controller": "helm", "identity": identity})
    release = made.one("Release", "load-balancer-controller")
    wanting = [item for item in made.all("Ingress") if way == "alb"]
    wanting += [item for item in made.all("Service") if item.custom and item.spec.get("type") == "LoadBalancer"]
    wanting += [item for item in made.all("Release") if item.name == "controller"]
    assert len(wanting) >= 3
    assert all(made.waits(item, release) for item in wanting)
    rights = [made.one("RolePolicyAttachment", "load-balancer-controller")]
    if identity == "pod_identity":
        rights.append(made.one("PodIdentityAssociation", "load-balancer-controller"))
    assert all(made.waits(release, item) for item in rights)


@pytest.mark.parametrize("controller", ["existing", "auto_mode"])
def test_a_controller_that_is_there_is_not_installed(controller: str) -> None:
    made = made_with(own={"controller": controller})
    assert made.all("Release") == []
    assert made.all("Role") == []
