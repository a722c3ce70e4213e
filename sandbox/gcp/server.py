"""`python -m sandbox.gcp.server`: the sandbox's Google Cloud as a process, plain HTTP, used only in the sandbox."""

from __future__ import annotations

import sys

from sandbox.gcp.first import Settings
from sandbox.gcp.twin import Twin
from sandbox.twin.server import serve
from sandbox.twin.settings import arguments, common


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    parser = arguments("sandbox.gcp.server", __doc__)
    parser.add_argument("--project", required=True, metavar="ID")
    options = parser.parse_args(argv)
    settings = Settings(**common(options), project=options.project)
    return serve(lambda: Twin(settings), options.listen, f"{options.project} in {options.region}", options.log_level)


if __name__ == "__main__":
    sys.exit(main())
