"""aws.acm.CertificateValidation: nothing in AWS, but the wait until a certificate is issued."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sandbox.aws.provider.call import Call
from sandbox.aws.provider.resources.acm import find
from sandbox.aws.provider.schema import REGION, Resource
from sandbox.plugin.call import duration
from sandbox.plugin.problems import MissingError, ProviderError, doing
from sandbox.plugin.same import unordered
from sandbox.plugin.schema import Field
from sandbox.plugin.wire import Properties

_CREATE = 75 * 60.0


class CertificateValidation(Resource):
    """Stands as long as the certificate is issued."""

    type_name = "aws:acm/certificateValidation:CertificateValidation"
    fields: ClassVar = {
        "certificateArn": Field(required=True, replaces=True),
        "validationRecordFqdns": Field(list, replaces=True, same=unordered),
        **REGION,
    }
    computed = ()

    def create(self, call: Call, inputs: Properties) -> Iterator[str]:
        """Check that no record is missing, then wait."""
        arn = inputs["certificateArn"]
        with doing(f"reading ACM Certificate ({arn})"):
            found = find(call, arn)
            if found is None or found.get("Status") == "VALIDATION_TIMED_OUT":
                raise MissingError
        if found["Type"] != "AMAZON_ISSUED":
            raise ProviderError(f"ACM Certificate ({arn}) has type {found['Type']}, no validation necessary")
        if inputs.get("validationRecordFqdns"):
            self._complete(found, inputs["validationRecordFqdns"])
        with doing(f"waiting for ACM Certificate ({arn}) to be issued"):
            issued = self._wait(call, arn)
        yield issued["IssuedAt"].strftime("%Y-%m-%d %H:%M:%S %z %Z") if issued.get("IssuedAt") else arn

    def read(self, call: Call, id: str, known: Properties) -> Properties | None:  # noqa: A002
        """Gone with the certificate, or when it is issued no more."""
        arn = known.get("certificateArn")
        if not arn:
            raise ProviderError("a certificate validation cannot be imported: it is nothing in AWS")
        with doing(f"reading ACM Certificate ({arn})"):
            found = find(call, arn)
        if found is None or found["Status"] != "ISSUED":
            return None
        return {"certificateArn": found["CertificateArn"], "validationRecordFqdns": known.get("validationRecordFqdns")}

    def delete(self, call: Call, id: str, state: Properties) -> None:  # noqa: A002
        """Nothing to delete."""

    @staticmethod
    def _complete(found: Any, given: list[str]) -> None:
        names = {name.removesuffix(".") for name in given}
        missing = []
        for item in found.get("DomainValidationOptions") or ():
            if item.get("ValidationMethod") != "DNS":
                raise ProviderError(f"validation_record_fqdns is not valid for {item.get('ValidationMethod')} validation")
            name = (item.get("ResourceRecord") or {}).get("Name", "").removesuffix(".")
            if name and name not in names:
                missing.append(f"missing {item['DomainName']} DNS validation record: {name}")
        if missing:
            raise ProviderError("\n".join(missing))

    @staticmethod
    def _wait(call: Call, arn: str) -> Any:
        limit = call.seconds(_CREATE)
        last: dict[str, Any] = {}

        def probe() -> Any:
            last.clear()
            last.update(find(call, arn) or {})
            status = last.get("Status")
            if status is None:
                raise MissingError
            if status == "ISSUED":
                return last
            if status != "PENDING_VALIDATION":
                why = last.get("FailureReason") or last.get("RevocationReason")
                raise ProviderError(
                    f"unexpected state '{status}', wanted target 'ISSUED'" + (f". last error: {why}" if why else "")
                )
            return None

        def overdue() -> str:
            status = last.get("Status")
            pending = [
                item["DomainName"]
                for item in last.get("DomainValidationOptions") or ()
                if item.get("ValidationStatus") != "SUCCESS"
            ]
            return (
                f"timeout while waiting for state to become 'ISSUED' (last state: '{status}', timeout: {duration(limit)}); "
                f"not validated yet: {', '.join(pending)}"
            )

        return call.poll(probe, limit, overdue)
