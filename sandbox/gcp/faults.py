"""What an API answers to a request that is made to fail."""

from __future__ import annotations

from sandbox.gcp.errors import Refusal
from sandbox.twin.client import Fault


def refusal(fault: Fault, operation: str) -> Refusal:
    """What a request hit by any fault but `hang` is answered with."""
    older = fault.service in ("compute", "dns")
    if fault.kind == "throttling":
        if older:
            return Refusal(403, "Rate Limit Exceeded", "rateLimitExceeded")
        return Refusal(429, f"Quota exceeded for quota metric 'Requests' of service '{fault.service}.googleapis.com'.")
    if fault.kind == "in-use":
        message = f"{operation} is refused: the resource is already being used by another resource"
        return Refusal(400, message, "resourceInUseByAnotherResource" if older else "FAILED_PRECONDITION")
    return Refusal(503, "Backend Error" if older else "The service is currently unavailable.", "backendError" if older else None)
