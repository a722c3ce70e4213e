# mypy: untyped-calls-exclude="dns"
"""Signed messages (TSIG, RFC 8945): part of the sandbox's own, real authoritative DNS server."""

import base64
import binascii
import struct
import time
from pathlib import Path
from typing import cast

import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TSIG
import dns.renderer
import dns.rrset
import dns.tsig

Keyring = dict[dns.name.Name, dns.tsig.Key]


def read_key(spec: str) -> dns.tsig.Key:
    """Make a key of `NAME:ALGORITHM:FILE`, the file holding the secret in base64.

    Raises:
        ValueError: the text has another form, or the algorithm or the secret is not valid.
        OSError: the file cannot be read.
    """
    parts = spec.split(":", 2)
    if len(parts) != 3 or not all(parts):
        raise ValueError(f"key {spec!r}: expected NAME:ALGORITHM:FILE")
    name, algorithm, file = parts
    try:
        secret = base64.b64decode(Path(file).read_text().strip(), validate=True)
        key = dns.tsig.Key(name, secret, algorithm)
        dns.tsig.get_context(key)
    except binascii.Error as error:
        raise ValueError(f"key {name}: the secret in {file} is not base64: {error}") from None
    except NotImplementedError:
        known = ", ".join(sorted(n.to_text(omit_final_dot=True) for n in dns.tsig.mac_sizes))
        raise ValueError(f"key {name}: algorithm {algorithm!r} is not one of {known}") from None
    if not key.secret:
        raise ValueError(f"key {name}: the secret in {file} is empty")
    return key


def error_reply(wire: bytes, keys: Keyring, error: dns.rcode.Rcode) -> bytes:
    """The answer to a message whose signature does not hold: NOTAUTH with the reason in the TSIG record.

    Only a wrong clock (BADTIME) is answered signed: only then is the key known to be shared (RFC 8945, 5.2).
    """
    request = dns.message.from_wire(wire, keyring=False, ignore_trailing=True)
    signature = cast("dns.rrset.RRset", request.tsig)
    theirs = cast("dns.rdtypes.ANY.TSIG.TSIG", signature[0])
    flags = 0x8000 | dns.opcode.to_flags(request.opcode()) | int(dns.rcode.NOTAUTH)
    renderer = dns.renderer.Renderer(request.id, flags, 65535)
    for rrset in request.question:
        renderer.add_question(rrset.name, rrset.rdtype, rrset.rdclass)
    renderer.write_header()
    signed = error == dns.rcode.BADTIME
    # Their time, to show that it is about their request; ours in `other`, to show how far apart they are.
    other = struct.pack("!Q", int(time.time()))[2:] if signed else b""
    ours = dns.rdtypes.ANY.TSIG.TSIG(
        dns.rdataclass.ANY,
        dns.rdatatype.TSIG,
        theirs.algorithm,
        theirs.time_signed,
        theirs.fudge,
        b"",
        request.id,
        error,
        other,
    )
    if signed:
        key = keys[signature.name]
        ours, _ = dns.tsig.sign(renderer.get_wire(), key, ours, theirs.time_signed, theirs.mac)
    renderer.add_rrset(dns.renderer.ADDITIONAL, dns.rrset.from_rdata(signature.name, 0, ours))
    renderer.write_header()
    reply: bytes = renderer.get_wire()
    return reply
