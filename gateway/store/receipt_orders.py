"""What suppliers of receipts are asked for, in PostgreSQL. States change by comparing: of two workers one sends."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.model.dossier import FeeKind
from gateway.model.receipt import Cancellation, Receipt
from gateway.store.pool import Connection, Pool, connection, transaction
from gateway.store.queries import queries
from gateway.sync.receipt_orders import OrderKind, OrderState, ReceiptOrder


class PostgresReceiptOrders:
    """Implements ReceiptOrders."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("receipt_orders")
        self._numbers = queries("receipts")

    async def add(self, order: ReceiptOrder, content: tuple[bytes, bytes] | None) -> ReceiptOrder:
        wrapped_key, sealed = content or (None, None)
        async with transaction(self._pool) as borrowed:
            await self._sql.add_receipt_order(
                borrowed,
                key=order.key,
                kind=order.kind.value,
                request_id=order.request_id,
                fee_kind=order.fee_kind.value,
                supplier=order.supplier,
                supplier_key=order.supplier_key,
                amount_vnd=order.amount_vnd,
                now=order.made_at,
                officer=order.officer,
                document_number=order.document_number,
                replaces=order.replaces,
                wrapped_key=wrapped_key,
                sealed=sealed,
            )
            row = await self._sql.find_receipt_order(borrowed, key=order.key, kind=order.kind.value)
        return _order(row)

    async def of_request(self, request_id: str) -> Sequence[ReceiptOrder]:
        async with connection(self._pool) as borrowed:
            return [_order(row) async for row in self._sql.receipt_orders_of(borrowed, request_id=request_id)]

    async def content(self, order: ReceiptOrder) -> tuple[bytes, bytes] | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_receipt_order(borrowed, key=order.key, kind=order.kind.value)
        return None if row is None or row["sealed"] is None else (row["wrapped_key"], row["sealed"])

    async def send(self, order: ReceiptOrder, now: datetime) -> bool:
        async with connection(self._pool) as borrowed:
            sent = await self._sql.send_receipt_order(borrowed, key=order.key, kind=order.kind.value, now=now)
        return sent is not None

    async def move(
        self, order: ReceiptOrder, before: OrderState, after: OrderState, reason: str, now: datetime
    ) -> bool:
        async with connection(self._pool) as borrowed:
            moved = await self._sql.move_receipt_order(
                borrowed,
                key=order.key,
                kind=order.kind.value,
                before=before.value,
                state=after.value,
                reason=reason,
                now=now,
            )
        return moved is not None

    async def written(self, order: ReceiptOrder, receipt: Receipt, content: tuple[bytes, bytes], now: datetime) -> bool:
        async with transaction(self._pool) as borrowed:
            is_free = await self._book(borrowed, receipt, content)
            if is_free:
                await self._sql.end_receipt_order(borrowed, key=order.key, kind=order.kind.value, now=now)
        return is_free

    async def cancelled(self, order: ReceiptOrder, cancellation: Cancellation, now: datetime) -> None:
        async with transaction(self._pool) as borrowed:
            await self._numbers.cancel_receipt_number(
                borrowed,
                key=order.key,
                now=cancellation.cancelled_at,
                cancelled_by=cancellation.cancelled_by,
                reason=cancellation.reason,
                document_number=order.document_number,
            )
            await self._sql.end_receipt_order(borrowed, key=order.key, kind=order.kind.value, now=now)

    async def standing(self) -> Mapping[tuple[str, str], tuple[int, datetime]]:
        """Count orders that have no end, by supplier and state, each with the instant of the oldest."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.count_receipt_orders(borrowed)
            return {(row["supplier"], row["state"]): (row["orders_count"], row["oldest_at"]) async for row in rows}

    async def _book(self, borrowed: Connection, receipt: Receipt, content: tuple[bytes, bytes]) -> bool:
        """Write a receipt into the book of numbers, once; False when its number is another receipt's."""
        series, number, key = receipt.number.series, receipt.number, receipt.draft.key
        columns = {
            "unit_code": series.unit_code,
            "form_symbol": series.form_symbol,
            "receipt_symbol": series.receipt_symbol,
            "year": series.year,
        }
        await self._numbers.add_receipt_series(borrowed, **columns)
        row = await self._numbers.lock_receipt_series(borrowed, **columns)
        series_id = row["series_id"]
        if await self._numbers.find_receipt_number(borrowed, key=key) is not None:
            return True
        if await self._sql.find_number_holder(borrowed, series_id=series_id, number=number.number) is not None:
            return False
        given = {"series_id": series_id, "number": number.number, "given_on": number.given_on}
        await self._sql.note_supplied_number(borrowed, **given)
        await self._numbers.add_receipt_number(
            borrowed,
            key=key,
            request_id=receipt.draft.request_id,
            issued_at=receipt.issued_at,
            verification_code=receipt.verification_code,
            **given,
        )
        wrapped_key, sealed = content
        await self._numbers.add_receipt_content(borrowed, key=key, wrapped_key=wrapped_key, sealed=sealed)
        return True


def _order(row: Any) -> ReceiptOrder:
    return ReceiptOrder(
        key=row["key"],
        kind=OrderKind(row["kind"]),
        request_id=row["request_id"],
        fee_kind=FeeKind(row["fee_kind"]),
        supplier=row["supplier"],
        supplier_key=row["supplier_key"],
        amount_vnd=row["amount_vnd"],
        made_at=row["made_at"],
        changed_at=row["changed_at"],
        state=OrderState(row["state"]),
        reason=row["reason"],
        sent_at=row["sent_at"],
        tries_count=row["tries_count"],
        officer=row["officer"],
        document_number=row["document_number"],
        replaces=row["replaces"],
    )
