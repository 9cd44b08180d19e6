"""Statutory receipts of what was paid: issued and cancelled as decisions of payments ask for it (payment notes §D).

What receipts say is sealed as it is kept: each under a key of its own, bound to the receipt's idempotency key.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import msgspec

from gateway.engine.payment_records import PaymentRecords
from gateway.errors import IntegrityFailed
from gateway.model.dossier import FeeKind
from gateway.model.receipt import (
    Cancellation,
    Collector,
    PaymentMeans,
    Receipt,
    ReceiptDraft,
    ReceiptNumber,
    ReceiptPayer,
    ReceiptSeries,
    ReceiptState,
)
from gateway.model.vocabulary import VIETNAM
from gateway.ports.basics import KeyRing
from gateway.sync.payment_records import Effect
from gateway.sync.payment_storing import StoredPayment
from gateway.sync.receipts import CODE_RANDOM_BYTES, PaidRequest, ReceiptRefused, due_receipts

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


class Numbered(Protocol):
    """A receipt as the book of numbers knows it."""

    @property
    def key(self) -> str: ...
    @property
    def number(self) -> ReceiptNumber: ...
    @property
    def cancellation(self) -> Cancellation | None: ...


class ReceiptNumbers(Protocol):
    """The book of numbers. Everything raises StoreUnavailable."""

    async def give(
        self,
        draft: ReceiptDraft,
        series: ReceiptSeries,
        now: datetime,
        random_bytes: bytes,
        seal: Callable[[Receipt], tuple[bytes, bytes]],
    ) -> Numbered: ...

    async def of_request(self, request_id: str) -> Sequence[Numbered]: ...

    async def cancel(self, key: str, cancellation: Cancellation, document_number: str = "") -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRule:
    """Whose receipts of which kind are issued in which series. `agency_code` "" is every agency."""

    agency_code: str
    kind: FeeKind
    series: ReceiptSeries
    collector: Collector


class ReceiptIssuing:
    """Carries out what decisions owe in receipts. What no rule is about is left as not offered."""

    def __init__(
        self, records: PaymentRecords, numbers: ReceiptNumbers, contents: ReceiptContents, rules: Sequence[ReceiptRule]
    ) -> None:
        self._records = records
        self._numbers = numbers
        self._contents = contents
        self._rules = rules

    async def issue(self, payment: StoredPayment, effect: Effect) -> str:
        """Issue the receipt of one kind of fee, once; a live one is left as it is.

        Raises ReceiptRefused (wrong_year, backdated, series_exhausted), to be tried again with a fresh clock;
        InvalidInput where something that a receipt must show is missing; IntegrityFailed, StoreUnavailable.
        """
        now = self._records.clock.now()
        rule = self._rule(payment.agency_code, effect.fee_kind, now.astimezone(VIETNAM).year)
        if rule is None:
            return "not_offered"
        if payment.sealed is None:
            return "payer_erased"
        issued = await self._of_request(payment)
        try:
            due = due_receipts(self._paid(payment, rule), issued)
        except ReceiptRefused:
            return "not_paid_any_more"
        drafts = [draft for draft in due if draft.kind is rule.kind]
        for draft in drafts:
            chance = self._records.random_bytes(CODE_RANDOM_BYTES)
            await self._numbers.give(draft, rule.series, now, chance, self._contents.seal)
        return "issued" if drafts else "issued_already"

    async def cancel(self, payment: StoredPayment, effect: Effect) -> str:
        """Cancel the live receipt of one kind, because its payment was given back or was none.

        Raises IntegrityFailed, StoreUnavailable.
        """
        live = [
            one
            for one in await self._of_request(payment)
            if one.draft.kind is effect.fee_kind and one.state is ReceiptState.ISSUED
        ]
        cancellation = Cancellation(
            reason="payment_undone", cancelled_by="gateway", cancelled_at=self._records.clock.now()
        )
        for receipt in live:
            await self._numbers.cancel(receipt.draft.key, cancellation)
        if live:
            return "cancelled"
        return "nothing_to_cancel" if self._rules else "not_offered"

    def _rule(self, agency_code: str, kind: FeeKind | None, year: int) -> ReceiptRule | None:
        """Give the agency's own rule before that of all; a series of another year only where there is none of this."""
        fitting = [one for one in self._rules if one.kind is kind and one.agency_code in ("", agency_code)]
        ranked = sorted(fitting, key=lambda one: (one.agency_code == "", one.series.year != year))
        return next(iter(ranked), None)

    async def _of_request(self, payment: StoredPayment) -> list[Receipt]:
        receipts = []
        for one in await self._numbers.of_request(str(payment.view.request_id)):
            receipt = await self._contents.find(one.key)
            if receipt is None:
                raise IntegrityFailed("a number has no receipt", code="receipt_content_missing")
            receipts.append(replace(receipt, cancellation=one.cancellation))
        return receipts

    def _paid(self, payment: StoredPayment, rule: ReceiptRule) -> PaidRequest:
        view, content = payment.view, self._records.open(payment)
        paid = None if view.paid_attempt_id is None else payment.attempt(view.paid_attempt_id)
        return PaidRequest(
            request_id=str(view.request_id),
            request_code=view.request_id.hex.upper(),
            state=view.state,
            items=view.items,
            collector=replace(rule.collector, agency_code=payment.agency_code),
            payer=ReceiptPayer(
                full_name=content.payer.full_name, address=content.payer.address, number=content.payer.number
            ),
            dossier_code=view.dossier_code,
            procedure_name=content.procedure_name,
            means=PaymentMeans.TRANSFER,
            payment_reference="" if paid is None else paid.view.reference,
        )
