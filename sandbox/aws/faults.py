"""What a service answers to a request that is made to fail."""

from __future__ import annotations

from sandbox.aws.base import Refusal
from sandbox.twin.client import Fault
from sandbox.twin.faults import Faults

_THROTTLING = {  # code and HTTP status, as the service itself answers when it is asked too often
    "acm": ("ThrottlingException", 400),
    "ec2": ("RequestLimitExceeded", 503),
    "eks": ("ThrottlingException", 429),
    "resourcegroupstaggingapi": ("ThrottledException", 400),
}
_IN_USE = {
    "acm": "ResourceInUseException",
    "ec2": "DependencyViolation",
    "eks": "ResourceInUseException",
    "elbv2": "ResourceInUse",
    "iam": "DeleteConflict",
    "route53": "HostedZoneNotEmpty",
}
_IN_USE_BY_OPERATION = {"ReleaseAddress": "InvalidIPAddress.InUse", "DeleteLoadBalancer": "OperationNotPermitted"}


def make_faults(services: tuple[str, ...]) -> Faults:
    """The orders to a twin with these services."""
    return Faults(services, _IN_USE)


def refusal(fault: Fault, operation: str) -> tuple[Refusal, int]:
    """The error and HTTP status that a request hit by any fault but `hang` is answered with."""
    if fault.kind == "throttling":
        code, status = _THROTTLING.get(fault.service, ("Throttling", 400))
        return Refusal(code, "Rate exceeded"), status
    if fault.kind == "in-use":
        code = _IN_USE_BY_OPERATION.get(operation) or _IN_USE[fault.service]
        return Refusal(code, f"{operation} is refused: the resource is in use"), 409 if fault.service in ("iam", "eks") else 400
    return Refusal("InternalError" if fault.service == "ec2" else "InternalFailure", "An internal error has occurred"), 500
