"""Statutory receipts of what was paid: issued and cancelled as decisions of payments ask for it (payment notes §D).

What receipts say is sealed as it is kept: each under a key of its own, bound to the receipt's idempotency key.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import msgspec

from gateway.engine.payment_records import SYSTEM
from gateway.engine.receipt_cancelling import ReceiptCancelling
from gateway.engine.receipt_orders import CASE, OrderDesk, Work, under_way
from gateway.engine.receipt_supply import ReceiptSupply
from gateway.engine.receipt_wishes import ReceiptWishes
from gateway.errors import IntegrityFailed, TransientFailure
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
from gateway.ports.receipts import Offer
from gateway.sync.payment_records import Effect
from gateway.sync.payment_storing import StoredPayment
from gateway.sync.receipt_orders import (
    OPEN,
    UNFINISHED,
    NotAdjustable,
    OrderKind,
    ReceiptOrder,
    adjusting_draft,
    named_receipt,
)
from gateway.sync.receipts import CODE_RANDOM_BYTES, ISSUABLE, PaidRequest, ReceiptRefused, due_receipts

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
    supplier: str = ""
    """Who numbers and signs them; "": numbers are given here."""


class ReceiptIssuing:
    """Carries out what decisions owe in receipts. What no rule is about is left as not offered."""

    def __init__(
        self,
        numbers: ReceiptNumbers,
        contents: ReceiptContents,
        rules: Sequence[ReceiptRule],
        desk: OrderDesk,
    ) -> None:
        self._records = desk.records
        self._numbers = numbers
        self._contents = contents
        self._rules = rules
        self._desk = desk
        self.supply = ReceiptSupply(desk, seal=contents.seal)
        self.cancelling = ReceiptCancelling(desk)
        self.wishes = ReceiptWishes(desk, self.cancelling)

    async def issue(self, payment: StoredPayment, effect: Effect) -> str:
        """Issue the receipt of one kind of fee, once; a live one is left as it is.

        Raises ReceiptRefused (wrong_year, backdated, series_exhausted), to be tried again with a fresh clock;
        InvalidInput where something that a receipt must show is missing; RemoteError groups, to be tried again;
        IntegrityFailed, StoreUnavailable.
        """
        begun = await self._begun(payment, effect, OrderKind.ISSUE)
        if begun is not None:
            is_wanted = payment.view.state in ISSUABLE
            return await self.supply.carry(Work(payment=payment, effect=effect, order=begun, is_wanted=is_wanted))
        now = self._records.clock.now()
        year = now.astimezone(VIETNAM).year
        rule = self._rule(payment.agency_code, effect.fee_kind, year)
        if rule is None:
            return "not_offered"
        if payment.sealed is None:
            return "payer_erased"
        issued = await self._of_request(payment)
        try:
            due = due_receipts(self._paid(payment, rule), issued)
        except ReceiptRefused:
            return "not_paid_any_more"
        draft = next((draft for draft in due if draft.kind is rule.kind), None)
        if draft is None:
            return "issued_already"
        if rule.supplier:
            if year != rule.series.year:
                raise ReceiptRefused("the series is of another year", code="wrong_year")
            return await self.supply.begin(payment, effect, rule.supplier, draft, rule.series)
        chance = self._records.random_bytes(CODE_RANDOM_BYTES)
        await self._numbers.give(draft, rule.series, now, chance, self._contents.seal)
        return "issued"

    async def cancel(self, payment: StoredPayment, effect: Effect) -> str:
        """Cancel the live receipts of one kind, because their payment was given back or was none; or the one that an
        officer named.

        Raises RemoteError groups, to be tried again; IntegrityFailed, StoreUnavailable.
        """
        named = named_receipt(effect.moment)
        await self._stop_writing(payment, effect)
        live = [one for one in await self._live(payment, effect) if named in ("", one.draft.key)]
        outcomes = [await self._cancel_one(payment, effect, receipt) for receipt in reversed(live)]
        if named:
            await self.wishes.replace(payment, named)
        if outcomes:
            return CASE if CASE in outcomes else "cancelled"
        return "nothing_to_cancel" if self._rules else "not_offered"

    async def adjust(self, payment: StoredPayment, effect: Effect) -> str:
        """Have a supplier take a part of a receipt back, after that much was given back; a person does it where no
        program can. Receipts that are numbered here are not adjusted.

        Raises as `cancel` does.
        """
        if await self._begun(payment, effect, OrderKind.ISSUE) is not None:
            raise TransientFailure(
                "the receipt is being written", system=SYSTEM, operation="receipt", code="not_issued"
            )
        live = await self._live(payment, effect)
        original = next((one for one in live if not one.draft.adjusts), None)
        if original is None or original.supplied is None:
            return "nothing_to_adjust" if original is None and self._rules else "not_offered"
        known = self._desk.known(original.supplied.supplier)
        try:
            draft = adjusting_draft(payment.view, original.draft, str(effect.refund_id), effect.amount_vnd)
        except NotAdjustable as error:
            return await self._desk.case(payment, effect, original.draft.key, error.code)
        if Offer.ADJUST not in known.supplier.offers:
            return await self._desk.case(payment, effect, original.draft.key, "not_offered")
        if any(one.draft.key == draft.key for one in live):
            return "adjusted_already"
        is_wanted = payment.view.state in ISSUABLE
        if not is_wanted and await self._begun(payment, effect, OrderKind.ADJUST) is None:
            return "not_paid_any_more"
        series, name = original.number.series, original.supplied.supplier
        return await self.supply.begin(payment, effect, name, draft, series, adjusted=original, is_wanted=is_wanted)

    async def _cancel_one(self, payment: StoredPayment, effect: Effect, receipt: Receipt) -> str:
        if receipt.supplied is not None:
            order = await self.cancelling.wish(payment, receipt)
            return await self.cancelling.carry(payment, effect, receipt, order)
        now = self._records.clock.now()
        word = Cancellation(reason="payment_undone", cancelled_by="gateway", cancelled_at=now)
        await self._numbers.cancel(receipt.draft.key, word)
        return "cancelled"

    async def _begun(self, payment: StoredPayment, effect: Effect, kind: OrderKind) -> ReceiptOrder | None:
        """Give the order of this kind of fee that is under way, or that a person has to end."""
        orders = await self._desk.orders.of_request(str(payment.view.request_id))
        open_ones = [one for one in orders if one.state in UNFINISHED]
        return next((one for one in open_ones if one.fee_kind is effect.fee_kind and one.kind is kind), None)

    async def _stop_writing(self, payment: StoredPayment, effect: Effect) -> None:
        """Drop what is not sent yet. Raises TransientFailure while a supplier may be writing: it is cancelled then."""
        for order in await self._desk.orders.of_request(str(payment.view.request_id)):
            is_written = order.kind is not OrderKind.CANCEL and order.fee_kind is effect.fee_kind
            if is_written and order.state in OPEN and not await self._desk.give_up(order):
                raise under_way(order)

    async def _live(self, payment: StoredPayment, effect: Effect) -> list[Receipt]:
        receipts = await self._of_request(payment)
        return [one for one in receipts if one.draft.kind is effect.fee_kind and one.state is ReceiptState.ISSUED]

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
