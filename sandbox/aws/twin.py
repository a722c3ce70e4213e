"""The twin as one WSGI application: every request, one after the other, on state that is kept before the answer goes out."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.acm.models import acm_backends
from moto.core.request import Request
from moto.ec2.models import ec2_backends
from moto.eks.models import eks_backends
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends
from moto.route53.models import route53_backends
from werkzeug.wrappers import Response

from sandbox.aws import acm, addresses, balancers, eks, first, iam, reviews, zones
from sandbox.aws.control import Control
from sandbox.aws.faults import make_faults, refusal
from sandbox.aws.services import NAMES, Call, UnknownServiceError, WireRequest
from sandbox.aws.state import State
from sandbox.twin.client import FRONT_AGENT
from sandbox.twin.control import PREFIX, REVIEW, problem
from sandbox.twin.faults import seconds_of
from sandbox.twin.issuer import Issuer
from sandbox.twin.reviews import TokenError
from sandbox.twin.settings import TwinSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Settings(TwinSettings):
    """What a twin is made from.

    Attributes:
        host: where it is reached, `HOST:PORT`.
    """

    host: str


class Twin:
    """Moto is not made for threads, so there is one lock; only a hanging answer waits outside of it."""

    def __init__(self, settings: Settings) -> None:
        """Take over what is on disk, and make what is missing of what is there from the start."""
        self._settings = settings
        self._lock = threading.RLock()
        self._faults = make_faults(NAMES)
        self._control = Control(settings.region, settings.cluster, self._faults, self._whose)
        acm.install(Issuer(settings.certificate, settings.key, acm.VALIDITY))
        addresses.install(settings.pool)
        balancers.install()
        eks.install()
        iam.install()
        zones.install()
        self._state = State(
            settings.data / "aws.state",
            {
                "acm": acm_backends,
                "ec2": ec2_backends,
                "eks": eks_backends,
                "elbv2": elbv2_backends,
                "iam": iam_backends,
                "route53": route53_backends,
            },
        )
        self._state.load()
        first.make(settings.region, settings.cluster, settings.cluster_endpoint, settings.cluster_authority)
        self._state.save()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self.answer(WireRequest(environ))(environ, start_response)

    def answer(self, request: Request) -> Response:
        """The answer to one request; what it changed is on disk."""
        if request.path == f"{PREFIX}health":
            return Response("ok\n")
        try:
            if request.path.startswith(PREFIX):
                return self._answer_control(request, request.raw_path.removeprefix(PREFIX))
            return self._call(request)
        except UnknownServiceError as error:
            return problem(400, str(error))
        except Exception:
            log.exception("%s %s could not be answered", request.method, request.path)
            return problem(500, "the twin failed; see its log")

    def _answer_control(self, request: Request, path: str) -> Response:
        if path == REVIEW:  # asks STS, which may hang; nobody else need wait for that
            return self._control.answer(request, path)[0]
        with self._lock:
            settled = self._settle()
            response, changed = self._control.answer(request, path)
            self._keep(changed, settled)
        return response

    def _call(self, request: Request) -> Response:
        with self._lock:
            call = Call(request)
            # The data plane is no user of AWS: it meets no faults, and is no news.
            front = FRONT_AGENT in request.user_agent.string
            fault = None if front else self._faults.strike(call.service, call.operation)
            if fault and fault.kind != "hang":
                response = call.refuse(*refusal(fault, call.operation))
            else:
                settled = self._settle()
                response = call.run()
                self._keep(call.changes, settled)
            level = logging.DEBUG if front else logging.INFO
            log.log(level, "%s %s %d%s", call.service, call.operation, response.status_code, f" ({fault.kind})" if fault else "")
        if fault and fault.kind == "hang":
            time.sleep(seconds_of(fault))
        return response

    def _settle(self) -> bool:
        backends: Any = acm_backends
        settled = [backend.settle() for _, _, backend in backends.iter_backends()]
        return any(settled)

    def _keep(self, changed: bool, settled: bool) -> None:
        if changed:
            self._settle()  # what was proven just now counts from now
        if changed or settled:
            self._state.save()

    def _whose(self, token: str) -> dict[str, Any]:
        return reviews.user(token, self._settings.cluster, self._settings.host, self._identity)

    def _identity(self, query: str) -> str:
        request = WireRequest.from_primitives("GET", f"http://{self._settings.host}/?{query}", {"Accept": "application/json"})
        response = self._call(request)
        found = reviews.arn_of(response.get_data(as_text=True))
        if response.status_code != 200 or not found:
            raise TokenError(f"STS answered {response.status_code}")
        return found
