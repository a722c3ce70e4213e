# mypy: untyped-calls-exclude="dns"
"""From the bytes of a request to the bytes of its reply, over UDP and TCP.

Part of the sandbox's own, real authoritative DNS server.
"""

import asyncio
import logging
import struct
from collections.abc import AsyncIterator, Iterator
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update

from sandbox.dnsserver import tsig, update
from sandbox.dnsserver.answer import Answer, answer, enclosing
from sandbox.dnsserver.forward import Forwarder
from sandbox.dnsserver.store import Store, Zone

log = logging.getLogger(__name__)

UDP_PAYLOAD = 4096  # largest datagram offered and sent, in bytes; everything is on the loopback interface
_TRANSFER_CHUNK = 32 * 1024  # bytes of records in one message of a zone transfer
_TSIG_ERRORS: tuple[tuple[type[Exception], dns.rcode.Rcode], ...] = (
    (dns.message.UnknownTSIGKey, dns.rcode.BADKEY),
    (dns.tsig.BadKey, dns.rcode.BADKEY),
    (dns.tsig.BadAlgorithm, dns.rcode.BADKEY),
    (dns.tsig.BadSignature, dns.rcode.BADSIG),
    (dns.tsig.BadTime, dns.rcode.BADTIME),
)


class Responder:
    """Answers single requests, whatever way they came. What it knows, and who may change it, is up to who extends it."""

    def __init__(self, keys: tsig.Keyring | None = None) -> None:
        self.keys = keys or {}

    async def lookup(self, question: dns.rrset.RRset) -> Answer:
        """The answer to one question."""
        raise NotImplementedError

    async def update(self, request: dns.update.UpdateMessage) -> dns.rcode.Rcode:
        """Carry out an update, if it may be."""
        return dns.rcode.REFUSED

    def transfer(self, request: dns.message.Message, stream: bool) -> Iterator[bytes] | None:
        """The messages of a zone transfer if that is what is asked for and may be had, otherwise None."""
        return None

    async def replies(self, wire: bytes, *, stream: bool) -> AsyncIterator[bytes]:
        """The replies to one request: mostly one; several for a zone transfer, none to what is no request.

        `stream`: the request came over TCP, so replies may be long and zones may be transferred.
        """
        try:
            request = dns.message.from_wire(wire, keyring=self.keys)
        except Exception as error:  # noqa: BLE001  whatever a stranger sends must not stop the server
            reply = self._parse_failure(wire, error)
            if reply is not None:
                yield reply
            return
        if request.flags & dns.flags.QR:
            return
        transfer = self.transfer(request, stream)
        if transfer is not None:
            for part in transfer:
                yield part
            return
        response = dns.message.make_response(request, our_payload=UDP_PAYLOAD)
        try:
            await self._respond(request, response)
        except Exception:
            log.exception("request %s from a client could not be answered", request.id)
            response = dns.message.make_response(request, our_payload=UDP_PAYLOAD)
            response.set_rcode(dns.rcode.SERVFAIL)
        limit = 65535 if stream else min(max(request.payload, 512), UDP_PAYLOAD)
        yield response.to_wire(max_size=limit, prefer_truncation=True)

    async def _respond(self, request: dns.message.Message, response: dns.message.Message) -> None:
        if request.edns > 0:
            response.set_rcode(dns.rcode.BADVERS)
        elif isinstance(request, dns.update.UpdateMessage):
            response.set_rcode(await self.update(request))
        elif request.opcode() != dns.opcode.QUERY:
            response.set_rcode(dns.rcode.NOTIMP)
        elif len(request.question) != 1:
            response.set_rcode(dns.rcode.FORMERR)
        else:
            (await self.lookup(request.question[0])).fill(response)

    def _parse_failure(self, wire: bytes, error: Exception) -> bytes | None:
        for kind, rcode in _TSIG_ERRORS:
            if isinstance(error, kind):
                log.warning("request with a bad signature: %s: %s", dns.rcode.to_text(rcode), error)
                return tsig.error_reply(wire, self.keys, rcode)
        if len(wire) < 12 or wire[2] & 0x80:
            return None
        log.warning("malformed request: %s: %s", type(error).__name__, error)
        opcode_and_rd = wire[2] & 0x79
        return wire[:2] + bytes((0x80 | opcode_and_rd, int(dns.rcode.FORMERR))) + bytes(8)


