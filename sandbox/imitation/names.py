"""Looking names up in the sandbox's DNS server, and nowhere else (sandbox only)."""

import ipaddress

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.resolver

from sandbox.dnsserver.answer import ZONES_NAME


class UnknownNameError(Exception):
    """The sandbox's DNS server has no address for a name; the message says what it answered."""


class Names:
    """The sandbox's DNS server, as its clients see it."""

    def __init__(self, host: str, port: int, timeout: float = 3.0) -> None:
        """`timeout`: seconds after which no answer is an answer."""
        self._timeout = timeout
        self._server = host, port
        self._resolver = dns.asyncresolver.Resolver(configure=False)
        self._resolver.nameservers = [host]
        self._resolver.port = port
        self._resolver.lifetime = timeout

    async def addresses(self, name: str) -> list[str]:
        """The IPv4 addresses of a name, aliases followed.

        Raises:
            UnknownNameError: there are none, or the server does not answer.
        """
        try:
            answer = await self._resolver.resolve(name, "A", search=False)
        except dns.resolver.NXDOMAIN:
            raise UnknownNameError(f"{name}: no such name in the sandbox's DNS") from None
        except dns.resolver.NoAnswer:
            raise UnknownNameError(f"{name}: has no address in the sandbox's DNS") from None
        except dns.resolver.NoNameservers:
            raise UnknownNameError(f"{name}: is in none of the zones of the sandbox's DNS") from None
        except dns.exception.DNSException as error:
            raise UnknownNameError(f"{name}: the sandbox's DNS does not answer: {error}") from error
        return [record.address for record in answer]

    async def reserved(self, address: ipaddress.IPv4Address) -> bool:
        """Whether the address is reserved: a TXT record `a-b-c-d._address` exists in one of the zones.

        Raises:
            dns.exception.DNSException: the server does not answer.
            OSError: likewise.
        """
        label = str(address).replace(".", "-")
        for zone in await self._zones():
            try:
                await self._resolver.resolve(f"{label}._address.{zone}", "TXT", search=False)
            except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
                continue
            return True
        return False

    async def _zones(self) -> list[str]:
        query = dns.message.make_query(ZONES_NAME, dns.rdatatype.TXT, dns.rdataclass.CH)
        host, port = self._server
        reply, _ = await dns.asyncquery.udp_with_fallback(query, host, port=port, timeout=self._timeout)
        return [string.decode() for rrset in reply.answer for record in rrset for string in record.strings]
