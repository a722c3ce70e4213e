"""URL maps: the routes of one port, by host."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.gcp.gateway.backends import SERVE_404, SERVE_500, Backends
from sandbox.gcp.gateway.filters import Filters
from sandbox.gcp.gateway.model import Object, UnresolvedError
from sandbox.gcp.gateway.routes import Match, Rule, ordered
from sandbox.imitation.mirror import Key

Unresolved = Callable[[Key, UnresolvedError], None]
"""Is told of each reference of a route that leads nowhere."""


class Maps:
    """Makes them of rules."""

    def __init__(self, backends: Backends, filters: bool, unresolved: Unresolved) -> None:
        """`filters`: False for the classic load balancer, which knows paths only."""
        self._backends, self._filters, self._unresolved = backends, filters, unresolved

    def make(self, name: str, hosts: Mapping[str, Iterable[Rule]]) -> dict[str, Any]:
        """The body of one."""
        matchers: dict[str, dict[str, Any]] = {}
        by_matcher: dict[str, list[str]] = defaultdict(list)
        for host, rules in sorted(hosts.items()):
            content = self._matcher(list(rules))
            matcher = f"host{hashlib.md5(host.encode(), usedforsecurity=False).hexdigest()}"
            matchers[matcher] = {"name": matcher, **content}
            by_matcher[matcher].append(host)
        return {
            "name": name,
            **self._nobody(),
            "hostRules": [{"hosts": hosts, "pathMatcher": matcher} for matcher, hosts in by_matcher.items()],
            "pathMatchers": list(matchers.values()),
        }

    def _nobody(self) -> dict[str, Any]:
        """What is answered when no route fits: 404, by the load balancer itself where it can."""
        rest = {"defaultRouteAction": _abort(404, 100)} if self._filters else {}
        return {"defaultService": self._backends.nobody(SERVE_404), **rest}

    def _matcher(self, rules: list[Rule]) -> dict[str, Any]:
        pairs = ordered(rules)
        if self._filters:
            made = [each for match, rule in pairs for each in self._route_rules(match, rule)]
            return {**self._nobody(), "routeRules": [{"priority": index + 1, **each} for index, each in enumerate(made)]}
        paths: dict[str, str] = {}
        for match, rule in pairs:
            for path in match.paths():
                if path not in paths:
                    paths[path] = self._only_service(rule)
        return {**self._nobody(), "pathRules": [{"paths": [path], "service": service} for path, service in paths.items()]}

    def _route_rules(self, match: Match, rule: Rule) -> list[dict[str, Any]]:
        """One rule; two where the beginning of the path is replaced, as it ends with a slash or is the whole path."""
        matches = match.match_rules()
        if not rule.filters.replaces_prefix or match.exact:
            return [{"matchRules": matches, **self._does(rule, rule.filters)}]
        whole = [one for one in matches if "fullPathMatch" in one]
        deeper = [one for one in matches if "prefixMatch" in one]
        made = [{"matchRules": deeper, **self._does(rule, rule.filters.below())}]
        return [{"matchRules": whole, **self._does(rule, rule.filters.whole())}, *made] if whole else made

    def _does(self, rule: Rule, filters: Filters) -> dict[str, Any]:
        made: dict[str, Any] = {"headerAction": filters.headers} if filters.headers else {}
        if filters.redirect is not None:
            return {**made, "urlRedirect": filters.redirect}
        return {**made, "routeAction": {**self._action(rule), **filters.action}}

    def _action(self, rule: Rule) -> dict[str, Any]:
        """Where requests go, by weight; a share that leads nowhere is answered with 500, as Gateway API wants it."""
        weighted: list[dict[str, Any]] = []
        lost = 0
        for reference in rule.backends:
            weight = int(reference.get("weight", 1))
            service = self._service(rule, reference)
            if service is None:
                lost += weight
            else:
                weighted.append({"backendService": service, "weight": weight})
        total = lost + sum(one["weight"] for one in weighted)
        action: dict[str, Any] = {"weightedBackendServices": weighted}
        if not total or lost == total:
            action = {"weightedBackendServices": [{"backendService": self._backends.nobody(SERVE_500), "weight": 1}]}
            action |= _abort(500, 100)
        elif lost:
            action |= _abort(500, 100 * lost / total)
        if rule.filters.mirror:
            reference, percent = rule.filters.mirror
            if mirror := self._service(rule, reference):
                action["requestMirrorPolicy"] = {"backendService": mirror, "mirrorPercent": percent}
        return action

    def _only_service(self, rule: Rule) -> str:
        service = self._service(rule, rule.backends[0]) if rule.backends else None
        return service or self._backends.nobody(SERVE_500)

    def _service(self, rule: Rule, reference: Object) -> str | None:
        try:
            return self._backends.service(rule.route, reference)
        except UnresolvedError as error:
            self._unresolved(rule.route, error)
            return None


def _abort(status: int, percentage: float) -> dict[str, Any]:
    return {"faultInjectionPolicy": {"abort": {"httpStatus": status, "percentage": percentage}}}
