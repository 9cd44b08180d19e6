"""Signing of the gateway's assertions: ES256, by keys of the installation's own.

The first key signs; further ones are published only, so that what was signed before a change of keys can be verified
until it has expired. Clients fetch the public keys and choose by `kid` (the JWK thumbprint of RFC 7638).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from gateway.errors import ConfigurationError, Fault, IntegrityFailed
from gateway.vault.ring_file import write_once

ASSERTION_TYPE = "identity-assertion+jwt"
_REGISTRY = JWSRegistry(algorithms=["ES256"])


class Es256Signer:
    """Implements AssertionSigner."""

    def __init__(self, keys: Sequence[ec.EllipticCurvePrivateKey]) -> None:
        """Take P-256 keys, the signing one first."""
        self._keys = [_named(key) for key in keys]

    def sign(self, claims: dict[str, Any]) -> str:
        return self.sign_typed(ASSERTION_TYPE, claims)

    def sign_typed(self, token_type: str, claims: dict[str, Any]) -> str:
        """Give a compact JWS of a type of its own, so that none is ever taken for another (RFC 8725 section 3.11)."""
        key = self._keys[0]
        header = {"alg": "ES256", "typ": token_type, "kid": key.kid}
        return jwt.encode(header, claims, key, registry=_REGISTRY)

    def sign_detached(self, token_type: str, body: bytes) -> str:
        """Give a compact JWS whose payload stands elsewhere (RFC 7515 appendix F)."""
        key = self._keys[0]
        header = {"alg": "ES256", "typ": token_type, "kid": key.kid}
        return jws.detach_content(jws.serialize_compact(header, body, key, registry=_REGISTRY))

    def public_keys(self) -> Sequence[dict[str, Any]]:
        return [{**key.as_dict(private=False), "use": "sig", "alg": "ES256"} for key in self._keys]


class Es256Verifier:
    """Verifies what was signed by known keys, found by their thumbprints (RFC 7638) whatever names they are given."""

    def __init__(self, keys: Sequence[dict[str, Any]]) -> None:
        """Take public keys as JWKs. Raises ConfigurationError for one that is no P-256 key."""
        self._keys: dict[str, ECKey] = {}
        for place, jwk in enumerate(keys):
            try:
                key = ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y")})
            except (JoseError, KeyError, TypeError, ValueError) as error:
                raise ConfigurationError([Fault(f"keys.{place}", "must be a public P-256 key as JWK")]) from error
            if key.curve_name != "P-256":
                raise ConfigurationError([Fault(f"keys.{place}", "must be a public P-256 key as JWK")])
            self._keys[key.thumbprint()] = key

    def knows(self, key_id: str) -> bool:
        return key_id in self._keys

    def read(self, token: str, token_type: str, key_id: str) -> dict[str, Any]:
        """Give the claims of a token of this type, signed by this key. Raises IntegrityFailed."""
        key = self._keys.get(key_id)
        if key is None:
            raise IntegrityFailed("a signature is by a key that is not known")
        try:
            read = jwt.decode(token, key, registry=_REGISTRY)
        except (JoseError, ValueError) as error:
            raise IntegrityFailed("a signature does not hold") from error
        if read.header.get("typ") != token_type:
            raise IntegrityFailed("a signature is of another type")
        return dict(read.claims)

    def check_detached(self, signature: str, token_type: str, body: bytes) -> None:
        """Take a signature over a body by one of the keys. Raises IntegrityFailed."""
        if ".." not in signature:
            # One that brings a payload of its own would be verified over that, and not over the body.
            raise IntegrityFailed("a signature is not detached")
        try:
            read = jws.deserialize_compact(
                signature, lambda token: self._key_of(token.headers()), registry=_REGISTRY, payload=body
            )
        except (JoseError, ValueError) as error:
            raise IntegrityFailed("a signature does not hold") from error
        if read.headers().get("typ") != token_type or read.payload != body:
            raise IntegrityFailed("a signature is of another type")

    def _key_of(self, header: Mapping[str, Any]) -> ECKey:
        key = self._keys.get(str(header.get("kid", "")))
        if key is None:
            raise IntegrityFailed("a signature is by a key that is not known")
        return key


def _named(key: ec.EllipticCurvePrivateKey) -> ECKey:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    known = ECKey.import_key(pem)
    known.ensure_kid()
    return known


def load_signer(paths: Sequence[Path], named: str = "identity.signing_key_files") -> Es256Signer:
    """Read PEM files of P-256 keys. Raises ConfigurationError listing every fault."""
    keys, faults = [], []
    for place, path in enumerate(paths):
        setting = f"{named}.{place}"
        try:
            if path.stat().st_mode & 0o077:
                faults.append(Fault(setting, "must be readable by its owner only"))
            key = load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError, TypeError):
            faults.append(Fault(setting, "must be a readable PEM file of a P-256 key"))
            continue
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            faults.append(Fault(setting, "must be a P-256 key"))
        else:
            keys.append(key)
    if faults:
        raise ConfigurationError(faults)
    return Es256Signer(keys)


def create_signing_key(path: Path) -> None:
    """Write a new key (mode 0600) unless the file is there already."""
    key = ec.generate_private_key(ec.SECP256R1())
    write_once(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
