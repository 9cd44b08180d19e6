"""The installation's key ring and the sealed records under it.

Envelope encryption with AES-256-GCM: every record (a dossier with all its revisions, a session, a webhook secret) has
a random data key; the key ring wraps it. Destroying the wrapped key erases the record in every table, backup and
replica at once.

Wrapped key: version byte, key id length, key id, 12-byte nonce, 48 bytes. Sealed blob: 12-byte nonce, ciphertext, tag.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import ConfigurationError, Fault, GatewayError, IntegrityFailed
from gateway.vault.ring_file import (
    KEY_BYTES,
    RingDocument,
    derive_digest_key,
    mark_of,
    read_ring,
    ring_faults,
    ring_text,
    write_once,
)

_VERSION = 1
_NONCE_BYTES = 12
_LOOK_AGAIN_SECONDS = 1.0


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


class UnknownRingKey(IntegrityFailed):
    """A record is wrapped by a key that the ring does not have (any more, or yet)."""


class FileKeyRing:
    """A key ring held in memory."""

    def __init__(
        self, keys: Mapping[str, bytes], active: str, *, next_id: str | None = None, digest_key: bytes | None = None
    ) -> None:
        """Take 32-byte keys by id. Without a digest key, digests hang on the key whose id sorts first.

        Raises ConfigurationError listing every fault.
        """
        faults = ring_faults(keys, active, next_id, digest_key)
        if faults:
            raise ConfigurationError(faults)
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        encoded = active.encode()
        self._prefix = bytes([_VERSION, len(encoded)]) + encoded
        self._active = self._ciphers[active]
        self._digest_key = digest_key or derive_digest_key(keys)
        self.active_id = active
        self.marks = {key_id: mark_of(key) for key_id, key in keys.items()}
        self.digest_mark = mark_of(self._digest_key)

    @classmethod
    def of(cls, document: RingDocument) -> "FileKeyRing":
        """Take what a ring file holds."""
        return cls(document.keys, document.active, next_id=document.next, digest_key=document.digest_key)

    def new_record_key(self) -> SealedRecordKey:
        data_key = AESGCM.generate_key(bit_length=256)
        return SealedRecordKey(data_key, self._wrap(data_key))

    def open_record_key(self, wrapped: bytes) -> SealedRecordKey:
        return SealedRecordKey(self._unwrap(wrapped), wrapped)

    def rewrap(self, wrapped: bytes) -> bytes:
        """Wrap the same data key by the active key: what it sealed stays as it is. Raises IntegrityFailed."""
        return self._wrap(self._unwrap(wrapped))

    def digest(self, content: bytes) -> bytes:
        return blake2b(content, key=self._digest_key, digest_size=32).digest()

    def _wrap(self, data_key: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return self._prefix + nonce + self._active.encrypt(nonce, data_key, self._prefix)

    def _unwrap(self, wrapped: bytes) -> bytes:
        if len(wrapped) < 2 or wrapped[0] != _VERSION:
            raise IntegrityFailed("a wrapped key has an unknown form")
        header_length = 2 + wrapped[1]
        prefix, rest = wrapped[:header_length], wrapped[header_length:]
        cipher = self._ciphers.get(prefix[2:].decode(errors="replace"))
        if cipher is None:
            raise UnknownRingKey("the key ring has no key for a record")
        try:
            return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], prefix)
        except (InvalidTag, ValueError) as error:
            raise IntegrityFailed("a wrapped key does not verify") from error


class ReloadingKeyRing:
    """A key ring that follows its file: when it is told to look, and when a record's key is not known.

    A file that cannot be read, or that has another digest key, is not taken: the ring goes on with what it has.
    """

    def __init__(self, path: Path, *, monotonic: Callable[[], float]) -> None:
        """Read the file. Raises ConfigurationError listing every fault."""
        self.path = path
        self._monotonic = monotonic
        self._looked_at: float | None = None
        self._state = _state_of(path)
        self._ring = FileKeyRing.of(read_ring(path))
        self.problem: GatewayError | None = None

    @property
    def current(self) -> FileKeyRing:
        return self._ring

    def refresh(self) -> bool:
        """Look whether the file changed, and take it if it is good; tell whether there is news, good or bad.

        Bad news stays in `problem` until the file is good again.
        """
        state = _state_of(self.path)
        if state == self._state:
            return False
        self._state = state
        try:
            ring = FileKeyRing.of(read_ring(self.path))
            if ring.digest_mark != self._ring.digest_mark:
                raise ConfigurationError([Fault("digest_key", "must stay what it was; nothing was taken over")])
        except ConfigurationError as error:
            self.problem = error
            return True
        self.problem = None
        self._ring = ring
        return True

    def new_record_key(self) -> SealedRecordKey:
        return self._ring.new_record_key()

    def open_record_key(self, wrapped: bytes) -> SealedRecordKey:
        try:
            return self._ring.open_record_key(wrapped)
        except UnknownRingKey:
            # Another process may use a newer key already. Looking costs a system call, so not at every record.
            now = self._monotonic()
            if self._looked_at is not None and now - self._looked_at < _LOOK_AGAIN_SECONDS:
                raise
            self._looked_at = now
            if not self.refresh() or self.problem is not None:
                raise
            return self._ring.open_record_key(wrapped)

    def rewrap(self, wrapped: bytes) -> bytes:
        """Wrap the same data key by the active key. Raises IntegrityFailed."""
        return self._ring.rewrap(wrapped)

    def digest(self, content: bytes) -> bytes:
        return self._ring.digest(content)


def _state_of(path: Path) -> tuple[int, int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def load_key_ring(path: Path) -> FileKeyRing:
    """Read the ring file. Raises ConfigurationError listing every fault (missing, readable by others, not base64)."""
    return FileKeyRing.of(read_ring(path))


def create_key_ring(path: Path) -> FileKeyRing:
    """Write a new ring with one random key (mode 0600) unless the file is there already, and read it."""
    keys = {"k1": secrets.token_bytes(KEY_BYTES)}
    # Derived, so that a gateway from before, which knows of no digest key, makes the same digests.
    fresh = RingDocument(keys=keys, active="k1", next=None, digest_key=derive_digest_key(keys))
    write_once(path, ring_text(fresh))
    return load_key_ring(path)
