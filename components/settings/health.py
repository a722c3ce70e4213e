"""Health checks that load balancers make themselves."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from components.settings.base import Base
from components.settings.problems import shown


def _check_port(port: int | str) -> int | str:
    right = 1 <= port <= 65535 if isinstance(port, int) else re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?", port)
    if not right:
        raise ValueError(f"{shown(port)} is no port: a number from 1 to 65535, the name of a Service's port, or traffic-port")
    return port


class HealthCheck(Base):
    """How a load balancer finds out whether a pod may be sent requests. Short form: the path."""

    path: str = Field("/", pattern=r"^/[!-~]{0,1023}$", description="Asked by HTTP; must answer with one of `success`.")
    port: Annotated[int | str, AfterValidator(_check_port)] = Field(
        "traffic-port", description="Port that is asked. Default: the one that requests go to."
    )
    success: str = Field("200", pattern=r"^[2-4][0-9]{2}([-,][2-4][0-9]{2})*$", description="Codes: 200, 200,204 or 200-299.")
    interval: int = Field(15, ge=5, le=300, description="Seconds between two questions.")
    timeout: int = Field(5, ge=2, le=120, description="Seconds to wait for an answer.")
    healthy: int = Field(2, ge=2, le=10, description="Good answers in a row until requests are sent.")
    unhealthy: int = Field(2, ge=2, le=10, description="Bad ones until none are sent.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        return {"path": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _answers_in_time(self) -> HealthCheck:
        if self.timeout >= self.interval:
            raise ValueError(f"timeout ({self.timeout}) must be shorter than interval ({self.interval})")
        return self
