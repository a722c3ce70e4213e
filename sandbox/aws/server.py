"""`python -m sandbox.aws.server`: the sandbox's AWS as a process, plain HTTP, used only in the sandbox."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

from sandbox.aws import regions
from sandbox.aws.base import check_moto
from sandbox.twin.server import serve
from sandbox.twin.settings import arguments, common

if TYPE_CHECKING:
    from sandbox.aws.twin import Twin


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    options = arguments("sandbox.aws.server", __doc__, regions=regions.REGIONS).parse_args(argv)
    warnings.filterwarnings(
        "ignore", message="Exception.* does not match an error shape"
    )  # moto; AWS's models leave many errors out

    def make() -> Twin:
        check_moto()
        from sandbox.aws.twin import Settings, Twin

        return Twin(Settings(**common(options), host=":".join(map(str, options.listen))))

    return serve(make, options.listen, options.region, options.log_level)


if __name__ == "__main__":
    sys.exit(main())
