"""Many listening sockets, each with what answers there: the data plane of the imitations (sandbox only)."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Hashable, Mapping

log = logging.getLogger(__name__)

Endpoint = tuple[str, int]
"""IP address and TCP port."""

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_NO_TLS: Mapping[Endpoint, ssl.SSLContext] = {}
_MAX_CONNECTIONS = 512  # served at the same time on one socket; more have to wait


class _Listener:
    """One socket, and the connections that came in through it."""

    def __init__(self, owner: Hashable, handler: Handler, tls: ssl.SSLContext | None) -> None:
        self.owner = owner
        self.handler = handler
        self.tls = tls
        # Each socket its own bound: a common one could be used up by those that wait for another socket.
        self._connections = asyncio.Semaphore(_MAX_CONNECTIONS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._closed = False

    async def open(self, endpoint: Endpoint) -> None:
        self._server = await asyncio.start_server(self._connected, *endpoint, ssl=self.tls)

    def close(self) -> None:
        """Stop listening and break off what is still connected: nothing answers here any more."""
        self._closed = True
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._closed:  # it was accepted in the last moment
            writer.transport.abort()
            return
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            async with self._connections:
                await self.handler(reader, writer)
        except OSError as error:
            log.debug("%s: connection ended: %s", self.owner, error)
        except asyncio.CancelledError:
            writer.transport.abort()  # swallowed: asyncio would report it as an error of the server
        except Exception:
            log.exception("%s: a connection failed", self.owner)
        finally:
            writer.close()


class Listeners:
    """All sockets of the process, by endpoint; each belongs to the owner that asked for it."""

    def __init__(self) -> None:
        self._open: dict[Endpoint, _Listener] = {}
        self._owned: dict[Hashable, set[Endpoint]] = {}

    async def assign(
        self, owner: Hashable, wanted: Mapping[Endpoint, Handler], tls: Mapping[Endpoint, ssl.SSLContext] = _NO_TLS
    ) -> dict[Endpoint, OSError]:
        """Let `owner` listen on exactly these endpoints; returns those that could not be had, and why.

        Sockets that stay are left alone, so that nothing is refused while only what answers changes. On those of `tls` the
        handler gets what is inside of TLS.
        """
        owned = self._owned.setdefault(owner, set())
        for endpoint in [e for e in owned if e not in wanted or self._open[e].tls is not tls.get(e)]:
            self._open.pop(endpoint).close()
            owned.discard(endpoint)
        failures: dict[Endpoint, OSError] = {}
        for endpoint, handler in wanted.items():
            if endpoint in owned:
                self._open[endpoint].handler = handler
                continue
            listener = _Listener(owner, handler, tls.get(endpoint))
            try:
                await listener.open(endpoint)
            except OSError as error:
                failures[endpoint] = error
                continue
            self._open[endpoint] = listener
            owned.add(endpoint)
        if not owned:
            del self._owned[owner]
        return failures

    def close(self) -> None:
        """Close all sockets and connections."""
        for listener in self._open.values():
            listener.close()
        self._open.clear()
        self._owned.clear()
