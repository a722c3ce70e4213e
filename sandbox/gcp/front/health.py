"""Whether a back end passes a health check: what its pods would answer to it."""

from __future__ import annotations

import http.client
import logging
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, cast

from lightkube.models.core_v1 import Container, PodSpec
from lightkube.resources.core_v1 import Pod

from sandbox.front.fresh import Fresh
from sandbox.front.upstream import respond
from sandbox.gcp.front.model import Raw
from sandbox.imitation.pods import Behind, Process
from sandbox.imitation.web import Request

log = logging.getLogger(__name__)

_SETTINGS = {"HTTP": "httpHealthCheck", "HTTPS": "httpsHealthCheck", "HTTP2": "http2HealthCheck"}
_AGENT = "GoogleHC/1.0"  # says https://cloud.google.com/load-balancing/docs/health-check-concepts
_TIMEOUT = 2.0  # seconds; everything is on the loopback interface
_NOBODY = 0  # in the place of a status: nothing was answered


@dataclass(frozen=True)
class Member:
    """One of a back end's members, with pods that are ready behind it.

    Attributes:
        behind: what answers there.
        pods: those behind it.
        port: that traffic goes to: a pod's own, or a node's.
        others: what answers at other ports of a node; None: the port is a pod's own.
    """

    behind: Behind
    pods: tuple[Pod, ...]
    port: int
    others: dict[int, Behind] | None = None


class Question(NamedTuple):
    """A health check that a real process is asked."""

    process: Process
    secure: bool
    path: str
    host: str


class Health:
    """Makes health checks."""

    def __init__(self) -> None:
        self._asked = Fresh[Question, int]("health", _ask)

    async def passes(self, member: Member, check: Raw) -> bool:
        """Whether a member passes; to be ready is enough for checks that do not speak HTTP."""
        settings = check.get(_SETTINGS.get(check["type"], ""))
        if settings is None and check["type"] not in _SETTINGS:
            return True
        settings = settings or {}
        answering = _at(member, settings, 443 if check["type"] == "HTTPS" else 80)
        if answering is None:
            return False
        path = str(settings.get("requestPath") or "/")
        if path in _probed(member.pods):
            return True  # the kubelet has asked the same
        host = str(settings.get("host") or "")
        if isinstance(answering, Process):
            return await self._asked.get(Question(answering, check["type"] == "HTTPS", path, host)) == http.client.OK
        reply = respond(answering, Request("GET", path, (("Host", host), ("User-Agent", _AGENT))), 0)
        return reply is not None and reply.status == http.client.OK


def _at(member: Member, settings: Raw, usual: int) -> Behind | None:
    """What answers where a check asks: at the port of the traffic, or at a port of the check's own."""
    if settings.get("portSpecification") in ("USE_SERVING_PORT", "USE_NAMED_PORT"):
        return member.behind
    port = int(settings.get("port") or usual)
    if port == member.port:
        return member.behind
    if member.others is not None:
        return member.others.get(port)
    declared = {one.containerPort for container in _containers(member.pods) for one in container.ports or ()}
    if port not in declared:
        return None
    return Process(member.behind.address, port) if isinstance(member.behind, Process) else member.behind


def _probed(pods: Iterable[Pod]) -> set[str]:
    """The paths of readiness probes that pods are ready by."""
    probes = (container.readinessProbe for container in _containers(pods))
    return {probe.httpGet.path or "/" for probe in probes if probe is not None and probe.httpGet is not None}


def _containers(pods: Iterable[Pod]) -> Iterable[Container]:
    return (container for pod in pods for container in cast("PodSpec", pod.spec).containers)


def _ask(question: Question) -> int:
    """The status that a process answers."""
    address, port = question.process.address, question.process.port
    if question.secure:
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(address, port, timeout=_TIMEOUT, context=trust)
    else:
        connection = http.client.HTTPConnection(address, port, timeout=_TIMEOUT)
    headers = {"User-Agent": _AGENT, **({"Host": question.host} if question.host else {})}
    try:
        connection.request("GET", question.path, headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        log.debug("%s: %s", question, error)
        return _NOBODY
    finally:
        connection.close()
