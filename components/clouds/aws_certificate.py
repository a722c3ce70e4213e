"""Certificates of AWS Certificate Manager, proven by records in Route 53."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pulumi
import pulumi_aws as aws

from components.names import time_limit
from components.settings.certificates import AcmCertificate

#: Makes (once) the record that proves a domain, given name, kind and value of it.
Prove = Callable[[str, pulumi.Output[str], pulumi.Output[str], pulumi.Output[str]], aws.route53.Record]


def proven_domains(hosts: list[str]) -> list[str]:
    """The domains that ACM wants proof of: a name and the wildcard before it share one."""
    return list(dict.fromkeys(host.removeprefix("*.") for host in hosts))


class AwsCertificate(pulumi.ComponentResource):
    """Creates a certificate and the records that prove its names, and waits until it is issued.

    A changed list of names makes another certificate: made, issued and handed to the load balancer before the old one goes,
    and AWS
    refuses to delete what is still in use. Renewal is AWS's own business as long as the records stand.
    """

    def __init__(
        self,
        key: str,
        wanted: AcmCertificate,
        prove: Prove,
        seen: list[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:clouds:AwsCertificate", key, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        asked = aws.acm.Certificate(
            key,
            domain_name=wanted.hosts[0],
            subject_alternative_names=wanted.hosts[1:] or None,
            validation_method="DNS",
            key_algorithm=wanted.key_algorithm,
            tags={"Name": key},
            opts=child,
        )
        records = {}
        for domain in proven_domains(wanted.hosts):
            proof = asked.domain_validation_options.apply(partial(_proof, domain))
            records[domain] = prove(domain, proof["name"], proof["type"], proof["value"])
        self.issued = aws.acm.CertificateValidation(
            key,
            certificate_arn=asked.arn,
            validation_record_fqdns=[record.fqdn for record in records.values()],
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*records.values(), *seen], custom_timeouts=time_limit(wanted.timeout)
            ),
        )
        self.reference = self.issued.certificate_arn
        self.register_outputs({"arn": self.reference})


def _proof(domain: str, options: Sequence[aws.acm.outputs.CertificateDomainValidationOption]) -> dict[str, str]:
    """Name, type and value of the record for a domain or for the wildcard before it: they are the same."""
    for option in options:
        if (option.domain_name or "").removeprefix("*.") == domain:
            return {part: str(getattr(option, f"resource_record_{part}")) for part in ("name", "type", "value")}
    raise LookupError(f"ACM asks for no proof of {domain}")
