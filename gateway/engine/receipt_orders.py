"""Orders to suppliers of receipts: who is asked, how an order is kept, and what becomes of one that is refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from gateway.engine.local_circuit import LocalCircuit
from gateway.engine.payment_people import OpenCase
from gateway.engine.payment_records import SYSTEM, PaymentRecords
from gateway.errors import GatewayError, Rejected, TransientFailure
from gateway.model.audit import Access, AuditAction, Outcome
from gateway.model.receipt import Cancellation, Receipt, ReceiptDraft, ReceiptSeries
from gateway.ports.audit import Audit
from gateway.ports.receipts import Offer, ReceiptSupplier, SuppliedReceipt
from gateway.sync.payment_records import Effect
from gateway.sync.payment_storing import StoredPayment
from gateway.sync.payment_words import EffectKind
from gateway.sync.receipt_orders import OrderKind, OrderState, ReceiptOrder

CLIENT = "gateway"
"""Stands for the client in lines of the audit, where nobody called."""
CASE = "case"
"""Outcome of an effect that a person has to end."""
_EFFECTS = {
    OrderKind.ISSUE: EffectKind.ISSUE_RECEIPT,
    OrderKind.ADJUST: EffectKind.ADJUST_RECEIPT,
    OrderKind.CANCEL: EffectKind.CANCEL_RECEIPT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredSupplier:
    """A supplier, and whether it is called at present."""

    supplier: ReceiptSupplier
    circuit: LocalCircuit

    async def find(self, key: str, series: ReceiptSeries) -> SuppliedReceipt | None:
        """Ask what there is under a supplier's key. Raises RemoteError."""
        return await self.circuit.run(lambda: self.supplier.find(key, series), name=self.supplier.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One order that is worked on, for which payment, and the effect that has it done."""

    payment: StoredPayment
    effect: Effect
    order: ReceiptOrder
    is_wanted: bool = True
    """False: the payment was undone; what was not sent is dropped."""
    adjusted: Receipt | None = None
    """The receipt from which one is to take its amount back."""


class ReceiptOrders(Protocol):
    """Orders, as they are kept. Everything raises StoreUnavailable."""

    async def add(self, order: ReceiptOrder, content: tuple[bytes, bytes] | None) -> ReceiptOrder:
        """Store an order with its sealed content, unless its key has one; give the one that is there."""
        ...

    async def of_request(self, request_id: str) -> Sequence[ReceiptOrder]: ...

    async def content(self, order: ReceiptOrder) -> tuple[bytes, bytes] | None: ...

    async def send(self, order: ReceiptOrder, now: datetime) -> bool:
        """Mark an owed order as sent, before its call; False when somebody else did."""
        ...

    async def move(
        self, order: ReceiptOrder, before: OrderState, after: OrderState, reason: str, now: datetime
    ) -> bool:
        """Move an order from one state to another; False when it is not in the first any more."""
        ...

    async def written(self, order: ReceiptOrder, receipt: Receipt, content: tuple[bytes, bytes], now: datetime) -> bool:
        """End an order, with its receipt in the book of numbers; False when the number is another receipt's."""
        ...

    async def cancelled(self, order: ReceiptOrder, cancellation: Cancellation, now: datetime) -> None:
        """End an order to cancel, with the receipt cancelled in the book."""
        ...


class OrderDesk:
    """What writing and cancelling share."""

    def __init__(
        self,
        records: PaymentRecords,
        orders: ReceiptOrders,
        suppliers: Mapping[str, ConfiguredSupplier],
        open_case: OpenCase,
        *,
        audit: Audit,
        number_digest: Callable[[str], bytes],
    ) -> None:
        self.records = records
        self.orders = orders
        self.suppliers = dict(suppliers)
        self._open_case = open_case
        self._audit = audit
        self._number_digest = number_digest

    def known(self, name: str) -> ConfiguredSupplier:
        """Give a supplier. Raises TransientFailure for one that is not configured any more."""
        known = self.suppliers.get(name)
        if known is None:
            text = "the supplier of receipts is not configured"
            raise TransientFailure(text, system=SYSTEM, operation="receipt", code="no_such_supplier")
        return known

    def can_ask(self, name: str) -> bool:
        """Tell whether a supplier can be asked for a receipt by its key."""
        known = self.suppliers.get(name)
        return known is not None and Offer.FIND in known.supplier.offers

    def make(self, payment: StoredPayment, kind: OrderKind, draft: ReceiptDraft, name: str) -> ReceiptOrder:
        """Make an order about a receipt."""
        now = self.records.clock.now()
        return ReceiptOrder(
            key=draft.key,
            kind=kind,
            request_id=str(payment.view.request_id),
            fee_kind=draft.kind,
            supplier=name,
            supplier_key=self.known(name).supplier.make_key(draft.key),
            amount_vnd=draft.amount_vnd,
            made_at=now,
            changed_at=now,
        )

    async def note_handed_on(self, work: Work, draft: ReceiptDraft) -> None:
        """Write down that who paid is about to be handed on; once for an order, however often it is sent.

        Raises StoreUnavailable or AuditBroken: then nothing may be sent.
        """
        payment, number = work.payment, draft.payer.number
        access = Access(
            action=AuditAction.RECEIPT_HANDED_ON,
            client_id=CLIENT,
            agency_code=payment.agency_code,
            procedure_code=payment.procedure_code,
            dossier_code=payment.view.dossier_code,
            purpose=f"receipt by {work.order.supplier}",
            subject_digest=self._number_digest(number) if number else None,
        )
        if work.order.tries_count == 0:
            await self._audit.note(access, Outcome(outcome="handed_on", fields_released=("payer",)))

    async def put_back(self, work: Work, after: OrderState, reason: str) -> None:
        """Say what came of a call that did not end the order: nothing happened (owed), or nobody knows (sent)."""
        await self.orders.move(work.order, OrderState.SENT, after, reason, self.records.clock.now())

    async def give_up(self, order: ReceiptOrder) -> bool:
        """Drop what was never sent; False for what was."""
        now = self.records.clock.now()
        return await self.orders.move(order, OrderState.OWED, OrderState.DROPPED, "not_wanted", now)

    async def refuse(self, work: Work, reason: str) -> str:
        """Leave an order to a person."""
        now = self.records.clock.now()
        if not await self.orders.move(work.order, OrderState.SENT, OrderState.REFUSED, reason, now):
            raise under_way(work.order)
        return await self._case_of(work, reason, now)

    async def ended(self, work: Work) -> str:
        """Say what became of an order that is over. The case of a refused one is opened once more: whoever refused it
        may have died before it was."""
        order = work.order
        if order.state is not OrderState.REFUSED:
            return f"{order.state}_already"
        return await self._case_of(work, order.reason, order.changed_at)

    async def case(self, payment: StoredPayment, effect: Effect, key: str, reason: str, *, moment: str = "") -> str:
        """Put an effect about a receipt on the list of cases, once by its moment, and tell a person."""
        named = replace(effect, transaction=key, moment=moment)
        await self._open_case(payment.view.request_id, named, self.records.clock.now(), reason=reason)
        self.records.alert("payment_receipt_refused", payment.view.dossier_code)
        return CASE

    async def _case_of(self, work: Work, reason: str, at: datetime) -> str:
        order = work.order
        effect = replace(work.effect, kind=_EFFECTS[order.kind], fee_kind=order.fee_kind, amount_vnd=order.amount_vnd)
        return await self.case(work.payment, effect, order.key, reason, moment=at.isoformat())


def effect_for(order: ReceiptOrder) -> EffectKind:
    """Give the effect that carries an order."""
    return _EFFECTS[order.kind]


def refusal_word(error: GatewayError) -> str:
    """Give why something was refused, with the supplier's own code where it gave one."""
    remote = error.remote_code if isinstance(error, Rejected) else ""
    return f"{error.code}:{remote}" if remote else error.code


def under_way(order: ReceiptOrder) -> TransientFailure:
    """Make the error that has the effect called again: somebody is at the order, or must be given time."""
    text = f"the order to {order.kind} is under way"
    return TransientFailure(text, system=SYSTEM, operation="receipt", code="receipt_under_way")
