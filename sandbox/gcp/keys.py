"""Keys of signed zones: what the parent zone would be told of them is true of the keys, although nobody signs with them.

The sandbox's DNS serves zones unsigned. What a program can see of DNSSEC without a validating resolver is here.
"""

from __future__ import annotations

import base64
from typing import Any, Literal

import dns.dnssec
import dns.name
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from dns.dnssectypes import Algorithm

from sandbox.gcp.errors import Refusal
from sandbox.gcp.store import now

Kind = Literal["keySigning", "zoneSigning"]
# Without defaultKeySpecs: https://cloud.google.com/dns/docs/dnssec-advanced#signing-options
_DEFAULTS: dict[Kind, tuple[str, int]] = {"keySigning": ("rsasha256", 2048), "zoneSigning": ("rsasha256", 1024)}
_FLAGS: dict[Kind, int] = {"keySigning": 257, "zoneSigning": 256}  # RFC 4034, 2.1.1: zone key, secure entry point
_ALGORITHMS = {
    "rsasha1": Algorithm.RSASHA1,
    "rsasha256": Algorithm.RSASHA256,
    "rsasha512": Algorithm.RSASHA512,
    "ecdsap256sha256": Algorithm.ECDSAP256SHA256,
    "ecdsap384sha384": Algorithm.ECDSAP384SHA384,
}
_CURVES: dict[str, ec.EllipticCurve] = {"ecdsap256sha256": ec.SECP256R1(), "ecdsap384sha384": ec.SECP384R1()}


def settle(zone: dict[str, Any]) -> None:
    """Give a zone keys when it becomes a signed one, and take them away when it is none any more."""
    config = zone["body"].get("dnssecConfig") or {}
    if config.get("state", "off") == "off":
        zone["inside"].pop("keys", None)
    elif "keys" not in zone["inside"]:
        specs = {spec.get("keyType"): spec for spec in config.get("defaultKeySpecs", [])}
        zone["inside"]["keys"] = [_key(str(zone["body"]["dnsName"]), kind, specs.get(kind, {})) for kind in _FLAGS]


def keys_of(zone: dict[str, Any]) -> list[dict[str, Any]]:
    """The keys of a zone, which must be a signed one."""
    if "keys" not in zone["inside"]:
        raise Refusal(404, f"The 'parameters.managedZone' resource named '{zone['body']['name']}' does not have DNSSEC enabled.")
    found: list[dict[str, Any]] = zone["inside"]["keys"]
    return found


def key_of(zone: dict[str, Any], number: str) -> dict[str, Any]:
    """One of them."""
    for key in keys_of(zone):
        if key["id"] == number:
            return key
    raise Refusal(404, f"The 'parameters.dnsKeyId' resource named '{number}' does not exist.")


def _key(zone: str, kind: Kind, spec: dict[str, Any]) -> dict[str, Any]:
    algorithm = str(spec.get("algorithm") or _DEFAULTS[kind][0])
    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey
    if algorithm in _CURVES:
        length = _CURVES[algorithm].key_size
        public = ec.generate_private_key(_CURVES[algorithm]).public_key()
    else:
        length = int(spec.get("keyLength") or _DEFAULTS[kind][1])
        public = rsa.generate_private_key(public_exponent=65537, key_size=length).public_key()
    record = dns.dnssec.make_dnskey(public, _ALGORITHMS[algorithm], flags=_FLAGS[kind])
    shown: dict[str, Any] = {
        "kind": "dns#dnsKey",
        "id": "0" if kind == "keySigning" else "1",  # they are counted in each zone
        "algorithm": algorithm,
        "keyLength": length,
        "keyTag": dns.dnssec.key_id(record),
        "publicKey": base64.b64encode(record.key).decode(),
        "creationTime": now(),
        "isActive": True,
        "type": kind,
    }
    if kind == "keySigning":
        digest = dns.dnssec.make_ds(dns.name.from_text(zone), record, "SHA256").digest.hex().upper()
        shown["digests"] = [{"type": "sha256", "digest": digest}]
    return shown