class Handler(Responder):
    """Answers from the zones of a store, and for names outside of them from another server if there is one."""

    def __init__(self, store: Store, keys: tsig.Keyring, forwarder: Forwarder | None = None) -> None:
        super().__init__(keys)
        self.store = store
        self._forwarder = forwarder

    async def lookup(self, question: dns.rrset.RRset) -> Answer:
        """From the zones; what is outside of them, where an alias leads too, from the other server."""
        found = answer(self.store.zones, question)
        if self._forwarder is None or question.rdclass != dns.rdataclass.IN:
            return found
        if enclosing(self.store.zones, question.name) is None:
            return await self._forwarder.ask(question.name, question.rdtype) or found
        alias = found.alias()
        if alias is not None and question.rdtype != dns.rdatatype.CNAME and enclosing(self.store.zones, alias) is None:
            further = await self._forwarder.ask(alias, question.rdtype)
            if further is not None:
                found.answer += further.answer
        return found

    async def update(self, request: dns.update.UpdateMessage) -> dns.rcode.Rcode:
        """Carry out an update that is signed."""
        if not request.had_tsig:
            log.warning("update refused: it is not signed")
            return dns.rcode.REFUSED
        try:
            outcome = update.apply(self.store, request)
        except update.UpdateError as refusal:
            rcode = dns.rcode.to_text(refusal.rcode)
            log.warning("update by %s refused: %s: %s", request.keyname, rcode, refusal)
            return refusal.rcode
        if outcome.changes:
            log.info("update by %s: %s", request.keyname, "; ".join(outcome.changes))
            await outcome.zone.save()  # who hears NOERROR may rely on it
        return dns.rcode.NOERROR

    def transfer(self, request: dns.message.Message, stream: bool) -> Iterator[bytes] | None:
        """A zone goes to who signs."""
        if request.opcode() != dns.opcode.QUERY or len(request.question) != 1 or not request.had_tsig:
            return None
        question = request.question[0]
        zone = self.store.zones.get(question.name)
        if zone is None or question.rdclass != dns.rdataclass.IN:
            return None
        if question.rdtype == dns.rdatatype.AXFR and stream:
            return _transfer_messages(request, zone)
        if question.rdtype == dns.rdatatype.IXFR:
            # No history is kept: the whole zone, or over UDP the SOA alone, which says to come by TCP.
            return _transfer_messages(request, zone, only_soa=not stream)
        return None


def _transfer_messages(request: dns.message.Message, zone: Zone, *, only_soa: bool = False) -> Iterator[bytes]:
    version = zone.version()
    soa = dns.rrset.from_rdata_list(zone.origin, zone.soa().ttl, list(zone.soa()))
    others = (
        dns.rrset.from_rdata_list(name, rdataset.ttl, list(rdataset))
        for name, node in version.items()
        for rdataset in node
        if rdataset.rdtype != dns.rdatatype.SOA
    )
    chunks = [[soa]] if only_soa else _chunks([soa, *others, soa])
    context = None
    for chunk in chunks:
        response = dns.message.make_response(request, our_payload=UDP_PAYLOAD)
        response.flags |= dns.flags.AA
        response.answer.extend(chunk)
        yield response.to_wire(max_size=65535, multi=True, tsig_ctx=context)
        context = response.tsig_ctx


def _chunks(rrsets: list[dns.rrset.RRset]) -> list[list[dns.rrset.RRset]]:
    """Split into lists that fit a message each; a single record set is never split."""
    chunks: list[list[dns.rrset.RRset]] = [[]]
    size = 0
    for rrset in rrsets:
        # Upper bound: each record's owner name uncompressed, its ten fixed bytes, its data.
        length = sum(len(rrset.name.to_wire() or b"") + 10 + len(rdata.to_wire() or b"") for rdata in rrset)
        if chunks[-1] and size + length > _TRANSFER_CHUNK:
            chunks.append([])
            size = 0
        chunks[-1].append(rrset)
        size += length
    return chunks


class Server:
    """A handler listening on one address, UDP and TCP alike."""

    def __init__(self, handler: Responder, *, idle_timeout: float = 30.0, max_connections: int = 256) -> None:
        """`idle_timeout`: seconds without a request after which a TCP connection is closed."""
        self._handler = handler
        self._idle_timeout = idle_timeout
        self._connections = asyncio.Semaphore(max_connections)
        self._tasks: set[asyncio.Task[None]] = set()
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port, which is a free one if 0 was given.

        Raises:
            OSError: the port is taken, for UDP or TCP.
        """
        self._tcp = await asyncio.start_server(self._serve_stream, host, port)
        actual: int = self._tcp.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        try:
            self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(host, actual))
        except OSError:
            self._tcp.close()
            raise
        return actual

    async def close(self) -> None:
        """Stop listening and let datagrams being answered be answered, updates among them."""
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def datagram(self, transport: asyncio.DatagramTransport, wire: bytes, address: tuple[str, int]) -> None:
        """Answer one datagram, without holding up the next."""
        task = asyncio.create_task(self._serve_datagram(transport, wire, address))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve_datagram(self, transport: asyncio.DatagramTransport, wire: bytes, address: tuple[str, int]) -> None:
        async for reply in self._handler.replies(wire, stream=False):
            transport.sendto(reply, address)

    async def _serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._connections:
            try:
                while True:
                    async with asyncio.timeout(self._idle_timeout):
                        (length,) = struct.unpack("!H", await reader.readexactly(2))
                        wire = await reader.readexactly(length)
                    async for reply in self._handler.replies(wire, stream=True):
                        writer.write(struct.pack("!H", len(reply)) + reply)
                        await writer.drain()
            except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
                pass  # the other side is done, idle or gone
            finally:
                writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport  # set before anything is received

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.datagram(self._transport, data, addr)
