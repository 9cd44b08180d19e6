"""Receipts that a supplier numbers and signs: asked for once, asked about when an answer is lost (payment notes §D.3).

The outbox of payments carries it: whoever cannot do it now raises, and is called again, later each time. What the
supplier refuses is a person's case. The table of `gateway/sync/receipt_orders.py` says what follows from what.
"""

from collections.abc import Callable
from dataclasses import replace

import msgspec

from gateway.engine.receipt_orders import OrderDesk, Work, refusal_word, under_way
from gateway.errors import (
    CredentialsRefused,
    IntegrityFailed,
    InvalidInput,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
)
from gateway.model.receipt import Receipt, ReceiptDraft, ReceiptSeries
from gateway.model.vocabulary import VIETNAM
from gateway.ports.receipts import DUPLICATE_KEY, ReceiptDocument, SuppliedReceipt, SupplierOrder
from gateway.sync.payment_records import Effect
from gateway.sync.payment_storing import StoredPayment
from gateway.sync.receipt_orders import (
    OrderKind,
    OrderState,
    ReceiptOrder,
    Step,
    Verdict,
    judge_written,
    next_step,
    supplied,
)
from gateway.sync.receipts import CODE_RANDOM_BYTES


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed of an order until its receipt is written."""

    draft: ReceiptDraft
    series: ReceiptSeries


class ReceiptSupply:
    """Has receipts written."""

    def __init__(self, desk: OrderDesk, *, seal: Callable[[Receipt], tuple[bytes, bytes]]) -> None:
        self._desk = desk
        self._records = desk.records
        self._seal = seal

    async def begin(
        self,
        payment: StoredPayment,
        effect: Effect,
        name: str,
        draft: ReceiptDraft,
        series: ReceiptSeries,
        *,
        adjusted: Receipt | None = None,
        is_wanted: bool = True,
    ) -> str:
        """Have a receipt written, once by its draft's key; `adjusted` is the one that it takes a part back from.

        Raises RemoteError groups, to be called again; IntegrityFailed, StoreUnavailable.
        """
        kind = OrderKind.ISSUE if adjusted is None else OrderKind.ADJUST
        made = self._desk.make(payment, kind, draft, name)
        plain = msgspec.msgpack.encode(_Content(draft=draft, series=series))
        order = await self._desk.orders.add(made, self._records.seal_bytes(_context(made), plain))
        work = Work(payment=payment, effect=effect, order=order, adjusted=adjusted, is_wanted=is_wanted)
        return await self.carry(work)

    async def carry(self, work: Work) -> str:
        """Take an order one step on. What is not wanted any more is not sent; what was sent is found out."""
        match next_step(work.order, self._records.clock.now()):
            case Step.END:
                return await self._desk.ended(work)
            case Step.WAIT:
                raise under_way(work.order)
            case Step.ASK:
                return await self._find_out(work)
            case Step.SEND:
                return await self._send(work)

    async def document(self, receipt: Receipt) -> ReceiptDocument | None:
        """Fetch a receipt as its supplier shows it; None when there is none. Raises RemoteError, InvalidInput."""
        assert receipt.supplied is not None, "whoever calls has looked"
        known = self._desk.known(receipt.supplied.supplier)
        return await known.circuit.run(lambda: known.supplier.document(receipt), name=known.supplier.name)

    async def _send(self, work: Work) -> str:
        desk, order = self._desk, work.order
        if not work.is_wanted:
            if not await desk.give_up(order):
                raise under_way(order)
            return "not_paid_any_more"
        content, now = await self._content(order), self._records.clock.now()
        await desk.note_handed_on(work, content.draft)
        if not await desk.orders.send(order, now):
            raise under_way(order)
        try:
            told = await self._call(work, content)
        except (TransientFailure, RateLimited, CredentialsRefused) as error:
            await desk.put_back(work, OrderState.OWED, error.code)
            raise
        except (Rejected, InvalidInput) as error:
            return await desk.refuse(work, refusal_word(error))
        except RemoteError as error:
            await desk.put_back(work, OrderState.SENT, error.code)
            if error.code != DUPLICATE_KEY:
                raise
            return await self._find_out(replace(work, order=replace(order, sent_at=now)), is_duplicate=True)
        return await self._was_written(work, content, told)

    async def _call(self, work: Work, content: _Content) -> SuppliedReceipt:
        known, adjusted = self._desk.known(work.order.supplier), work.adjusted
        wanted = SupplierOrder(
            key=work.order.supplier_key,
            draft=content.draft,
            series=content.series,
            decided_on=work.order.made_at.astimezone(VIETNAM).date(),
        )
        if adjusted is None:
            return await known.circuit.run(lambda: known.supplier.issue(wanted), name=known.supplier.name)
        return await known.circuit.run(lambda: known.supplier.adjust(wanted, adjusted), name=known.supplier.name)

    async def _find_out(self, work: Work, *, is_duplicate: bool = False) -> str:
        """Ask what is there under the order's key."""
        desk, order = self._desk, work.order
        if not desk.can_ask(order.supplier):
            return await desk.refuse(work, "cannot_be_asked")
        content = await self._content(order)
        found = await desk.known(order.supplier).find(order.supplier_key, content.series)
        judged = judge_written(order, content.series, found, self._records.clock.now())
        if judged.verdict is Verdict.THERE and found is not None:
            return await self._was_written(work, content, found)
        if judged.verdict is Verdict.DIFFERS:
            return await desk.refuse(work, judged.reason)
        if is_duplicate:
            text, system = "the key is called used, and nothing is under it", f"receipts.{order.supplier}"
            raise OutcomeUnknown(text, system=system, operation="find", code="duplicate_but_absent")
        now = self._records.clock.now()
        if judged.verdict is Verdict.TOO_EARLY or not await desk.orders.move(
            order, OrderState.SENT, OrderState.OWED, "absent", now
        ):
            raise under_way(order)
        return await self._send(work)

    async def _was_written(self, work: Work, content: _Content, told: SuppliedReceipt) -> str:
        order, chance = work.order, self._records.random_bytes(CODE_RANDOM_BYTES)
        receipt = supplied(order, content.draft, content.series, told, chance)
        if not await self._desk.orders.written(order, receipt, self._seal(receipt), self._records.clock.now()):
            return await self._desk.refuse(work, "number_taken")
        return "adjusted" if order.kind is OrderKind.ADJUST else "issued"

    async def _content(self, order: ReceiptOrder) -> _Content:
        kept = await self._desk.orders.content(order)
        if kept is None:
            raise IntegrityFailed("an order for a receipt has no content", code="receipt_content_missing")
        return msgspec.msgpack.decode(self._records.open_bytes(_context(order), *kept), type=_Content)


def _context(order: ReceiptOrder) -> bytes:
    return f"receipt order {order.kind} {order.key}".encode()
