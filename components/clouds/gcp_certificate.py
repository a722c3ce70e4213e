"""Certificates of Certificate Manager, proven by records in Cloud DNS, and the map by which a Gateway shows them."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence

import pulumi
import pulumi_gcp as gcp

from components.settings.certificates import GoogleManagedCertificate
from components.settings.gcp import GcpCloud
from components.settings.gcp_names import named_after
from components.settings.hosts import is_wildcard

#: Seconds between two looks at a certificate that is being made.
_PAUSE = 2.0

#: Makes (once) the authorization of a domain.
Authorize = Callable[[str], gcp.certificatemanager.DnsAuthorization]


def proven_domains(hosts: Sequence[str]) -> list[str]:
    """The domains that are authorized: one authorization is good for a name and for the wildcard before it."""
    return list(dict.fromkeys(host.removeprefix("*.") for host in hosts))


class GcpCertificate(pulumi.ComponentResource):
    """Creates a certificate and an entry of the map for each of its names, and waits until it is active.

    A changed list of names makes another certificate: made and active before the entries move to it and the old one goes, which
    Google refuses to delete while an entry has it. Renewal is Google's own business as long as the records stand.
    """

    def __init__(
        self,
        key: str,
        wanted: GoogleManagedCertificate,
        *,
        stack: str,
        settings: GcpCloud,
        map_name: pulumi.Output[str],
        authorize: Authorize,
        proofs: Mapping[str, pulumi.Resource],
        seen: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:clouds:GcpCertificate", key, None, opts)
        self._settings, self._timeout = settings, wanted.timeout
        authorizations = [authorize(domain) for domain in proven_domains(wanted.hosts)]
        # Named by its hosts as well: two certificates stand beside each other while the map moves from one to the other.
        digest = hashlib.sha256(" ".join(wanted.hosts).encode()).hexdigest()[:8]
        asked = gcp.certificatemanager.Certificate(
            key,
            name=f"{f'{stack}-{key}'[:54].rstrip('-')}-{digest}",
            description=f"{key} of {stack}",
            managed=gcp.certificatemanager.CertificateManagedArgs(
                domains=wanted.hosts, dns_authorizations=[each.id for each in authorizations]
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*proofs.values(), *seen]),
        )
        active: pulumi.Output[str] = asked.id.apply(self._active)
        #: By host; the last one made is the last to go.
        self.entries = [
            gcp.certificatemanager.CertificateMapEntry(
                f"{key}/{host}",
                name=named_after(host),
                map=map_name,
                hostname=host,
                certificates=[active],
                opts=pulumi.ResourceOptions(parent=self),
            )
            for host in sorted(wanted.hosts, key=is_wildcard)
        ]
        #: The map, once it shows the certificate.
        self.reference = pulumi.Output.all(map_name, *[entry.id for entry in self.entries]).apply(lambda known: str(known[0]))
        self.register_outputs({"certificate": asked.id})

    async def _active(self, certificate: str) -> str:
        """The certificate's id, once Google has issued it. Looked at through the provider: the resource itself does not wait."""
        deadline = time.monotonic() + self._timeout
        while not pulumi.runtime.is_dry_run():
            found = await self._look(certificate)
            state = found.state if found is not None else "not to be found"
            if state == "ACTIVE":
                break
            if state == "FAILED" or time.monotonic() > deadline:
                after = "" if state == "FAILED" else f" after {self._timeout} s"
                raise pulumi.RunError(f"certificate {certificate.rpartition('/')[2]} is {state}{after}:{_reasons(found)}")
            await asyncio.sleep(_PAUSE)
        return certificate

    async def _look(self, certificate: str) -> gcp.certificatemanager.outputs.GetCertificatesCertificateManagedResult | None:
        asked = gcp.certificatemanager.get_certificates_output(
            filter=f'name="{certificate}"', opts=pulumi.InvokeOutputOptions(parent=self)
        )
        found = await asked.future()
        mine = (
            [one for one in found.certificates if one.name.rpartition("/")[2] == certificate.rpartition("/")[2]] if found else []
        )
        return mine[0].manageds[0] if mine and mine[0].manageds else None


def _reasons(found: gcp.certificatemanager.outputs.GetCertificatesCertificateManagedResult | None) -> str:
    """What Google says of each name, and of the whole."""
    if found is None:
        return " Google lists no such certificate"
    reasons = [
        f"{one.domain}: {one.state} {one.failure_reason} {one.details}".rstrip() for one in found.authorization_attempt_infos
    ]
    reasons += [f"{one.reason} {one.details}".rstrip() for one in found.provisioning_issues]
    return "".join(f"\n  - {reason}" for reason in reasons) or " Google says no more"
