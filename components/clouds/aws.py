"""AWS: zones in Route 53, Elastic IPs, certificates of ACM, and rights for the controllers that write records."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.annotations import alb, nlb
from components.clouds.aws_certificate import AwsCertificate
from components.clouds.aws_controller import SERVICE_ACCOUNT, LoadBalancerController, controller_policy
from components.clouds.aws_identity import AwsIdentity, external_dns_policy, solver_policy
from components.clouds.aws_nlb import nlb_annotations
from components.clouds.aws_zone import AwsZone
from components.clouds.base import Address, Balancer, Target
from components.settings import Settings
from components.settings.aws import LoadBalancerSettings, NlbSettings
from components.settings.certificates import AcmCertificate
from components.settings.cloud import ZoneSettings
from components.settings.entrypoint import AlbEntrypoint, LoadBalanced
from components.settings.keeper import ServiceAccount
from components.trust.managed import ManagedCertificate
from components.trust.solvers import Dns01, Route53Solver

#: cert-manager's service account, as its chart names it.
_CERT_MANAGER = "cert-manager"


class Aws(pulumi.ComponentResource):
    """The cloud AWS: creates nothing by itself, hands out what the methods say."""

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:clouds:Aws", "cloud", None, opts)
        if settings.cloud.aws is None:
            raise ValueError("the stack file names another cloud")
        self._settings, self._aws = settings, settings.cloud.aws
        self._child = pulumi.ResourceOptions(parent=self)
        self._zones: dict[str, AwsZone] = {}
        self._proofs: dict[str, aws.route53.Record] = {}
        self.register_outputs({"region": self._aws.region})

    def zone(self, wanted: ZoneSettings) -> AwsZone:
        """A public hosted zone, made unless it exists."""
        zone = AwsZone(wanted, self._aws, self._settings.protect, self._child)
        self._zones[wanted.name] = zone
        return zone

    def address(self, entrypoint: LoadBalanced | AlbEntrypoint, part: str = "") -> Address:
        """A name for an ALB; for a controller in the cluster what its Network Load Balancer is told."""
        if isinstance(entrypoint, AlbEntrypoint):
            name = self._settings.balancer_names["entrypoint", "alb"]
            fixed = (f"{alb.PREFIX}load-balancer-name", f"{alb.PREFIX}scheme")
            return Address(None, name=name, dualstack=entrypoint.dualstack, fixed=fixed)
        if entrypoint.load_balancer is None:
            raise ValueError("settings ask for a load balancer on AWS")
        name = self._settings.balancer_names["entrypoint", self._settings.entrypoint.kind]
        return self._nlb("address", name, entrypoint.load_balancer.chosen, {})

    def exposed(self, key: str, load_balancer: LoadBalancerSettings, tls: Mapping[int, pulumi.Output[str]]) -> Address:
        """What a Service says to get a Network Load Balancer of its own."""
        return self._nlb(f"service/{key}", self._settings.balancer_names["services", key], load_balancer.chosen, tls)

    def _nlb(self, key: str, name: str, own: NlbSettings, tls: Mapping[int, pulumi.Output[str]]) -> Address:
        """With an Elastic IP per subnet where the stack file wants them."""
        ips = [self._elastic_ip(key, subnet) for subnet in own.subnets] if own.elastic_ips else []
        target = None
        if ips:
            target = Target("A", pulumi.Output.all(*[ip.public_ip for ip in ips]).apply(list), ips)
        return Address(
            target,
            ips,
            load_balancer_class=self._aws.controller.service_class,
            service_annotations=nlb_annotations(own, name, [ip.allocation_id for ip in ips], tls, self._tags),
            to_pods=own.target_type == "ip",
            name=name,
            fixed=(f"{nlb.PREFIX}name", f"{nlb.PREFIX}scheme"),
        )

    def _elastic_ip(self, key: str, subnet: str) -> aws.ec2.Eip:
        name = f"{key}/{subnet}"
        options = pulumi.ResourceOptions(parent=self, protect=self._settings.protect)
        return aws.ec2.Eip(name, domain="vpc", tags={"Name": f"{self._settings.name}-{name}"}, opts=options)

    @property
    def _tags(self) -> dict[str, str]:
        """Tags of what the controller makes on the stack's behalf."""
        return {"portico.dev/stack": self._settings.name, **self._aws.tags}

    def behind(self, address: Address, made_by: pulumi.Resource) -> Target | Balancer:
        """The reserved addresses, or the load balancer itself: looked up by its name once `made_by` stands."""
        if address.target is not None:
            return address.target
        if not isinstance(made_by, pulumi.CustomResource):
            raise TypeError("what makes a load balancer is an object of the cluster")
        # The zone id is AWS's own answer, not a table by region that ages with every new one.
        name = made_by.id.apply(lambda _: address.name)
        found = aws.lb.get_load_balancer_output(name=name, opts=pulumi.InvokeOutputOptions(parent=self))
        return Balancer(found.dns_name, found.zone_id, address.dualstack)

    def install(self) -> list[pulumi.Resource]:
        """The load balancer controller, and external-dns's rights, where the stack file asks for them."""
        account = self._aws.external_dns
        if account is not None:
            self._identity("external-dns", account, self._zone_arns.apply(external_dns_policy))
        helm = self._aws.controller.helm
        if helm is None:
            return []
        of_controller = ServiceAccount(namespace=helm.namespace, name=SERVICE_ACCOUNT)
        identity = self._identity("load-balancer-controller", of_controller, controller_policy())
        cluster = self._settings.cluster.eks
        if cluster is None:
            raise ValueError("settings ask for the cluster's name where they install its controller")
        return [LoadBalancerController(cluster.name, self._aws, helm, identity, self._child).release]

    def dns01(self, namespace: str) -> Dns01:
        """cert-manager's solver for each zone, and the rights that it needs: challenge records of these zones."""
        solvers = {name: Route53Solver(self._aws.region, zone.id) for name, zone in self._zones.items()}
        if self._settings.cluster.eks is None:
            return Dns01(solvers)
        account = ServiceAccount(namespace=namespace, name=_CERT_MANAGER)
        identity = self._identity(_CERT_MANAGER, account, self._zone_arns.apply(solver_policy))
        return Dns01(solvers, identity.ready, identity.account_annotations)

    @property
    def _zone_arns(self) -> pulumi.Output[list[str]]:
        return pulumi.Output.all(*[zone.arn for zone in self._zones.values()]).apply(list)

    def _identity(self, name: str, account: ServiceAccount, policy: pulumi.Input[str]) -> AwsIdentity:
        cluster = self._settings.cluster.eks
        if cluster is None:
            raise ValueError("settings ask for the cluster's name where a service account gets rights")
        return AwsIdentity(
            name,
            stack=self._settings.name,
            cluster=cluster.name,
            account=account,
            settings=self._aws,
            allows=policy,
            opts=self._child,
        )

    def certificate(self, key: str, wanted: AcmCertificate) -> ManagedCertificate:
        """A certificate of ACM; names of any of the stack's zones."""
        zones = {name: zone for name in wanted.hosts if (zone := self._settings.zone_of(name)) is not None}
        seen = [one for zone in dict.fromkeys(zones.values()) for one in self._zones[zone].seen]
        made = AwsCertificate(key, wanted, self._prove, seen, self._child)
        return ManagedCertificate(made.reference, made.issued)

    def ssl_policy(self, own: object) -> str:
        """Settings ask for none."""
        raise NotImplementedError

    def _prove(
        self, domain: str, name: pulumi.Output[str], kind: pulumi.Output[str], value: pulumi.Output[str]
    ) -> aws.route53.Record:
        """The record for a domain, made once however many certificates name it."""
        zone = self._settings.zone_of(domain)
        if domain not in self._proofs and zone is not None:
            self._proofs[domain] = self._zones[zone].prove(domain, name, kind, value)
        return self._proofs[domain]
