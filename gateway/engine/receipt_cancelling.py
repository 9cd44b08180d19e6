"""Receipts of suppliers that are cancelled: there first, then in the book of numbers (payment notes §D.3).

Cancelling names one receipt, so that telling it again harms nothing; a supplier that can be asked is asked first all
the same, so that what is done is not told as refused.
"""

from dataclasses import replace

from gateway.engine.receipt_orders import OrderDesk, Work, refusal_word, under_way
from gateway.errors import CredentialsRefused, InvalidInput, RateLimited, Rejected, RemoteError, TransientFailure
from gateway.model.receipt import Cancellation, Receipt
from gateway.sync.payment_records import Effect
from gateway.sync.payment_storing import StoredPayment
from gateway.sync.receipt_orders import (
    Judged,
    OrderKind,
    OrderState,
    ReceiptOrder,
    Step,
    Verdict,
    judge_cancelled,
    next_step,
)

_BY_GATEWAY, _BY_OFFICER = "payment_undone", "by_officer"


class ReceiptCancelling:
    """Has receipts cancelled."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk
        self._records = desk.records

    async def wish(
        self,
        payment: StoredPayment,
        receipt: Receipt,
        *,
        officer: str = "",
        document_number: str = "",
        replaces: bool = False,
    ) -> ReceiptOrder:
        """Note that a receipt is to be cancelled, by an officer or because its payment was undone. The first stands.

        Raises StoreUnavailable.
        """
        assert receipt.supplied is not None, "whoever calls has looked"
        made = self._desk.make(payment, OrderKind.CANCEL, receipt.draft, receipt.supplied.supplier)
        order = replace(
            made,
            supplier_key=receipt.supplied.key,
            officer=officer,
            document_number=document_number,
            replaces=replaces,
        )
        return await self._desk.orders.add(order, None)

    async def carry(self, payment: StoredPayment, effect: Effect, receipt: Receipt, order: ReceiptOrder) -> str:
        """Take an order one step on. Raises RemoteError groups, to be called again; StoreUnavailable."""
        work = Work(payment=payment, effect=effect, order=order)
        match next_step(order, self._records.clock.now()):
            case Step.END:
                return await self._desk.ended(work)
            case Step.WAIT:
                raise under_way(order)
            case Step.ASK:
                judged = await self._judged(order, receipt)
                if judged.verdict is Verdict.THERE:
                    return await self._was_cancelled(order)
                if judged.verdict is Verdict.DIFFERS:
                    return await self._desk.refuse(work, judged.reason)
                now = self._records.clock.now()
                if not await self._desk.orders.move(order, OrderState.SENT, OrderState.OWED, "not_cancelled", now):
                    raise under_way(order)
            case Step.SEND:
                pass
        return await self._send(work, receipt)

    async def _send(self, work: Work, receipt: Receipt) -> str:
        desk, order = self._desk, work.order
        known = desk.known(order.supplier)
        reason = order.document_number or _BY_GATEWAY
        if not await desk.orders.send(order, self._records.clock.now()):
            raise under_way(order)
        try:
            await known.circuit.run(lambda: known.supplier.cancel(receipt, reason), name=known.supplier.name)
        except (TransientFailure, RateLimited, CredentialsRefused) as error:
            await desk.put_back(work, OrderState.OWED, error.code)
            raise
        except (Rejected, InvalidInput) as error:
            return await desk.refuse(work, refusal_word(error))
        except RemoteError as error:
            await desk.put_back(work, OrderState.SENT, error.code)
            raise
        return await self._was_cancelled(order)

    async def _judged(self, order: ReceiptOrder, receipt: Receipt) -> Judged:
        if not self._desk.can_ask(order.supplier):
            return Judged(Verdict.ABSENT)
        found = await self._desk.known(order.supplier).find(order.supplier_key, receipt.number.series)
        return judge_cancelled(found)

    async def _was_cancelled(self, order: ReceiptOrder) -> str:
        now = self._records.clock.now()
        cancellation = Cancellation(
            reason=_BY_OFFICER if order.officer else _BY_GATEWAY,
            cancelled_by=order.officer or "gateway",
            cancelled_at=now,
        )
        await self._desk.orders.cancelled(order, cancellation, now)
        return "cancelled"
