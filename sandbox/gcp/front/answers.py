"""What an Application Load Balancer of Google's answers by itself, and which backend service it takes."""

from __future__ import annotations

import html
import random
from http import HTTPStatus

from sandbox.front.visit import Visit
from sandbox.front.web import Whole
from sandbox.gcp.front.matching import Route
from sandbox.gcp.front.model import Raw
from sandbox.imitation.web import Reply

VIA = ("via", "1.1 google")
"""In every answer, and in every request that is passed on."""

_CODES = {
    "MOVED_PERMANENTLY_DEFAULT": 301,
    "FOUND": 302,
    "SEE_OTHER": 303,
    "TEMPORARY_REDIRECT": 307,
    "PERMANENT_REDIRECT": 308,
}
_TROUBLE = "The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds."
_HTML = "text/html; charset=UTF-8"
_AUTHORITY = "LetsEncrypt-Pebble-VA"  # letsencrypt/pebble: va/va.go, userAgentBase
NO_SUCH_BACKEND = Whole(Reply(404, b"default backend - 404"), (VIA,))
"""What GKE's default backend answers, says ingress-gce: cmd/404-server/server.go."""


def own(status: int) -> Whole:
    """The page that a load balancer shows for a status."""
    phrase = "Server Error" if status >= 500 else HTTPStatus(status).phrase
    page = (
        '\n<html><head>\n<meta http-equiv="content-type" content="text/html;charset=utf-8">\n'
        f"<title>{status} {phrase}</title>\n</head>\n<body text=#000000 bgcolor=#ffffff>\n<h1>Error: {phrase}</h1>\n"
        f"<h2>{_TROUBLE if status >= 500 else phrase}</h2>\n<h2></h2>\n</body></html>\n"
    )
    return Whole(Reply(status, page.encode(), _HTML), (VIA,))


def redirect(settings: Raw, visit: Visit, prefix: str = "", *, secure_port: int = 443) -> Whole:
    """A redirect: what it does not say stays as it was asked.

    Args:
        settings: the URL map's.
        visit: that is redirected.
        prefix: what the rule has matched at the path's beginning.
        secure_port: what the sandbox has in the place of 443. Its ACME authority is told so, because it follows redirects as they
            are; all others are answered as Google does it.
    """
    scheme = "https" if settings.get("httpsRedirect") else visit.protocol.lower()
    path = settings.get("pathRedirect") or visit.path
    if settings.get("prefixRedirect"):
        path = settings["prefixRedirect"] + visit.path.removeprefix(prefix)
    query = "" if settings.get("stripQuery") or not visit.query else f"?{visit.query}"
    port = f":{secure_port}" if scheme == "https" and any(_AUTHORITY in word for word in visit.header("user-agent")) else ""
    place = f"{scheme}://{settings.get('hostRedirect') or visit.host}{port}{path}{query}"
    status = _CODES[settings.get("redirectResponseCode") or "MOVED_PERMANENTLY_DEFAULT"]
    page = (
        f"<HTML><HEAD><TITLE>{status} Moved</TITLE></HEAD><BODY>\n<H1>{status} Moved</H1>\n"
        f'The document has moved\n<A HREF="{html.escape(place)}">here</A>.\n</BODY></HTML>\n'
    )
    return Whole(Reply(status, page.encode(), _HTML), (VIA, ("location", place)))


def fault(action: Raw) -> Whole | None:
    """What is answered because a route action orders to fail, by chance as it says."""
    abort = (action.get("faultInjectionPolicy") or {}).get("abort")
    if not abort or 100 * random.random() >= float(abort.get("percentage", 0)):  # noqa: S311 -- no secret
        return None
    return Whole(Reply(int(abort["httpStatus"]), b"fault filter abort", "text/plain"), (VIA,))


def choose_service(route: Route) -> str | None:
    """The backend service of a route, by chance as its weights say; None when none has any weight."""
    weighted = route.action.get("weightedBackendServices")
    if not weighted:
        return route.service
    weights = [int(one.get("weight", 0)) for one in weighted]
    if not any(weights):
        return None
    return str(random.choices([one["backendService"] for one in weighted], weights)[0])  # noqa: S311 -- no secret
