# mypy: untyped-calls-exclude="dns"
"""The DNS server as its clients see it: UDP and TCP, signatures, sizes, transfers, what stays after a restart."""

import asyncio
import base64
import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update
import dns.zone
import pytest
from dns.rdtypes.ANY.TXT import TXT
from hypothesis import given
from hypothesis import strategies as st

from sandbox.dns import main
from sandbox.dnsserver.answer import Answer
from sandbox.dnsserver.forward import Forwarder
from sandbox.dnsserver.server import Handler, Responder, Server
from sandbox.dnsserver.store import Store, ZoneError
from sandbox.dnsserver.tsig import read_key

ORIGIN = dns.name.from_text("portico.test")
KEY = dns.tsig.Key("portico.", base64.b64encode(b"k" * 32).decode(), "hmac-sha256")
ODD = b'a "quoted"; \\ text\x01 \xff'
PROJECT = Path(__file__).parents[3]


class Client:
    """Asks one server."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def udp(self, sent: dns.message.Message) -> dns.message.Message:
        return await dns.asyncquery.udp(sent, "127.0.0.1", port=self.port, timeout=5)

    async def tcp(self, sent: dns.message.Message) -> dns.message.Message:
        return await dns.asyncquery.tcp(sent, "127.0.0.1", port=self.port, timeout=5)

    async def raw(self, wire: bytes) -> dns.message.Message:
        """Send bytes over TCP; the reply, its signature not checked."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(struct.pack("!H", len(wire)) + wire)
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            return dns.message.from_wire(await reader.readexactly(length), keyring=False)
        finally:
            writer.close()
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Client]:
    server = Server(Handler(Store(folder, [ORIGIN]), {KEY.name: KEY}))
    port = await server.start("127.0.0.1", 0)
    try:
        yield Client(port)
    finally:
        await server.close()


def with_server(folder: Path, work: Callable[[Client], Awaitable[None]]) -> None:
    async def go() -> None:
        async with serving(folder) as client:
            await work(client)

    asyncio.run(go())


def an_update(*names: str, key: dns.tsig.Key | None = KEY) -> dns.update.UpdateMessage:
    sent = dns.update.UpdateMessage(ORIGIN)
    for name in names:
        sent.add(name, 60, "A", "127.20.0.1")
    if key is not None:
        sent.use_tsig(key)
    return sent


def a_query(name: str = "portico.test", rdtype: str = "SOA") -> dns.message.QueryMessage:
    return dns.message.make_query(name, rdtype)


