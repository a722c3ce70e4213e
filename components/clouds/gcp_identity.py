"""Rights at Google Cloud for service accounts of the cluster: in this stack's zones and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from components.settings.gcp import GcpCloud
from components.settings.gcp_names import account_id
from components.settings.keeper import ServiceAccount

#: May change records. Given for a zone, it is good for that zone only.
#: https://cloud.google.com/dns/docs/access-control
_WRITER = "roles/dns.admin"

#: May list the zones of a project, which external-dns wants: a right that Google gives for all zones or none.
_READER = "roles/dns.reader"


class GcpIdentity(pulumi.ComponentResource):
    """Lets one service account of the cluster write records in the stack's zones.

    By `principal`, the Kubernetes service account itself gets the role (workload identity federation), and its pods need nothing
    more. By `service_account`, a Google service account is made for it, and the Kubernetes one must name it in an annotation.
    """

    def __init__(
        self,
        name: str,
        *,
        stack: str,
        account: ServiceAccount,
        settings: GcpCloud,
        zones: Mapping[str, pulumi.Input[str]],
        lists_zones: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:clouds:GcpIdentity", name, None, opts)
        self._name, self._settings, self._account = name, settings, account
        child = pulumi.ResourceOptions(parent=self)
        #: What the service account must carry.
        self.account_annotations: dict[str, pulumi.Input[str]] = {}
        #: What must stand before a pod uses its rights.
        self.ready: list[pulumi.Resource] = []
        by_account = settings.identity.service_account is not None
        member = self._by_account(stack, child) if by_account else self._by_principal()
        for zone, resource_name in zones.items():
            self.ready.append(
                gcp.dns.DnsManagedZoneIamMember(
                    f"{name}/{zone}",
                    managed_zone=resource_name,
                    role=_WRITER,
                    member=member,
                    project=settings.project,
                    opts=child,
                )
            )
        if lists_zones:
            self.ready.append(gcp.projects.IAMMember(name, project=settings.project, role=_READER, member=member, opts=child))
        self.register_outputs({})

    def _by_principal(self) -> pulumi.Output[str]:
        """https://cloud.google.com/kubernetes-engine/docs/concepts/workload-identity#principal-id-examples."""
        project = self._settings.project
        found = gcp.organizations.get_project_output(project_id=project, opts=pulumi.InvokeOutputOptions(parent=self))
        pool = found.number.apply(
            lambda number: f"//iam.googleapis.com/projects/{number}/locations/global/workloadIdentityPools/{project}.svc.id.goog"
        )
        return pool.apply(lambda text: f"principal:{text}/subject/ns/{self._account.namespace}/sa/{self._account.name}")

    def _by_account(self, stack: str, child: pulumi.ResourceOptions) -> pulumi.Output[str]:
        """https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity#kubernetes-sa-to-iam."""
        made = gcp.serviceaccount.Account(
            self._name,
            account_id=account_id(stack, self._name),
            display_name=f"{self._name} of stack {stack}",
            opts=child,
        )
        pod = f"serviceAccount:{self._settings.project}.svc.id.goog[{self._account.namespace}/{self._account.name}]"
        acts = gcp.serviceaccount.IAMMember(
            self._name, service_account_id=made.name, role="roles/iam.workloadIdentityUser", member=pod, opts=child
        )
        self.ready.append(acts)
        self.account_annotations = {"iam.gke.io/gcp-service-account": made.email}
        return made.email.apply(lambda email: f"serviceAccount:{email}")
