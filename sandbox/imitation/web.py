"""HTTP/1.1 on h11, as the imitated pods and the forward proxy need it (sandbox only)."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import h11

IDLE_TIMEOUT = 60.0  # seconds a peer may be silent before it is given up
_READ_SIZE = 65536


@dataclass(frozen=True)
class Request:
    """What a request says, without its body."""

    method: str
    target: str  # path and query as sent
    headers: tuple[tuple[str, str], ...]

    @property
    def host(self) -> str:
        """The Host header, or nothing."""
        return next((value for name, value in self.headers if name.lower() == "host"), "")


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


class Peer:
    """One side of an HTTP conversation: an h11 connection together with its stream."""

    def __init__(self, connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connection = connection
        self.reader = reader
        self.writer = writer

    async def receive(self) -> h11.Event | type[h11.PAUSED]:
        """The next thing the other side says.

        Raises:
            h11.RemoteProtocolError: it is not HTTP.
            TimeoutError: the other side has been silent for too long.
        """
        while True:
            event = self.connection.next_event()
            if not isinstance(event, type) or event is h11.PAUSED:
                return event
            if self.connection.our_role is h11.SERVER and self.connection.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            async with asyncio.timeout(IDLE_TIMEOUT):
                data = await self.reader.read(_READ_SIZE)
            self.connection.receive_data(data)

    async def send(self, *events: h11.Event) -> None:
        """Say these things, in one piece."""
        data = b"".join(self.connection.send(event) or b"" for event in events)
        if data:
            self.writer.write(data)
            await self.writer.drain()

    async def reply(self, reply: Reply, method: str = "", headers: Iterable[tuple[str, str]] = ()) -> None:
        """Answer a request as a whole; to HEAD, without the body."""
        fields = [
            ("content-type", reply.content_type),
            ("content-length", str(len(reply.body))),
            ("cache-control", "no-store"),
            *headers,
        ]
        body = b"" if method == "HEAD" else reply.body
        response = h11.Response(status_code=reply.status, headers=fields)
        await self.send(response, h11.Data(data=body), h11.EndOfMessage())


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, respond: Callable[[Request], Reply | None]) -> None:
    """Answer requests on a connection until the other side ends it; `respond` gives None to break it off."""
    peer = Peer(h11.Connection(h11.SERVER), reader, writer)
    try:
        while True:
            event = await peer.receive()
            if not isinstance(event, h11.Request):
                return  # the other side is done
            request = Request(
                event.method.decode(),
                event.target.decode("latin-1"),
                tuple((k.decode(), v.decode("latin-1")) for k, v in event.headers.raw_items()),
            )
            while not isinstance(event, h11.EndOfMessage):  # the body says nothing to an imitation
                event = await peer.receive()
                if isinstance(event, h11.ConnectionClosed):
                    return
            reply = respond(request)
            if reply is None:
                return
            await peer.reply(reply, request.method)
            if peer.connection.our_state is h11.MUST_CLOSE:
                return
            peer.connection.start_next_cycle()
    except h11.RemoteProtocolError as error:
        if peer.connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            reply = Reply(error.error_status_hint, f"{error}\n".encode())
            await peer.reply(reply, headers=[("connection", "close")])
