"""Asking a URL as a visitor of the sandbox's internet would: its DNS, its certificate authorities, nothing else."""

from __future__ import annotations

import ipaddress
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import dns.exception
import dns.resolver
import httpx2

from sandbox.layout import Layout


class UnreachableError(Exception):
    """No answer. `code` is the exit code that curl gives for the same."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        version: such as `HTTP/1.1`.
        issuer: common name of the certificate's issuer; None without TLS.
        expires: when the certificate ends; None without TLS.
    """

    status: int
    reason: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes
    issuer: str | None = None
    expires: datetime | None = None

    @property
    def service(self) -> str | None:
        """`namespace/name` of the Service that answered, when it was the sandbox's echo."""
        try:
            said = json.loads(self.body)
            return f"{said['namespace']}/{said['service']}"
        except (ValueError, KeyError, TypeError):
            return None

    def header(self, name: str) -> str | None:
        """One header's value."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def resolve(layout: Layout, host: str) -> str:
    """The address that the sandbox's DNS gives for a host; an address is itself.

    Raises:
        UnreachableError: no such name, or the DNS server does not answer.
    """
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    server, _, port = layout.fact("dns-server").rpartition(":")
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port, resolver.lifetime = [server], int(port), 3
    try:
        return str(resolver.resolve(f"{host}.", "A")[0])
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        raise UnreachableError(f"the sandbox's DNS knows no address of {host}", 6) from None
    except dns.exception.DNSException as error:
        raise UnreachableError(f"the sandbox's DNS does not answer for {host}: {error}", 6) from error


def fetch(layout: Layout, url: str, method: str = "GET", headers: Mapping[str, str] | None = None, seconds: float = 10) -> Answer:
    """One request, redirects not followed. Without a port in the URL, 80 and 443 are the sandbox's own two.

    Raises:
        UnreachableError: the URL or the name is wrong, the connection fails, or the certificate is not valid.
    """
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise UnreachableError(f"{url}: {error}", 3) from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise UnreachableError(f"{url} is not an http or https URL", 3)
    if not (layout.roots.is_file() and (layout.facts / "dns-server").is_file()):
        raise UnreachableError("the sandbox has never been up here: python -m sandbox up", 7)
    port = parsed.port or int(layout.fact(f"{parsed.scheme}-port"))
    target = parsed.copy_with(host=resolve(layout, parsed.host), port=port)
    # Certificates are checked for the name in the URL, by the sandbox's roots alone.
    trust = ssl.create_default_context(cafile=str(layout.roots))
    with httpx2.Client(verify=trust, trust_env=False, timeout=seconds) as client:
        request = client.build_request(
            method,
            target,
            headers={"Host": parsed.netloc.decode(), "User-Agent": "portico-sandbox", **(headers or {})},
            extensions={"sni_hostname": parsed.host},
        )
        try:
            response = client.send(request, stream=True)
            issuer, expires = _certificate(response)
            body = response.read()
        except httpx2.HTTPError as error:
            cause = _root_cause(error)
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise UnreachableError(f"{url}: certificate refused: {cause.verify_message}", 60) from error
            if isinstance(cause, ssl.SSLError):
                raise UnreachableError(f"{url}: TLS failed: {cause.reason or cause}", 35) from error
            raise UnreachableError(f"{url} at {target.host}:{port}: {error}", 7) from error
    return Answer(
        status=response.status_code,
        reason=response.reason_phrase,
        version=response.http_version,
        headers=response.headers.multi_items(),
        body=body,
        issuer=issuer,
        expires=expires,
    )


def _certificate(response: httpx2.Response) -> tuple[str | None, datetime | None]:
    tls = response.extensions["network_stream"].get_extra_info("ssl_object")
    if tls is None:
        return None, None
    certificate = tls.getpeercert()
    issuer = dict(pair for part in certificate["issuer"] for pair in part).get("commonName")
    return issuer, datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)


def _root_cause(error: BaseException) -> BaseException:
    """What an error was made of in the end."""
    while (inner := error.__cause__ or error.__context__) is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = inner
    return error
