"""The sandbox's way to its own internet: a forward proxy that knows only the sandbox's DNS (sandbox only).

On the internet of the sandbox, ports 80 and 443 are what the load balancer really has: the proxy maps them.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, urlsplit

import h11

from sandbox.imitation.forward import connect, splice
from sandbox.imitation.names import Names, UnknownNameError
from sandbox.imitation.web import Peer, Reply

log = logging.getLogger(__name__)

# Said by one connection to the next only (RFC 9110, 7.6.1), so not passed on.
HOP_BY_HOP = frozenset({b"connection", b"proxy-connection", b"keep-alive", b"proxy-authorization", b"te", b"upgrade"})

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _NoWayError(Exception):
    """A request cannot be passed on; carries what the asker is told."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.reply = Reply(status, f"portico sandbox proxy: {message}\n".encode())


class ForwardProxy:
    """HTTP with absolute targets, and CONNECT."""

    def __init__(self, names: Names, ports: Mapping[int, int], pool: ipaddress.IPv4Network) -> None:
        """`ports`: the real port behind a port, others stay; `pool`: addresses that may be named as such."""
        self._names = names
        self._ports = ports
        self._pool = pool

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to the proxy."""
        client = Peer(h11.Connection(h11.SERVER), reader, writer)
        try:
            while True:
                request = await client.receive()
                if not isinstance(request, h11.Request):
                    return
                if request.method == b"CONNECT":
                    await self._tunnel(client, request)
                    return
                await self._pass_on(client, request)
                if client.connection.our_state is not h11.DONE or client.connection.their_state is not h11.DONE:
                    return
                client.connection.start_next_cycle()
        except _NoWayError as error:
            log.info("%s", error)
            await client.reply(error.reply, headers=[("connection", "close")])
        except h11.RemoteProtocolError as error:
            if client.connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                reply = Reply(error.error_status_hint, f"portico sandbox proxy: {error}\n".encode())
                await client.reply(reply, headers=[("connection", "close")])

    async def _tunnel(self, client: Peer, request: h11.Request) -> None:
        target = _parse(f"//{request.target.decode('latin-1')}")
        if target.port is None:
            raise _NoWayError(400, "CONNECT needs HOST:PORT")
        upstream = await self._open(target.hostname or "", target.port)
        while not isinstance(await client.receive(), type):
            pass  # the end of the request: now h11 holds back what already belongs to the tunnel
        await client.send(h11.Response(status_code=200, headers=[]))
        early, _ = client.connection.trailing_data
        upstream[1].write(early)
        await splice((client.reader, client.writer), upstream)

    async def _pass_on(self, client: Peer, request: h11.Request) -> None:
        target = _parse(request.target.decode("latin-1"))
        if target.scheme != "http" or not target.hostname:
            raise _NoWayError(400, "this is a forward proxy: the target must be http://HOST/PATH, or CONNECT")
        reader, writer = await self._open(target.hostname, target.port or 80)
        upstream = Peer(h11.Connection(h11.CLIENT), reader, writer)
        try:
            await upstream.send(_rewritten(request, target))
            while isinstance(event := await client.receive(), h11.Data):
                await upstream.send(event)
            await upstream.send(h11.EndOfMessage())
            await pass_back(upstream, client)
        except (OSError, h11.RemoteProtocolError) as error:
            if client.connection.our_state is not h11.SEND_RESPONSE:
                raise
            raise _NoWayError(502, f"{target.hostname}: the server broke off: {error}") from error
        finally:
            writer.close()

    async def _open(self, host: str, port: int) -> Streams:
        """Connect to a host of the sandbox.

        Raises:
            _NoWayError: it is unknown, or nothing listens there.
        """
        real = self._ports.get(port, port)
        trouble = ""
        for address in await self._addresses(host):
            try:
                return await connect(address, real)
            except OSError as error:
                trouble = f"{host}: no connection to {address}:{real}: {str(error) or 'timed out'}"
        raise _NoWayError(502, trouble)

    async def _addresses(self, host: str) -> list[str]:
        try:
            literal = ipaddress.ip_address(host)
        except ValueError:
            try:
                return await self._names.addresses(host)
            except UnknownNameError as error:
                raise _NoWayError(502, str(error)) from error
        if literal not in self._pool:
            raise _NoWayError(502, f"{host}: is not an address of the sandbox's load balancer ({self._pool})")
        return [host]


def _parse(target: str) -> SplitResult:
    try:
        parts = urlsplit(target)
        _ = parts.port  # which is when it is looked at
    except ValueError as error:
        raise _NoWayError(400, f"{target!r} is not a target: {error}") from error
    return parts


def _rewritten(request: h11.Request, target: SplitResult) -> h11.Request:
    """The request as the server itself expects it: path only, the host as it stands in the target."""
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    headers = [(k, v) for k, v in request.headers if k not in HOP_BY_HOP and k != b"host"]
    host = target.netloc.rpartition("@")[2].encode()
    return h11.Request(
        method=request.method,
        target=path.encode("latin-1"),
        headers=[(b"host", host), *headers, (b"connection", b"close")],
    )


async def pass_back(upstream: Peer, client: Peer, added: Iterable[tuple[str, str]] = ()) -> None:
    """Carry a server's answer to who asked, with some headers more.

    Raises:
        h11.RemoteProtocolError: the server broke off.
    """
    while True:
        event = await upstream.receive()
        if isinstance(event, h11.InformationalResponse):
            continue
        if isinstance(event, h11.Response):
            headers = [(k, v) for k, v in event.headers if k not in HOP_BY_HOP]
            headers += [(name.encode(), value.encode()) for name, value in added]
            event = h11.Response(status_code=event.status_code, reason=event.reason, headers=headers)
        elif not isinstance(event, h11.Data | h11.EndOfMessage):
            raise h11.RemoteProtocolError("the server closed the connection early")
        await client.send(event)
        if isinstance(event, h11.EndOfMessage):
            return
