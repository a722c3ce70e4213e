"""aws.acm.Certificate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sandbox.aws.provider import tags
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.resources import acm
from sandbox.aws.provider.schema import REGION, TAGS, Resource
from sandbox.plugin.call import duration
from sandbox.plugin.problems import doing, gone_is_fine
from sandbox.plugin.same import equal, unordered
from sandbox.plugin.schema import Field
from sandbox.plugin.wire import UNKNOWN, Properties, unknown

_ASSIGNMENT = 300.0  # seconds: until ACM has chosen the validation records
_IN_USE = 1200.0  # seconds: what no longer uses a certificate may be told as using it for that long
_UNTOLD = (*acm.IMPORTED, "privateKeyWoVersion", "earlyRenewalDuration", "validationOptions")


def _no_dot(name: Any) -> str | None:
    return "invalid value (cannot end with a period)" if str(name).endswith(".") else None


def _no_dots(names: list[Any]) -> str | None:
    return next((reason for name in names if (reason := _no_dot(name))), None)


class Certificate(Resource):
    """A certificate that ACM issues, or one that is imported into it."""

    type_name = "aws:acm/certificate:Certificate"
    fields: ClassVar = {
        "certificateAuthorityArn": Field(replaces=True),
        "certificateBody": Field(),
        "certificateChain": Field(),
        "domainName": Field(replaces=True, computed=True, wrong=_no_dot),
        "earlyRenewalDuration": Field(),
        "keyAlgorithm": Field(replaces=True, computed=True, choices=acm.KEYS),
        "options": Field(dict, computed=True, same=lambda old, new: all(equal((old or {}).get(key), new[key]) for key in new)),
        "privateKey": Field(),
        "privateKeyWo": Field(),
        "privateKeyWoVersion": Field(int),
        "subjectAlternativeNames": Field(list, replaces=True, computed=True, wrong=_no_dots, same=unordered),
        "validationMethod": Field(replaces=True, computed=True, choices=("DNS", "EMAIL", "HTTP")),
        "validationOptions": Field(list, replaces=True, same=unordered),
        **REGION,
        **TAGS,
    }
    computed = (
        "arn",
        "domainValidationOptions",
        "notAfter",
        "notBefore",
        "pendingRenewal",
        "renewalEligibility",
        "renewalSummaries",
        "status",
        "type",
        "validationEmails",
    )

    def wrong(self, inputs: Properties) -> Iterator[tuple[str, str]]:
        """Issued by name, or imported with a key."""
        if ("domainName" in inputs) == ("privateKey" in inputs):
            yield "domainName", "Invalid combination of arguments: one of `domainName,privateKey` must be specified"
        if "domainName" in inputs:
            for name in acm.IMPORTED:
                if name in inputs:
                    yield name, f'Conflicting configuration arguments: "{name}" conflicts with "domainName"'

    def meant(self, inputs: Properties) -> Properties:
        """With the certificate's own name among the names."""
        return {**inputs, "subjectAlternativeNames": acm.names(inputs)} if inputs.get("subjectAlternativeNames") else inputs

    def planned(self, call: Call, inputs: Properties, state: Properties) -> Properties:
        """Which names will be validated is known before, with which records is not."""
        plan = super().planned(call, inputs, state)
        names = acm.names(inputs)
        if not state and inputs.get("validationMethod") == "DNS" and not unknown(names):
            rest = dict.fromkeys(("resourceRecordName", "resourceRecordType", "resourceRecordValue"), UNKNOWN)
            plan["domainValidationOptions"] = [{"domainName": name, **rest} for name in sorted(names, key=acm.place)]
            plan["subjectAlternativeNames"] = names
        return plan

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """Request it and wait for its validation records, or import it."""
        wanted = tags.as_list(tags.target(call.account, inputs))
        if "privateKey" in inputs:
            with doing("importing ACM Certificate"):
                arn = acm.import_certificate(call, inputs, **({"Tags": wanted} if wanted else {}))
        else:
            arn = acm.request(call, inputs, wanted)
        yield arn
        self._settle(call, arn)

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """As DescribeCertificate tells it; one whose validation took too long is none."""
        with doing(f"reading ACM Certificate ({id})"):
            found = acm.find(call, id)
            if found is None or found.get("Status") == "VALIDATION_TIMED_OUT":
                return None
            listed = call.client("acm").list_tags_for_certificate(CertificateArn=id)
            validations = found.get("DomainValidationOptions") or ()
            ordered = sorted(validations, key=lambda item: acm.place(item["DomainName"]))
            method = (
                next((item.get("ValidationMethod") for item in validations), None)
                if found.get("Type") == "AMAZON_ISSUED"
                else None
            )
            summary = found.get("RenewalSummary")
            return {
                "arn": found["CertificateArn"],
                "certificateAuthorityArn": found.get("CertificateAuthorityArn"),
                **{name: known.get(name) for name in _UNTOLD},
                "privateKeyWo": None,
                "domainName": found["DomainName"],
                "domainValidationOptions": [acm.validation(item) for item in ordered if item.get("ResourceRecord")],
                "keyAlgorithm": acm.key(found.get("KeyAlgorithm", "RSA_2048")),
                "notAfter": acm.time(found.get("NotAfter")),
                "notBefore": acm.time(found.get("NotBefore")),
                "options": acm.told_options(found.get("Options") or {}),
                "pendingRenewal": False,
                "renewalEligibility": found.get("RenewalEligibility", ""),
                "renewalSummaries": [acm.summary(summary)] if summary else [],
                "status": found["Status"],
                "subjectAlternativeNames": sorted(found.get("SubjectAlternativeNames") or ()),
                "type": found.get("Type", ""),
                "validationEmails": [mail for item in validations for mail in item.get("ValidationEmails") or ()],
                "validationMethod": method or "NONE",
                **tags.outputs(call.account, tags.as_dict(listed.get("Tags")), known),
            }

    def update(self, call: Call, id: str, state: Properties, inputs: Properties) -> None:  # noqa: A002
        """Another imported certificate, other options, other tags."""
        client = call.client("acm")
        if any(state.get(name) != inputs.get(name) for name in acm.IMPORTED):
            with doing(f"importing ACM Certificate ({id})"):
                acm.import_certificate(call, inputs, CertificateArn=id)
        options = inputs.get("options")
        if options and not self.fields["options"].same(state.get("options"), options):
            with doing(f"updating ACM Certificate options ({id})"):
                client.update_certificate_options(CertificateArn=id, Options=acm.options(options))
        with doing(f"updating tags for ACM Certificate ({id})"):
            actual = tags.as_dict(client.list_tags_for_certificate(CertificateArn=id).get("Tags"))
            put, removed = tags.changes(actual, tags.target(call.account, inputs))
            if removed:
                client.remove_tags_from_certificate(CertificateArn=id, Tags=[{"Key": key} for key in removed])
            if put:
                client.add_tags_to_certificate(CertificateArn=id, Tags=tags.as_list(put))
        self._settle(call, id)

    def delete(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """As long as something uses it, AWS refuses, and it is tried again until the time is up."""
        with doing(f"deleting ACM Certificate ({id})"), gone_is_fine(acm.GONE):
            client = call.client("acm")
            call.insist(lambda: client.delete_certificate(CertificateArn=id), ("ResourceInUseException",), call.seconds(_IN_USE))

    @staticmethod
    def _settle(call: Call, arn: str) -> None:
        def ready() -> bool | None:
            found = acm.find(call, arn) or {}
            if found.get("Type") != "AMAZON_ISSUED":
                return (
                    True
                    if found and not (found.get("Type") == "PRIVATE" and found.get("Status") == "PENDING_VALIDATION")
                    else None
                )
            items = found.get("DomainValidationOptions") or ()
            told = any(
                item.get("ResourceRecord") or item.get("ValidationEmails") or item.get("ValidationStatus") == "SUCCESS"
                for item in items
            )
            return told or None

        with doing(f"waiting for ACM Certificate ({arn}) to be issued"):
            call.poll(
                ready, _ASSIGNMENT, lambda: f"timeout while waiting for validation records (timeout: {duration(_ASSIGNMENT)})"
            )
