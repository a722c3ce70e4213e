"""Stack files for tests, as Python values."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from components.settings import Settings, SettingsError, load

TSIG_SECRET = "c2VjcmV0LW9mLXRoZS10c2lnLWtleS0zMi1ieXRlcyE="
ZONE = "portico.test"

_EXISTING = {"existing": {"namespace": "controllers", "selector": {"app": "controller"}}}

#: Every way in: by name, the `entrypoint` of a stack file.
ENTRYPOINTS: dict[str, dict[str, Any]] = {
    "gateway": {"gateway": {"class": "cilium"}},
    "gateway-existing": {"gateway": {"controller": _EXISTING}},
    "gateway-helm": {"gateway": {"controller": {"helm": {}}}},
    "traefik-existing": {"traefik": {"controller": _EXISTING}},
    "traefik-helm": {"traefik": {"controller": {"helm": {}}}},
    "nginx-existing": {"nginx": {"controller": _EXISTING}},
    "nginx-helm": {"nginx": {"controller": {"helm": {}}}},
}

SUBNETS = ["subnet-0000000000000000b", "subnet-0000000000000000a"]
NLB: dict[str, Any] = {"nlb": {"scheme": "internet-facing"}}
NLB_WITH_ELASTIC_IPS: dict[str, Any] = {"nlb": {"scheme": "internet-facing", "subnets": SUBNETS, "elastic_ips": True}}


def _behind(entrypoint: dict[str, Any], load_balancer: dict[str, Any]) -> dict[str, Any]:
    return {kind: {**own, "load_balancer": load_balancer} for kind, own in entrypoint.items()}


#: Every way in on AWS: an Application Load Balancer, or a controller in the cluster behind a Network Load Balancer.
AWS_ENTRYPOINTS: dict[str, dict[str, Any]] = {
    "alb": {"alb": {"scheme": "internet-facing"}},
    **{f"{kind}-nlb": _behind(own, NLB) for kind, own in ENTRYPOINTS.items() if kind != "gateway"},
    **{f"{kind}-eips": _behind(own, NLB_WITH_ELASTIC_IPS) for kind, own in ENTRYPOINTS.items() if kind != "gateway"},
}

#: Classes of GKE's own Gateways: one for the whole world, one for a region.
GLOBAL, REGIONAL = "gke-l7-global-external-managed", "gke-l7-regional-external-managed"

#: Every way in on Google Cloud: its own load balancers, or a controller in the cluster behind a Service of type LoadBalancer.
GCP_ENTRYPOINTS: dict[str, dict[str, Any]] = {
    "gce": {"gce": {}},
    "gateway-global": {"gateway": {"class": GLOBAL}},
    "gateway-regional": {"gateway": {"class": REGIONAL}},
    **{kind: own for kind, own in ENTRYPOINTS.items() if kind != "gateway"},
}


def stack_file(**parts: Any) -> dict[str, Any]:
    """The `portico:` keys of a right stack file; `parts` replace whole keys, None leaves one out."""
    whole: dict[str, Any] = {
        "cluster": {"kubeconfig": {"path": "kubeconfig"}},
        "cloud": {
            "rfc2136": {
                # Nobody listens there: what asks it is told so at once.
                "server": "127.0.0.1:1",
                "tsig": {"name": "portico", "secret": TSIG_SECRET},
                "pool": ["192.0.2.16/28"],
            }
        },
        "zone": {"name": ZONE},
        "entrypoint": copy.deepcopy(ENTRYPOINTS["gateway-existing"]),
        "certificates": {
            "wildcard": {"acme": {"hosts": [f"*.{ZONE}"], "challenge": "dns-01"}},
            "apex": {"acme": {"hosts": [ZONE], "challenge": "http-01"}},
        },
        "sites": {
            "shop": {
                "hosts": [f"shop.{ZONE}"],
                "namespace": "shop",
                "paths": {"/": "web:8080", "/api": "api:8080"},
                "demo": True,
            },
            "apex": {"hosts": [ZONE], "namespace": "shop", "redirect": {"host": f"shop.{ZONE}"}},
        },
        "namespaces": {"shop": {}},
        "cert_manager": {"existing": {}},
    }
    whole.update(copy.deepcopy(parts))
    return {key: value for key, value in whole.items() if value is not None}


def aws_stack(way: str = "alb", **parts: Any) -> dict[str, Any]:
    """The same on AWS, with three Services: one in the cluster, one behind a Network Load Balancer, one that ends TLS there."""
    names = [ZONE, f"*.{ZONE}"]
    common: dict[str, Any] = {
        "cluster": {"eks": {"name": "sandbox"}},
        "cloud": {"aws": {"region": "eu-central-1", "tags": {"team": "shop"}}},
        "entrypoint": AWS_ENTRYPOINTS[way],
        "certificates": {
            "web": {"acm": {"hosts": names}} if way == "alb" else {"acme": {"hosts": names}},
            "tcp": {"acm": {"hosts": [f"queue.{ZONE}"]}},
        },
        "services": {
            "inside": {"namespace": "shop", "ports": {"http": {"port": 80, "target": 9376}}, "demo": True},
            "orders": {
                "namespace": "shop",
                "ports": {"tcp": 9000},
                "load_balancer": {"nlb": {"scheme": "internal"}},
                "hosts": [f"orders.{ZONE}"],
                "demo": True,
            },
            "queue": {
                "namespace": "shop",
                "ports": {"mqtts": {"port": 8883, "target": 1883, "tls": True}, "mqtt": 1883},
                "load_balancer": {"nlb": {"scheme": "internet-facing"}},
                "hosts": [f"queue.{ZONE}"],
            },
        },
    }
    return stack_file(**{**common, **parts})


#: What a stack on Google Cloud may have besides: everything that makes resources which the plain one has not.
MORE_OF_GCP: dict[str, Any] = {
    "cloud": {
        "gcp": {
            "project": "portico-sandbox",
            "region": "europe-west3",
            "identity": "service_account",
            "external_dns": {"namespace": "dns", "name": "external-dns"},
        }
    },
    "other_zones": {"portico.example": {"existing": True}, "eu.portico.test": {"dnssec": True}},
    "cert_manager": None,
}


def gcp_stack(way: str = "gce", **parts: Any) -> dict[str, Any]:
    """The same on Google Cloud, its certificates Google's where the entrypoint can show such."""
    certificates: dict[str, dict[str, Any]] = {
        "gce": {"google_managed": {"hosts": [ZONE, f"shop.{ZONE}"]}},
        "gateway-global": {"google_managed": {"hosts": [ZONE, f"*.{ZONE}"]}},
    }
    common: dict[str, Any] = {
        "cluster": {"gke": {"name": "sandbox"}},
        "cloud": {"gcp": {"project": "portico-sandbox", "region": "europe-west3", "labels": {"team": "shop"}}},
        "entrypoint": GCP_ENTRYPOINTS[way],
        "certificates": {"web": certificates.get(way, {"acme": {"hosts": [ZONE, f"*.{ZONE}"]}})},
        "services": {"inside": {"namespace": "shop", "ports": {"http": {"port": 80, "target": 9376}}, "demo": True}},
    }
    raw = stack_file(**{**common, **parts})
    if way == "gce" and "sites" not in parts:
        # Which cannot send to another host.
        raw["sites"]["apex"] = {"hosts": [ZONE], "namespace": "shop", "paths": {"/": "web:8080"}}
    return raw


def with_value(raw: Mapping[str, Any], path: Iterable[str | int], value: Any) -> dict[str, Any]:
    """A copy of the stack file with one value replaced or added; `...` takes it away."""
    *front, last = path
    whole: dict[str, Any] = copy.deepcopy(dict(raw))
    place: Any = whole
    for part in front:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return whole


def as_config(raw: Mapping[str, Any]) -> dict[str, str]:
    """As Pulumi hands it to a program: full keys, text."""
    return {f"portico:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in raw.items()}


def settings_of(raw: Mapping[str, Any], stack: str = "test", root: Path = Path()) -> Settings:
    """The settings of a stack file that is right."""
    return load(as_config(raw), stack=stack, root=root)


def problems_of(raw: Mapping[str, Any], root: Path = Path(), secret_keys: Iterable[str] = ()) -> dict[str, list[str]]:
    """Every problem of a stack file: messages by key. Empty if it is right."""
    try:
        load(as_config(raw), stack="test", root=root, secret_keys=secret_keys)
    except SettingsError as error:
        found: dict[str, list[str]] = {}
        for problem in error.problems:
            found.setdefault(problem.key, []).append(problem.message)
        return found
    return {}
