"""What is sealed of share consents, and the digests by which they are found without it."""

from typing import Any
from uuid import UUID

import msgspec

from gateway.errors import IntegrityFailed
from gateway.ports.basics import KeyRing
from gateway.ports.consent import HubNotice
from gateway.ports.consents import KeptNotice, StoredConsent


class ConsentContent(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed of a consent, and erased with it."""

    citizen_pid: str
    transaction_code: str = ""
    txn_id: str = ""
    facts: dict[str, Any] = {}


class ConsentSeals:
    """Seals and opens; each consent and each early webhook under a key of its own."""

    def __init__(self, key_ring: KeyRing) -> None:
        self._key_ring = key_ring

    def sealed_new(self, consent_id: UUID, personal_id: str) -> tuple[bytes, bytes]:
        """Give wrapped key and sealed content of a new consent."""
        key = self._key_ring.new_record_key()
        content = ConsentContent(citizen_pid=personal_id)
        return key.wrapped, key.seal(msgspec.msgpack.encode(content), context=_context(consent_id))

    def sealed_anew(self, stored: StoredConsent, content: ConsentContent) -> bytes:
        """Give other content of a consent that was opened, sealed under its key."""
        assert stored.wrapped_key is not None, "it was opened a moment ago"
        key = self._key_ring.open_record_key(stored.wrapped_key)
        return key.seal(msgspec.msgpack.encode(content), context=_context(stored.transaction.transaction_id))

    def open(self, stored: StoredConsent) -> ConsentContent:
        """Give what is sealed. Raises IntegrityFailed for what cannot be opened, or is not there."""
        if stored.wrapped_key is None or stored.sealed is None:
            raise IntegrityFailed("a consent that is not over has lost its content")
        key = self._key_ring.open_record_key(stored.wrapped_key)
        plain = key.unseal(stored.sealed, context=_context(stored.transaction.transaction_id))
        try:
            return msgspec.msgpack.decode(plain, type=ConsentContent)
        except msgspec.DecodeError as error:
            raise IntegrityFailed("the content of a consent has an unknown form") from error

    def sealed_notice(self, code_digest: bytes, notice: HubNotice) -> tuple[bytes, bytes]:
        """Give wrapped key and sealed content of a webhook that waits for its consent."""
        key = self._key_ring.new_record_key()
        return key.wrapped, key.seal(msgspec.msgpack.encode(notice), context=_notice_context(code_digest))

    def open_notice(self, code_digest: bytes, kept: KeptNotice) -> HubNotice:
        """Give a webhook that waited. Raises IntegrityFailed."""
        key = self._key_ring.open_record_key(kept.wrapped_key)
        plain = key.unseal(kept.sealed, context=_notice_context(code_digest))
        try:
            return msgspec.msgpack.decode(plain, type=HubNotice)
        except msgspec.DecodeError as error:
            raise IntegrityFailed("a webhook that waited has an unknown form") from error

    def subject(self, personal_id: str) -> bytes:
        """Give the digest of whom a consent is about."""
        return self._key_ring.digest(b"consent subject\0" + personal_id.encode())

    def session(self, sign_in_id: UUID) -> bytes:
        """Give the digest of the sign-in in which it was asked for."""
        return self._key_ring.digest(b"consent session\0" + sign_in_id.bytes)

    def wish(self, *words: str) -> bytes:
        """Give the digest of what was wished; the same words in the same order give the same."""
        return self._key_ring.digest(b"consent wish\0" + msgspec.json.encode(words))

    def digest(self, what: str, hub: str, code: str) -> bytes | None:
        """Give the digest by which a code of the hub is found; None for "", which is no code."""
        return self._key_ring.digest(f"consent {what}\0{hub}\0{code}".encode()) if code else None


def _context(consent_id: UUID) -> bytes:
    return b"share consent " + consent_id.bytes


def _notice_context(code_digest: bytes) -> bytes:
    return b"early consent notice " + code_digest