def test_a_new_zone_answers_for_itself(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        for ask in (client.udp, client.tcp):
            assert (await ask(a_query())).answer[0].rdtype == dns.rdatatype.SOA
            assert str((await ask(a_query(rdtype="NS"))).answer[0][0]) == "ns.portico.test."
            assert str((await ask(a_query("ns.portico.test", "A"))).answer[0][0]) == "127.0.0.1"

    with_server(tmp_path, work)


def test_signed_updates_are_carried_out_and_replies_signed(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        for ask, name in ((client.udp, "a"), (client.tcp, "b")):
            reply = await ask(an_update(name))  # dnspython checks the reply's signature
            assert (reply.rcode(), reply.had_tsig, reply.opcode()) == (0, True, dns.opcode.UPDATE)
            assert (await ask(a_query(f"{name}.portico.test", "A"))).answer

    with_server(tmp_path, work)


def test_refusals_are_signed_too(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        sent = an_update("a")
        sent.present("nope")
        reply = await client.udp(sent)
        assert (reply.rcode(), reply.had_tsig) == (dns.rcode.NXDOMAIN, True)

    with_server(tmp_path, work)


def test_unsigned_updates_are_refused(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        assert (await client.udp(an_update("a", key=None))).rcode() == dns.rcode.REFUSED
        assert (await client.udp(a_query("a.portico.test", "A"))).rcode() == dns.rcode.NXDOMAIN

    with_server(tmp_path, work)


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (dns.tsig.Key("other.", KEY.secret, "hmac-sha256"), dns.rcode.BADKEY),
        (dns.tsig.Key("portico.", KEY.secret, "hmac-sha512"), dns.rcode.BADKEY),
        (dns.tsig.Key("portico.", b"wrong", "hmac-sha256"), dns.rcode.BADSIG),
    ],
)
@pytest.mark.parametrize("make", [lambda: an_update("a", key=None), a_query])
def test_wrong_key(tmp_path: Path, key: dns.tsig.Key, error: int, make: Callable[[], dns.message.Message]) -> None:
    async def work(client: Client) -> None:
        sent = make()
        sent.use_tsig(key)
        reply = await client.raw(sent.to_wire())
        assert (reply.rcode(), reply.id, reply.tsig_error) == (dns.rcode.NOTAUTH, sent.id, error)
        assert reply.mac == b""
        assert (await client.udp(a_query("a.portico.test", "A"))).rcode() == dns.rcode.NXDOMAIN

    with_server(tmp_path, work)


def test_wrong_clock_is_told_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(client: Client) -> None:
        sent = an_update("a")
        real = time.time()
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda: real - 3600)
            wire = sent.to_wire()
        reply = await client.raw(wire)
        assert reply.tsig is not None
        theirs = reply.tsig[0]
        assert (reply.rcode(), theirs.error) == (dns.rcode.NOTAUTH, dns.rcode.BADTIME)
        assert theirs.time_signed == int(real - 3600)
        assert abs(int.from_bytes(theirs.other, "big") - real) < 60
        # The signature over the reply holds: made anew of the same parts, it is the same.
        assert reply.wire is not None
        start = reply.wire.rindex(KEY.name.to_wire() or b"")
        unsigned = reply.wire[:10] + b"\0\0" + reply.wire[12:start]
        again, _ = dns.tsig.sign(unsigned, KEY, theirs.replace(mac=b""), theirs.time_signed, sent.mac)
        assert again.mac == theirs.mac

    with_server(tmp_path, work)


@pytest.mark.parametrize(
    ("records", "payload", "cut"),
    [
        (2, None, False),
        (4, None, True),
        (4, 512, True),
        (4, 100, True),  # less than 512 counts as 512
        (4, 1232, False),
        (10, 1232, True),
        (10, 4096, False),
        (30, 4096, True),
        (30, 65535, True),  # more than the server itself sends over UDP
    ],
)
def test_long_answers_are_cut_over_udp_and_whole_over_tcp(tmp_path: Path, records: int, payload: int | None, cut: bool) -> None:
    async def work(client: Client) -> None:
        sent = dns.update.UpdateMessage(ORIGIN, keyring=KEY)
        for number in range(records):
            sent.add("long", 60, "TXT", f"{number:03}" + "x" * 200)
        await client.tcp(sent)
        query = a_query("long.portico.test", "TXT")
        if payload is not None:
            query.use_edns(0, payload=payload)
        assert len((await client.tcp(query)).answer[0]) == records
        reply = await client.udp(query)
        assert bool(reply.flags & dns.flags.TC) == cut
        assert bool(reply.answer) != cut
        assert (reply.edns == 0) == (payload is not None)

    with_server(tmp_path, work)


def test_extended_dns_of_the_future_is_declined(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        query = a_query()
        query.use_edns(1)
        assert (await client.udp(query)).rcode() == dns.rcode.BADVERS

    with_server(tmp_path, work)


def test_zone_transfer_only_signed_and_only_over_tcp(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        for number in range(0, 1500, 100):
            await client.tcp(an_update(*(f"host-with-a-long-name-{n}" for n in range(number, number + 100))))
        assert (await client.tcp(a_query(rdtype="AXFR"))).rcode() == dns.rcode.REFUSED
        signed = a_query(rdtype="AXFR")
        signed.use_tsig(KEY)
        assert (await client.udp(signed)).rcode() == dns.rcode.REFUSED
        for kind in ("AXFR", "IXFR"):
            zone = dns.zone.Zone(ORIGIN, relativize=False)
            query, _ = dns.xfr.make_query(zone, keyring=KEY) if kind == "AXFR" else (None, None)
            if query is None:
                query = dns.message.make_query(ORIGIN, "IXFR")
                query.find_rrset(query.authority, ORIGIN, dns.rdataclass.IN, dns.rdatatype.SOA, create=True).add(
                    dns.rdata.from_text("IN", "SOA", ". . 1 1 1 1 1"), 0
                )
                query.use_tsig(KEY)
            await dns.asyncquery.inbound_xfr("127.0.0.1", zone, query, port=client.port, timeout=5)
            assert len(zone.nodes) == 1502
        query = dns.message.make_query(ORIGIN, "IXFR")
        query.use_tsig(KEY)
        assert [r.rdtype for r in (await client.udp(query)).answer] == [dns.rdatatype.SOA]

    with_server(tmp_path, work)


def test_what_was_answered_is_there_after_a_restart(tmp_path: Path) -> None:
    async def fill(client: Client) -> None:
        await asyncio.gather(*(client.udp(an_update(f"h{n}")) for n in range(50)))
        sent = dns.update.UpdateMessage(ORIGIN, keyring=KEY)
        sent.add("odd", 5, TXT(dns.rdataclass.IN, dns.rdatatype.TXT, (ODD,)))
        sent.add("*.wild", 5, "CNAME", "h1")
        sent.add("unknown", 5, "TYPE65280", "\\# 3 010203")
        await client.udp(sent)

    async def look(client: Client) -> None:
        assert (await client.udp(a_query("h49.portico.test", "A"))).answer
        assert (await client.udp(a_query("odd.portico.test", "TXT"))).answer[0][0].strings == (ODD,)
        assert len((await client.udp(a_query("x.wild.portico.test", "A"))).answer) == 2
        assert (await client.udp(a_query("unknown.portico.test", "TYPE65280"))).answer
        assert (await client.udp(a_query())).answer[0][0].serial == serials[0]

    serials: list[int] = []

    async def note(client: Client) -> None:
        await fill(client)
        serials.append((await client.udp(a_query())).answer[0][0].serial)

    with_server(tmp_path, note)
    with_server(tmp_path, look)
    assert [path.name for path in tmp_path.iterdir()] == ["portico.test.zone"]


def test_a_failed_write_is_told(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        (tmp_path / "portico.test.new").mkdir()
        assert (await client.udp(an_update("a"))).rcode() == dns.rcode.SERVFAIL
        (tmp_path / "portico.test.new").rmdir()
        assert (await client.udp(an_update("b"))).rcode() == dns.rcode.NOERROR
        assert "\na.portico.test." in (tmp_path / "portico.test.zone").read_text()

    with_server(tmp_path, work)


def test_broken_zone_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "portico.test.zone").write_text("nonsense")
    with pytest.raises(ZoneError, match=r"portico\.test\.zone"):
        Store(tmp_path, [ORIGIN])


def test_one_connection_many_requests(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        queries = [a_query("ns.portico.test", "A") for _ in range(20)]
        for query in queries:
            wire = query.to_wire()
            writer.write(struct.pack("!H", len(wire)) + wire)
        for query in queries:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            assert dns.message.from_wire(await reader.readexactly(length)).id == query.id
        writer.close()
        await writer.wait_closed()

    with_server(tmp_path, work)


@pytest.mark.parametrize("opcode", [dns.opcode.NOTIFY, dns.opcode.STATUS])
def test_other_opcodes(tmp_path: Path, opcode: dns.opcode.Opcode) -> None:
    async def work(client: Client) -> None:
        query = dns.message.Message()
        query.set_opcode(opcode)
        assert (await client.raw(query.to_wire())).rcode() == dns.rcode.NOTIMP

    with_server(tmp_path, work)


async def replies(handler: Handler, wire: bytes) -> list[bytes]:
    return [part async for part in handler.replies(wire, stream=False)]


@given(st.binary(max_size=80))
def test_whatever_comes_is_survived(wire: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        handler = Handler(Store(Path(folder), [ORIGIN]), {KEY.name: KEY})
        for reply in asyncio.run(replies(handler, wire)):
            assert reply[:2] == wire[:2]
            assert reply[2] & 0x80


@given(st.data())
def test_a_signed_update_that_was_changed_on_the_way_changes_nothing(data: st.DataObject) -> None:
    wire = bytearray(an_update("a").to_wire())
    signed = wire.rindex(KEY.name.to_wire() or b"")
    place = data.draw(st.integers(2, signed - 1))
    wire[place] ^= data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), [ORIGIN])
        before = store.zones[ORIGIN].version()
        for reply in asyncio.run(replies(Handler(store, {KEY.name: KEY}), bytes(wire))):
            assert dns.rcode.from_flags(int.from_bytes(reply[2:4], "big"), 0) != dns.rcode.NOERROR
        assert store.zones[ORIGIN].version() is before


def test_responses_are_not_answered(tmp_path: Path) -> None:
    handler = Handler(Store(tmp_path, [ORIGIN]), {})
    response = dns.message.make_response(a_query()).to_wire()
    assert asyncio.run(replies(handler, response)) == []
    assert asyncio.run(replies(handler, response[:12] + b"\xff")) == []


@pytest.mark.parametrize(
    ("spec", "content", "message"),
    [
        ("name", "", "expected NAME:ALGORITHM:FILE"),
        ("name:md9:FILE", "a2V5", "'md9' is not one of"),
        ("name:hmac-sha256:FILE", "", "is empty"),
        ("name:hmac-sha256:FILE", "a", "is not base64"),
        ("name:hmac-sha256:FILE", "a2V5!", "is not base64"),
    ],
)
def test_bad_keys(tmp_path: Path, spec: str, content: str, message: str) -> None:
    file = tmp_path / "secret"
    file.write_text(content)
    with pytest.raises(ValueError, match=message):
        read_key(spec.replace("FILE", str(file)))


def test_process_starts_serves_and_ends(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(base64.b64encode(KEY.secret).decode() + "\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [
        *("--listen", f"127.0.0.1:{port}", "--data", str(tmp_path / "data"), "--zone", "portico.test"),
        *("--zone", "other.test", "--key", f"portico:hmac-sha256:{secret}"),
    ]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "sandbox.dns", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        assert f"serving portico.test., other.test. on 127.0.0.1:{port}" in process.stderr.readline()
        assert dns.query.udp(an_update("a"), "127.0.0.1", port=port, timeout=5).rcode() == dns.rcode.NOERROR
        assert main(arguments) == 1  # the port is taken
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert "a.portico.test. 60 IN A 127.20.0.1" in (tmp_path / "data" / "portico.test.zone").read_text()


class Elsewhere(Responder):
    """A server that knows one name alone."""

    def __init__(self, name: str = "shop.example") -> None:
        super().__init__({})
        self._name = dns.name.from_text(name)

    async def lookup(self, question: dns.rrset.RRset) -> Answer:
        if question.name != self._name:
            return Answer(dns.rcode.REFUSED, authoritative=False)
        return Answer(answer=[dns.rrset.from_text(question.name, 60, "IN", "A", "127.20.0.9")])


def test_names_outside_the_zones_are_asked_for_elsewhere(tmp_path: Path) -> None:
    async def go() -> None:
        other = Server(Elsewhere())
        port = await other.start("127.0.0.1", 0)
        server = Server(Handler(Store(tmp_path, [ORIGIN]), {KEY.name: KEY}, Forwarder(("127.0.0.1", port))))
        client = Client(await server.start("127.0.0.1", 0))
        update = dns.update.UpdateMessage(ORIGIN, keyring=KEY)
        update.add("shop", 60, "CNAME", "shop.example.")
        assert (await client.udp(update)).rcode() == dns.rcode.NOERROR
        found = await client.udp(a_query("shop.example", "A"))
        assert (str(found.answer[0][0]), bool(found.flags & dns.flags.AA)) == ("127.20.0.9", True)
        followed = await client.udp(a_query("shop.portico.test", "A"))
        assert [rrset.rdtype for rrset in followed.answer] == [dns.rdatatype.CNAME, dns.rdatatype.A]
        assert (await client.udp(a_query("other.example", "A"))).rcode() == dns.rcode.REFUSED
        assert (await client.udp(a_query("portico.test", "SOA"))).answer
        await other.close()
        began = time.monotonic()
        assert (await client.udp(a_query("shop.example", "A"))).rcode() == dns.rcode.REFUSED
        assert len((await client.udp(a_query("shop.portico.test", "A"))).answer) == 1
        assert time.monotonic() - began < 1
        await server.close()

    asyncio.run(go())


def test_of_several_servers_the_one_that_knows_answers(tmp_path: Path) -> None:
    async def go() -> None:
        others = [Server(Elsewhere("one.example")), Server(Elsewhere("two.example"))]
        ports = [await other.start("127.0.0.1", 0) for other in others]
        forwarder = Forwarder(*(("127.0.0.1", port) for port in ports))
        server = Server(Handler(Store(tmp_path, [ORIGIN]), {KEY.name: KEY}, forwarder))
        client = Client(await server.start("127.0.0.1", 0))
        for name in ("one.example", "two.example"):
            assert (await client.udp(a_query(name, "A"))).answer
        assert (await client.udp(a_query("three.example", "A"))).rcode() == dns.rcode.REFUSED
        await others[0].close()
        assert (await client.udp(a_query("one.example", "A"))).rcode() == dns.rcode.REFUSED
        assert (await client.udp(a_query("two.example", "A"))).answer
        await others[1].close()
        await server.close()

    asyncio.run(go())


def test_what_answers_elsewhere_takes_no_updates(tmp_path: Path) -> None:
    async def go() -> None:
        other = Server(Elsewhere())
        client = Client(await other.start("127.0.0.1", 0))
        update = dns.update.UpdateMessage("shop.example")
        update.add("x", 60, "A", "127.0.0.1")
        assert (await client.udp(update)).rcode() == dns.rcode.REFUSED
        await other.close()

    asyncio.run(go())
