"""`portico:sites` and `portico:namespaces`: hosts, and the paths that lead to Services."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from components.settings.base import Base, KubeName, Port
from components.settings.health import HealthCheck
from components.settings.hosts import Host
from components.settings.problems import shown

#: What every controller takes literally in a path; nginx's strict validation refuses more (facts: nginx, a.7).
_PATH = re.compile(r"^/[A-Za-z0-9/_.~-]*$")


def _check_path(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"{shown(path)}: a path begins with /")
    if not _PATH.fullmatch(path):
        raise ValueError(f"{shown(path)}: a path may hold letters, digits and / - _ . ~")
    if "//" in path or "/./" in f"{path}/" or "/../" in f"{path}/":
        raise ValueError(f"{shown(path)}: a path must be in its plain form, without //, /./ or /../")
    return path


Path = Annotated[str, AfterValidator(_check_path)]


class Backend(Base):
    """The Service that a path leads to. Short form: `service:port`."""

    service: KubeName = Field(description="Service in the site's namespace.")
    port: Port = Field(description="Port of the Service (not the pods' targetPort).")
    health: HealthCheck | None = Field(
        None, description="How the load balancer checks the pods, where it sends to them directly (alb, gce). Default: its own."
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        if isinstance(data, str):
            service, separator, port = data.partition(":")
            if not separator or not (port.isascii() and port.isdecimal()):
                raise ValueError(f"{shown(data)}: write service:port, such as web:80")
            return {"service": service, "port": int(port)}
        if not isinstance(data, Mapping | Backend):
            raise ValueError(f"{shown(data)}: write service:port, such as web:80, or its keys service and port")
        return data


class RedirectTo(Base):
    """Every request of the site goes to another host, its path kept."""

    host: Host
    status: Literal[301, 302] = Field(301, description="301: permanent. 302: for now.")


class SiteSettings(Base):
    """One site: hosts, and where their paths lead."""

    hosts: list[Host] = Field(min_length=1)
    namespace: KubeName = Field("default", description="Where the Services live.")
    paths: dict[Path, Backend] = Field(default_factory=dict, description="Path prefix: Service. The longest prefix wins.")
    redirect: RedirectTo | None = Field(None, description="In place of paths: send everything to another host.")
    https_redirect: bool = Field(True, description="Answer plain http with a redirect to https.")
    demo: bool = Field(False, description="Make the Services, with a small workload behind each, to have something to see.")
    annotations: dict[str, str] = Field(default_factory=dict, description="Added to the site's Ingress or HTTPRoute.")

    @model_validator(mode="after")
    def _leads_somewhere(self) -> SiteSettings:
        if bool(self.paths) == (self.redirect is not None):
            raise ValueError("must have either paths or a redirect")
        if self.demo and self.redirect is not None:
            raise ValueError("a site that only redirects has no workload: leave out demo")
        return self


class NamespaceSettings(Base):
    """A namespace that this stack makes, and deletes with everything in it on destroy."""

    labels: dict[str, str] = Field(default_factory=dict)
