"""Connections to real processes that stand in for targets."""

from __future__ import annotations

import asyncio
import ssl

from sandbox.aws.front.model import SECURE, Group
from sandbox.imitation.forward import CONNECT_TIMEOUT
from sandbox.imitation.pods import Process


async def reach(target: Process, group: Group) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a process as its target group says. Load balancers do not check certificates of targets.

    Raises:
        OSError: nothing listens there, or it does not speak TLS.
        TimeoutError: no answer in time.
    """
    trust: ssl.SSLContext | None = None
    if group.protocol in SECURE:
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    async with asyncio.timeout(CONNECT_TIMEOUT):
        return await asyncio.open_connection(target.address, target.port, ssl=trust)
