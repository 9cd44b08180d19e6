"""What receipts say, sealed as it is kept: each under a key of its own, bound to the receipt's idempotency key."""

from collections.abc import Awaitable, Callable

import msgspec

from gateway.model.receipt import Receipt
from gateway.ports.basics import KeyRing

Kept = Callable[[str], Awaitable[tuple[bytes, bytes] | None]]
"""Gives wrapped key and sealed content of a receipt by its key; None when there is none."""


class ReceiptContents:
    """Seals receipts, and opens what is kept of them."""

    def __init__(self, kept: Kept, key_ring: KeyRing) -> None:
        self._kept = kept
        self._key_ring = key_ring

    def seal(self, receipt: Receipt) -> tuple[bytes, bytes]:
        """Give wrapped key and sealed receipt."""
        key = self._key_ring.new_record_key()
        return key.wrapped, key.seal(msgspec.msgpack.encode(receipt), context=_context(receipt.draft.key))

    async def find(self, key: str) -> Receipt | None:
        """Give a receipt as it was issued, without what became of it; None for a key that has none.

        Raises IntegrityFailed, StoreUnavailable.
        """
        kept = await self._kept(key)
        if kept is None:
            return None
        wrapped_key, sealed = kept
        plain = self._key_ring.open_record_key(wrapped_key).unseal(sealed, context=_context(key))
        return msgspec.msgpack.decode(plain, type=Receipt)


def _context(key: str) -> bytes:
    return b"receipt " + key.encode()
