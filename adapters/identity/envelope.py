"""The sealed form of the newer VNeID answers (electronic identity notes §6.2). Pure.

It hides content and proves nothing: there is no signature, and anybody who has our public key can make one. All that is
known of its origin is the TLS connection that it came by, so it is taken from the provider's own answers only, with the
code in the callback as the one exception that the wire forces on us; what that code is worth, the token endpoint says.

Every failure is the same refusal. PKCS#1 v1.5 decryption of a damaged key may give random bytes instead of an error;
they fail later, at the length of the key, the padding, or the JSON.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from adapters.identity.documents import read_object
from gateway.model.identity import EidCode, SignInRefused

MAX_ENVELOPE_BYTES = 256 * 1024
MAX_CODE_CHARACTERS = 8192
_BLOCK_BITS = 128
_AES_LENGTHS = frozenset({16, 24, 32})


@dataclass(frozen=True, slots=True)
class Unsealed:
    """The content, and which of our keys opened it (0 is the newest)."""

    content: bytes
    key_place: int


def _refused() -> SignInRefused:
    return SignInRefused(EidCode.ENVELOPE_INVALID, "envelope")


def unseal(data: str, key: str, own_keys: Sequence[RSAPrivateKey]) -> Unsealed:
    """Open one envelope: `key` is the AES key under our RSA key, `data` AES-ECB with PKCS#7; both standard base64.

    `own_keys` are tried newest first. Raises SignInRefused.
    """
    if len(data) > MAX_ENVELOPE_BYTES * 4 // 3 + 4 or len(key) > 2048:
        raise _refused()
    try:
        raw_data, raw_key = base64.b64decode(data, validate=True), base64.b64decode(key, validate=True)
    except (ValueError, binascii.Error):
        raise _refused() from None
    if not raw_data or len(raw_data) % (_BLOCK_BITS // 8):
        raise _refused()
    for place, own in enumerate(own_keys):
        content = _opened(raw_data, raw_key, own)
        if content is not None:
            return Unsealed(content, place)
    raise _refused()


def _opened(data: bytes, wrapped: bytes, own: RSAPrivateKey) -> bytes | None:
    if len(wrapped) != (own.key_size + 7) // 8:
        return None
    try:
        # Both are what the provider uses; see the module's first lines for what they are worth.
        secret = own.decrypt(wrapped, padding.PKCS1v15())
        if len(secret) not in _AES_LENGTHS:
            return None
        decryptor = Cipher(algorithms.AES(secret), modes.ECB()).decryptor()  # noqa: S305
        padded = decryptor.update(data) + decryptor.finalize()
        unpadder = block_padding.PKCS7(_BLOCK_BITS).unpadder()
        return unpadder.update(padded) + unpadder.finalize()
    except (ValueError, UnsupportedAlgorithm):
        return None


def sealed_parts(document: Any) -> tuple[str, str] | None:
    """Give `data` and `key` of a document that is an envelope and nothing else; None for any other."""
    if isinstance(document, dict) and document.keys() == {"data", "key"}:
        data, key = document["data"], document["key"]
        if isinstance(data, str) and isinstance(key, str):
            return data, key
    return None


def unseal_object(data: str, key: str, own_keys: Sequence[RSAPrivateKey]) -> tuple[dict[str, Any], int]:
    """Open an envelope that must hold a JSON object; give it and the place of our key. Raises SignInRefused."""
    unsealed = unseal(data, key, own_keys)
    try:
        return read_object(unsealed.content), unsealed.key_place
    except ValueError:
        raise _refused() from None


def unseal_code(code: str, key: str, own_keys: Sequence[RSAPrivateKey]) -> str:
    """Open a sealed authorization code: letters, digits, dashes and dots, since GUIDs joined by dots have been seen.

    Raises SignInRefused.
    """
    if len(code) > MAX_CODE_CHARACTERS:
        raise _refused()
    try:
        text = unseal(code, key, own_keys).content.decode("ascii")
    except UnicodeDecodeError:
        raise _refused() from None
    if not text or not text.replace("-", "").replace(".", "").isalnum():
        raise _refused()
    return text
