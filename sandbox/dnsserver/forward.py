# mypy: untyped-calls-exclude="dns"
"""Asking another server for names outside one's own zones: part of the sandbox's own, real DNS server."""

import logging

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from sandbox.dnsserver.answer import Answer

log = logging.getLogger(__name__)


class Forwarder:
    """The other server."""

    def __init__(self, host: str, port: int, timeout: float = 2.0) -> None:
        """`timeout`: seconds after which no answer is an answer."""
        self._host = host
        self._port = port
        self._timeout = timeout

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Answer | None:
        """The other server's answer, with its word on authority; None if it does not run or refuses.

        By TCP: where nothing listens that is known at once.
        """
        query = dns.message.make_query(name, rdtype)
        try:
            reply = await dns.asyncquery.tcp(query, self._host, port=self._port, timeout=self._timeout)
        except ConnectionRefusedError:
            return None
        except (dns.exception.DNSException, OSError, EOFError) as error:
            log.warning("%s: %s:%d does not answer: %s", name, self._host, self._port, str(error) or type(error).__name__)
            return None
        if reply.rcode() == dns.rcode.REFUSED:
            return None
        authoritative = bool(reply.flags & dns.flags.AA)
        return Answer(reply.rcode(), authoritative, list(reply.answer), list(reply.authority), list(reply.additional))
