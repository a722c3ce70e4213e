"""`python -m sandbox.gcp.gateway`: imitates, in the sandbox only, GKE's Gateway controller.

For each Gateway of one of GKE's classes it makes a load balancer in the twin, by Google's API, and keeps it as the Gateway, its
HTTPRoutes, the pods of their Services, Secrets and policies say.
"""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from lightkube import AsyncClient, KubeConfig
from lightkube.core.exceptions import ConfigError

from sandbox.gcp.gateway.cloud import Cloud, CloudError
from sandbox.gcp.gateway.controller import Controller
from sandbox.gcp.gateway.names import Namer
from sandbox.gcp.gateway.translate import Translator

log = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    options = _parse(argv)
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s %(message)s")
    for name in ("httpx2", "googleapiclient", "google_auth_httplib2"):
        logging.getLogger(name).setLevel(logging.WARNING)  # which else tell every request
    try:
        asyncio.run(_serve(options))
    except (OSError, ConfigError, CloudError) as error:
        log.error("%s", error)
        return 1
    return 0


async def _serve(options: argparse.Namespace) -> None:
    """Imitate until the process is told to stop.

    Raises:
        OSError: a file cannot be read.
        CloudError: the twin does not answer.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    client = AsyncClient(KubeConfig.from_file(options.kubeconfig), trust_env=False)
    cloud = await asyncio.to_thread(Cloud, options.endpoint, options.project, options.region, options.key_file)
    zones = await asyncio.to_thread(cloud.zones)
    translator = Translator(options.project, options.region, zones, Namer(f"{options.project}/{options.region}"))
    working = asyncio.create_task(Controller(client, cloud, translator).run())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait((working, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if working.done():
        working.result()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await client.close()
    log.info("stopped")


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.gcp.gateway", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--endpoint", required=True, metavar="URL", help="of the twin")
    parser.add_argument("--project", required=True, metavar="ID")
    parser.add_argument("--region", required=True, metavar="NAME", help="of the cluster")
    parser.add_argument("--kubeconfig", type=Path, required=True, metavar="FILE")
    parser.add_argument("--key-file", type=Path, required=True, metavar="FILE", help="of a service account of the project")
    parser.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING"])
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
