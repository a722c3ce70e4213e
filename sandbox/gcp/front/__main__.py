"""`python -m sandbox.gcp.front`: imitates, in the sandbox only, Google's load balancers and Cloud DNS as visitors meet them.

- For each forwarding rule of the twin, at its address: HTTP and HTTPS by URL maps, or TCP to a Service.
- DNS of the twin's public zones.
"""

import argparse
import sys

from lightkube import AsyncClient

from sandbox.front.cluster import Cluster
from sandbox.front.run import Parts, add_arguments, run
from sandbox.gcp.front.plane import Rules
from sandbox.gcp.front.twin import Twin
from sandbox.gcp.front.zones import names
from sandbox.imitation.listeners import Listeners


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    options = _parse(argv)

    def build(client: AsyncClient, listeners: Listeners, ports: dict[int, int]) -> Parts:
        twin, cluster = Twin(options.endpoint, options.project), Cluster(client)
        return Parts(cluster, Rules(twin, cluster, listeners, ports), names(twin))

    return run(options, build)


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.gcp.front", description=(__doc__ or "").splitlines()[0])
    add_arguments(parser)
    parser.add_argument("--project", required=True, metavar="ID")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
