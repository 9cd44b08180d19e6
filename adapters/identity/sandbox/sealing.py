"""The envelope of p3 (notes §6.2): an AES key under RSA PKCS#1 v1.5, content under AES-ECB with PKCS#7."""

import base64
import secrets

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import load_pem_public_key

BLOCK = 16


class Envelope:
    """What was sealed, before it is written as base64; attacks change it."""

    def __init__(self, content: bytes, public_key: str, *, pads: bool = True) -> None:
        loaded = load_pem_public_key(public_key.encode())
        assert isinstance(loaded, RSAPublicKey), "registered keys are RSA"
        secret = secrets.token_bytes(32)
        self.key = loaded.encrypt(secret, padding.PKCS1v15())
        padded = content
        if pads:
            missing = BLOCK - len(content) % BLOCK
            padded = content + bytes([missing]) * missing
        encryptor = Cipher(algorithms.AES(secret), modes.ECB()).encryptor()  # noqa: S305 - the wire has it so
        self.data = encryptor.update(padded) + encryptor.finalize()

    @property
    def key_text(self) -> str:
        return base64.b64encode(self.key).decode()

    @property
    def data_text(self) -> str:
        return base64.b64encode(self.data).decode()

    def as_dict(self) -> dict[str, str]:
        """Give the JSON members."""
        return {"data": self.data_text, "key": self.key_text}
