"""The installation's key ring and the sealed records under it.

Envelope encryption with AES-256-GCM: every record (a dossier with all its revisions, a session, a webhook secret) has
a random data key; the key ring wraps it. Destroying the wrapped key erases the record in every table, backup and
replica at once. The ring file is TOML:

    active = "k1"
    [keys]
    k1 = "<base64 of 32 random bytes>"

Wrapped key: version byte, key id length, key id, 12-byte nonce, 48 bytes. Sealed blob: 12-byte nonce, ciphertext, tag.
"""

import base64
import binascii
import contextlib
import hmac
import os
import secrets
import tomllib
from hashlib import blake2b, sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import ConfigurationError, Fault, IntegrityFailed

_VERSION = 1
_NONCE_BYTES = 12
_KEY_BYTES = 32


class SealedRecordKey:
    """A data key, opened. Not thread-safe by need: it holds no mutable state."""

    __slots__ = ("_cipher", "wrapped")

    def __init__(self, data_key: bytes, wrapped: bytes) -> None:
        self._cipher = AESGCM(data_key)
        self.wrapped = wrapped

    def seal(self, plain: bytes, *, context: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, context)

    def unseal(self, sealed: bytes, *, context: bytes) -> bytes:
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError) as error:
            raise IntegrityFailed("a sealed record does not verify") from error


class FileKeyRing:
    """A key ring held in memory, read from a file once at start."""

    def __init__(self, keys: dict[str, bytes], active: str) -> None:
        """Take 32-byte keys by id. Raises ConfigurationError listing every fault."""
        faults = [Fault(f"keys.{key_id}", "must be 32 bytes") for key_id, key in keys.items() if len(key) != _KEY_BYTES]
        faults += [
            Fault(f"keys.{key_id}", "id must be 1 to 40 characters") for key_id in keys if not 0 < len(key_id) <= 40
        ]
        if active not in keys:
            faults.append(Fault("active", "must name one of the keys"))
        if faults:
            raise ConfigurationError(faults)
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        encoded = active.encode()
        self._prefix = bytes([_VERSION, len(encoded)]) + encoded
        self._active = self._ciphers[active]
        # Digests must stay comparable over rotations, so they hang on the oldest key by id, not on the active one.
        self._digest_key = hmac.digest(keys[min(keys)], b"lien-thong content digest", sha256)

    def new_record_key(self) -> SealedRecordKey:
        data_key = AESGCM.generate_key(bit_length=256)
        nonce = os.urandom(_NONCE_BYTES)
        wrapped = self._prefix + nonce + self._active.encrypt(nonce, data_key, self._prefix)
        return SealedRecordKey(data_key, wrapped)

    def open_record_key(self, wrapped: bytes) -> SealedRecordKey:
        if len(wrapped) < 2 or wrapped[0] != _VERSION:
            raise IntegrityFailed("a wrapped key has an unknown form")
        header_length = 2 + wrapped[1]
        prefix, rest = wrapped[:header_length], wrapped[header_length:]
        cipher = self._ciphers.get(prefix[2:].decode(errors="replace"))
        if cipher is None:
            raise IntegrityFailed("the key ring has no key for a record")
        try:
            data_key = cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], prefix)
        except (InvalidTag, ValueError) as error:
            raise IntegrityFailed("a wrapped key does not verify") from error
        return SealedRecordKey(data_key, wrapped)

    def digest(self, content: bytes) -> bytes:
        return blake2b(content, key=self._digest_key, digest_size=32).digest()


def load_key_ring(path: Path) -> FileKeyRing:
    """Read the ring file. Raises ConfigurationError listing every fault (missing, readable by others, not base64)."""
    faults: list[Fault] = []
    try:
        mode = path.stat().st_mode
        if mode & 0o077:
            faults.append(Fault(str(path), "must be readable by its owner only", f"mode {mode & 0o777:o}"))
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError([Fault(str(path), "must be a readable file", type(error).__name__)]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError([Fault(str(path), "must be TOML")]) from error
    entries = document.get("keys")
    active = document.get("active")
    if not isinstance(entries, dict) or not entries or not isinstance(active, str):
        raise ConfigurationError([*faults, Fault(str(path), 'must hold "active" and a [keys] table')])
    keys: dict[str, bytes] = {}
    for key_id, text in entries.items():
        try:
            keys[key_id] = base64.b64decode(str(text), validate=True)
        except (binascii.Error, ValueError):
            faults.append(Fault(f"keys.{key_id}", "must be base64"))
    if faults:
        raise ConfigurationError(faults)
    return FileKeyRing(keys, active)


def create_key_ring(path: Path) -> FileKeyRing:
    """Write a new ring with one random key (mode 0600) unless the file is there already, and read it."""
    text = f'active = "k1"\n\n[keys]\nk1 = "{base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}"\n'
    write_once(path, text.encode())
    return load_key_ring(path)


def write_once(path: Path, content: bytes) -> None:
    """Write a secret file (mode 0600) unless it is there already.

    Written aside and linked into place: two processes starting at once end up with one file, and never half of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
