"""Whether a manifest was signed by the province: detached JWS and key sets, by hand. Pure.

No library of tokens is shared with whoever signs. Sources: RFC 7515 appendix F (detached content), RFC 7517 and
RFC 7518 §6 (keys), RFC 8037 and RFC 9864 (Ed25519); monitoring notes §4.5.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from adapters.monitoring.sandbox.canonical import read_object
from adapters.monitoring.sandbox.findings import FindingKind, Refused, broken

_P256_BYTES = 32
_FAMILIES: Mapping[str, str] = {"ES256": "ES256", "EdDSA": "EdDSA", "Ed25519": "EdDSA"}
"""The algorithms that are allowed, each with the family of its key; nothing else is ever tried."""
_MAX_SIGNATURE_CHARS = 4096


class UnknownKey(Refused):
    """The key that is named is not in the set."""

    def __init__(self) -> None:
        super().__init__(FindingKind.SIGNATURE_FAILED, "the key set does not hold the key that signed")


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A public key of a key set."""

    kid: str
    family: str
    public: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class DetachedSignature:
    """A compact JWS without its payload, taken apart and not yet verified."""

    protected: str
    algorithm: str
    kid: str
    signature: bytes = field(repr=False)


def read_key_set(document: Mapping[str, Any]) -> dict[str, PublishedKey]:
    """Give the keys by id; those of other kinds are left out. Raises Refused (contract_broken) for a set that breaks
    the agreement: a key without id or algorithm, an id twice, a key that is private or none."""
    listed = document.get("keys")
    if not isinstance(listed, list) or not listed:
        raise broken("jwks.json: holds no keys")
    found: dict[str, PublishedKey] = {}
    seen: set[str] = set()
    for entry in listed:
        if not isinstance(entry, dict) or not _is_text(entry.get("kid")) or not _is_text(entry.get("alg")):
            raise broken("jwks.json: a key has no kid or no alg")
        if "d" in entry:
            raise broken("jwks.json: hands out a private key")
        if entry["kid"] in seen:
            raise broken("jwks.json: two keys have one kid")
        seen.add(entry["kid"])
        family = _FAMILIES.get(entry["alg"])
        if family is not None and entry.get("use", "sig") == "sig":
            found[entry["kid"]] = PublishedKey(entry["kid"], family, _public(entry, family))
    return found


def read_signature(text: object) -> DetachedSignature:
    """Take a detached signature apart. Raises Refused (signature_failed) for another form, another algorithm, or a
    header that asks for what is not understood."""
    parts = text.split(".") if isinstance(text, str) and len(text) <= _MAX_SIGNATURE_CHARS else []
    if len(parts) != 3 or parts[1]:
        raise _failed("is no compact JWS with its content detached")
    try:
        header = read_object(_decoded(parts[0]), "header")
        signature = _decoded(parts[2])
    except (Refused, binascii.Error):
        raise _failed("is not readable") from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in _FAMILIES:
        raise _failed("is made with an algorithm that is not allowed")
    if not isinstance(kid, str) or not kid:
        raise _failed("names no key")
    if {"crit", "b64", "zip"} & header.keys():
        raise _failed("asks for more than was agreed")
    return DetachedSignature(parts[0], algorithm, kid, signature)


def verify(signature: DetachedSignature, payload: bytes, keys: Mapping[str, PublishedKey]) -> None:
    """Hold a signature against what it is said to sign. Raises UnknownKey, or Refused (signature_failed)."""
    key = keys.get(signature.kid)
    if key is None:
        raise UnknownKey
    if key.family != _FAMILIES[signature.algorithm]:
        raise _failed("is made with another algorithm than its key is for")
    signed = f"{signature.protected}.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}".encode()
    try:
        if isinstance(key.public, ed25519.Ed25519PublicKey):
            key.public.verify(signature.signature, signed)
            return
        key.public.verify(_der(signature.signature), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise _failed("does not fit what it signs") from None


def _failed(message: str) -> Refused:
    return Refused(FindingKind.SIGNATURE_FAILED, f"the signature {message}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _decoded(text: object) -> bytes:
    """Decode base64url without padding. Raises binascii.Error, also for padding and foreign signs."""
    if not isinstance(text, str) or not text.isascii() or set("=+/") & set(text):
        raise binascii.Error("is not base64url")
    translated = text.replace("-", "+").replace("_", "/")
    return base64.b64decode(translated + "=" * (-len(text) % 4), validate=True)


def _public(entry: Mapping[str, Any], family: str) -> ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey:
    try:
        if family == "ES256" and (entry.get("kty"), entry.get("crv")) == ("EC", "P-256"):
            x, y = (int.from_bytes(_decoded(entry.get(name)), "big") for name in ("x", "y"))
            return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        if family == "EdDSA" and (entry.get("kty"), entry.get("crv")) == ("OKP", "Ed25519"):
            return ed25519.Ed25519PublicKey.from_public_bytes(_decoded(entry.get("x")))
    except (binascii.Error, ValueError):
        raise broken("jwks.json: a key cannot be read") from None
    raise broken("jwks.json: a key is not of the kind that its alg is for")


def _der(signature: bytes) -> bytes:
    if len(signature) != 2 * _P256_BYTES:
        raise _failed("is not as long as its algorithm says")
    r, s = (int.from_bytes(half, "big") for half in (signature[:_P256_BYTES], signature[_P256_BYTES:]))
    return encode_dss_signature(r, s)
