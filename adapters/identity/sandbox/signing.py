"""Signing keys and compact JWS, written by hand so that no library is shared with whoever verifies (notes §18-1)."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_HASHES: Mapping[str, Callable[[], hashes.HashAlgorithm]] = {"RS256": hashes.SHA256, "RS512": hashes.SHA512}


def b64url(data: bytes) -> str:
    """Encode without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def integer(value: int) -> str:
    """Encode a whole number as JWKs have it."""
    return b64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair with a long id such as WSO2 makes: a thumbprint and the algorithm."""

    private: rsa.RSAPrivateKey = field(repr=False)
    kid: str

    @classmethod
    def make(cls, bits: int = 2048) -> "SigningKey":
        private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return cls(private, b64url(sha256(der).hexdigest().encode()) + "_RS256")

    def jwk(self, **more: str) -> dict[str, Any]:
        """Give the public key."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": integer(numbers.n),
            "e": integer(numbers.e),
            **more,
        }

    def pem(self) -> bytes:
        """Give the public key as PEM."""
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, payload: bytes, algorithm: str = "RS256", **header: Any) -> str:
        """Give a compact JWS. A header of None is left out."""
        whole = {"alg": algorithm, "kid": self.kid, "typ": "JWT", **header}
        head = json.dumps({name: value for name, value in whole.items() if value is not None}).encode()
        signed = f"{b64url(head)}.{b64url(payload)}".encode()
        match algorithm:
            case "none":
                signature = b""
            case "HS256":
                signature = hmac.digest(self.pem(), signed, "sha256")
            case _:
                signature = self.private.sign(signed, padding.PKCS1v15(), _HASHES[algorithm]())
        return f"{signed.decode()}.{b64url(signature)}"


class KeyRing:
    """The sandbox's keys: what is published, and which one signs. Changed step by step, as a rotation goes."""

    def __init__(self, make: Callable[[], SigningKey] = SigningKey.make) -> None:
        self._make = make
        first = make()
        self.published: list[SigningKey] = [first]
        self.signing = first
        self.extra: list[dict[str, Any]] = []
        """JWKs that are published beside, as an attack has them."""

    def add(self) -> SigningKey:
        """Publish another key that does not sign yet."""
        key = self._make()
        self.published.append(key)
        return key

    def promote(self) -> SigningKey:
        """Sign with the newest key."""
        self.signing = self.published[-1]
        return self.signing

    def remove(self) -> SigningKey:
        """Publish the oldest key no more."""
        return self.published.pop(0)

    def document(self) -> dict[str, Any]:
        """Give the key set."""
        return {"keys": [*(key.jwk() for key in self.published), *self.extra]}
