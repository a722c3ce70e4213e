"""A Gateway's listeners: what of them can be served, and with which certificates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.gcp.gateway.classes import GatewayClass
from sandbox.gcp.gateway.grants import allowed
from sandbox.gcp.gateway.model import InvalidError, Object, UnresolvedError, World, items_of, key_of_object, spec_of, text_of
from sandbox.imitation.mirror import Key

CERTIFICATE_MAP = "networking.gke.io/certmap"
"""Annotation of a Gateway: a map of Certificate Manager for all its listeners."""

PRE_SHARED = "networking.gke.io/pre-shared-certs"
"""TLS option of a listener: certificates of Compute Engine, by their names."""

_PROTOCOLS = ("HTTP", "HTTPS")


@dataclass
class Listener:
    """One of them.

    Attributes:
        hostname: empty if it takes all.
        secrets: with its certificates.
        shared: names of certificates that Compute Engine has already.
        conflict: reason and message, if it cannot stand beside another.
        problem: why it is not accepted.
        unresolved: why its certificates cannot be had.
    """

    content: Object
    name: str
    port: int
    protocol: str
    hostname: str
    secrets: list[Key] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    conflict: tuple[str, str] | None = None
    problem: InvalidError | None = None
    unresolved: UnresolvedError | None = None

    @property
    def error(self) -> InvalidError | None:
        """What keeps the whole Gateway from being made."""
        return self.problem or self.unresolved


def certificate_map(gateway: Object) -> str:
    """The map that a Gateway names; empty if none."""
    return str(((gateway.get("metadata") or {}).get("annotations") or {}).get(CERTIFICATE_MAP) or "")


def read_listeners(gateway: Object, world: World, kind: GatewayClass) -> list[Listener]:
    """All of them, each with what is wrong with it."""
    found: list[Listener] = []
    for content in items_of(spec_of(gateway), "listeners"):
        one = Listener(content, content["name"], content["port"], content["protocol"], str(content.get("hostname") or ""))
        try:
            _check(one, found)
            if one.protocol == "HTTPS":
                _read_certificates(one, gateway, world, kind)
        except UnresolvedError as error:
            one.unresolved = error
        except InvalidError as error:
            one.problem = error
        found.append(one)
    return found


def _check(one: Listener, before: Iterable[Listener]) -> None:
    if one.protocol not in _PROTOCOLS:
        raise _invalid(one, f"unsupported protocol {one.protocol!r}, {' and '.join(_PROTOCOLS)} are supported")
    for other in before:
        if other.port == one.port and other.protocol != one.protocol:
            one.conflict = "ProtocolConflict", f"listener {other.name!r} speaks {other.protocol} on port {one.port}"
        elif (other.port, other.hostname) == (one.port, one.hostname):
            one.conflict = "HostnameConflict", f"listener {other.name!r} has the same port and hostname"
    if one.conflict:
        raise _invalid(one, one.conflict[1])


def _read_certificates(one: Listener, gateway: Object, world: World, kind: GatewayClass) -> None:
    tls: Object = one.content.get("tls") or {}
    options: Object = tls.get("options") or {}
    if tls and tls.get("mode", "Terminate") != "Terminate":
        raise _invalid(one, f"unsupported TLS mode {tls['mode']!r}, Terminate is supported")
    unknown = sorted(options.keys() - {PRE_SHARED})
    if unknown:
        raise _invalid(one, f"invalid TLS option key {unknown[0]!r}")
    references = items_of(tls, "certificateRefs")
    one.shared = [name.strip() for name in str(options.get(PRE_SHARED) or "").split(",") if name.strip()]
    if certificate_map(gateway):
        if not kind.maps:
            raise _invalid(one, f"annotation {CERTIFICATE_MAP} is not supported by GatewayClass {kind.name}")
        if references or one.shared:
            raise _invalid(one, f"certificates and annotation {CERTIFICATE_MAP} cannot be used together")
        return
    if not references and not one.shared:
        raise _invalid(one, f"no certificate is specified, neither here nor by annotation {CERTIFICATE_MAP}")
    for reference in references:
        one.secrets.append(_secret(one, gateway, world, reference))


def _secret(one: Listener, gateway: Object, world: World, reference: Object) -> Key:
    home = key_of_object(gateway)[0]
    group, kind = reference.get("group") or "", reference.get("kind") or "Secret"
    if (group, kind) != ("", "Secret"):
        text = (
            f"You specified {{Group: {group}, Kind: {kind}}} in the certificate reference,"
            " {Group: , Kind: Secret} are the supported values."
        )
        raise UnresolvedError(_words(one, text), "InvalidCertificateRef")
    key = reference.get("namespace") or home, str(reference["name"])
    if not allowed(world.grants.items(), "Gateway", home, "Secret", key):
        text = f"Secret {text_of(key)} is of another namespace, and no ReferenceGrant there permits it"
        raise UnresolvedError(_words(one, text), "RefNotPermitted")
    secret = world.secrets.get(key)
    if secret is None:
        raise UnresolvedError(f"Error GWCER102: Secret {text_of(key)} not found.", "InvalidCertificateRef")
    missing = [name for name in ("tls.crt", "tls.key") if not (secret.get("data") or {}).get(name)]
    if missing:
        text = f"Secret {text_of(key)} has no {' and no '.join(missing)}"
        raise UnresolvedError(_words(one, text), "InvalidCertificateRef")
    return key


def _words(one: Listener, text: str) -> str:
    return f'Error GWCER105: Listener "{one.name}" is invalid, err: {text}'


def _invalid(one: Listener, text: str) -> InvalidError:
    return InvalidError(_words(one, text + "."))
