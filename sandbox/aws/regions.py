"""What is fixed for a region: the hosted zones that the names of its load balancers are in."""

from __future__ import annotations

_ZONES = {  # region: (of application load balancers, of network load balancers), from AWS's list of ELB endpoints
    "eu-central-1": ("Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90"),
    "eu-west-1": ("Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"),
    "us-east-1": ("Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"),
    "us-west-2": ("Z1H1FL5HABSF5", "Z18D5FSROUN65G"),
}
REGIONS = tuple(_ZONES)


def balancer_zone(region: str, network: bool) -> str:
    """The id of the hosted zone that names of load balancers are in."""
    return _ZONES[region][network]


def balancer_ending(region: str, network: bool) -> str:
    """How the names of load balancers end."""
    return f".elb.{region}.amazonaws.com" if network else f".{region}.elb.amazonaws.com"


def zone_endings() -> dict[str, str]:
    """The endings of the names in every such zone, with the last dot, by its id."""
    return {_ZONES[region][network]: f"{balancer_ending(region, network)}." for region in _ZONES for network in (False, True)}
