"""Signing of the gateway's assertions: ES256, by keys of the installation's own.

The first key signs; further ones are published only, so that what was signed before a change of keys can be verified
until it has expired. Clients fetch the public keys and choose by `kid` (the JWK thumbprint of RFC 7638).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from gateway.errors import ConfigurationError, Fault
from gateway.vault.keyring import write_once

ASSERTION_TYPE = "identity-assertion+jwt"
_REGISTRY = JWSRegistry(algorithms=["ES256"])


class Es256Signer:
    """Implements AssertionSigner."""

    def __init__(self, keys: Sequence[ec.EllipticCurvePrivateKey]) -> None:
        """Take P-256 keys, the signing one first."""
        self._keys = [_named(key) for key in keys]

    def sign(self, claims: dict[str, Any]) -> str:
        key = self._keys[0]
        header = {"alg": "ES256", "typ": ASSERTION_TYPE, "kid": key.kid}
        return jwt.encode(header, claims, key, registry=_REGISTRY)

    def public_keys(self) -> Sequence[dict[str, Any]]:
        return [{**key.as_dict(private=False), "use": "sig", "alg": "ES256"} for key in self._keys]


def _named(key: ec.EllipticCurvePrivateKey) -> ECKey:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    known = ECKey.import_key(pem)
    known.ensure_kid()
    return known


def load_signer(paths: Sequence[Path]) -> Es256Signer:
    """Read PEM files of P-256 keys. Raises ConfigurationError listing every fault."""
    keys, faults = [], []
    for place, path in enumerate(paths):
        setting = f"identity.signing_key_files.{place}"
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
