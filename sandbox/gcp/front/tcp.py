"""Passthrough Network Load Balancers: connections, carried as they are to what stands behind a Service."""

from __future__ import annotations

import asyncio
import itertools

from sandbox.front.cluster import Cluster
from sandbox.front.upstream import reach, reset, respond
from sandbox.imitation.forward import splice
from sandbox.imitation.mirror import Key
from sandbox.imitation.pods import Process
from sandbox.imitation.web import serve


class Streams:
    """The data plane of Network Load Balancers."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._turns = itertools.count()

    async def serve(self, service: Key, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to a port of a Service; without a ready pod it is reset."""
        behind = self._cluster.behind(service).get(port)
        if behind is None:
            reset(writer)
        elif isinstance(behind, Process):
            await splice((reader, writer), await reach(behind, secure=False))
        else:
            await serve(reader, writer, lambda request: respond(behind, request, next(self._turns)))
