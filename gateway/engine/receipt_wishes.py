"""What officers want of suppliers' receipts: cancelled, replaced, or tried again after a refusal."""

from collections.abc import Sequence
from uuid import UUID

from gateway.engine.receipt_cancelling import ReceiptCancelling
from gateway.engine.receipt_orders import OrderDesk, effect_for
from gateway.model.receipt import Receipt
from gateway.sync.payment_records import Effect
from gateway.sync.payment_storing import StoredPayment
from gateway.sync.payment_words import EffectKind
from gateway.sync.receipt_orders import UNFINISHED, OrderKind, OrderState, cancel_moment, reopened


class ReceiptWishes:
    """Notes wishes, and owes the effects that carry them out."""

    def __init__(self, desk: OrderDesk, cancelling: ReceiptCancelling) -> None:
        self._desk = desk
        self._cancelling = cancelling

    async def again(self, payment: StoredPayment, key: str, *, refund_id: UUID | None, case_id: int) -> bool:
        """Take up again what a supplier refused about a receipt, once for a case; False when nothing is open about it.

        Raises StoreUnavailable.
        """
        now = self._desk.records.clock.now()
        of_request = await self._desk.orders.of_request(str(payment.view.request_id))
        orders = [one for one in of_request if one.key == key and one.state in UNFINISHED]
        for order in orders:
            if order.state is OrderState.REFUSED:
                state = reopened(order, can_ask=self._desk.can_ask(order.supplier))
                await self._desk.orders.move(order, OrderState.REFUSED, state, "again", now)
        effects = [
            Effect(
                kind=effect_for(order),
                fee_kind=order.fee_kind,
                amount_vnd=order.amount_vnd,
                refund_id=refund_id,
                moment=cancel_moment(key, f"case {case_id}") if order.kind is OrderKind.CANCEL else f"case {case_id}",
            )
            for order in orders
        ]
        await self._owe(payment, effects)
        return bool(orders)

    async def done_by_hand(self, payment: StoredPayment, key: str) -> None:
        """End what a supplier refused about a receipt and a person did elsewhere. Raises StoreUnavailable."""
        now = self._desk.records.clock.now()
        for order in await self._desk.orders.of_request(str(payment.view.request_id)):
            if order.key == key and order.state is OrderState.REFUSED:
                await self._desk.orders.move(order, OrderState.REFUSED, OrderState.DROPPED, "by_hand", now)

    async def wish_cancelled(
        self, payment: StoredPayment, receipt: Receipt, *, officer: str, document_number: str, replaces: bool
    ) -> None:
        """Have a supplier's receipt cancelled because an officer wants it, by and by; the first wish stands.

        Raises StoreUnavailable.
        """
        order = await self._cancelling.wish(
            payment, receipt, officer=officer, document_number=document_number, replaces=replaces
        )
        moment = cancel_moment(order.key, "wish")
        effect = Effect(kind=EffectKind.CANCEL_RECEIPT, fee_kind=order.fee_kind, moment=moment)
        await self._owe(payment, [effect])

    async def replace(self, payment: StoredPayment, key: str) -> None:
        """Owe another receipt in the place of one that was cancelled, where the officer wants it."""
        orders = await self._desk.orders.of_request(str(payment.view.request_id))
        wish = next((one for one in orders if one.kind is OrderKind.CANCEL and one.key == key), None)
        if wish is None or not wish.replaces or wish.state is not OrderState.DONE:
            return
        another = Effect(kind=EffectKind.ISSUE_RECEIPT, fee_kind=wish.fee_kind, moment=f"in place of {key}")
        await self._owe(payment, [another])

    async def _owe(self, payment: StoredPayment, effects: Sequence[Effect]) -> None:
        async with self._desk.records.store.changing(payment.view.request_id) as change:
            if change is not None:
                await change.owe(effects, self._desk.records.clock.now())
