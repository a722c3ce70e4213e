"""`python -m sandbox.aws.front`: imitates, in the sandbox only, AWS's load balancers and DNS as visitors meet them.

- For each load balancer of the twin: one address per subnet, its listeners, its rules, its targets' pods.
- DNS of the twin's Route 53 zones and of load balancers' names.
"""

import argparse
import ipaddress
import sys
from pathlib import Path

from lightkube import AsyncClient

from sandbox.aws.front.addresses import Addresses
from sandbox.aws.front.names import names
from sandbox.aws.front.plane import Balancers
from sandbox.aws.front.targets import Targets
from sandbox.aws.front.twin import Twin
from sandbox.front.run import Parts, add_arguments, run
from sandbox.imitation.listeners import Listeners


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    options = _parse(argv)

    def build(client: AsyncClient, listeners: Listeners, ports: dict[int, int]) -> Parts:
        twin, targets = Twin(options.endpoint, options.region), Targets(client)
        plane = Balancers(twin, Addresses(options.pool, options.state), targets, listeners, ports)
        return Parts(targets, plane, names(twin, plane.where))

    return run(options, build, chatty=["botocore"])


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws.front", description=(__doc__ or "").splitlines()[0])
    add_arguments(parser)
    parser.add_argument("--region", required=True, metavar="NAME")
    parser.add_argument("--pool", type=ipaddress.IPv4Network, required=True, metavar="CIDR", help="load balancers' addresses")
    parser.add_argument("--state", type=Path, required=True, metavar="FILE", help="remembers whose each address is")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
