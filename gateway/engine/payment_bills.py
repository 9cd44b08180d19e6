"""Payers' vouchers (chứng từ nộp tiền): fetched from the provider once a payment is made, and kept sealed.

A voucher proves that money moved. It is no statutory receipt, and is never shown as one (payment notes §D.1).
"""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol
from uuid import UUID

import msgspec

from gateway.engine.payment_records import SYSTEM, PaymentRecords, asked_attempt
from gateway.errors import TransientFailure
from gateway.ports.payments import Bill, Capability
from gateway.sync.payment_records import AttemptView, Effect
from gateway.sync.payment_storing import StoredAttempt, StoredPayment

_ASKED_FOR = timedelta(days=3)
"""As long as providers are asked what became of attempts (§10.2); afterwards a voucher is fetched when it is wanted."""
ADDRESS = "text/uri-list"
"""Media type of a voucher of which only the address is known (RFC 2483)."""


class BillStore(Protocol):
    """Vouchers, as they are kept. Everything raises StoreUnavailable."""

    async def keep(
        self,
        request_id: UUID,
        attempt_id: UUID,
        *,
        media_type: str,
        sha256: str,
        content: tuple[bytes, bytes],
        now: datetime,
    ) -> None:
        """Keep the voucher of an attempt; the first one stays."""
        ...

    async def has(self, attempt_id: UUID) -> bool:
        """Tell whether there was one, erased since or not."""
        ...

    async def find(self, attempt_id: UUID) -> tuple[str, bytes, bytes] | None:
        """Give media type, wrapped key and sealed content."""
        ...


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed of a voucher."""

    content: bytes
    url: str


class PaymentBills:
    """Fetches and shows vouchers."""

    def __init__(self, records: PaymentRecords, store: BillStore) -> None:
        self._records = records
        self._store = store

    async def fetch(self, payment: StoredPayment, effect: Effect) -> str:
        """Carry out FETCH_BILL. What is not there yet is asked for again, for three days.

        Raises TransientFailure (no_bill_yet) and the other RemoteError groups, to be tried again; IntegrityFailed,
        StoreUnavailable.
        """
        found = None if effect.attempt_id is None else payment.attempt(effect.attempt_id)
        known = None if found is None else self._records.providers.get(found.view.provider)
        if found is None or known is None or Capability.BILL not in known.provider.capabilities:
            return "not_offered"
        if payment.sealed is None:
            return "payer_erased"
        if await self._store.has(found.view.attempt_id):
            return "fetched_already"
        if await self._fetched(payment, found) is not None:
            return "fetched"
        if self._records.clock.now() > _paid_at(found.view) + _ASKED_FOR:
            return "none_in_time"
        raise TransientFailure("no voucher yet", system=SYSTEM, operation="bill", code="no_bill_yet")

    async def show(self, payment: StoredPayment, attempt: StoredAttempt) -> Bill | None:
        """Give the voucher of a paid attempt, fetching it where that was not done yet; None where there is none.

        Raises RemoteError where the provider cannot be asked, IntegrityFailed, StoreUnavailable.
        """
        attempt_id = attempt.view.attempt_id
        kept = await self._store.find(attempt_id)
        if kept is not None:
            media_type, wrapped_key, sealed = kept
            plain = self._records.open_bytes(_context(attempt_id), wrapped_key, sealed)
            opened = msgspec.msgpack.decode(plain, type=_Kept)
            return Bill(content=opened.content, media_type=media_type, url=opened.url)
        known = self._records.providers.get(attempt.view.provider)
        is_offered = known is not None and Capability.BILL in known.provider.capabilities
        if not is_offered or payment.sealed is None or attempt.view.counting() is None:
            return None
        return await self._fetched(payment, attempt)

    async def _fetched(self, payment: StoredPayment, attempt: StoredAttempt) -> Bill | None:
        records, view = self._records, attempt.view
        known, content = records.providers[view.provider], records.open(payment)
        asked = replace(
            asked_attempt(view, payment.view.dossier_code), payer=content.payer, procedure_name=content.procedure_name
        )
        bill = await known.call(lambda: known.provider.bill(asked))
        if bill is None:
            return None
        bill = replace(bill, media_type=bill.media_type if bill.content else ADDRESS)
        plain = msgspec.msgpack.encode(_Kept(content=bill.content, url=bill.url))
        await self._store.keep(
            payment.view.request_id,
            view.attempt_id,
            media_type=bill.media_type,
            sha256=sha256(bill.content).hexdigest(),
            content=records.seal_bytes(_context(view.attempt_id), plain),
            now=records.clock.now(),
        )
        return bill


def _paid_at(view: AttemptView) -> datetime:
    debit = view.counting()
    return (None if debit is None else debit.paid_at) or view.decided_at or view.opened_at


def _context(attempt_id: UUID) -> bytes:
    return b"payment bill " + attempt_id.bytes
