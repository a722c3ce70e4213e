"""`portico:services`: Services that this stack makes, some of them before a load balancer of their own."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from components.settings.aws import LoadBalancerSettings
from components.settings.base import Base, KubeName, Port
from components.settings.hosts import Host


class ServicePort(Base):
    """A port of a Service. Short form: its number."""

    port: Port = Field(description="Port that clients of the Service use.")
    target: Port | KubeName | None = Field(None, description="Port of the pods, by number or name. Default: the same.")
    tls: bool = Field(False, description="The load balancer ends TLS here, with the certificate of `hosts`.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return {"port": data} if isinstance(data, int) else data

    @property
    def target_port(self) -> int | str:
        """The pods' port."""
        return self.port if self.target is None else self.target


class ServiceSettings(Base):
    """A Service before pods of the cluster; with `load_balancer` it is reached from outside, by TCP."""

    namespace: KubeName = Field("default", description="Where the pods run.")
    selector: dict[str, str] = Field(
        default_factory=dict, description="Labels that pick the pods. Default: app.kubernetes.io/name with the Service's name."
    )
    ports: dict[KubeName, ServicePort] = Field(min_length=1, description="By name.")
    load_balancer: LoadBalancerSettings | None = Field(None, description="Default: none, a cluster IP only.")
    hosts: list[Host] = Field(default_factory=list, description="Names of the load balancer; each gets a record.")
    demo: bool = Field(False, description="Make a small workload behind it, to have something to see.")
    annotations: dict[str, str] = Field(default_factory=dict, description="Added to the Service.")
    timeout: int = Field(600, ge=10, le=7200, description="Seconds to wait for the load balancer's address.")

    @model_validator(mode="after")
    def _agrees(self) -> ServiceSettings:
        numbers = [port.port for port in self.ports.values()]
        if len(set(numbers)) != len(numbers):
            raise ValueError(f"two ports have the same number: {', '.join(map(str, sorted(numbers)))}")
        if self.load_balancer is None and (self.hosts or any(port.tls for port in self.ports.values())):
            raise ValueError("hosts and tls are the load balancer's: add load_balancer, or lead a site to this Service")
        if any(port.tls for port in self.ports.values()) and not self.hosts:
            raise ValueError("tls needs hosts: the certificate is the one that covers them")
        return self

    @property
    def tls_hosts(self) -> list[str]:
        """Hosts for which the load balancer needs a certificate: all of them, or none where it ends no TLS."""
        return self.hosts if any(port.tls for port in self.ports.values()) else []

    def labels(self, name: str) -> dict[str, str]:
        """Labels that pick the pods of the Service of that name."""
        return self.selector or {"app.kubernetes.io/name": name}
