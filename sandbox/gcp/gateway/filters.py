"""What an HTTPRoute does with requests, in the words of URL maps.

GKE's conformance reports say which filters it has. It has neither redirects to a port nor with another status than 301 and 302,
nor replaces whole paths in rewrites, nor takes filters of single backends, nor more than one mirror.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.gcp.gateway.classes import GatewayClass
from sandbox.gcp.gateway.model import Object, items_of

_STATUS = {301: "MOVED_PERMANENTLY_DEFAULT", 302: "FOUND"}
_USUAL_PORTS = {"http": 80, "https": 443}


@dataclass
class Filters:
    """Those of one rule.

    Attributes:
        redirect: `urlRedirect`.
        headers: `headerAction`.
        action: part of `routeAction`.
        mirror: the backend that gets a copy, and of how many requests in a hundred.
    """

    redirect: dict[str, Any] | None = None
    headers: dict[str, Any] = field(default_factory=dict)
    action: dict[str, Any] = field(default_factory=dict)
    mirror: tuple[Object, float] | None = None

    @property
    def replaces_prefix(self) -> bool:
        """Whether the beginning of the path that a rule matches is replaced by something else."""
        return "prefixRedirect" in (self.redirect or {}) or "pathPrefixRewrite" in self.action.get("urlRewrite", {})

    def whole(self) -> Filters:
        """The same for a path that is matched as a whole."""
        if self.redirect is None:
            return self
        redirect = dict(self.redirect)
        redirect["pathRedirect"] = redirect.pop("prefixRedirect")
        return replace(self, redirect=redirect)

    def below(self) -> Filters:
        """The same for what comes after a matched beginning that ends with a slash."""
        redirect = self.redirect and {**self.redirect, "prefixRedirect": _slashed(self.redirect["prefixRedirect"])}
        rewrite = self.action.get("urlRewrite")
        if rewrite is None or redirect:
            return replace(self, redirect=redirect)
        changed = {**rewrite, "pathPrefixRewrite": _slashed(rewrite["pathPrefixRewrite"])}
        return replace(self, action={**self.action, "urlRewrite": changed})


def read_filters(filters: Sequence[Object], kind: GatewayClass) -> Filters:
    """Those of one rule.

    Raises:
        ValueError: GKE does not support something of it.
    """
    if filters and not kind.filters:
        raise ValueError(
            f"classic GXLB (GatewayClass {kind.name}) does not support rule filters,"
            " GFEv3 based External LB (GatewayClass gke-l7-global-external-managed) supports rule filters"
        )
    found = Filters()
    for each in filters:
        name = str(each["type"])
        if name not in _READERS:
            raise ValueError(f"filter {name} is not supported")
        holder, read = _READERS[name]
        read(found, each.get(holder) or {})
    return found


def _slashed(path: str) -> str:
    return f"{path.rstrip('/')}/"


def _redirect(found: Filters, content: Object) -> None:
    status, scheme, port = int(content.get("statusCode") or 302), content.get("scheme"), content.get("port")
    if status not in _STATUS:
        raise ValueError(f"redirects with status {status} are not supported, only {' and '.join(map(str, _STATUS))} are")
    if port is not None and port != _USUAL_PORTS.get(str(scheme)):
        raise ValueError(f"redirects to port {port} are not supported")
    made: dict[str, Any] = {"httpsRedirect": scheme == "https", "redirectResponseCode": _STATUS[status], "stripQuery": False}
    if content.get("hostname"):
        made["hostRedirect"] = content["hostname"]
    path: Object = content.get("path") or {}
    if path.get("type") == "ReplaceFullPath":
        made["pathRedirect"] = path.get("replaceFullPath") or "/"
    elif path.get("type") == "ReplacePrefixMatch":
        made["prefixRedirect"] = path.get("replacePrefixMatch") or "/"
    found.redirect = made


def _request_headers(found: Filters, content: Object) -> None:
    found.headers |= _headers("request", content)


def _response_headers(found: Filters, content: Object) -> None:
    found.headers |= _headers("response", content)


def _headers(which: str, content: Object) -> dict[str, Any]:
    added = [
        {"headerName": each["name"], "headerValue": each["value"], "replace": name == "set"}
        for name in ("set", "add")
        for each in items_of(content, name)
    ]
    made = {f"{which}HeadersToAdd": added, f"{which}HeadersToRemove": list(items_of(content, "remove"))}
    return {name: value for name, value in made.items() if value}


def _rewrite(found: Filters, content: Object) -> None:
    path: Object = content.get("path") or {}
    if path.get("type") == "ReplaceFullPath":
        raise ValueError("URLRewrite with ReplaceFullPath is not supported")
    made: dict[str, Any] = {}
    if content.get("hostname"):
        made["hostRewrite"] = content["hostname"]
    if path:
        made["pathPrefixRewrite"] = path.get("replacePrefixMatch") or "/"
    found.action["urlRewrite"] = made


def _mirror(found: Filters, content: Object) -> None:
    if found.mirror:
        raise ValueError("more than one RequestMirror filter is not supported")
    fraction: Object = content.get("fraction") or {}
    share = content.get("percent", 100)
    if fraction:
        share = 100 * fraction["numerator"] / (fraction.get("denominator") or 100)
    found.mirror = content["backendRef"], float(share)


_READERS: dict[str, tuple[str, Callable[[Filters, Object], None]]] = {
    "RequestRedirect": ("requestRedirect", _redirect),
    "RequestHeaderModifier": ("requestHeaderModifier", _request_headers),
    "ResponseHeaderModifier": ("responseHeaderModifier", _response_headers),
    "URLRewrite": ("urlRewrite", _rewrite),
    "RequestMirror": ("requestMirror", _mirror),
}
