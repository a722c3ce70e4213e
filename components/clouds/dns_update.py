"""Signed DNS updates (RFC 2136, RFC 8945) against one server and zone. No Pulumi here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update

#: Seconds for one exchange with the server.
TIMEOUT = 10.0


class DnsError(Exception):
    """The server refused, or could not be reached; the text says which and what to look at."""


class OccupiedError(DnsError):
    """There is already such a record, with other content."""


@dataclass(frozen=True)
class DnsServer:
    """A zone on the server that is primary for it, and the key that may change it."""

    server: str
    zone: str
    key_name: str
    algorithm: str
    secret: str

    def read(self, name: str, kind: str) -> tuple[int, list[str]] | None:
        """TTL and values of a record set as the server answers; None if it has none. See `owns` for wildcards."""
        query = dns.message.make_query(dns.name.from_text(name), kind)
        query.use_tsig(self._key())
        reply = self._exchange(query)
        if reply.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise DnsError(self._refusal(reply.rcode(), f"reading {name} {kind}"))
        wanted = dns.rdatatype.from_text(kind)
        for rrset in reply.answer:
            if rrset.rdtype == wanted and rrset.name == dns.name.from_text(name):
                return rrset.ttl, sorted(_text(item) for item in rrset)
        return None

    def owns(self, name: str, kind: str) -> bool:
        """Whether the record set itself stands in the zone, and not merely a wildcard that answers for it.

        A query cannot tell the two apart; the prerequisite of an update that changes nothing can.
        """
        update = self._update()
        update.present(dns.name.from_text(name), kind)
        code = self._try(update)
        if code in (dns.rcode.NXRRSET, dns.rcode.NXDOMAIN):
            return False
        self._expect(code, f"looking for {name} {kind}")
        return True

    def create(self, name: str, kind: str, ttl: int, values: Collection[str]) -> None:
        """Adds a record set where none stands. One with exactly this content counts as done: an interrupted run made it."""
        update = self._update()
        update.absent(dns.name.from_text(name), kind)
        self._add(update, name, kind, ttl, values)
        code = self._try(update)
        if code == dns.rcode.YXRRSET:
            standing = self.read(name, kind)
            if standing is None or standing[1] != _normal(kind, values):
                content = ", ".join(standing[1]) if standing else "other content"
                raise OccupiedError(
                    f"{name} {kind} already exists in zone {self.zone} with {content}: remove it, or choose another name"
                )
            if standing[0] != ttl:
                self.replace(name, kind, ttl, values)
            return
        self._expect(code, f"creating {name} {kind}")

    def replace(self, name: str, kind: str, ttl: int, values: Collection[str]) -> None:
        """Makes the record set exactly this."""
        update = self._update()
        update.delete(dns.name.from_text(name), kind)
        self._add(update, name, kind, ttl, values)
        self._expect(self._try(update), f"changing {name} {kind}")

    def delete(self, name: str, kind: str, values: Collection[str]) -> None:
        """Removes these values of the record set; others, which somebody else added, stay, and what is gone is fine."""
        update = self._update()
        update.delete(dns.name.from_text(name), dns.rrset.from_text_list(name, 0, "IN", kind, values).to_rdataset())
        self._expect(self._try(update), f"deleting {name} {kind}")

    def check(self) -> None:
        """Raises DnsError unless the server is primary for the zone and takes updates from this key; changes nothing."""
        update = self._update()
        update.present(dns.name.from_text(self.zone), "SOA")
        self._expect(self._try(update), "a signed update that changes nothing")

    def name_servers(self) -> list[str]:
        """The zone's NS records; empty where the server does not answer, since only a person reads them."""
        try:
            standing = self.read(self.zone, "NS")
        except DnsError:
            return []
        return standing[1] if standing else []

    def _key(self) -> dns.tsig.Key:
        return dns.tsig.Key(self.key_name, self.secret, self.algorithm)

    def _update(self) -> dns.update.UpdateMessage:
        return dns.update.UpdateMessage(dns.name.from_text(self.zone), keyring=self._key())

    @staticmethod
    def _add(update: dns.update.UpdateMessage, name: str, kind: str, ttl: int, values: Collection[str]) -> None:
        update.add(dns.name.from_text(name), dns.rrset.from_text_list(name, ttl, "IN", kind, values).to_rdataset())

    def _try(self, update: dns.update.UpdateMessage) -> dns.rcode.Rcode:
        return self._exchange(update).rcode()

    def _expect(self, code: dns.rcode.Rcode, doing: str) -> None:
        if code != dns.rcode.NOERROR:
            raise DnsError(self._refusal(code, doing))

    def _exchange(self, message: dns.message.Message) -> dns.message.Message:
        host, _, port = self.server.rpartition(":")
        try:
            return dns.query.tcp(message, host.strip("[]"), timeout=TIMEOUT, port=int(port))
        except dns.tsig.PeerBadKey:
            raise DnsError(f"{self.server} does not know TSIG key {self.key_name}: compare its name and algorithm") from None
        except dns.tsig.PeerBadSignature:
            raise DnsError(
                f"{self.server} refuses the signature of TSIG key {self.key_name}: the secret is another one"
            ) from None
        except dns.tsig.PeerBadTime:
            raise DnsError(f"{self.server} refuses the time of the signature: the two clocks differ too much") from None
        except (OSError, dns.exception.DNSException) as error:
            reason = str(error) or type(error).__name__
            raise DnsError(f"{self.server} does not answer: {reason}") from None

    def _refusal(self, code: dns.rcode.Rcode, doing: str) -> str:
        meaning = {
            dns.rcode.REFUSED: f"its policy does not let key {self.key_name} do that",
            dns.rcode.NOTAUTH: f"it is not primary for zone {self.zone}, or does not accept key {self.key_name}",
            dns.rcode.NOTZONE: f"the name is not in zone {self.zone}",
            dns.rcode.SERVFAIL: "it failed; look at its log",
        }.get(code, "no further reason is given")
        return f"{self.server} answers {dns.rcode.to_text(code)} to {doing}: {meaning}"


def _text(item: object) -> str:
    return str(item)


def _normal(kind: str, values: Collection[str]) -> list[str]:
    """Values as the server would say them (quotes, case, absolute names)."""
    return sorted(_text(item) for item in dns.rrset.from_text_list("x.", 1, "IN", kind, values))
