# mypy: untyped-calls-exclude="dns"
"""Asking other servers for names outside one's own zones: part of the sandbox's own, real DNS server."""

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
    """The other servers."""

    def __init__(self, *servers: tuple[str, int], timeout: float = 2.0) -> None:
        """`servers`: hosts and ports, in the order they are asked; `timeout`: seconds after which no answer is an answer."""
        self._servers = servers
        self._timeout = timeout

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Answer | None:
        """The answer of the first that has one, with its word on authority; None if none runs or all refuse."""
        for host, port in self._servers:
            answer = await self._ask(host, port, name, rdtype)
            if answer is not None:
                return answer
        return None

    async def _ask(self, host: str, port: int, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Answer | None:
        """By TCP: where nothing listens that is known at once."""
        query = dns.message.make_query(name, rdtype)
        try:
            reply = await dns.asyncquery.tcp(query, host, port=port, timeout=self._timeout)
        except ConnectionRefusedError:
            return None
        except (dns.exception.DNSException, OSError, EOFError) as error:
            log.warning("%s: %s:%d does not answer: %s", name, host, port, str(error) or type(error).__name__)
            return None
        if reply.rcode() == dns.rcode.REFUSED:
            return None
        authoritative = bool(reply.flags & dns.flags.AA)
        return Answer(reply.rcode(), authoritative, list(reply.answer), list(reply.authority), list(reply.additional))
